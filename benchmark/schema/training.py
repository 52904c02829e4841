"""What changes in the course of a training or from one look at an image to the next: learning rates, crops, mirrors."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchmark.schema.record import PositiveInt, Record, Step


class Schedule(Record):
    """How all learning rates change: at their own size up to step `start`, from there to zero at the last step.

    They change every `every` steps: in the code of Chen et al. (2021) for CycleGAN, with those of an epoch.
    """

    name: Literal["linear"]
    start: Annotated[Step, Field(alias="from")]
    every: PositiveInt = 1


class Augmentation(Record):
    """What is done to every image that is trained on, drawn anew each time; nothing else looks at the outcome.

    It is enlarged to `enlarge` x `enlarge` pixels, of which a random part of its own size is taken, and with `mirror`
    it is turned left to right half the time. The code of Chen et al. (2021) for CycleGAN makes 286x286 of 256x256.
    """

    enlarge: PositiveInt | None = None
    mirror: bool = False
