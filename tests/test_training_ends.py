"""Trainings that end in another way than before, or before their first step: what is left of it in the files."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.executors.work import perform
from benchmark.schema.measurement import Outcome, Stage
from benchmark.training import Diverged, Hooks, Loop, State
from tests import tiny
from tests.test_early_birds import SUITE


def diverge(loop: Loop, state: State, hooks: Hooks) -> None:
    raise Diverged(7, "a loss is nan")


@pytest.mark.parametrize(
    ("replaced", "other", "outcome"),
    [
        ("benchmark.pruning.early_bird.EarlyBird.is_stable", False, "unstable"),
        ("benchmark.training.Loop.run", diverge, "diverged"),
    ],
)
def test_a_training_that_is_repeated_leaves_no_trace_of_another_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replaced: str, other: object, outcome: Outcome
) -> None:
    """On a GPU, whose bytes do not repeat, it may end in another way than it did before, and then as it did before."""
    planned = tiny.arm(tiny.planned(SUITE), "bird")
    bird = ResultsDir(tmp_path).run(planned.id)
    bird.write_job(planned)
    ends = (bird.EVENT, *bird.FRUITLESS.values())

    def found(stages: tuple[Stage, ...]) -> tuple[Outcome, list[str]]:
        end = perform(tiny.work(tmp_path), bird.id, stages, lambda progress: None).outcome
        return end, [file for file in ends if bird.files.has(file)]

    assert found(("mask", "train", "measure")) == ("done", [bird.EVENT])
    with monkeypatch.context() as changed:
        changed.setattr(replaced, other)
        assert found(("train",)) == (outcome, [bird.FRUITLESS[outcome]])
    assert found(("train", "measure")) == ("done", [bird.EVENT])


def test_a_loss_of_a_training_without_steps_is_not_measured_and_nobody_tries_again(tmp_path: Path) -> None:
    overrides = [
        "experiments.onward.weights.from=through@0",
        "experiments.onward.metrics.end={name: logged_loss, update: generator}",
        "experiments.onward.metrics.early={name: early_stopping, update: generator}",
    ]
    suite, again, only = tiny.suite_of(SUITE, overrides), tiny.Watch(), frozenset({"onward"})
    assert set(tiny.run(tmp_path, suite, only=only).values()) == {"done"}
    planned = tiny.arm(suite.plan, "onward", 1)
    onward = ResultsDir(tmp_path).run(planned.id)
    assert [onward.read_measurement(request) for request in planned.metrics] == [None, None]
    notes = sorted((onward.path / "measurements").iterdir())
    assert len(notes) == 2
    assert all(f"the training of {onward.id} made no steps" in note.read_text() for note in notes)
    assert set(tiny.run(tmp_path, suite, again, only=only).values()) == {"done"}
    assert again.began == []
