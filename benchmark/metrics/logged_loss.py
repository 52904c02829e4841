"""The loss that a training ended with, from its log: the discriminator's is Figure A.5 of Kalibhat et al. (2021).

A line of the log holds the mean since the line before, of the loss as the objective has it: a gradient penalty is part
of it, a penalty on the scales of batch norms is not. For two networks against each other neither direction is better: a
claim may say that two losses are the same, or that they differ.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from benchmark.errors import RunError
from benchmark.metrics import METRICS
from benchmark.metrics.subject import NotMeasured, Subject, Value
from benchmark.schema.protocol import Protocol
from benchmark.statistics import mean

if TYPE_CHECKING:
    from benchmark.metrics.log_options import LoggedLossOptions


def measure(subject: Subject, options: LoggedLossOptions) -> Value:
    """Return the mean over the last `share` of the lines, rounded up to whole ones."""
    steps, losses = logged(subject, options.update)
    count = math.ceil(options.share * len(losses))
    return Value(
        mean(losses[-count:]),
        Protocol(
            metric="logged_loss",
            version=METRICS["logged_loss"].version,
            dataset=subject.dataset.name,
            split="train",
            selection=f"mean of the last {options.share:g} of the log's lines",
            convention=f"loss of the {options.update}, as the objective has it; a penalty on scales left out",
        ),
        {"lines": count, "of": len(losses), "after_step": steps[-count - 1] if count < len(steps) else None},
    )


def logged(subject: Subject, update: str) -> tuple[list[int], list[float]]:
    """Return steps and losses of one update, line by line; RunError where the log has none of that name.

    A training that goes on from another's last step may have none to make: of it there is nothing to measure.
    """
    lines = subject.log()
    if not lines:
        raise NotMeasured(f"the training of {subject.job_id} made no steps, and so logged no loss")
    if any(update not in line.loss for line in lines):
        raise RunError(f"the log has no loss of '{update}', but of {', '.join(lines[0].loss)}")
    return [line.step for line in lines], [line.loss[update] for line in lines]
