"""How long commands take to start, in seconds, and on a finished directory where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.perf.again import command
from tests.perf.figure import Figure, timed
from tests.perf.many_jobs import SMALL, Size, finish

ROUNDS = 5
CALLS = {"--help": 0.5, "list": 0.5, "list models": 0.5, "show demo": None, "plan demo": None}
"""What a user types to look around, and how many seconds it may take."""


def measure(place: Path, size: Size) -> Iterator[Figure]:
    """Yield a figure a command."""
    rounds = 1 if size == SMALL else ROUNDS
    for call, target in CALLS.items():
        yield Figure(f"ticketbench {call}", "s", timed(partial(command, *call.split()), rounds), target)
    finish(place / "results", SMALL)
    for call, target in (("verify", 1.0), ("report", None)):
        took = timed(partial(command, call, place / "results"), rounds)
        yield Figure(f"ticketbench {call} (16 jobs)", "s", took, target)
