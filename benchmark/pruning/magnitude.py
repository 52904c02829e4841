"""Magnitude pruning (Han et al. 2015; Frankle & Carbin 2019): small weights go first."""

from __future__ import annotations

from benchmark.pruning.criterion import Evidence, Scores
from benchmark.schema.record import Options


def score(evidence: Evidence, options: Options) -> Scores:
    """Return |w|."""
    return {name: weight.detach().abs() for name, weight in evidence.weights.items()}
