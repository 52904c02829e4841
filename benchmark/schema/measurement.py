"""What was measured on a job."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from benchmark.schema.protocol import Protocol
from benchmark.schema.record import Finite, Name, Record

Stage = Literal["mask", "train", "measure"]
"""What a job does, in this order."""

Outcome = Literal["done", "diverged", "unstable", "failed", "blocked", "missing"]
"""How a job ended: `diverged` also where a job it needs diverged, `blocked` where one failed.

`unstable` is a training that was to stop at an event, and ended without it; so is what needs one.
"""


class Measurement(Record):
    """One number measured on one job, with the protocol it was measured by.

    `details` holds what belongs beside the number (counts per layer, the real-against-real floor).
    """

    job: str
    name: Name
    value: Finite
    unit: str
    lower_is_better: bool
    protocol: Protocol
    details: dict[str, JsonValue] = {}


class Failure(Record):
    """Why a job has no result: the stage, the kind of error and its message."""

    stage: Stage
    kind: str
    message: str
    trace: str = ""


class Divergence(Record):
    """A training that left the finite numbers: at which step, and what was seen."""

    step: int
    what: str


class Event(Record):
    """What a training that stops at an event saw: at which step and epoch it stopped, null where it never did.

    `distances` are those compared after each look at the mask, newest last.
    """

    found: bool
    step: int
    epoch: float
    distances: tuple[tuple[float, ...], ...]


class Progress(Record):
    """Where a running job is."""

    job: str
    stage: Stage
    step: int = 0
    steps: int = 0
    loss: dict[str, float] = {}
