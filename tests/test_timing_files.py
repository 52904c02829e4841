"""The records of a timing on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.checkup import check_directory
from benchmark.errors import ArtifactError
from tests import tiny
from tests.timed import campaign, record, suite, write

TIMING = suite().plan.suite.timings["table2"]


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    files = ResultsDir(tmp_path).timing("demo", "table2", TIMING)
    made = record("imp", 2, 0.01, others=0.1, load=(0.5, 0.6))
    files.write(made)
    assert (tmp_path / "timings" / "demo" / "table2" / "imp.002.json").exists()
    assert files.read("imp", 2) == made
    assert list(files.records("imp")) == [None, None, made, None]
    assert files.clocked("imp") == [made]
    assert files.clocked("dense") == []


def test_a_failed_process_is_read_but_has_not_ended(tmp_path: Path) -> None:
    files = ResultsDir(tmp_path).timing("demo", "table2", TIMING)
    files.write(record("imp", 0, 0.01))
    files.write(record("imp", 1, 0.01, failure="no memory left", trainings=()))
    assert [files.ended("imp", process) is not None for process in range(3)] == [True, False, False]
    assert [one.process for one in files.clocked("imp")] == [0]


def test_one_with_nothing_to_time_has_ended_without_times(tmp_path: Path) -> None:
    files = ResultsDir(tmp_path).timing("demo", "table2", TIMING)
    nothing = record("imp", 1, 0.01, outcome="unstable", trainings=())
    files.write(nothing)
    assert files.ended("imp", 1) == nothing
    assert files.clocked("imp") == []


def test_damage_is_found(tmp_path: Path) -> None:
    results = campaign(tmp_path)
    write(results, {"imp": [0.01]})
    name = "timings/small_networks/table2/imp.000.json"
    tiny.flip(tmp_path / name)
    assert [one.what for one in check_directory(tmp_path) if not one.good] == [name]
    files = results.timing("small_networks", "table2", TIMING)
    with pytest.raises(ArtifactError, match="damaged"):
        files.read("imp", 0)
    assert files.ended("imp", 0) is None


def test_totals_split_what_trains_the_ticket_from_what_found_its_mask() -> None:
    own = record("imp", 0, 0.1).trainings[0]
    rewound = own.model_copy(update={"passed": 4, "mask_seconds": 0.0})
    round_one = own.model_copy(update={"passed": 0})
    went_on = own.model_copy(update={"passed": 10, "mask_seconds": 0.25})
    made = record("imp", 0, 0.1, trainings=(own, rewound, round_one, went_on))
    assert made.training_seconds == pytest.approx((1.0 + 0.5) + 0.4 + 0.0 + (1.0 + 0.25))
    assert made.finding_seconds == pytest.approx(0.0 + 0.6 + (1.0 + 0.5) + 0.0)
    assert (made.value("step_seconds"), made.value("training_seconds")) == (0.1, made.training_seconds)
    with pytest.raises(KeyError):
        made.value("fid")
