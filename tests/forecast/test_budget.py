"""What a budget runs: what fits, at least what the best claim alone brings, and half of the most there could be."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.artifacts import ResultsDir
from benchmark.forecast.budget import Choice, Parts, choose, union, within
from benchmark.forecast.kinds import Kind, recipe_of
from benchmark.forecast.reckoning import Reckoner
from benchmark.forecast.speeds import Speeds
from benchmark.schema.job import Plan
from tests import tiny
from tests.forecast.test_estimate import CLAIMS

JOBS = "abcdefgh"
HALF = 0.5
"""The share of the most claims that could be run which is always run, in cases as small as these."""

seconds = st.fixed_dictionaries({job: st.integers(1, 20).map(float) for job in JOBS})
needs = st.dictionaries(st.sampled_from("123456"), st.frozensets(st.sampled_from(JOBS), min_size=1), min_size=1)


def one_after_the_other(times: Mapping[str, float], jobs: Collection[str]) -> float:
    return sum(times[job] for job in set(jobs))


def most(wanted: Mapping[str, frozenset[str]], times: Mapping[str, float], limit: float) -> int:
    """By trying every set of claims."""
    sets = [chosen for size in range(len(wanted) + 1) for chosen in combinations(wanted, size)]
    return max(len(chosen) for chosen in sets if one_after_the_other(times, union(wanted, chosen)) <= limit)


@given(wanted=needs, times=seconds, limit=st.integers(0, 100))
def test_what_is_chosen_fits_and_is_at_least_half_of_the_most(
    wanted: dict[str, frozenset[str]], times: dict[str, float], limit: int
) -> None:
    chosen = choose(wanted, times, lambda jobs: one_after_the_other(times, jobs), limit, 1)
    paid = union(wanted, chosen)
    assert one_after_the_other(times, paid) <= limit
    assert {name for name, jobs in wanted.items() if jobs <= paid} == chosen
    assert len(chosen) >= HALF * most(wanted, times, limit)
    for name, jobs in wanted.items():
        alone = sum(other <= jobs for other in wanted.values())
        assert one_after_the_other(times, wanted[name]) > limit or len(chosen) >= alone
        # nothing that is left out would still fit
        assert name in chosen or one_after_the_other(times, paid | jobs) > limit


@given(wanted=needs, times=seconds)
def test_time_for_all_runs_all_and_none_runs_none(wanted: dict[str, frozenset[str]], times: dict[str, float]) -> None:
    for limit, count in ((20 * len(JOBS), len(wanted)), (0, 0)):
        assert len(choose(wanted, times, lambda jobs: one_after_the_other(times, jobs), limit, 1)) == count


def test_claims_that_share_a_costly_training_are_preferred_to_one_that_is_cheap_by_itself() -> None:
    wanted = {"cheap": frozenset("a"), **{name: frozenset("b" + name) for name in "cde"}}
    times = {"a": 2.0, "b": 6.0, "c": 1.0, "d": 1.0, "e": 1.0}
    assert choose(wanted, times, lambda jobs: one_after_the_other(times, jobs), 9, 1) == {"c", "d", "e"}
    assert choose(wanted, times, lambda jobs: one_after_the_other(times, jobs), 11, 1) == wanted.keys()


@given(wanted=needs, times=seconds)
def test_parts_are_the_jobs_themselves(wanted: dict[str, frozenset[str]], times: dict[str, float]) -> None:
    parts = Parts(wanted, times)
    for name, jobs in wanted.items():
        assert set(parts.jobs(parts.of[name])) == jobs
        assert parts.seconds(parts.of[name]) == sum(times[job] for job in jobs)
        assert parts.brought(parts.of[name]) == {other for other in wanted if wanted[other] <= jobs}


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Claims `same` (dense and two levels) and `equal` (a random ticket too): 12 + 8 + 8 and 12 steps more."""
    return tiny.planned(CLAIMS)


def known(plan: Plan, measuring: float | None = None) -> Reckoner:
    """One second a step of every kind."""
    nowhere = Speeds("nowhere", {})
    kinds = {nowhere.kind(one.job): Kind(device="nowhere", recipe=recipe_of(one.job)) for one in plan.jobs}
    seen = {key: kind.model_copy(update={"measuring": measuring}) for key, kind in kinds.items()}
    return Reckoner(Speeds("nowhere", dict.fromkeys(kinds, 1.0)), seen)


def chosen(plan: Plan, folder: Path, limit: float, reckoner: Reckoner | None = None, workers: int = 1) -> Choice:
    return within(limit, [plan], ResultsDir(folder), reckoner or known(plan), workers, frozenset())


def test_shared_trainings_are_paid_once_and_workers_take_them_together(plan: Plan, tmp_path: Path) -> None:
    assert chosen(plan, tmp_path, 27.9).left_out == {
        "same": "it takes 28 s by itself",
        "equal": "it takes 40 s by itself",
    }
    one = chosen(plan, tmp_path, 39)
    assert (one.claims, one.seconds, one.left_out) == (("same",), 28, {"equal": "it takes 40 s by itself"})
    both = chosen(plan, tmp_path, 40)
    assert (both.claims, both.seconds, both.left_out) == (("same", "equal"), 40, {})
    # a chain: more workers are of no use
    assert chosen(plan, tmp_path, 100, workers=4).seconds == 40
    three = tiny.planned(CLAIMS, ["seeds=3"])
    assert [chosen(three, tmp_path, 1000, known(three), workers).seconds for workers in (1, 3)] == [120, 40]


def test_what_was_seen_of_measuring_counts(plan: Plan, tmp_path: Path) -> None:
    assert chosen(plan, tmp_path, 1000, known(plan, measuring=0.5)).seconds == 40 + 4 * 0.5


def test_what_is_done_costs_nothing_and_a_limit_of_zero_runs_it(finished: Path) -> None:
    plan = tiny.planned(CLAIMS)
    found = chosen(plan, finished, 0.0)
    assert (found.claims, found.seconds, found.left_out) == (("same", "equal"), 0, {})


def test_no_speed_is_guessed(plan: Plan, tmp_path: Path) -> None:
    says = "the speed of {} of its trainings is not known: `ticketbench plan --measure` first"
    found = chosen(plan, tmp_path, 1e9, Reckoner(Speeds("nowhere", {})))
    assert found.left_out == {"same": says.format(3), "equal": says.format(4)}
    assert found.claims == ()


def test_a_claim_that_waits_to_be_timed_and_one_about_a_printed_number_are_left_out(tmp_path: Path) -> None:
    text = CLAIMS.replace("metric: fid", "metric: step_seconds\n    timing: clock", 1)
    text += "timings:\n  clock: {says: a step, arms: {dense: gan_imp@0, ticket: gan_imp@2}}\n"
    plan = tiny.planned(text)
    printed = plan.suite.claims["equal"].compare[0].model_copy(update={"baseline": None, "reference": "nobody2000/one"})
    claims = plan.suite.claims | {"equal": plan.suite.claims["equal"].model_copy(update={"compare": (printed,)})}
    plan = plan.model_copy(update={"suite": plan.suite.model_copy(update={"claims": claims})})
    assert chosen(plan, tmp_path, 1e9).left_out == {
        "same": "it is to be timed when all jobs are done, which takes a time that is not known",
        "equal": "a small run can't speak for a paper's number",
    }


def test_only_claims_that_are_named_are_looked_at(plan: Plan, tmp_path: Path) -> None:
    found = within(1e9, [plan], ResultsDir(tmp_path), known(plan), 1, frozenset({"equal"}))
    assert (found.claims, found.left_out) == (("equal",), {})
