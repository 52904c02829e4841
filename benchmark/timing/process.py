"""A process of its own for each turn: fresh, alone, and stopped with its driver."""

from __future__ import annotations

from contextlib import suppress
from multiprocessing.connection import Connection

from benchmark.errors import TicketbenchError
from benchmark.executors.executor import Work
from benchmark.executors.pool import SPAWN, describe_exit, uninterrupted
from benchmark.schema.timing import Clocking
from benchmark.timing.turns import Turn


def clock_apart(work: Work, turn: Turn) -> Clocking:
    """Time an arm in a fresh process and return what it found; a failure is a record too, never raised."""
    ours, theirs = SPAWN.Pipe(duplex=False)
    process = SPAWN.Process(target=_serve, args=(work, turn, theirs), daemon=True)
    with uninterrupted():
        process.start()
    theirs.close()
    try:
        found = _received(ours)
        process.join()
        return found or blank(turn, f"its process died ({describe_exit(process.exitcode or 0)})")
    finally:
        process.terminate()
        process.join()
        ours.close()


def blank(turn: Turn, failure: str = "") -> Clocking:
    """Return the record of a turn without times: it failed, or its job came to nothing that could be timed."""
    return Clocking(
        arm=turn.arm, process=turn.process, seed=turn.seed, job=turn.job, outcome=turn.outcome, failure=failure
    )


def _received(pipe: Connection) -> Clocking | None:
    with suppress(EOFError, ConnectionError):
        found = pipe.recv()
        assert isinstance(found, Clocking)
        return found
    return None


def _serve(work: Work, turn: Turn, pipe: Connection) -> None:
    try:
        from benchmark.timing.stopwatch import clock  # torch, which the driver never needs

        found = clock(work, turn)
    except Exception as error:  # noqa: BLE001 - whatever one process meets must not end the others
        known = isinstance(error, TicketbenchError)
        found = blank(turn, str(error) if known else f"{type(error).__name__}: {error}")
    with suppress(OSError):  # the driver is gone: it will ask again
        pipe.send(found)
