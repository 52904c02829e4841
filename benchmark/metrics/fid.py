"""Fréchet distance between generated and real images (Heusel et al. 2017), with its real-against-real floor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from benchmark.metrics import METRICS
from benchmark.metrics.embedding import OTHER, embed
from benchmark.metrics.subject import Subject, Value

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.metrics.options import FeatureOptions


def measure(subject: Subject, options: FeatureOptions) -> Value:
    """Return the distance at the counts asked for, and store both sides' mean, covariance and count.

    `floor` is the same distance between the two real splits: what no generator can be expected to fall below at
    these counts. `rank_deficient` where an image count is at most the feature dimension: such values compare with
    others at equal counts only.
    """
    found = embed(subject, options, "fid", METRICS["fid"].version)
    generated, real, other = found.generated.moments(), found.real.moments(), found.other()
    floor = subject.recall_data(f"FID of {found.real.key} to {other.key}", lambda: real.distance(other.moments()))
    first = None if options.real is None else f"real{options.real}"
    parts = (found.protocol.extractor, options.split, options.generated, options.weights, options.direction, first)
    subject.store(
        "_".join(str(part) for part in parts if part is not None),
        {
            "mean": _stored(generated.mean),
            "covariance": _stored(generated.covariance),
            "count": np.array(generated.count),
            "real_mean": _stored(real.mean),
            "real_covariance": _stored(real.covariance),
            "real_count": np.array(real.count),
        },
    )
    return Value(
        generated.distance(real),
        found.protocol,
        {
            "floor": floor,
            "floor_counts": {options.split: real.count, OTHER[options.split]: other.count},
            "dimensions": len(real.mean),
            "rank_deficient": min(generated.count, real.count) <= len(real.mean),
        },
    )


def _stored(array: NDArray[np.float64] | Tensor) -> NDArray[np.float64]:
    return array.cpu().numpy() if isinstance(array, Tensor) else array
