"""How much faster the full-size DCGAN of Kalibhat et al. (2021) is without 80 % of its channels, beside the operations.

Which channels go is chosen as for an early-bird ticket, by the scales of the batch norms, here of initial weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmark.assembly import Workshop
from benchmark.effort import updates_of
from benchmark.metrics.subject import Passes
from benchmark.metrics.training_flops import count
from benchmark.networks import channel_scales
from benchmark.pruning.allocate import LEAST_CHANNELS, draw
from benchmark.pruning.count import Target
from tests.perf import profiling
from tests.perf.figure import Figure
from tests.perf.many_jobs import SMALL, Size
from tests.perf.rounds import Turns, interleave, made, ratios, untouched
from tests.perf.sides import Ours, Side
from tests.perf.tasks import GPU_TASKS, SMALL_TASKS, Stocked, workshop
from tests.perf.training import ARMS, PLAIN

REMOVED = 0.8
AT_LEAST = 0.6
"""The share of the theoretical speed-up that a GPU is to reach."""


class Generating(Side):
    """Batches of generated images, one a step."""

    def __init__(self, trained: Ours, size: int) -> None:
        assert trained.workshop.objective.generate is not None
        self._generate, self._networks = trained.workshop.objective.generate, trained.state.networks
        self._prepare = trained.prepare
        self.device = trained.workshop.device
        self._latents = torch.randn(size, self._networks.z_dim or 0, device=self.device)

    def prepare(self) -> None:
        """Set torch as for training, and the networks to evaluation."""
        self._prepare()
        self._networks.train(False)

    @torch.no_grad()
    def train(self, steps: int) -> None:
        """Generate so many batches."""
        for _ in range(steps):
            self._generate(self._networks, self._latents)


def measure(place: Path, size: Size, device: str = "cpu", profile: bool = False) -> Iterator[Figure]:
    """Yield the speed-up of a step, for each way to train, and of generating, beside what operations promise."""
    task = SMALL_TASKS["dcgan"] if size == SMALL else replace(GPU_TASKS["dcgan"], images=(2_000, 3, 32, 32))
    steps, rounds, batch = (1, 1, 8) if size == SMALL else (200, 5, 500) if device == "cuda" else (1, 3, 100)
    dense = workshop(task, device, place)
    thin = replace(dense, channels=kept_channels(dense))
    with untouched():
        for arm, change in ARMS[device].items():
            trained = made({"dense": _maker(dense, change), "thin": _maker(thin, change)}, device)
            yield from speed_up(
                f"a step, {arm}", trained, _training_flops(dense) / _training_flops(thin), steps, rounds
            )
            if profile:
                for name, turns in trained.items():
                    profiling.tell(f"{task.says}, {name}, {arm}", turns.side, steps)
            if arm != PLAIN:
                continue
            drawing = made({name: partial(_generating, turns.side, batch) for name, turns in trained.items()}, device)
            promised = _generating_flops(dense) / _generating_flops(thin)
            yield from speed_up(f"generating {batch} images", drawing, promised, steps, rounds)


def speed_up(what: str, sides: Mapping[str, Turns], promised: float, steps: int, rounds: int) -> Iterator[Figure]:
    """Yield how much of the speed-up that operations promise is there, and both."""
    device = sides["dense"].side.device
    interleave(sides.values(), steps, rounds)
    gained = ratios(sides["dense"], sides["thin"])
    share = tuple(gain / promised for gain in gained)
    says = f"{what} without {100 * REMOVED:g} % of the channels: speed-up / its share of operations"
    yield Figure(says, "", share, at_least=AT_LEAST if device == "cuda" else None)
    yield Figure("  as measured", "x", gained)
    yield Figure("  by operations", "x", (promised,))
    for name, turns in sides.items():
        yield Figure(f"  {name}", "ms", turns.step_ms(steps))


def kept_channels(stocked: Stocked) -> dict[str, Tensor]:
    """Return masks [channels] over all scales, by full name, that keep the largest initial ones."""
    networks = stocked.networks()
    networks.load(stocked.initial("init"))
    scores = {name: scale.detach().abs().cpu() for name, scale in channel_scales(networks).items()}
    every = {name: torch.ones(len(score), dtype=torch.bool) for name, score in scores.items()}
    return draw(scores, every, Target(sparsity=REMOVED), least=LEAST_CHANNELS)


def _maker(stocked: Stocked, arm: Mapping[str, Any]) -> Callable[[], Side]:
    change = {name: value for name, value in arm.items() if name != "graphs"}
    job = stocked.job.model_copy(update={"training": stocked.job.training.model_copy(update=change)})
    return partial(Ours, replace(stocked, job=job), {}, graphs=arm.get("graphs", False))


def _generating(trained: Side, size: int) -> Generating:
    assert isinstance(trained, Ours)
    return Generating(trained, size)


def _training_flops(stocked: Stocked) -> int:
    passes = updates_of(Workshop(stocked.job, "meta", channels=stocked.channels)).values()
    return sum(one.times * count(one).total() for one in passes)


def _generating_flops(stocked: Stocked) -> int:
    """Return the operations of one image."""
    shadow = Workshop(stocked.job, "meta", channels=stocked.channels)
    networks, generate = shadow.networks(), shadow.objective.generate
    assert generate is not None
    latents = torch.empty(1, networks.z_dim or 0, device="meta")
    networks.train(False)
    return count(Passes(networks, lambda: generate(networks, latents))).total()
