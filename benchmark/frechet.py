"""The Fréchet distance between two Gaussians (Dowson and Landau 1982; Heusel et al. 2017, Eq. 6), and its moments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Mean [d], unbiased covariance [d, d] and number of a set of feature vectors, in float64."""

    mean: Array
    covariance: Array
    count: int

    def distance(self, other: Moments) -> float:
        """Return the squared Fréchet distance to other moments."""
        return frechet_distance(self.mean, self.covariance, other.mean, other.covariance)


def moments(blocks: Iterable[NDArray[np.floating]]) -> Moments:
    """Return the moments of all rows of the blocks [n, d] together, holding one block at a time.

    Blocks are joined by the pairwise update of Chan, Golub and LeVeque (1983), so the result equals `np.cov` up to
    rounding. ValueError for fewer than two rows.
    """
    count, mean, scatter = 0, np.zeros(0), np.zeros((0, 0))
    for block in blocks:
        rows = np.asarray(block, dtype=np.float64)
        if not len(rows):
            continue
        block_mean = rows.mean(axis=0)
        centered = rows - block_mean
        if not count:
            mean, scatter = np.zeros_like(block_mean), np.zeros((rows.shape[1], rows.shape[1]))
        shift, total = block_mean - mean, count + len(rows)
        scatter += centered.T @ centered + np.outer(shift, shift) * (count * len(rows) / total)
        mean, count = mean + shift * (len(rows) / total), total
    if count < 2:
        raise ValueError(f"a covariance needs at least two vectors, not {count}")
    return Moments(mean, scatter / (count - 1), count)


def frechet_distance(mean1: Array, covariance1: Array, mean2: Array, covariance2: Array) -> float:
    """Return |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1^(1/2) S2 S1^(1/2))^(1/2): the *squared* distance, as FID uses it.

    The last trace is the sum of the roots of a symmetric matrix's eigenvalues, so no complex root can arise. The
    value is not clamped: for equal Gaussians it is zero up to rounding (1e-7 of the traces at most), of either sign.
    Covariances may be singular.
    """
    eigenvalues, vectors = scipy.linalg.eigh(covariance1)
    kept = _above_rounding(eigenvalues)
    root = vectors[:, kept] * np.sqrt(eigenvalues[kept])  # S1 = root root^T
    inner = scipy.linalg.eigvalsh(root.T @ covariance2 @ root) if root.size else np.zeros(0)
    overlap = np.sqrt(inner[_above_rounding(inner)]).sum()
    shift = mean1 - mean2
    return float(shift @ shift + np.trace(covariance1) + np.trace(covariance2) - 2.0 * overlap)


def _above_rounding(eigenvalues: Array) -> NDArray[np.bool_]:
    """Tell which eigenvalues (ascending) are real: the root of a rounding error of 1e-16 would count as 1e-8."""
    largest = eigenvalues[-1] if len(eigenvalues) else 0.0
    return eigenvalues > max(largest, 0.0) * len(eigenvalues) * np.finfo(np.float64).eps
