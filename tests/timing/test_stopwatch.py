"""One process of a timing: the loop's own steps by the clock, and masks drawn as their stage draws them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmark import environment
from benchmark.artifacts import ResultsDir
from benchmark.executors.work import perform
from benchmark.pruning.early_bird import EarlyBird
from benchmark.schema.job import PlannedJob
from benchmark.schema.measurement import Event
from benchmark.schema.record import Resolved
from benchmark.schema.settings import Settings
from benchmark.schema.suite import MaskStable
from benchmark.timing import stopwatch
from benchmark.timing.stopwatch import clock, kind
from benchmark.timing.turns import Turn
from benchmark.training import Loop, State, look
from tests import tiny
from tests.timed import work

PLAN = tiny.planned()
DENSE, TICKET = (tiny.arm(PLAN, "gan_imp", level) for level in (0, 2))
RANDOM = tiny.arm(PLAN, "gan_random", 2)


RULE = MaskStable(when="mask_stable", sparsity=0.5, unit="step", look_back=3)


def turn(job: str, steps: int = 3) -> Turn:
    return Turn("small_networks", "table2", "imp", 1, 0, job, 2, steps)


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A clock by which each step takes a second longer than the one before, from the second step on."""
    ends = (n * (n + 1) / 2 for n in count())
    monkeypatch.setattr(stopwatch, "CpuStamps", type("Stamps", (stopwatch.CpuStamps,), {"now": lambda _: next(ends)}))
    yield


def test_warm_up_is_left_out_and_the_rest_averaged(finished: Path, ticks: None) -> None:
    dense = clock(work(finished), turn(DENSE.id)).trainings
    assert len(dense) == 1
    # The ends of five steps: 0, 1, 3, 6, 10; the first two are warm-up, so that steps of 2, 3 and 4 seconds are left.
    assert (dense[0].step_seconds, dense[0].step_median) == (3.0, 3.0)


def test_a_ticket_is_timed_with_all_that_it_rests_on(finished: Path) -> None:
    found = clock(work(finished), turn(TICKET.id))
    own, dense, round_one = found.trainings
    assert (found.arm, found.process, found.seed, found.job, found.failure) == ("imp", 1, 0, TICKET.id, "")
    assert (own.job, own.steps, own.passed, own.timed) == (TICKET.id, 8, 8, TICKET.id)
    assert (dense.job, dense.steps, dense.passed, dense.timed) == (DENSE.id, 12, 4, DENSE.id)
    assert (round_one.steps, round_one.passed, round_one.timed) == (8, 0, TICKET.id)  # of one kind: timed once
    assert round_one.step_seconds == own.step_seconds > 0
    assert (own.mask_seconds > 0, dense.mask_seconds, round_one.mask_seconds > 0) == (True, 0.0, True)
    whole = 8 * own.step_seconds + 4 * dense.step_seconds + own.mask_seconds
    assert found.training_seconds == pytest.approx(whole)
    rounds = 8 * dense.step_seconds + 8 * own.step_seconds + round_one.mask_seconds
    assert found.finding_seconds == pytest.approx(rounds)
    assert found.environment["threads"] == "1"


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("asked", [False, True])
def test_a_record_says_whether_steps_were_recorded(device: str, asked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "describe", lambda device: {"device": device})
    told = {"cuda_graphs": "yes"} if asked and device == "cuda" else {}
    assert stopwatch._described(Settings(device, cuda_graphs=asked)) == {"device": device} | told


def test_a_reused_mask_costs_nothing_to_draw(finished: Path) -> None:
    own, *others = clock(work(finished), turn(RANDOM.id)).trainings
    assert own.mask_seconds == 0.0
    assert {one.passed for one in others} == {0}  # its weights are fresh: all rounds only found the mask


