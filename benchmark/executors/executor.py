"""What the runner asks of a place where jobs run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from benchmark.schema.measurement import Outcome, Progress, Stage
    from benchmark.schema.settings import Settings

Observer = Callable[["Progress"], None]

RETRIES = 2
"""How often the runner begins a job again that has lost its place."""


@dataclass(frozen=True)
class Work:
    """What a worker needs to know besides the job: the campaign's folder and where to compute."""

    results: Path
    settings: Settings


@dataclass(frozen=True)
class Ended:
    """A job that ended, and how; `reason` is one line where it failed.

    `lost` where not the job failed but the place where it ran: its process or machine is gone.
    """

    job: str
    outcome: Outcome
    reason: str = ""
    lost: bool = False


class Executor(Protocol):
    """Runs jobs by their id, at most `slots` at a time."""

    @property
    def slots(self) -> int:
        """How many jobs may be under way; it may change."""

    def start(self, job: str, stages: tuple[Stage, ...]) -> None:
        """Begin with some stages of a job; at most `slots` jobs may be under way."""

    def wait(self, observer: Observer) -> Ended | None:
        """Return the next job that ends, or null where `slots` has changed.

        Meanwhile the observer is told how far the running jobs are.
        """

    def close(self) -> None:
        """Stop: a training that is under way keeps its step within seconds, all else ends at once.

        It goes on from there next time. Where this is interrupted, everything ends at once.
        """
