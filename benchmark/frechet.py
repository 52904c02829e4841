"""The Fréchet distance between two Gaussians (Dowson and Landau 1982; Heusel et al. 2017, Eq. 6), and its moments.

All of it is in float64, by numpy and SciPy of arrays, and of tensors where these are, a GPU above all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import scipy.linalg
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = TypeVar("Array", NDArray[Any], Tensor)


@dataclass(frozen=True)
class Moments(Generic[Array]):
    """Mean [d], unbiased covariance [d, d] and number of a set of feature vectors, in float64."""

    mean: Array
    covariance: Array
    count: int

    def distance(self, other: Moments[Array]) -> float:
        """Return the squared Fréchet distance to other moments."""
        return frechet_distance(self.mean, self.covariance, other.mean, other.covariance)


def moments(blocks: Iterable[Array]) -> Moments[Array]:
    """Return the moments of all rows of the blocks [n, d] together, holding one block at a time.

    Blocks are joined by the pairwise update of Chan, Golub and LeVeque (1983), so the result equals `np.cov` up to
    rounding. ValueError for fewer than two rows.
    """
    count, joined = 0, None
    for block in blocks:
        rows = _double(block)
        if not len(rows):
            continue
        block_mean = rows.mean(0)
        centered = rows - block_mean
        mean, scatter = joined or (0.0 * block_mean, 0.0 * block_mean)
        shift, total = block_mean - mean, count + len(rows)
        scatter = scatter + (centered.T @ centered + shift[:, None] * shift * (count * len(rows) / total))
        joined, count = (mean + shift * (len(rows) / total), scatter), total
    if joined is None or count < 2:
        raise ValueError(f"a covariance needs at least two vectors, not {count}")
    mean, scatter = joined
    return Moments(mean, scatter / (count - 1), count)


def frechet_distance(mean1: Array, covariance1: Array, mean2: Array, covariance2: Array) -> float:
    """Return |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1^(1/2) S2 S1^(1/2))^(1/2): the *squared* distance, as FID uses it.

    The last trace is the sum of the roots of a symmetric matrix's eigenvalues, so no complex root can arise. The
    value is not clamped: for equal Gaussians it is zero up to rounding (1e-7 of the traces at most), of either sign.
    Covariances may be singular.
    """
    linear = torch.linalg if isinstance(covariance1, Tensor) else scipy.linalg
    eigenvalues, vectors = linear.eigh(covariance1)
    kept = _above_rounding(eigenvalues)
    root = vectors[:, kept] * eigenvalues[kept] ** 0.5  # S1 = root root^T
    inner = linear.eigvalsh(root.T @ covariance2 @ root) if root.shape[1] else eigenvalues[:0]
    overlap = (inner[_above_rounding(inner)] ** 0.5).sum()
    shift = mean1 - mean2
    return float(shift @ shift + covariance1.trace() + covariance2.trace() - 2.0 * overlap)


def _above_rounding(eigenvalues: Array) -> Any:
    """Tell which eigenvalues (ascending) are real: the root of a rounding error of 1e-16 would count as 1e-8."""
    largest = max(float(eigenvalues[-1]), 0.0) if len(eigenvalues) else 0.0
    return eigenvalues > largest * len(eigenvalues) * np.finfo(np.float64).eps


def _double(block: Array) -> Array:
    return block.double() if isinstance(block, Tensor) else np.asarray(block, dtype=np.float64)
