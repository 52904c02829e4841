"""How long commands take to start: with nothing kept, with what earlier calls kept, on a finished directory.

What comes along as `suites/listing.json`, and Python's own compiled files, are there the first time too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from unittest.mock import patch

from benchmark import catalog
from tests.perf.again import command
from tests.perf.figure import Figure, timed
from tests.perf.many_jobs import HUNDREDS, SMALL, Size, finish

ROUNDS = 5
CALLS = {
    "--help": 0.5,
    "list": 0.5,
    "list --json": 0.5,
    "list models": 0.5,
    "list metrics": 0.5,
    "show demo": 0.5,
    "show demo --resolved": None,
}
"""What a user types to look around, and how many seconds it may take."""
PLANS = ("plan demo", f"validate {catalog.find_suite('demo')}")
"""What looks whether masks fit their networks, the first time by torch."""


def measure(place: Path, size: Size) -> Iterator[Figure]:
    """Yield a figure a command."""
    rounds = 1 if size == SMALL else ROUNDS
    for call, target in CALLS.items():
        yield Figure(f"ticketbench {call}", "s", timed(partial(command, *call.split()), rounds), target)
    yield _own(place / "own", rounds)
    for call in PLANS:
        yield from _planned(call, place / call.split()[0], rounds)
    suite = finish(place / "results", size if size == SMALL else HUNDREDS)
    for call, target in (("verify", 1.0), ("report", 2.0)):
        took = timed(partial(command, call, place / "results"), rounds)
        yield Figure(f"ticketbench {call} ({len(suite.plan.jobs)} jobs)", "s", took, target)


def _own(folder: Path, rounds: int) -> Figure:
    """Return how long `list` takes that has a suite of the user's to read, one as large as the demo."""
    folder.mkdir()
    (folder / "mine.yaml").write_text(catalog.read_text(catalog.find_suite("demo")), encoding="utf-8")
    with patch.dict(os.environ, {catalog.VARIABLE: str(folder)}):
        return Figure("ticketbench list, with a suite of one's own", "s", timed(partial(command, "list"), rounds), 0.5)


def _planned(call: str, folder: Path, rounds: int) -> Iterator[Figure]:
    """Yield how long a command takes where the cache directory is empty, and where the same command filled it."""
    name, *words = call.split()
    says, empty = f"ticketbench {name} {Path(words[0]).stem}", iter(range(rounds))

    def cold() -> None:
        with patch.dict(os.environ, {"TICKETBENCH_CACHE": str(folder / str(next(empty)))}):
            command(name, *words)

    def warm() -> None:
        with patch.dict(os.environ, {"TICKETBENCH_CACHE": str(folder / "0")}):
            command(name, *words)

    yield Figure(f"{says}, the first time", "s", timed(cold, rounds))
    yield Figure(f"{says}, again", "s", timed(warm, rounds))
