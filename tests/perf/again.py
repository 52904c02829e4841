"""A finished directory of many jobs run again: nothing is dispatched, and the parts of the time it takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.artifacts import ResultsDir
from benchmark.campaigns import open_campaign
from benchmark.executors.executor import Work
from benchmark.executors.inline import InlineExecutor
from benchmark.runner import run_campaign
from benchmark.schema.job import CampaignSuite
from benchmark.schema.settings import Settings
from tests.end_to_end.command import ticketbench
from tests.perf.figure import Figure, timed
from tests.perf.many_jobs import Size, finish, suite_of, text_of
from tests.tiny import Watch

ROUNDS = 3
TARGET = 3.0
"""Seconds for 10,000 jobs."""


def measure(place: Path, size: Size) -> Iterator[Figure]:
    """Yield how long the run takes as a command and within one process, and what the files' readers take."""
    folder = place / "results"
    suite = finish(folder, size)
    count = len(suite.plan.jobs)
    yield Figure(f"the first look at {count} finished jobs", "s", timed(lambda: look(folder, suite)))
    yield rerun(place, size)
    yield Figure("  of it planning", "s", timed(lambda: suite_of(size), ROUNDS))
    yield Figure("  of it the campaign", "s", timed(lambda: open_campaign(ResultsDir(folder), "cpu", [suite]), ROUNDS))
    yield Figure("  of it the campaign and all files", "s", timed(lambda: look(folder, suite), ROUNDS))
    yield Figure("ticketbench verify", "s", timed(lambda: command("verify", folder)))
    yield Figure("ticketbench report", "s", timed(lambda: command("report", folder)))


def rerun(place: Path, size: Size) -> Figure:
    """Return how long the command takes that runs a suite again whose jobs are all done below `place`."""
    written = place / "many_jobs.yaml"
    written.write_text(text_of(size))
    words = ("run", written, "--scale", "small", "--device", "cpu", "--quiet", "--results", place / "results")
    return Figure("ticketbench run, again", "s", timed(lambda: command(*words), ROUNDS), TARGET)


def look(folder: Path, suite: CampaignSuite) -> None:
    """Run a suite again in this process; everything has to be done."""
    watch, count = Watch(), len(suite.plan.jobs)
    run_campaign(ResultsDir(folder), "cpu", [suite], InlineExecutor(Work(folder, Settings("cpu"))), watch)
    if watch.counts != [(count, count)] or watch.ends:
        raise SystemExit(f"{folder}: not everything was done: {watch.counts}, {watch.ends[:3]}")


def command(*words: str | Path) -> None:
    """Run the command to its end, whatever the verdicts are."""
    ended = ticketbench(*words)
    if ended.returncode not in {0, 1, 3}:
        raise SystemExit(ended.stderr)
