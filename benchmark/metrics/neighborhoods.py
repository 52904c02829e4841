"""Precision, recall, density and coverage from neighborhoods of feature vectors, block by block.

Kynkäänniemi et al. (2019), Eq. 1 to 3, and Naeem et al. (2020), Eq. 2 to 4. An image's neighborhood is the open ball
around its features whose radius is the distance to its k-th nearest among the other images of its set.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement

import torch
from torch import Tensor

BLOCK = 1024
ROUNDING = 1e-13
"""Squared distances below this share of both squared lengths are zero: sums in float64 leave less than it of nothing,
and features in float32 know nothing so small."""


def radii(features: Tensor, k: int) -> Tensor:
    """Return the distance float32 [N] from each of the features float64 [N, d] to its k-th nearest other.

    ValueError for fewer than k + 1 of them.
    """
    if len(features) <= k:
        raise ValueError(f"neighborhoods of {k} others need {k + 1} vectors, not {len(features)}")
    nearest = torch.full((len(features), k), torch.inf, device=features.device)
    for rows, columns in combinations_with_replacement(_blocks(features), 2):
        found = distances(features[rows], features[columns])
        if rows == columns:
            found.fill_diagonal_(torch.inf)
        else:
            nearest[columns] = _smallest(nearest[columns], found.T)
        nearest[rows] = _smallest(nearest[rows], found)
    return nearest.amax(dim=1)


def compared(real: Tensor, generated: Tensor, k: int, real_radii: Tensor) -> Tensor:
    """Return precision, recall, density and coverage, float64 [4], of features float64 [N, d] and [M, d].

    `real_radii` [N] are those of the real features. Precision: the share of generated images in the neighborhood of
    any real one; recall: of real images in that of any generated one; density: in how many neighborhoods of real
    images a generated one lies on average, over k; coverage: the share of real images with a generated one in theirs.
    """
    generated_radii = radii(generated, k)
    around = torch.zeros(len(generated), dtype=torch.int64, device=generated.device)
    recalled, covered = (torch.zeros(len(real), dtype=torch.bool, device=real.device) for _ in range(2))
    for rows in _blocks(real):
        for columns in _blocks(generated):
            found = distances(real[rows], generated[columns])
            inside = found < real_radii[rows, None]
            around[columns] += inside.sum(dim=0)
            covered[rows] |= inside.any(dim=1)
            recalled[rows] |= (found < generated_radii[columns]).any(dim=1)
    shares = ((around > 0).double(), recalled.double(), around.double() / k, covered.double())
    return torch.stack([share.mean() for share in shares])


def distances(first: Tensor, second: Tensor) -> Tensor:
    """Return the Euclidean distances float32 [n, m] of rows float64 [n, d] and [m, d].

    Rounding at the end, as scikit-learn does it, makes distances equal that are equal but for the order of their sum:
    a copy of an image is exactly as far from all others as the image is.
    """
    lengths = first.square().sum(dim=1)[:, None] + second.square().sum(dim=1)
    squares = torch.addmm(lengths, first, second.T, alpha=-2)
    return squares.masked_fill_(squares < ROUNDING * lengths, 0.0).float().sqrt_()


def _smallest(nearest: Tensor, found: Tensor) -> Tensor:
    return torch.cat([nearest, found], dim=1).topk(nearest.shape[1], dim=1, largest=False).values


def _blocks(features: Tensor) -> Iterator[slice]:
    return (slice(start, start + BLOCK) for start in range(0, len(features), BLOCK))
