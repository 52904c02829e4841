"""A suite of many jobs from its text to the ids of its jobs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

from benchmark.plan import make_plan
from benchmark.suites import Loaded, read_suite
from tests.perf.figure import Figure, timed
from tests.perf.many_jobs import Size, plan_of, text_of

ROUNDS = 5


def measure(place: Path, size: Size) -> Iterator[Figure]:
    """Yield how long the plan takes, and what of it is reading."""
    numbers, many = count(), len(plan_of(size).jobs)

    def read() -> Loaded:
        """Read a text that no round had before: one that was parsed is not parsed again."""
        return read_suite(f"{text_of(size)}# {next(numbers)}\n", "many_jobs.yaml", "small")

    loaded = read()
    yield Figure(f"read, expand and hash {many} jobs", "s", timed(lambda: make_plan(read()), ROUNDS), 2.0)
    yield Figure("  of it reading the YAML", "s", timed(read, ROUNDS))
    yield Figure("  of it jobs and their ids", "s", timed(lambda: make_plan(loaded), ROUNDS))
