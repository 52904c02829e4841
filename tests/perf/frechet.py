"""The Fréchet distance of two Gaussians: by symmetric eigenvalues, ours, against the matrix root of clean-fid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmark.frechet import Moments, moments
from tests.perf import folder_of_images
from tests.perf.figure import Figure
from tests.perf.many_jobs import SMALL, Size
from tests.perf.sides import now

DIMENSIONS = 2048
COUNT = 10_000
ROUNDS = 2


def measure(place: Path, size: Size, device: str = "cpu") -> Iterator[Figure]:
    """Yield how many times as fast ours is, both ways round, and how far the two are from each other."""
    dimensions, count, rounds = (48, 200, 1) if size == SMALL else (DIMENSIONS, COUNT, ROUNDS)
    plain = [gaussian(seed, count, dimensions) for seed in (0, 1)]
    pair = [on(device, each) for each in plain]
    ours, theirs, off = [], [], []
    warm_up(device)
    for first, second in ((0, 1), (1, 0)) * rounds:
        begun = now(device)
        own = pair[first].distance(pair[second])
        between = now(device)
        their = folder_of_images.distance(arrays(plain[first]), arrays(plain[second]))
        ours.append(between - begun)
        theirs.append(now(device) - between)
        off.append(abs(own / their - 1.0))
    ratios = tuple(their / own for own, their in zip(ours, theirs, strict=True))
    yield Figure(f"{dimensions} dimensions: clean-fid's root / ours, both ways round", "x", ratios, at_least=1.0)
    yield Figure("  ours", "s", tuple(ours))
    yield Figure("  clean-fid's root", "s", tuple(theirs))
    yield Figure("  the two distances: off by at most, as a share", "", (max(off),), target=1e-6)


def warm_up(device: str) -> None:
    """Let both sides find a small distance once, which imports and starts what they need."""
    small = gaussian(0, 8, 2)
    on(device, small).distance(on(device, small))
    folder_of_images.distance(arrays(small), arrays(small))


def arrays(given: Moments[Any]) -> tuple[Any, Any]:
    """Return moments as clean-fid takes them."""
    return given.mean, given.covariance


def gaussian(seed: int, count: int, dimensions: int) -> Moments[Any]:
    """Return the moments of vectors that are zero or more, as pooled features are, and depend on each other."""
    chance = np.random.default_rng(seed)
    mixed = chance.normal(size=(count, dimensions)) @ chance.normal(size=(dimensions, dimensions)) / dimensions**0.5
    return moments([np.maximum(mixed + 0.1 * seed, 0.0)])


def on(device: str, given: Moments[Any]) -> Moments[Any]:
    """Return moments where they would be made: as arrays, or as tensors on a GPU."""
    if device == "cpu":
        return given
    mean, covariance = (torch.from_numpy(each).to(device) for each in (given.mean, given.covariance))
    return Moments(mean, covariance, given.count)
