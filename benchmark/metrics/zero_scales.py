"""Scales of norms that are exactly zero: the channels that a stage of slimming has made superfluous by itself.

The code of Chen et al. (2021) removes these and no others. A mask is drawn here to a share of the channels by rank,
which removes them first; this says which share they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import JsonValue

from benchmark.metrics import METRICS
from benchmark.metrics.subject import NotMeasured, Subject, Value
from benchmark.networks import channel_scales
from benchmark.schema.protocol import Protocol

if TYPE_CHECKING:
    from benchmark.metrics.options import ComponentOptions


def measure(subject: Subject, options: ComponentOptions) -> Value:
    """Return the share of zeros among the scales of one component or of all; `details` count them by norm.

    NotMeasured where there are no scales.
    """
    chosen = "" if options.component is None else f"{options.component}/"
    whose = options.component or "the networks"
    scales = channel_scales(subject.networks_of("raw"))
    rows = {
        name: {"scales": scale.numel(), "zero": int((scale == 0).sum())}
        for name, scale in scales.items()
        if name.startswith(chosen)
    }
    total = sum(row["scales"] for row in rows.values())
    if not total:
        raise NotMeasured(f"no norm of {whose} scales its channels")
    return Value(
        sum(row["zero"] for row in rows.values()) / total,
        Protocol(
            metric="zero_scales",
            version=METRICS["zero_scales"].version,
            convention=f"scales of norms that are exactly zero / scales of norms of {whose}",
        ),
        {"norms": {name: dict[str, JsonValue](row) for name, row in rows.items()}},
    )
