"""The scale of a channel's batch or instance norm (Liu et al. 2017; You et al. 2020): small |gamma| go first."""

from __future__ import annotations

from benchmark.pruning.criterion import Evidence, Scores
from benchmark.schema.record import Options


def score(evidence: Evidence, options: Options) -> Scores:
    """Return |gamma| of each channel [channels]."""
    return {name: scale.detach().abs() for name, scale in evidence.weights.items()}
