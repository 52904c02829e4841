"""What is kept of a training while it goes on: stopped between any two steps, it ends with the same bytes."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark import recording, training
from benchmark.artifacts import ResultsDir, RunDir
from benchmark.bench import Bench
from benchmark.recording import Beginning, beginning
from benchmark.schema.measurement import Progress
from benchmark.schema.settings import Settings
from benchmark.stages import make_mask, train
from benchmark.stopping import Terminated, terminable
from tests import tiny

PLAN = tiny.planned()
DENSE = tiny.arm(PLAN, "gan")
RARELY = 1e9
"""Seconds between checkpoints: none is made unless a training is told to stop."""

Report = Callable[[Progress], None]


def bench(folder: Path, report: Report = lambda _: None, seconds: float = RARELY) -> Bench:
    results = ResultsDir(folder)
    results.run(DENSE.id).write_job(DENSE)
    return Bench(DENSE, results, Settings(checkpoint_seconds=seconds), report)


def terminate_at(step: int) -> Report:
    def report(progress: Progress) -> None:
        if progress.step == step:
            signal.raise_signal(signal.SIGTERM)

    return report


def trained(folder: Path) -> dict[str, bytes]:
    """Return what a training left, but for its checkpoint."""
    return {name: data for name, data in tiny.contents(folder).items() if "checkpoint" not in name}


@pytest.fixture
def talkative(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of a line in five steps, and progress after every step."""
    monkeypatch.setattr(training, "LOG_EVERY", 5)
    monkeypatch.setattr(recording, "SILENCE", 0.0)


@pytest.fixture
def whole(tmp_path: Path, talkative: None) -> dict[str, bytes]:
    folder = tmp_path / "whole"
    make_mask(bench(folder))
    train(bench(folder))
    return trained(folder)


@pytest.mark.parametrize("told", [1, 4, 5, 9, 11])
def test_told_to_stop_it_keeps_the_step_that_it_is_at_and_goes_on_from_there(
    tmp_path: Path, whole: dict[str, bytes], told: int
) -> None:
    folder, work = tmp_path / "stopped", bench(tmp_path / "stopped", terminate_at(told))
    make_mask(work)
    with pytest.raises(Terminated), terminable():
        train(work)
    assert not work.run.files.has(RunDir.WEIGHTS)
    found = beginning(bench(folder))
    assert (found.file, found.step) == (RunDir.CHECKPOINT, told + 1)
    steps: list[int] = []
    train(bench(folder, lambda progress: steps.append(progress.step)))
    assert steps == list(range(told + 2, 13))
    assert trained(folder) == whole


def test_stopped_at_every_step_it_still_ends_with_the_same_bytes(tmp_path: Path, whole: dict[str, bytes]) -> None:
    folder, stops = tmp_path / "stopped", 0
    make_mask(bench(folder))

    def hurry(progress: Progress) -> None:
        signal.raise_signal(signal.SIGTERM)

    while not bench(folder).run.files.has(RunDir.WEIGHTS):
        try:
            with terminable():
                train(bench(folder, hurry))
        except Terminated:
            stops += 1
    assert stops == 6  # a word after a step, and the signal counts after the next
    assert trained(folder) == whole


def test_the_log_of_a_checkpoint_is_what_it_was_written_after(tmp_path: Path, talkative: None) -> None:
    work = bench(tmp_path, terminate_at(6))
    make_mask(work)
    with pytest.raises(Terminated), terminable():
        train(work)
    run = work.run
    assert beginning(work) == Beginning(RunDir.CHECKPOINT, 7, len(run.log.read_bytes()))
    longer = run.log.read_bytes() + b'{"step": 7'
    run.log.write_bytes(longer)
    assert beginning(work).step == 7  # a line that was being written when the power went
    line = json.loads(run.log.read_text().splitlines()[0])
    line["loss"]["generator"] += 1.0
    run.log.write_text(json.dumps(line) + "\n")
    assert beginning(work) == Beginning(RunDir.START, 0)
    tiny.delete(run.log)
    assert beginning(work) == Beginning(RunDir.START, 0)


def test_a_checkpoint_of_an_earlier_version_is_left_alone(tmp_path: Path) -> None:
    work = bench(tmp_path)
    make_mask(work)
    work.run.write_tensors(RunDir.CHECKPOINT, work.run.read_tensors(RunDir.START), note=5)
    assert beginning(work) == Beginning(RunDir.START, 0)


@pytest.mark.parametrize(("seconds", "kept"), [(0.0, 11), (RARELY, None)])
def test_checkpoints_fall_on_any_step_when_they_are_due(tmp_path: Path, seconds: float, kept: int | None) -> None:
    work = bench(tmp_path, seconds=seconds)
    make_mask(work)
    train(work)
    assert work.run.files.has(RunDir.CHECKPOINT) == (kept is not None)
    if kept is not None:
        assert beginning(work).step == kept


def test_a_long_step_is_told_of_though_the_log_has_no_line_yet(tmp_path: Path, talkative: None) -> None:
    told: list[Progress] = []
    work = bench(tmp_path, told.append)
    make_mask(work)
    train(work)
    assert [progress.step for progress in told] == list(range(1, 13))
    assert [progress.step for progress in told if progress.loss] == [5, 10, 12]
