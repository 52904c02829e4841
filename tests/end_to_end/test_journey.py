"""From a suite file to verdicts and a report, as a user would go."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.end_to_end.command import ticketbench
from tests.end_to_end.conftest import Call
from tests.tiny import contents


def inline(suite: Path, folder: Path, *more: str) -> list[str | Path]:
    return ["run", suite, "--results", folder, "--device", "cpu", "--executor", "inline", "--scale", "small", *more]


def times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and path.name != "lock"}


def test_verify_prints_verdicts_as_data_and_as_json(results: Path) -> None:
    plain = ticketbench("verify", results)
    assert (plain.returncode, plain.stderr) == (0, "")
    assert "tiny/gan_matches" in plain.stdout
    ended = ticketbench("verify", results, "--json", "--junit", results / "v.xml")
    verdict = json.loads(ended.stdout)["verdicts"][0]
    assert verdict["claim_id"] == "gan_matches"
    assert verdict["status"] == "inconclusive", "two seeds are never conclusive"
    cases = ElementTree.parse(results / "v.xml").getroot().iter("testcase")
    assert [case.get("name") for case in cases] == ["gan_matches"]


def test_the_report_is_one_file_that_asks_for_nothing_from_outside(results: Path) -> None:
    ended = ticketbench("report", results)
    assert (ended.returncode, ended.stdout.strip(), ended.stderr) == (0, str(results / "report.html"), "")
    page = (results / "report.html").read_text()
    assert "gan_matches" in page
    assert "data:image/png;base64," in page
    markup = re.sub(r"<script\b.*?</script>", "", page, flags=re.DOTALL)
    assert not re.findall(r"<(?:link|script|img|iframe)\b[^>]*\b(?:src|href)\s*=\s*[\"']?(?:https?:)?//", page)
    assert not re.findall(r"url\(\s*[\"']?(?:https?:)?//|@import", markup)


def test_a_second_run_dispatches_nothing_and_changes_no_file(suite: Path, results: Path) -> None:
    before = times(results)
    ended = ticketbench(
        "run", suite, "--results", results, "--device", "cpu", "--workers", "2", "--scale", "small", "--json"
    )
    assert ended.returncode == 0
    assert set(json.loads(ended.stdout)["jobs"].values()) == {"done"}
    assert "8 jobs, 8 of them done before" in ended.stderr
    assert "[9/8]" not in ended.stderr
    assert "done dcgan" not in ended.stderr
    assert times(results) == before


def test_results_do_not_depend_on_where_jobs_run(suite: Path, whole: Path, tmp_path: Path, call: Call) -> None:
    code, out, err = call(*inline(suite, tmp_path / "inline", "--only", "gan_winning"))
    assert (code, out) == (0, "")
    assert err.count("] done ") == 4
    found, expected = contents(tmp_path / "inline"), contents(whole)
    assert found == {name: expected[name] for name in found}


@pytest.mark.slow
def test_one_worker_gives_the_same_bytes_as_two(suite: Path, whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "one"
    ended = ticketbench("run", suite, "--results", folder, "--device", "cpu", "--workers", "1", "--scale", "small")
    assert ended.returncode == 0
    assert contents(folder) == contents(whole)


def test_only_runs_what_a_claim_needs_and_the_rest_can_follow(coder: Path, tmp_path: Path, call: Call) -> None:
    folder = tmp_path / "part"
    assert call(*inline(coder, folder, "--only", "dense", "--quiet")) == (0, "", "")
    assert len(list((folder / "runs").iterdir())) == 3
    assert call("verify", folder)[0] == 4, "the claim's ticket was not run"
    code, _, err = call(*inline(coder, folder))
    assert (code, "6 jobs, 3 of them done before" in err) == (0, True)
    code, _, err = call(*inline(coder, tmp_path / "none", "--only", "densa"))
    assert (code, err) == (2, "ticketbench: --only densa: no such claim, experiment or timing; did you mean 'dense'?\n")
    assert not (tmp_path / "none").exists()


def test_another_suite_joins_a_directory(coder: Path, results: Path, call: Call) -> None:
    before = contents(results / "runs")
    assert call(*inline(coder, results))[0] == 0
    after = contents(results / "runs")
    assert {name: after[name] for name in before} == before
    code, out, _ = call("verify", results, "--json")
    assert code == 0
    assert {one["suite"] for one in json.loads(out)["verdicts"]} == {"tiny", "coder"}
    code, out, _ = call("plan", coder, "--results", results, "--json")
    cost = json.loads(out)["cost"]
    assert (code, cost["jobs"], cost["done"]) == (0, 6, 6)


def test_a_plan_tells_what_is_left(suite: Path, tmp_path: Path, call: Call) -> None:
    code, out, _ = call("plan", suite, "--scale", "small", "--results", tmp_path / "none", "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["cost"]["jobs"], found["cost"]["done"]) == (8, 0)
    assert found["sharing"]["saved"] == 2, "level 0 of the winning ticket is the dense network, for both seeds"
    assert not (tmp_path / "none").exists()
