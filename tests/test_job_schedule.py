"""The order of a run against one that looks at all jobs every time."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.schedule import Schedule
from benchmark.schema.job import Origin, PlannedJob
from benchmark.schema.measurement import FRUITLESS, Outcome
from tests.tiny import arm, planned

TEMPLATE = arm(planned(), "auto")
"""A job whose inputs and steps are changed below."""

Graph = dict[str, PlannedJob]
OUTCOMES: list[Outcome] = ["done", "done", "done", "failed", "diverged"]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Up to a dozen jobs, inputs first."""
    found: Graph = {}
    for number in range(draw(st.integers(1, 12))):
        inputs = draw(st.sets(st.sampled_from(sorted(found)), max_size=3)) if found else set()
        start = TEMPLATE.job.start.model_copy(update={"origins": {name: Origin(job=name) for name in sorted(inputs)}})
        training = TEMPLATE.job.training.model_copy(update={"steps": draw(st.integers(1, 9))})
        job = TEMPLATE.job.model_copy(update={"start": start, "training": training})
        found[f"job{number:02d}"] = TEMPLATE.model_copy(update={"id": f"job{number:02d}", "job": job})
    return found


def weight(jobs: Graph, job: str) -> int:
    """Return the steps of the longest chain from a job on."""
    after = [weight(jobs, other) for other in jobs if job in jobs[other].job.inputs]
    return jobs[job].job.training.steps + max(after, default=0)


def below(jobs: Graph, job: str) -> set[str]:
    """Return all descendants of a job."""
    direct = {other for other in jobs if job in jobs[other].job.inputs}
    return direct.union(*(below(jobs, other) for other in direct))


@settings(max_examples=60)
@given(jobs=graphs(), slots=st.integers(1, 4), chance=st.randoms(use_true_random=False))
def test_every_job_runs_once_after_its_inputs_the_longest_chain_first(
    jobs: Graph, slots: int, chance: random.Random
) -> None:
    done = {job for job in jobs if not jobs[job].job.inputs and chance.random() < 0.3}
    schedule = Schedule(jobs, {job: () if job in done else ("train",) for job in jobs})
    ends: dict[str, Outcome] = dict.fromkeys(done, "done")
    begun: list[str] = []
    while True:
        while len(schedule.running) < slots and (job := schedule.next()) is not None:
            ready = {
                one
                for one in jobs.keys() - ends.keys() - schedule.running
                if all(ends.get(needed) == "done" for needed in jobs[one].job.inputs)
            }
            assert weight(jobs, job) == max(weight(jobs, one) for one in ready | {job})
            assert all(ends.get(needed) == "done" for needed in jobs[job].job.inputs)
            begun.append(job)
        if not schedule.running:
            break
        job = chance.choice(sorted(schedule.running))
        if chance.random() < 0.2:
            begun.remove(job)
            schedule.again(job)
            continue
        outcome = chance.choice(OUTCOMES)
        lost = schedule.settle(job, outcome)
        ends[job] = outcome
        expected = set() if outcome == "done" else below(jobs, job) - ends.keys()
        assert {end.job for end in lost} == expected
        assert {end.outcome for end in lost} <= {outcome if outcome in FRUITLESS else "blocked"}
        ends.update((end.job, end.outcome) for end in lost)
    assert schedule.ends == ends
    assert ends.keys() == jobs.keys()
    assert len(begun) == len(set(begun))


def test_what_was_found_fruitless_before_stops_what_needs_it() -> None:
    jobs = {job.id: job for job in planned().jobs}
    dense = arm(planned(), "gan").id
    schedule = Schedule(jobs, {job: () if job == dense else ("train",) for job in jobs})
    assert {end.job for end in schedule.settle(dense, "diverged")} == below(jobs, dense)
    assert schedule.next() == arm(planned(), "auto").id
