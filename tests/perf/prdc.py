"""Precision, recall, density and coverage: ours against the `prdc` package of Naeem et al. (2020)."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import torch
from prdc import compute_prdc
from torch import Tensor

from benchmark.environment import prepare_process
from benchmark.metrics.neighborhoods import compared, radii
from benchmark.streams import stream
from tests.perf.figure import Figure
from tests.perf.many_jobs import SMALL, Size
from tests.perf.rounds import untouched
from tests.perf.sides import now

COUNT = 10_000
DIMENSIONS = 2048
NEAREST = 5
NAMES = ("precision", "recall", "density", "coverage")


def measure(place: Path, size: Size, device: str = "cpu") -> Iterator[Figure]:
    """Yield the time of each, one round, and what share of it a product of matrices of that size would take."""
    count, dimensions = (300, 64) if size == SMALL else (COUNT, DIMENSIONS)
    real, made = (features(seed, count, dimensions) for seed in (0, 1))
    with untouched():
        prepare_process(device)
        first, second = (part.to(device, torch.float64) for part in (real, made))
        begun = now(device)
        own = compared(first, second, NEAREST, radii(first, NEAREST)).tolist()
        ours = now(device) - begun
        product = products(first, device)
    begun = now(device)
    with contextlib.redirect_stdout(io.StringIO()):
        found = compute_prdc(real.numpy(), made.numpy(), NEAREST)
    theirs = now(device) - begun
    off = max(abs(value - float(found[name])) for value, name in zip(own, NAMES, strict=True))
    yield Figure(f"{count} x {count} x {dimensions}: prdc, all threads / ours", "x", (theirs / ours,), at_least=1.0)
    yield Figure("  ours", "s", (ours,))
    yield Figure("  of it the products of matrices alone", "", (product / ours,))
    yield Figure("  prdc", "s", (theirs,))
    yield Figure("  the four values: off by at most", "", (off,), target=1e-9)


def features(seed: int, count: int, dimensions: int) -> Tensor:
    """Return vectors that are zero or more, as pooled features are."""
    return torch.randn(count, dimensions, generator=stream(seed, "features")).add(0.1 * seed).clamp_(min=0.0)


def products(rows: Tensor, device: str) -> float:
    """Return the seconds of all products that the distances need in float64: two halves and a whole of all pairs."""
    block = rows[:1024]
    for _ in range(2):  # the first one warms up
        begun = now(device)
        block @ block.T
        seconds = now(device) - begun
    return seconds * 2 * (len(rows) / len(block)) ** 2
