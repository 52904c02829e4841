"""Kernel inception distance: the unbiased squared MMD under a cubic kernel (Binkowski et al. 2018, Section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from benchmark.frechet import Array
from benchmark.metrics import METRICS
from benchmark.metrics.embedding import OTHER, Features, embed, rows
from benchmark.metrics.subject import Subject, Value

if TYPE_CHECKING:
    from benchmark.metrics.options import FeatureOptions

BLOCK = 2048


def measure(subject: Subject, options: FeatureOptions) -> Value:
    """Return the distance of all generated to all images of the split; `floor` is that of the two real splits."""
    found = embed(subject, options, "kid", METRICS["kid"].version)
    other = found.other()
    floor = subject.recall_data(f"KID of {found.real.key} to {other.key}", lambda: _distance(found.real, other))
    return Value(
        _distance(found.generated, found.real),
        found.protocol,
        {
            "floor": floor,
            "floor_counts": {options.split: found.real.count, OTHER[options.split]: other.count},
            "kernel": f"(x.y / {found.real.extractor.dimensions} + 1)^3, every pair once",
        },
    )


def _distance(first: Features, second: Features) -> float:
    return kernel_distance(*(rows(part.all().double()) for part in (first, second)))


def kernel_distance(first: Array, second: Array) -> float:
    """Return the unbiased estimate from all pairs of rows float64 [n, d] and [m, d]; it may fall below zero.

    The mean over i != j within each set, minus twice the mean across: Gretton et al. 2012, Eq. 3. No subsets are
    drawn, so there is no chance in it. ValueError for fewer than two rows.
    """
    n, m = len(first), len(second)
    if min(n, m) < 2:
        raise ValueError(f"an unbiased estimate needs two vectors on each side, not {n} and {m}")
    within = ((_kernel_sum(x, x) - _own_sum(x)) / (len(x) * (len(x) - 1)) for x in (first, second))
    return float(sum(within) - 2.0 * _kernel_sum(first, second) / (n * m))


def _kernel(products: Array, dimensions: int) -> Array:
    return (products / dimensions + 1.0) ** 3


def _kernel_sum(x: Array, y: Array) -> float:
    """Sum the kernel over all pairs, a block of rows at a time, so that memory stays bounded."""
    return sum(float(_kernel(x[i : i + BLOCK] @ y.T, x.shape[1]).sum()) for i in range(0, len(x), BLOCK))


def _own_sum(x: Array) -> float:
    """Sum the kernel over all rows, each with itself."""
    squares = torch.einsum("ij,ij->i", x, x) if isinstance(x, Tensor) else np.einsum("ij,ij->i", x, x)
    return float(_kernel(squares, x.shape[1]).sum())
