"""Whose turn it is: interleaved, the same seed for all arms, and nobody before the jobs are done."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.schema.job import Plan
from benchmark.schema.measurement import Outcome
from benchmark.timing.turns import rotated, timetable
from tests import tiny
from tests.timed import suite

SUITE = suite(seeds=3).plan


def ends(plan: Plan, **special: Outcome) -> dict[str, Outcome]:
    """Return every job as done but for the special ones, `EXPERIMENT_sSEED`."""
    found: dict[str, Outcome] = {planned.id: "done" for planned in plan.jobs}
    for name, outcome in special.items():
        experiment, _, seed = name.rpartition("_s")
        level = plan.suite.experiments[experiment].level_numbers()[-1]
        found[tiny.arm(plan, experiment, level, int(seed)).id] = outcome
    return found


def test_processes_interleave_the_arms_and_begin_with_another_each_time() -> None:
    turns = timetable(SUITE, "table2", ends(SUITE)).turns
    assert [(turn.process, turn.arm) for turn in turns] == [
        *((0, "dense"), (0, "imp"), (0, "random")),
        *((1, "imp"), (1, "random"), (1, "dense")),
        *((2, "random"), (2, "dense"), (2, "imp")),
        *((3, "dense"), (3, "imp"), (3, "random")),
    ]
    assert [turn.seed for turn in turns[::3]] == [0, 1, 2, 0]
    for turn in turns:
        experiment, _, level = SUITE.suite.timings["table2"].arms[turn.arm].partition("@")
        assert turn.job == tiny.arm(SUITE, experiment, int(level), turn.seed).id
        assert (turn.warm_up, turn.steps) == (2, 3)


@pytest.mark.parametrize("outcome", ["diverged", "unstable"])
def test_a_seed_without_a_result_in_one_arm_is_left_to_the_others(outcome: Outcome) -> None:
    turns = timetable(SUITE, "table2", ends(SUITE, gan_imp_s1=outcome)).turns
    assert [turn.seed for turn in turns[::3]] == [0, 1, 2, 0]
    assert {(turn.arm, turn.process, turn.outcome) for turn in turns if turn.outcome != "done"} == {("imp", 1, outcome)}


def test_nothing_is_timed_before_the_last_job_has_ended() -> None:
    for outcome in ("missing", "failed", "blocked"):
        table = timetable(SUITE, "table2", ends(SUITE, gan_random_s2=outcome))
        assert (table.turns, table.waits) == ((), "waits for 1 of its 9 jobs")


def test_an_arm_that_came_to_nothing_leaves_the_others_all_their_seeds() -> None:
    gone = ends(SUITE, gan_imp_s0="unstable", gan_imp_s1="diverged", gan_imp_s2="unstable")
    found = timetable(SUITE, "table2", gone)
    assert found.waits == ""
    by_arm = {arm: [turn.outcome for turn in found.turns if turn.arm == arm] for arm in ("dense", "imp", "random")}
    assert by_arm == {
        "dense": ["done"] * 4,
        "imp": ["unstable", "diverged", "unstable", "unstable"],
        "random": ["done"] * 4,
    }


@given(st.integers(2, 7), st.integers(1, 5))
def test_over_whole_rounds_every_arm_has_every_place_as_often(arms: int, rounds: int) -> None:
    names = tuple(map(str, range(arms)))
    places = Counter(
        (place, arm) for process in range(arms * rounds) for place, arm in enumerate(rotated(names, process))
    )
    assert set(places.values()) == {rounds}
    assert len(places) == arms * arms
