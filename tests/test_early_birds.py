"""Trainings that stop at a stable mask, from the suite to the files: what goes on from them, and what comes of none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest

from benchmark import training
from benchmark.artifacts import ResultsDir, RunDir
from benchmark.campaigns import plan_suite
from benchmark.cli import app
from benchmark.errors import SuiteError
from benchmark.forecast.estimate import estimate
from benchmark.forecast.reckoning import Reckoner
from benchmark.forecast.speeds import Speeds
from benchmark.plan import latest_start
from benchmark.schema.job import Plan
from benchmark.schema.measurement import Outcome, Progress
from benchmark.suites import read_suite
from tests import tiny
from tests.tiny import Watch, arm, contents, delete, run

SUITE = """\
format: 1
key: early_birds
title: Trainings that stop in a blink
seeds: 1
experiments:
  bird:
    dataset: {name: digits}
    model: {name: dcgan, base_channels: 4, z_dim: 4}
    objective: {name: gan}
    training:
      steps: 20
      batch_size: 8
      optimizers: {"*": {lr: 0.002, betas: [0.5, 0.999]}}
      stop: {when: mask_stable, sparsity: 0.5, unit: step, every: 2, look_back: 3, threshold: 0.3}
  onward:
    extends: bird
    training: {stop: null}
    mask: {from: ones}
    weights: {from: bird@0, at: end, optimizer: restored, start_step: end}
    levels: [1]
  through:
    extends: bird
    training: {stop: null}
  never:
    extends: bird
    training: {stop: {look_back: 10, threshold: 0.0}}
  after_never:
    extends: onward
    weights: {from: never@0}
    levels: [1]
claims: {}
scales:
  small: {small: true}
"""
HALF = ("experiments.bird.training.precision=float16",)
LINEAR = ["experiments.bird.model={name: linear_autoencoder}", "experiments.bird.objective={name: autoencoder}"]
FOUND = frozenset({"onward", "through"})


def of(folder: Path, plan: Plan, experiment: str, level: int = 0) -> RunDir:
    return ResultsDir(folder).run(arm(plan, experiment, level).id)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return tiny.planned(SUITE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of the suite, run once; for looking only."""
    found = tmp_path_factory.mktemp("birds") / "results"
    run(found, tiny.suite_of(SUITE))
    return found