def test_a_timed_training_neither_stops_nor_writes(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path: path.stat().st_mtime_ns for path in results.rglob("*")}
    run = Loop.run
    seen = []

    def spy(loop: Loop, *arguments: object) -> None:
        seen.append((loop.training.steps, loop.training.stop))
        run(loop, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Loop, "run", spy)
    clock(work(results), turn(TICKET.id, steps=60))  # more than its training had
    assert seen == [(4 + 2 + 60, None), (2 + 60, None)]
    assert {path: path.stat().st_mtime_ns for path in results.rglob("*")} == before


def test_trainings_of_a_kind_take_as_long_a_step() -> None:
    job = TICKET.job
    longer = job.training.model_copy(update={"steps": 99})
    assert kind("a", job) == kind("b", job.model_copy(update={"seed": 9, "training": longer}))
    for change in (
        {"training": job.training.model_copy(update={"stop": RULE})},
        {"training": job.training.model_copy(update={"precision": "bfloat16"})},
        {"training": job.training.model_copy(update={"batch_size": 9})},
        {"model": Resolved(name="dcgan", options={"base_channels": 8})},
        {"mask": DENSE.job.mask},
        {"shrink": True},
    ):
        assert kind("a", job) != kind("a", job.model_copy(update=change)), change
    thin = job.model_copy(update={"shrink": True})
    assert kind("a", thin) != kind("b", thin)  # other channels are gone


@pytest.mark.parametrize(
    ("unit", "every", "share"),
    [("step", 1, 1.0), ("step", 4, 1 / 4), ("epoch", 1, 2 / (1297 // 8)), ("epoch", 3, 2 / (1297 // 8) / 3)],
)  # fmt: skip
def test_a_step_has_its_share_of_a_look_at_the_mask(
    tmp_path: Path, ticks: None, monkeypatch: pytest.MonkeyPatch, unit: str, every: int, share: float
) -> None:
    """A look takes ten seconds here; a step has two batches, of which 162 are an epoch."""
    rule = RULE.model_copy(update={"unit": unit, "every": every})
    bird = DENSE.job.model_copy(
        update={
            "training": DENSE.job.training.model_copy(update={"stop": rule}),
            "objective": Resolved(name="gan", options={"n_dis": 2}),
        }
    )
    run = ResultsDir(tmp_path).run("bird")
    run.write_job(PlannedJob(id="bird", job=bird))
    perform(work(tmp_path), "bird", ("mask",), lambda progress: None)
    run.write_record(run.EVENT, Event(found=True, step=12, epoch=0.1, distances=()))
    seen = []

    def looked(state: State, bird: EarlyBird) -> None:
        look(state, bird)
        seen.append(bird)

    monkeypatch.setattr(stopwatch, "look", looked)
    fake = SimpleNamespace(perf_counter=lambda: 10.0 * len(seen), process_time=time.process_time)
    monkeypatch.setattr(stopwatch, "time", fake)
    (found,) = clock(work(tmp_path), turn("bird")).trainings
    assert found.step_seconds == pytest.approx(3.0 + 10.0 * share)
    assert found.step_median == 3.0
    assert len({id(one) for one in seen}) == 1
    assert len(seen[0].distances) == RULE.look_back + 5
    assert len(seen[0].distances[RULE.look_back]) == seen[0].needed  # as many comparisons as there will ever be


def test_what_else_ran_is_told(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    busy = iter([100.0, 100.0 + 1e6])
    monkeypatch.setattr(environment, "busy_seconds", lambda: next(busy))
    monkeypatch.setattr(environment, "load_average", lambda: 1.5)
    loud = clock(work(finished), turn(DENSE.id, 1))
    assert loud.load == (1.5, 1.5)
    assert loud.others is not None
    assert loud.others > 1000
    assert loud.warning == f"other programs kept {loud.others:.1f} processors busy meanwhile"
    monkeypatch.setattr(environment, "busy_seconds", lambda: 100.0)
    alone = clock(work(finished), turn(DENSE.id, 1))
    assert (alone.others, alone.warning) == (0.0, "")
    monkeypatch.setattr(environment, "busy_seconds", lambda: None)
    unknown = clock(work(finished), turn(DENSE.id, 1))
    assert (unknown.others, unknown.warning) == (None, "this system does not say what else ran meanwhile")
