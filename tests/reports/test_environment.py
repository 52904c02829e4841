"""What made the trainings: versions and commits, and which trainings stand apart."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import JsonValue

from benchmark.artifacts import ResultsDir
from benchmark.schema.verdict import Verdicts
from reports.build import build
from reports.page import Chapter
from reports.render import render

Facts = dict[str, str]
CLEAN = {"commit": "a" * 40, "dirty": "no", "python": "3.11.9", "cpu": "one"}


@pytest.fixture
def made(results: ResultsDir, verdicts: Verdicts, tmp_path: Path) -> Callable[[dict[str, Facts]], Chapter]:
    """Return the chapter of a copy whose trainings have the clean environment, but for those given."""

    def write(others: dict[str, Facts]) -> Chapter:
        copy = ResultsDir(Path(shutil.copytree(results.path, tmp_path / "copy")))
        for run in copy.runs():
            if (run.path / "environment.json").exists():
                run.write_document("environment.json", dict[str, JsonValue](CLEAN | others.get(run.id, {})))
        return build([copy], [verdicts]).chapters[0]

    return write


def test_one_environment_is_no_matter(made: Callable[[dict[str, Facts]], Chapter]) -> None:
    chapter = made({})
    assert (chapter.mixed, chapter.cautions, chapter.apart) == ("", (), None)
    assert {fact.term: fact.text for fact in chapter.facts}["code"] == "commit aaaaaaaaaaaa"


def test_trainings_of_another_commit_and_machine_are_named(made: Callable[[dict[str, Facts]], Chapter]) -> None:
    other = {"commit": "b" * 40, "cpu": "two"}
    chapter = made({"winning-1-s0": other, "winning-1-s3": other})
    assert chapter.mixed == (
        "The trainings did not all run alike: commit, cpu differ between them. "
        "2 of 63 trainings were made otherwise than the rest: winning-1-s0, winning-1-s3."
    )
    assert chapter.apart is not None
    assert chapter.apart.columns == ("made alike", "commit", "cpu", "jobs")
    assert [cell.text for cell in chapter.apart.rows[1]] == [
        "2 trainings",
        "b" * 40,
        "two",
        "winning-1-s0, winning-1-s3",
    ]
    assert chapter.environment is not None
    marked = [row[0].text for row in chapter.environment.rows if row[1].notable]
    assert marked == ["commit", "cpu"]
    assert {fact.term: fact.text for fact in chapter.facts}["code"] == "commit aaaaaaaaaaaa; commit bbbbbbbbbbbb"


def test_a_checkout_with_changes_is_warned_of(made: Callable[[dict[str, Facts]], Chapter]) -> None:
    chapter = made({f"winning-{level}-s0": {"dirty": "yes"} for level in range(5)})
    assert chapter.cautions == (
        "5 of 63 trainings were made from a checkout with uncommitted changes, so the commit does not tell all of "
        "their code: winning-0-s0, winning-1-s0, winning-2-s0 and 2 more.",
    )
    assert "commit aaaaaaaaaaaa with uncommitted changes" in {fact.text.split("; ")[-1] for fact in chapter.facts}


def test_trainings_that_recorded_nothing_are_told(results: ResultsDir, verdicts: Verdicts, tmp_path: Path) -> None:
    copy = ResultsDir(Path(shutil.copytree(results.path, tmp_path / "copy")))
    copy.run("random-1-s2").files.remove("environment.json")
    page = build([copy], [verdicts])
    assert page.chapters[0].cautions == ("1 of 63 trainings was made nobody knows where: random-1-s2.",)
    assert "made nobody knows where" in render(page)


def test_the_versions_of_parts_are_those_of_the_ids(results: ResultsDir, verdicts: Verdicts) -> None:
    table = build([results], [verdicts]).chapters[0].environment
    assert table is not None
    assert [cell.text for cell in table.rows[-1]] == [
        "versions of parts",
        "digits 1, dcgan 1, gan 1, conv_autoencoder 1, autoencoder 1, "
        "fid 1, sparsity 1, macs 1, reconstruction_error 1",
    ]
