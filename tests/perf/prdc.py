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
ROUNDS = 2
WARM_UP = 20
"""Images that both sides compare first, untimed."""
NAMES = ("precision", "recall", "density", "coverage")


def measure(place: Path, size: Size, device: str = "cpu") -> Iterator[Figure]:
    """Yield how many times as fast ours is, the times, and what share of ours the products of matrices alone take."""
    count, dimensions, rounds = (300, 64, 1) if size == SMALL else (COUNT, DIMENSIONS, ROUNDS)
    real, made = (features(seed, count, dimensions) for seed in (0, 1))
    turn(real[:WARM_UP], made[:WARM_UP], device)
    ours, theirs, off = zip(*(turn(real, made, device) for _ in range(rounds)), strict=True)
    product = products(real.to(device, torch.float64), device)
    ratios = tuple(their / own for own, their in zip(ours, theirs, strict=True))
    yield Figure(f"{count} x {count} x {dimensions}: prdc, all threads / ours", "x", ratios, at_least=1.0)
    yield Figure("  ours", "s", ours)
    yield Figure("  of it the products of matrices alone", "", tuple(product / own for own in ours))
    yield Figure("  prdc", "s", theirs)
    yield Figure("  the four values: off by at most", "", (max(off),), target=1e-9)


def turn(real: Tensor, made: Tensor, device: str) -> tuple[float, float, float]:
    """Return the seconds of ours and of the package's, and how far their values are from each other at the most."""
    with untouched():
        prepare_process(device)
        first, second = (part.to(device, torch.float64) for part in (real, made))
        begun = now(device)
        own = compared(first, second, NEAREST, radii(first, NEAREST)).tolist()
        ours = now(device) - begun
    begun = now(device)
    with contextlib.redirect_stdout(io.StringIO()):
        found = compute_prdc(real.numpy(), made.numpy(), NEAREST)
    theirs = now(device) - begun
    return ours, theirs, max(abs(value - float(found[name])) for value, name in zip(own, NAMES, strict=True))


def features(seed: int, count: int, dimensions: int) -> Tensor:
    """Return vectors that are zero or more, as pooled features are."""
    return torch.randn(count, dimensions, generator=stream(seed, "features")).add(0.1 * seed).clamp_(min=0.0)


def products(rows: Tensor, device: str) -> float:
    """Return the seconds of all products that the distances need in float64: two halves and a whole of all pairs."""
    block = rows[:1024]
    with untouched():
        prepare_process(device)
        for _ in range(2):  # the first one warms up
            begun = now(device)
            block @ block.T
            seconds = now(device) - begun
    return seconds * 2 * (len(rows) / len(block)) ** 2
