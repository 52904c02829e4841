"""When a training stopped that was to stop at a stable mask: the epoch of the early-bird ticket (You et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.errors import RunError
from benchmark.metrics import METRICS
from benchmark.metrics.subject import Subject, Value
from benchmark.schema.protocol import Protocol

if TYPE_CHECKING:
    from benchmark.metrics.log_options import StoppingTimeOptions


def measure(subject: Subject, options: StoppingTimeOptions) -> Value:
    """Return the epoch or the step, counted from the beginning of the training; RunError where it waited for nothing.

    A training that waited in vain is an outcome of its own, and has no measurements.
    """
    event = subject.event()
    if event is None or not event.found:
        raise RunError(f"the training of {subject.job_id} did not stop at a stable mask")
    time = {"epoch": event.epoch, "step": float(event.step)}
    return Value(
        time[options.unit],
        Protocol(
            metric="stopping_time",
            version=METRICS["stopping_time"].version,
            dataset=subject.dataset.name,
            convention=f"{options.unit}s until the mask was stable",
        ),
        {"step": event.step, "epoch": event.epoch, "distances": [list(looked) for looked in event.distances]},
        unit=f"{options.unit}s",
    )
