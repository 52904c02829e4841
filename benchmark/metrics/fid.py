"""Fréchet distance between generated and real images (Heusel et al. 2017), with its real-against-real floor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmark.metrics import METRICS
from benchmark.metrics.embedding import OTHER, embed, feature_moments
from benchmark.metrics.subject import Subject, Value

if TYPE_CHECKING:
    from benchmark.metrics.options import FeatureOptions


def measure(subject: Subject, options: FeatureOptions) -> Value:
    """Return the distance at the counts asked for, and store both sides' mean, covariance and count.

    `floor` is the same distance between the two real splits: what no generator can be expected to fall below at
    these counts. `rank_deficient` where an image count is at most the feature dimension: such values compare with
    others at equal counts only.
    """
    found = embed(subject, options, "fid", METRICS["fid"].version)
    generated, real, other = (feature_moments(part) for part in (found.generated, found.real, found.other()))
    first = None if options.real is None else f"real{options.real}"
    parts = (found.protocol.extractor, options.split, options.generated, options.weights, options.direction, first)
    subject.store(
        "_".join(str(part) for part in parts if part is not None),
        {
            "mean": generated.mean,
            "covariance": generated.covariance,
            "count": np.array(generated.count),
            "real_mean": real.mean,
            "real_covariance": real.covariance,
            "real_count": np.array(real.count),
        },
    )
    return Value(
        generated.distance(real),
        found.protocol,
        {
            "floor": real.distance(other),
            "floor_counts": {options.split: real.count, OTHER[options.split]: other.count},
            "dimensions": len(real.mean),
            "rank_deficient": min(generated.count, real.count) <= len(real.mean),
        },
    )
