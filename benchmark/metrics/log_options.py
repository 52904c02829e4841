"""The options of the metrics that read what a training wrote down, free of torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchmark.schema.record import Fraction, Name, Options, PositiveInt


class LoggedLossOptions(Options):
    """The loss of one of the objective's updates, over the last `share` of the log's lines."""

    update: Name
    share: Annotated[float, Field(gt=0, le=1)] = 0.1


class EarlyStoppingOptions(Options):
    """The loss of one update, averaged over `smoothing` lines; a fall of at most `tolerance` is none."""

    update: Name
    smoothing: PositiveInt = 5
    tolerance: Fraction = 0.01


class StoppingTimeOptions(Options):
    """Whether the time is given in epochs or in steps."""

    unit: Literal["epoch", "step"] = "epoch"
