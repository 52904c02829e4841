"""What the exclusive timing job writes: one process of one arm of a suite's timing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchmark.schema.measurement import Outcome
from benchmark.schema.record import Name, Record, Step

TimedMetric = Literal["training_seconds", "step_seconds"]
"""What a claim may ask of a timing."""

QUIET = 0.2
"""Processors that other programs may keep busy while a process is timed: what a system at rest uses, and no more."""

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class TimedTraining(Record):
    """One training that an arm rests on, and what it cost by the clock of one process.

    Of its `steps`, the arm's weights went through `passed`: all of the arm's own training, and of an earlier one those
    up to the moment at which its weights were taken. Steps were timed on the job `timed`, which is this one or another
    of the same kind; their mean has a share of what looking at a mask takes, where the training waits for a stable one.
    `mask_seconds` is what drawing this training's mask took.
    """

    job: str
    steps: Step
    passed: Step
    timed: str
    step_seconds: Seconds
    step_median: Seconds
    mask_seconds: Seconds

    @property
    def training_seconds(self) -> float:
        """The steps that the weights went through; its mask too, where they went through all of it."""
        return self.passed * self.step_seconds + (self.mask_seconds if self.passed == self.steps else 0.0)

    @property
    def seconds(self) -> float:
        """The whole of this training."""
        return self.steps * self.step_seconds + self.mask_seconds


class Clocking(Record):
    """One process: the arm's own training first, then those it rests on; or why there are none.

    There are none where timing them failed, and where the arm's job had another `outcome` than `done`: with this seed
    there is nothing to time.
    `load` is the machine's load average of the last minute before and after, `others` how many processors other
    programs kept busy meanwhile (null where the system does not say).
    """

    arm: Name
    process: Step
    seed: Step
    job: str
    trainings: tuple[TimedTraining, ...] = ()
    load: tuple[float, float] | None = None
    others: float | None = None
    environment: dict[str, str] = {}
    warning: str = ""
    failure: str = ""
    outcome: Outcome = "done"

    @property
    def step_seconds(self) -> float:
        """The mean time of a step of the arm's own training."""
        return self.trainings[0].step_seconds

    @property
    def training_seconds(self) -> float:
        """All steps that the arm's weights went through, and drawing the masks that they were trained under.

        A ticket that goes on from an early-bird training's end has that training in it, a rewound one the steps up to
        the moment that it was rewound to.
        """
        return sum(one.training_seconds for one in self.trainings)

    @property
    def finding_seconds(self) -> float:
        """The rest of what the arm rests on: trainings that served to find its mask, such as earlier rounds."""
        return sum(one.seconds - one.training_seconds for one in self.trainings)

    def value(self, metric: str) -> float:
        """Return one of the `TimedMetric`s (KeyError for another)."""
        return {"step_seconds": self.step_seconds, "training_seconds": self.training_seconds}[metric]
