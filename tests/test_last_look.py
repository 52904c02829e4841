"""What is remembered of whole files saves looks at records, and hides nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.errors import ArtifactError
from benchmark.last_look import LastLook
from benchmark.run_directory import RunDir
from benchmark.schema.job import CampaignSuite
from benchmark.storage import Storage
from tests import tiny
from tests.tiny import Watch, arm, contents, delete, run

DENSE = arm(tiny.planned(), "gan").id
MEMORY = Path("checksums", "last_look")


@pytest.fixture
def dense(results: Path) -> RunDir:
    """A finished job, as it was remembered when it ended."""
    return ResultsDir(results).run(DENSE)


def is_remembered(run: RunDir) -> bool:
    """Tell whether a job's files are taken for whole without a look at their records."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Storage, "look", lambda _: (_ for _ in ()).throw(LookupError))
        try:
            seen = LastLook(run.path.parents[1]).at(run)
        except LookupError:
            return False
    assert seen.spoiled() == {}
    assert all(seen.files.has(name) for name in run.files.names())
    return True


def test_a_job_is_remembered_when_it_ends(dense: RunDir) -> None:
    assert is_remembered(dense)


def test_a_finished_directory_is_run_again_without_its_records(
    results: Path, tiny_suite: CampaignSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    record = Storage._record

    def noted(files: Storage, name: str) -> dict[str, str | int] | None:
        read.append(files.path)
        return record(files, name)

    monkeypatch.setattr(Storage, "_record", noted)
    watch = Watch()
    assert set(run(results, tiny_suite, watch).values()) == {"done"}
    assert watch.began == []
    assert set(read) <= {results}


def replace_record(run: RunDir) -> None:
    run.files.distrust(run.WEIGHTS)


def lose_record(run: RunDir) -> None:
    delete(run.path / "checksums" / f"{run.WEIGHTS}.json")


def lose_file(run: RunDir) -> None:
    delete(run.path / run.sample_grid("real"))


def add_file(run: RunDir) -> None:
    (run.path / "samples" / "more.png").touch()


def touch_file(run: RunDir) -> None:
    os.utime(run.path / run.AUDIT)


@pytest.mark.parametrize("change", [replace_record, lose_record, lose_file, add_file, touch_file])
def test_any_change_is_looked_at_in_full(dense: RunDir, change: object) -> None:
    assert callable(change)
    change(dense)
    assert not is_remembered(dense)


def test_a_file_that_only_lost_its_time_is_hashed_once(results: Path, dense: RunDir, tiny_suite: CampaignSuite) -> None:
    touch_file(dense)
    assert run(results, tiny_suite)[DENSE] == "done"
    assert is_remembered(dense)


@pytest.mark.parametrize(
    "text", [None, b"", b"[]", b"{", b'{"%s": 3}' % DENSE.encode(), b'{"%s": {"": 1}}' % DENSE.encode()]
)
def test_without_a_readable_memory_everything_is_looked_at(
    results: Path, dense: RunDir, tiny_suite: CampaignSuite, text: bytes | None
) -> None:
    delete(results / MEMORY) if text is None else (results / MEMORY).write_bytes(text)
    assert not is_remembered(dense)
    watch = Watch()
    assert set(run(results, tiny_suite, watch).values()) == {"done"}
    assert watch.began == []
    assert is_remembered(dense)


def test_a_record_damaged_in_place_is_found_by_who_reads_and_mended_next_time(
    finished: Path, results: Path, dense: RunDir, tiny_suite: CampaignSuite
) -> None:
    (dense.path / "checksums" / "samples" / "real.png.json").write_bytes(b"{")
    with pytest.raises(ArtifactError, match="damaged"):
        dense.files.read(dense.sample_grid("real"))
    watch = Watch()
    assert set(run(results, tiny_suite, watch).values()) == {"done"}
    assert watch.began == [(DENSE, "measure")]
    assert contents(results) == contents(finished)


def test_a_memory_that_cannot_be_written_stops_nothing(results: Path, tiny_suite: CampaignSuite) -> None:
    delete(results / MEMORY)
    (results / MEMORY).mkdir()
    assert set(run(results, tiny_suite).values()) == {"done"}