def test_the_event_is_a_file_and_the_weights_are_of_its_step(folder: Path, plan: Plan) -> None:
    bird = of(folder, plan, "bird")
    event = bird.read_event()
    assert event is not None
    assert event.found
    assert 6 <= event.step < 20
    assert event.step % 2 == 0
    assert event.epoch == pytest.approx(event.step / (1297 // 8))
    assert len(event.distances) == event.step // 2
    assert max(event.distances[-1]) <= 0.3
    assert bird.last_step() == bird.step_at("end") == event.step
    assert bird.read_document("timings/train.json")["to_step"] == event.step  # type: ignore[index, call-overload]
    end, snapshot = bird.read_tensors(bird.WEIGHTS), bird.read_tensors(bird.snapshot(event.step))
    assert all(bool((snapshot[name] == tensor).all()) for name, tensor in end.items())
    assert bird.outcome() == "done"


@pytest.mark.parametrize("overrides", [(), HALF])
def test_going_on_from_where_it_stopped_gives_the_weights_of_one_that_never_stopped(
    tmp_path: Path, overrides: Sequence[str]
) -> None:
    suite = tiny.suite_of(SUITE, overrides)
    assert set(run(tmp_path, suite, only=FOUND).values()) == {"done"}
    onward, through = of(tmp_path, suite.plan, "onward", 1), of(tmp_path, suite.plan, "through")
    assert ResultsDir(tmp_path).first_step(onward.read_job().job) == of(tmp_path, suite.plan, "bird").last_step()
    assert onward.files.read(onward.WEIGHTS) == through.files.read(through.WEIGHTS)
    assert onward.last_step() == through.last_step() == 20
    assert through.read_event() is None


def test_one_that_never_becomes_stable_is_an_outcome_of_it_and_of_what_needs_it(folder: Path, plan: Plan) -> None:
    never = of(folder, plan, "never")
    event = never.read_event()
    assert event is not None
    assert (event.found, event.step, len(event.distances)) == (False, 20, 10)
    assert not never.files.has(never.WEIGHTS)
    assert not never.files.has(never.EVENT)
    expected: dict[str, Outcome] = {one.job: "done" for one in plan.arms}
    expected |= {arm(plan, "never").id: "unstable", arm(plan, "after_never", 1).id: "unstable"}
    assert ResultsDir(folder).outcomes(plan) == expected
    again = Watch()
    assert run(folder, tiny.suite_of(SUITE), again) == expected
    assert again.began == []
    reason = f"needs {never.id}, which never became stable"
    assert [(end.outcome, end.reason) for end in again.ends] == [("unstable", reason)]


def test_nothing_is_left_to_train_of_what_never_became_stable_nor_of_what_needs_it(
    tmp_path: Path, folder: Path, plan: Plan
) -> None:
    run(tmp_path, tiny.suite_of(SUITE), only=frozenset({"never"}))
    nowhere = Speeds("nowhere", {})
    reckoner = Reckoner(Speeds("nowhere", {nowhere.kind(planned.job): 1.0 for planned in plan.jobs}))
    found = {one.id: one.cost for one in estimate([plan], tmp_path, reckoner).experiments}
    assert {name: (cost.jobs, cost.done, cost.time) for name, cost in found.items()} == {
        "bird": (1, 0, "at most 20 s"),
        "onward": (1, 0, "within the training that it goes on from"),
        "through": (1, 0, "20 s"),
        "never": (1, 1, "0 s"),
        "after_never": (1, 1, "0 s"),
    }
    assert estimate([plan], folder, Reckoner(nowhere)).cost.time == "0 s"


def test_verify_and_the_report_say_it_in_words(
    folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    app.run(["verify", str(folder)])
    assert "2 never became stable: dcgan-" in capsys.readouterr().err
    page = tmp_path / "report.html"
    assert app.run(["report", str(folder), "-o", str(page)]) == 0
    assert "unstable" in page.read_text()


class Stopped(BaseException):
    """What Ctrl-C would be."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[tuple[str, ...]], dict[str, bytes]]:
    """The bytes of what goes on from a stop, trained without a pause; checkpoints fall on every third step."""

    @cache
    def made(overrides: tuple[str, ...]) -> dict[str, bytes]:
        folder = tmp_path_factory.mktemp("whole")
        run(folder, tiny.suite_of(SUITE, overrides), only=frozenset({"onward"}))
        return contents(folder)

    return made


@pytest.mark.parametrize(("lines", "overrides"), [(1, ()), (2, ()), (3, ()), (4, ()), (2, HALF), (4, HALF)])
def test_one_that_is_interrupted_ends_with_the_same_bytes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    whole: Callable[[tuple[str, ...]], dict[str, bytes]],
    lines: int,
    overrides: tuple[str, ...],
) -> None:
    monkeypatch.setattr(training, "LOG_EVERY", 3)
    suite, only = tiny.suite_of(SUITE, overrides), frozenset({"onward"})

    class Stopping(Watch):
        def progress(self, progress: Progress) -> None:
            super().progress(progress)
            if sum(told.step > 0 and told.stage == "train" for told in self.told) >= lines:
                raise Stopped

    with pytest.raises(Stopped):
        run(tmp_path, suite, Stopping(), only=only)
    assert set(run(tmp_path, suite, only=only).values()) == {"done"}
    assert contents(tmp_path) == whole(overrides)


@pytest.mark.parametrize("lost", ["event.json", "snapshots"])
def test_a_lost_event_or_last_snapshot_is_made_again(tmp_path: Path, lost: str) -> None:
    suite, only = tiny.suite_of(SUITE), frozenset({"onward"})
    run(tmp_path, suite, only=only)
    before, bird = contents(tmp_path), of(tmp_path, suite.plan, "bird")
    delete(bird.path / (lost if lost == "event.json" else bird.snapshot(bird.last_step())))
    watch = Watch()
    assert set(run(tmp_path, suite, watch, only=only).values()) == {"done"}
    assert watch.began == [(bird.id, "train"), (bird.id, "measure")]
    assert contents(tmp_path) == before


def test_a_rewind_step_that_was_never_reached_is_told(tmp_path: Path) -> None:
    override = "experiments.onward.weights={from: bird@0, at: 19, optimizer: fresh, start_step: 0}"
    suite, watch = tiny.suite_of(SUITE, [override]), Watch()
    ends = run(tmp_path, suite, watch, only=frozenset({"onward"}))
    assert ends[arm(suite.plan, "onward", 1).id] == "failed"
    bird = of(tmp_path, suite.plan, "bird")
    expected = f"step 19 is asked for, but the training of {bird.id} stopped at step {bird.last_step()}"
    assert expected in watch.ends[-1].reason


def test_one_that_begins_at_its_last_step_trains_no_more(tmp_path: Path) -> None:
    overrides = ["experiments.onward.weights.from=through@0"]
    suite = tiny.suite_of(SUITE, overrides)
    assert set(run(tmp_path, suite, only=frozenset({"onward"})).values()) == {"done"}
    onward, through = of(tmp_path, suite.plan, "onward", 1), of(tmp_path, suite.plan, "through")
    assert onward.read_job().job.start.start_step == 20  # known before anything runs
    assert onward.log.read_bytes() == b""
    assert onward.files.read(onward.WEIGHTS) == through.files.read(through.WEIGHTS)


def test_the_end_of_one_that_cannot_stop_is_its_last_step_in_the_plan() -> None:
    by_name = tiny.planned(SUITE, ["experiments.onward.weights.from=through@0"])
    by_number = tiny.planned(
        SUITE, ["experiments.onward.weights.from=through@0", "experiments.onward.weights.start_step=20"]
    )
    assert arm(by_name, "onward", 1) == arm(by_number, "onward", 1)


def test_the_latest_start_is_where_a_source_that_may_stop_has_to_end(plan: Plan) -> None:
    jobs = {planned.id: planned.job for planned in plan.jobs}
    onward = arm(plan, "onward", 1).job.start
    assert onward.start_step == "end"
    assert latest_start(onward, jobs) == 20
    assert latest_start(arm(plan, "bird").job.start, jobs) == 0


@pytest.mark.parametrize(
    ("overrides", "where", "message"),
    [
        (
            [
                "experiments.onward.weights.components={generator: {from: init}}",
                "experiments.onward.weights.optimizer=fresh",
            ],
            "experiments.onward.weights.start_step",
            "'end' needs the weights of all components from one EXPERIMENT@LEVEL",
        ),
        (
            ["experiments.onward.training.steps=19"],
            "experiments.onward.weights.start_step",
            "step 20 at the latest, where the source ends, lies beyond the 19 steps of onward",
        ),
        (
            ["experiments.onward.training.stop={when: mask_stable, sparsity: 0.5, unit: step}"],
            "experiments.onward.weights.start_step",
            "has to begin at step 0; 'stop: null' goes on without it",
        ),
        (
            ["experiments.after_never.weights={from: onward@1, at: 19}", "experiments.onward.training.steps=50"],
            "experiments.after_never.weights.at",
            "step 19 lies before step 20, where onward@1 starts at the latest",
        ),
        (
            ["experiments.bird.training.precision=float8"],
            "experiments.bird.training.precision",
            "float16",
        ),
        (
            ["experiments.bird.training.stop.unit=epoch"],
            "experiments.bird.training.stop",
            "it needs 3 looks at the mask, but 20 steps have 0",
        ),
        (
            ["experiments.bird.training.stop.reading=consecutive_window", "experiments.bird.training.stop.every=6"],
            "experiments.bird.training.stop",
            "it needs 4 looks at the mask, but 20 steps have 3",
        ),
        (
            [*LINEAR, "experiments.bird.training.penalty={name: batch_norm_l1, weight: 0.1}"],
            "experiments.bird.training.stop",
            "scales of batch normalization, of which 'linear_autoencoder' has none",
        ),
        (
            [*LINEAR, "experiments.bird.training.penalty={name: batch_norm_l1, weight: 0.1}"],
            "experiments.bird.training.penalty",
            "scales of batch normalization, of which 'linear_autoencoder' has none",
        ),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_told_with_its_key(overrides: list[str], where: str, message: str) -> None:
    with pytest.raises(SuiteError) as caught:
        plan_suite(read_suite(SUITE, "birds.yaml", "small", overrides))
    assert any(f" {where}: " in line and message in line for line in caught.value.problems), caught.value.problems
