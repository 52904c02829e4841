"""The report of 10,000 measurements: how long it takes, and how large it is without its pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmark.artifacts import ResultsDir
from benchmark.judge import judge
from reports.build import build
from reports.render import render
from tests.perf.again import command
from tests.perf.figure import Figure, timed
from tests.perf.many_jobs import LARGE, Size, finish

SEEDS = 27
"""Of the large suite's arms: some 5,000 jobs, two measurements each."""
ROUNDS = 3


def measure(place: Path, size: Size) -> Iterator[Figure]:
    """Yield the time of the command and of its parts, and the size of the page."""
    folder = place / "results"
    suite = finish(folder, size.with_seeds(SEEDS) if size == LARGE else size)
    count = sum(len(planned.metrics) for planned in suite.plan.jobs)
    took = timed(lambda: command("report", folder), ROUNDS)
    yield Figure(f"ticketbench report, {count} measurements", "s", took, 5.0)
    judged, page = judge(ResultsDir(folder)), build([ResultsDir(folder)], [judge(ResultsDir(folder))])
    yield Figure("  of it judging", "s", timed(lambda: judge(ResultsDir(folder)), ROUNDS))
    yield Figure("  of it gathering", "s", timed(lambda: build([ResultsDir(folder)], [judged]), ROUNDS))
    yield Figure("  of it writing", "s", timed(lambda: render(page), ROUNDS))
    plain = re.sub(r"data:image/\w+;base64,[^\"]*", "", render(page))
    yield Figure("the page without its pictures", "MB", (len(plain.encode()) / 1e6,), 3.0)
