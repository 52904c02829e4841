"""What a criterion may look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

Scores = dict[str, Tensor]
"""One score for every weight, by full name and in the weight's shape; the larger is kept."""


@dataclass(frozen=True)
class Evidence:
    """The weights to rank, by full name, and the generator that all of a criterion's chance comes from."""

    weights: Mapping[str, Tensor]
    generator: torch.Generator
