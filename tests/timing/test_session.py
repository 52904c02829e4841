"""A session of timings: what is there is left alone, what fails is recorded and tried again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from benchmark.artifacts import ResultsDir
from benchmark.errors import CampaignError
from benchmark.executors.executor import Work
from benchmark.schema.measurement import Event
from benchmark.schema.timing import Clocking
from benchmark.storage import TEMPORARY
from benchmark.timing.session import Tally, run_timings, tallies
from benchmark.timing.turns import Turn
from tests import tiny
from tests.timed import fail, suite, timed, work

PLAN = suite().plan
TIMING = PLAN.suite.timings["table2"]
NAME = "small_networks/table2"
ORDER = [(process, arm) for process in range(4) for arm in (["dense", "imp", "random"] * 2)[process % 3 :][:3]]


@dataclass
class Clock:
    """A stopwatch that makes its times up, and fails where it is told to."""

    broken: frozenset[tuple[int, str]] = frozenset()
    turns: list[tuple[int, str]] = field(default_factory=list)

    def __call__(self, work: Work, turn: Turn) -> Clocking:
        self.turns.append((turn.process, turn.arm))
        if (turn.process, turn.arm) in self.broken:
            return fail(turn, "no memory left")
        return timed(work, turn, 0.01)


@dataclass
class Watch:
    counts: list[tuple[int, int]] = field(default_factory=list)
    waiting: list[tuple[str, str]] = field(default_factory=list)
    told: list[Clocking] = field(default_factory=list)

    def timings(self, total: int, done: int) -> None:
        self.counts.append((total, done))

    def waits(self, name: str, reason: str) -> None:
        self.waiting.append((name, reason))

    def timed(self, name: str, found: Clocking) -> None:
        assert name == NAME
        self.told.append(found)


def perform(folder: Path, clock: Clock, only: frozenset[str] = frozenset()) -> tuple[dict[str, Tally], Watch]:
    watch = Watch()
    return run_timings(work(folder), [PLAN], watch, only, clock), watch


def test_every_process_is_timed_once_in_order(results: Path) -> None:
    clock, again = Clock(), Clock()
    found, watch = perform(results, clock)
    assert found == {NAME: Tally(processes=12, done=12)}
    assert clock.turns == ORDER
    assert watch.counts == [(12, 0)]
    assert [(one.process, one.arm) for one in watch.told] == ORDER
    found, watch = perform(results, again)
    assert (found[NAME].done, again.turns, watch.counts, watch.told) == (12, [], [(12, 12)], [])


@pytest.mark.parametrize("harm", [tiny.delete, tiny.flip])
def test_a_record_that_is_lost_or_damaged_is_timed_again_and_no_other(results: Path, harm: object) -> None:
    perform(results, Clock())
    lost = results / "timings" / "small_networks" / "table2" / "imp.002.json"
    assert callable(harm)
    harm(lost)
    ResultsDir(results).files.distrust("timings/small_networks/table2/imp.002.json")
    clock = Clock()
    perform(results, clock)
    assert clock.turns == [(2, "imp")]


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"job": "another"},
        {"trainings": ()},
        {"trainings": (), "outcome": "unstable"},
        *({"trainings": ({key: value},)} for key, value in (("job", "another"), ("steps", 7), ("passed", 7))),
    ],
)
def test_a_record_of_another_job_or_of_other_steps_is_timed_again(results: Path, change: dict[str, Any]) -> None:
    """On a GPU an early-bird training that is repeated may stop at another step, or never."""
    perform(results, Clock())
    files = ResultsDir(results).timing("small_networks", "table2", TIMING)
    kept = files.read("imp", 2)
    assert kept is not None
    changes = change.get("trainings", ({},) * len(kept.trainings))
    others = kept.trainings[len(changes) :] if changes else ()
    trainings = [one.model_copy(update=new) for one, new in zip(kept.trainings, changes, strict=False)]
    files.write(kept.model_copy(update={**change, "trainings": (*trainings, *others)}))
    clock = Clock()
    assert tallies(ResultsDir(results), [PLAN])[NAME].done == 11
    perform(results, clock)
    assert clock.turns == [(2, "imp")]
    assert files.read("imp", 2) == kept


def test_a_job_that_came_to_nothing_is_recorded_without_a_time_until_it_comes_to_something(results: Path) -> None:
    run = ResultsDir(results).run(tiny.arm(PLAN, "gan_imp", 2).id)
    run.write_record(run.UNSTABLE, Event(found=False, step=8, epoch=0.05, distances=()))
    clock = Clock()
    found, watch = perform(results, clock)
    assert found == {NAME: Tally(processes=12, done=12)}
    assert clock.turns == [(process, "dense") for process in range(4)]  # the random ticket has the mask of imp
    assert Counter((one.arm, one.outcome, one.failure) for one in watch.told) == {
        ("dense", "done", ""): 4,
        ("imp", "unstable", ""): 4,
        ("random", "unstable", ""): 4,
    }
    again = Clock()
    perform(results, again)
    assert again.turns == []
    run.files.remove(run.UNSTABLE)
    perform(results, again)
    assert again.turns == [turn for turn in ORDER if turn[1] != "dense"]


def test_a_lineage_whose_files_are_lost_is_not_timed_before(results: Path) -> None:
    perform(results, Clock())
    tiny.delete(results / "runs" / tiny.arm(PLAN, "gan_imp", 1).id / "job.json")
    assert tallies(ResultsDir(results), [PLAN])[NAME].done == 4


def test_a_session_that_was_killed_goes_on_where_it_was(results: Path) -> None:
    class Killed(Clock):
        def __call__(self, work: Work, turn: Turn) -> Clocking:
            if len(self.turns) == 5:
                raise KeyboardInterrupt
            return super().__call__(work, turn)

    with pytest.raises(KeyboardInterrupt):
        perform(results, Killed())
    half_written = results / "timings" / "small_networks" / "table2" / f"{TEMPORARY}x"
    half_written.write_bytes(b"{")
    clock = Clock()
    found, watch = perform(results, clock)
    assert clock.turns == ORDER[5:]
    assert (watch.counts, found[NAME].done) == ([(12, 5)], 12)
    assert not half_written.exists()


def test_a_failure_is_recorded_the_rest_goes_on_and_it_is_tried_again(results: Path) -> None:
    broken = frozenset({(1, "dense")})
    found, watch = perform(results, Clock(broken))
    assert found[NAME] == Tally(processes=12, done=11, failed=1)
    assert [one.failure for one in watch.told if one.failure] == ["no memory left"]
    kept = ResultsDir(results).timing("small_networks", "table2", TIMING).read("dense", 1)
    assert kept is not None
    assert kept.failure == "no memory left"
    clock = Clock()
    assert perform(results, clock)[0][NAME] == Tally(processes=12, done=12)
    assert clock.turns == [(1, "dense")]


def test_a_timing_waits_for_its_jobs(results: Path) -> None:
    tiny.delete(results / "runs" / tiny.arm(PLAN, "gan_random", 2).id / "weights.safetensors")
    found, watch = perform(results, Clock())
    assert found[NAME] == Tally(processes=12, done=0, waits="waits for 1 of its 3 jobs")
    assert watch.waiting == [(NAME, "waits for 1 of its 3 jobs")]


@pytest.mark.parametrize(
    ("only", "performed"), [("half_the_step", True), ("table2", True), ("gan", False), ("auto", False)]
)
def test_only_what_a_claim_needs_is_timed(results: Path, only: str, performed: bool) -> None:
    clock = Clock()
    found, _ = perform(results, clock, frozenset({only}))
    assert bool(found) == performed == bool(clock.turns)


def test_two_sessions_never_share_a_directory(results: Path) -> None:
    with FileLock(ResultsDir(results).lock), pytest.raises(CampaignError, match="another `ticketbench run`"):
        perform(results, Clock())


def test_a_plan_counts_what_is_timed(results: Path) -> None:
    assert tallies(None, [PLAN]) == {NAME: Tally(processes=12, done=0)}
    perform(results, Clock(frozenset({(0, "imp")})))
    assert tallies(ResultsDir(results), [PLAN]) == {NAME: Tally(processes=12, done=11)}
