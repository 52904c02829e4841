"""A suite of many jobs from its text to the ids of its jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.plan import make_plan
from benchmark.suites import read_suite
from tests.perf.figure import Figure, timed
from tests.perf.many_jobs import Size, plan_of, text_of

ROUNDS = 5


def measure(place: Path, size: Size) -> Iterator[Figure]:
    """Yield how long the plan takes, and what of it is reading."""
    text, count = text_of(size), len(plan_of(size).jobs)
    loaded = read_suite(text, "many_jobs.yaml", "small")
    yield Figure(f"read, expand and hash {count} jobs", "s", timed(lambda: plan_of(size), ROUNDS), 2.0)
    yield Figure("  of it reading the YAML", "s", timed(lambda: read_suite(text, "x", "small"), ROUNDS))
    yield Figure("  of it jobs and their ids", "s", timed(lambda: make_plan(loaded), ROUNDS))
