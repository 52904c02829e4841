"""The step at which a training loss stopped improving: the early-stopping iteration of Kalibhat et al. (2021).

Their Figure 2 draws it and defines no rule, so this one is ours. Let S_i be the mean of the `smoothing` lines of the
log that end with line i (of all there are, at its beginning). The value is the step of the first line i from which on
no S_j falls below S_i - tolerance |S_i|: who stopped there would have missed less than that. It is a rule in
hindsight, on the training loss; nothing is stopped by it. It is meant for losses that fall as a network learns, an
autoencoder's: two networks against each other drive theirs up and down.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from benchmark.metrics import METRICS
from benchmark.metrics.logged_loss import logged
from benchmark.metrics.subject import Subject, Value
from benchmark.schema.protocol import Protocol
from benchmark.statistics import mean

if TYPE_CHECKING:
    from benchmark.metrics.log_options import EarlyStoppingOptions


def measure(subject: Subject, options: EarlyStoppingOptions) -> Value:
    """Return the step, as the log counts: a training rewound to step K begins there.

    `still_improving` where it is the last of the log, so that more steps might have given a later one.
    """
    steps, losses = logged(subject, options.update)
    smooth = smoothed(losses, options.smoothing)
    index = last_improvement(smooth, options.tolerance)
    return Value(
        float(steps[index]),
        Protocol(
            metric="early_stopping",
            version=METRICS["early_stopping"].version,
            dataset=subject.dataset.name,
            split="train",
            convention=f"loss of the {options.update}, mean of {options.smoothing} lines of the log, "
            f"never again lower by more than {options.tolerance:g} of it",
        ),
        {
            "loss": smooth[index],
            "last_loss": smooth[-1],
            "lines": len(steps),
            "last_step": steps[-1],
            "still_improving": index == len(steps) - 1,
        },
    )


def smoothed(losses: Sequence[float], lines: int) -> list[float]:
    """Return the mean of the last `lines` losses at each line, of fewer at the beginning."""
    return [mean(losses[max(0, index + 1 - lines) : index + 1]) for index in range(len(losses))]


def last_improvement(losses: Sequence[float], tolerance: float) -> int:
    """Return the first index after which no loss lies below this one by more than a share `tolerance` of it."""
    lowest_later = list(losses)
    for index in reversed(range(len(losses) - 1)):
        lowest_later[index] = min(losses[index], lowest_later[index + 1])
    return next(
        index
        for index, (loss, lowest) in enumerate(zip(losses, lowest_later, strict=True))
        if lowest >= loss - tolerance * abs(loss)
    )
