"""SNIP (Lee et al. 2019): kept are the weights whose removal would change the loss most, to first order.

With a mask variable c for every weight, |dL/dc| at c = 1 is |w * dL/dw|. The paper divides by the sum of all scores;
that changes no order, so it is left out. What L is for networks with several losses: `benchmark.pruning.gradient`.
"""

from __future__ import annotations

from benchmark.pruning.criterion import Evidence, Scores
from benchmark.pruning.gradient import summed_gradient
from benchmark.pruning.options import DataOptions


def score(evidence: Evidence, options: DataOptions) -> Scores:
    """Return |w * dL/dw|, L summed over the first batches."""
    gradient = summed_gradient(evidence, range(options.batches))
    pairs = zip(evidence.weights.items(), gradient, strict=True)
    return {name: (weight.detach() * slope).abs() for (name, weight), slope in pairs}
