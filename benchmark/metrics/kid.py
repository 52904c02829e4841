"""Kernel inception distance: the unbiased squared MMD under a cubic kernel (Binkowski et al. 2018, Section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmark.metrics import METRICS
from benchmark.metrics.embedding import OTHER, embed
from benchmark.metrics.subject import Subject, Value

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.metrics.options import FeatureOptions

BLOCK = 2048


def measure(subject: Subject, options: FeatureOptions) -> Value:
    """Return the distance of all generated to all images of the split; `floor` is that of the two real splits."""
    found = embed(subject, options, "kid", METRICS["kid"].version)
    generated, real, other = (part.numpy() for part in (found.generated, found.real, found.other()))
    return Value(
        kernel_distance(generated, real),
        found.protocol,
        {
            "floor": kernel_distance(real, other),
            "floor_counts": {options.split: len(real), OTHER[options.split]: len(other)},
            "kernel": f"(x.y / {real.shape[1]} + 1)^3, every pair once",
        },
    )


def kernel_distance(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Return the unbiased estimate from all pairs of rows [n, d] and [m, d]; it may fall below zero.

    The mean over i != j within each set, minus twice the mean across: Gretton et al. 2012, Eq. 3. No subsets are
    drawn, so there is no chance in it. ValueError for fewer than two rows.
    """
    n, m = len(first), len(second)
    if min(n, m) < 2:
        raise ValueError(f"an unbiased estimate needs two vectors on each side, not {n} and {m}")
    x, y = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    within_x = (_kernel_sum(x, x) - _kernel(np.einsum("ij,ij->i", x, x), x.shape[1]).sum()) / (n * (n - 1))
    within_y = (_kernel_sum(y, y) - _kernel(np.einsum("ij,ij->i", y, y), y.shape[1]).sum()) / (m * (m - 1))
    return float(within_x + within_y - 2.0 * _kernel_sum(x, y) / (n * m))


def _kernel(products: NDArray[np.float64], dimensions: int) -> NDArray[np.float64]:
    cubes: NDArray[np.float64] = (products / dimensions + 1.0) ** 3
    return cubes


def _kernel_sum(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Sum the kernel over all pairs, a block of rows at a time, so that memory stays bounded."""
    return sum(float(_kernel(x[i : i + BLOCK] @ y.T, x.shape[1]).sum()) for i in range(0, len(x), BLOCK))
