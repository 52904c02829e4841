"""What was measured on a job."""

from __future__ import annotations

from collections.abc import Mapping
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

FRUITLESS: Mapping[Outcome, str] = {"diverged": "diverged", "unstable": "never became stable"}
"""The ends that are results though no weights come of them, worse than any value; each in words, after its subject."""


class Measurement(Record):
    """One number measured on one job, with the protocol it was measured by.

    `lower_is_better` is null where neither is. `details` holds what belongs beside the number (counts per layer, the
    real-against-real floor).
    """

    job: str
    name: Name
    value: Finite
    unit: str
    lower_is_better: bool | None
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
    """A training that stops at an event: whether the event came, and the step and epoch at which the training ended.

    `distances` are those compared after each look at the mask, newest last.
    """

    found: bool
    step: int
    epoch: float
    distances: tuple[tuple[float, ...], ...]


LOG_EVERY = 50
"""Steps between two lines of the log."""


class LogLine(Record):
    """One line of a training's log: the step, and the mean of each update's loss since the line before."""

    step: int
    loss: dict[str, float]


class Progress(Record):
    """Where a running job is."""

    job: str
    stage: Stage
    step: int = 0
    steps: int = 0
    loss: dict[str, float] = {}
