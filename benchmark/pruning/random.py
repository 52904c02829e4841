"""Random pruning: the control that every criterion has to beat."""

from __future__ import annotations

import torch

from benchmark.pruning.criterion import Evidence, Scores
from benchmark.schema.record import Options


def score(evidence: Evidence, options: Options) -> Scores:
    """Return independent uniform draws, in the order of names, so that they do not depend on the mapping's order."""
    chance = evidence.generator
    return {
        name: torch.rand(weight.shape, generator=chance, device=chance.device).to(weight.device)
        for name, weight in sorted(evidence.weights.items())
    }
