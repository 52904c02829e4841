"""How much of what a device can compute the training of the full-size SNGAN computes, and what a curve of it costs.

The operations of a step are counted, convolutions and linear layers twice a multiply-accumulate
(`benchmark.metrics.training_flops`), and divided by its time; beside it stands the rate of large matrix products, in
bfloat16 on a GPU. IMP_G's curve of Chen et al. (2021) is eleven full trainings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from statistics import median

import torch

from benchmark.forecast.dissection import dissect
from tests.perf import profiling
from tests.perf.figure import Figure
from tests.perf.many_jobs import SMALL, Size
from tests.perf.rounds import Turns, interleave, made, untouched
from tests.perf.sides import Side
from tests.perf.tasks import GPU_TASKS, LARGE_TASKS, SMALL_TASKS
from tests.perf.training import arms, trusted

TRAININGS = 11
MATRICES = {"cpu": (1024, torch.float32), "cuda": (8192, torch.bfloat16)}
TIMES = 10
TERA = 1e12


class Products(Side):
    """Products of two square matrices, ten a step."""

    def __init__(self, device: str) -> None:
        self.device = device
        side, dtype = MATRICES[device]
        self.first, self.second = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
        self.flops = TIMES * 2 * side**3

    def prepare(self) -> None:
        """Compute on one thread, as a job does."""
        torch.set_num_threads(1)

    def train(self, steps: int) -> None:
        """Make so many times ten products."""
        for _ in range(TIMES * steps):
            torch.mm(self.first, self.second)


def measure(place: Path, size: Size, device: str = "cpu", profile: bool = False) -> Iterator[Figure]:
    """Yield rates, the share of the largest, and hours, of the fastest way to train with the plain one's losses."""
    task = SMALL_TASKS["sngan"] if size == SMALL else GPU_TASKS["sngan"] if device == "cuda" else LARGE_TASKS["sngan"]
    steps, rounds = (1, 1) if size == SMALL else (task.steps, task.rounds)
    flops, whole = dissect(task.job(place)).flops, GPU_TASKS["sngan"].job(place)
    with untouched():
        sides, off = arms(task, place, device)
        products = made({"products": partial(Products, device)}, device)["products"]
        interleave([*sides.values(), products], steps, rounds)
    best = fastest(sides, off, device)
    assert isinstance(products.side, Products)
    most = tuple(products.side.flops * steps / seconds for seconds in products.seconds)
    reached = tuple(flops * steps / seconds for seconds in sides[best].seconds)
    share = tuple(one / other for one, other in zip(reached, most, strict=True))
    on_gpu = device == "cuda"
    dtype = str(MATRICES[device][1]).removeprefix("torch.")
    yield Figure(f"{task.says} ({best}): rate / that of {dtype} matrices", "", share, at_least=0.3 if on_gpu else None)
    yield Figure(f"  a step of {flops / TERA:.3g} TFLOP", "TFLOP/s", tuple(rate / TERA for rate in reached))
    yield Figure("  products of matrices", "TFLOP/s", tuple(rate / TERA for rate in most))
    curve = TRAININGS * whole.training.steps * dissect(whole).flops / 3600
    says = "  IMP_G's curve, eleven trainings" + ("" if on_gpu else ", reckoned by operations at this rate")
    yield Figure(says, "h", tuple(curve / rate for rate in reached), 6.0 if on_gpu else None)
    if profile:
        profiling.tell(f"{task.says}, {best}", sides[best].side, steps)


def fastest(sides: Mapping[str, Turns], off: Mapping[str, float], device: str) -> str:
    """Return the arm that takes the least time, of those whose losses are the plain one's within their tolerance."""
    return min(trusted(off, device), key=lambda name: median(sides[name].seconds))
