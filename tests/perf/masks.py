"""Masks at full size: drawn by magnitude and held to, ours against `torch.nn.utils.prune`."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from benchmark.environment import prepare_process
from benchmark.models import MODELS
from benchmark.models.construction import materialize
from benchmark.models.initialization import initialize
from benchmark.networks import Networks, prunable_weights
from benchmark.pruning.allocate import Pool, draw
from benchmark.pruning.count import Target
from benchmark.pruning.criterion import Evidence
from benchmark.pruning.magnitude import score
from benchmark.pruning.mask import bind, ones
from benchmark.schema.record import Options, Selection
from tests.perf.figure import Figure
from tests.perf.many_jobs import SMALL, Size
from tests.perf.rounds import untouched
from tests.perf.sides import now

FRACTION = 0.2
KINDS = ("conv", "conv_transpose", "linear")
ROUNDS = 5
TIMES = 50
"""How often masks are applied in a round."""


@dataclass(frozen=True)
class Task:
    """The networks of a model as its paper has them, for images of so many pixels."""

    says: str
    model: str
    pixels: int


TASKS = (Task("SNGAN", "sngan", 32), Task("GFMN, 12.2 M weights", "gfmn", 64))


def measure(place: Path, size: Size, device: str = "cpu") -> Iterator[Figure]:
    """Yield how many times as fast ours is at drawing masks, global and by layer, and at applying them."""
    rounds, times = (1, 1) if size == SMALL else (ROUNDS, TIMES)
    with untouched():
        prepare_process(device)
        for task in TASKS[:1] if size == SMALL else TASKS:
            networks = made(task, device)
            for pool in ("global", "layer"):
                yield from drawn(f"{task.says}, {pool}", networks, pool, rounds, device)
            yield from applied(task.says, networks, rounds, times, device)


def made(task: Task, device: str) -> Networks:
    """Return the networks of a task, with weights drawn."""
    shape = (3, task.pixels, task.pixels)
    options = MODELS.parse(MODELS.resolve(Selection(name=task.model)))
    networks = materialize(MODELS[task.model].load(), options, shape, device)
    initialize(networks, "torch_default", torch.Generator().manual_seed(0))
    return networks


def layers(networks: Networks) -> list[tuple[nn.Module, str]]:
    """Return the layers whose weights are masked, as torch's functions take them."""
    modules = (module for component in networks.components.values() for module in component.modules())
    return [(module, "weight") for module in modules if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear))]


def drawn(says: str, networks: Networks, pool: Pool, rounds: int, device: str) -> Iterator[Figure]:
    """Yield the ratio and times of drawing masks."""
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(seconds(partial(magnitude_masks, networks, pool), device))
        theirs.append(seconds(partial(pruned, layers(copy.deepcopy(networks)), pool), device))
    yield from figures(f"{says}: masks by magnitude", ours, theirs, 1000.0)


def magnitude_masks(networks: Networks, pool: Pool) -> dict[str, Tensor]:
    """Return masks as a job draws them from the dense network."""
    weights = prunable_weights(networks, KINDS, ())
    scores = score(Evidence(weights, torch.Generator()), Options())
    return draw(scores, ones(weights), Target(FRACTION), pool)


def pruned(pairs: list[tuple[nn.Module, str]], pool: Pool) -> None:
    """Prune layers by torch's own functions."""
    if pool == "global":
        prune.global_unstructured(pairs, pruning_method=prune.L1Unstructured, amount=FRACTION)
        return
    for module, name in pairs:
        prune.l1_unstructured(module, name, amount=FRACTION)  # type: ignore[no-untyped-call,unused-ignore]


def applied(says: str, networks: Networks, rounds: int, times: int, device: str) -> Iterator[Figure]:
    """Yield the ratio and times of holding all weights to their masks once, as a step or a pass does."""
    copied = layers(copy.deepcopy(networks))
    pruned(copied, "global")
    weights = prunable_weights(networks, KINDS, ())
    zero_masked = bind(magnitude_masks(networks, "global"), weights)
    sides: tuple[Callable[[], None], ...] = (zero_masked, partial(run_hooks, copied))
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for side, noted in zip(sides, found, strict=True):
            side()
            noted.append(seconds(partial(repeat, side, times), device) / times)
    yield from figures(f"{says}: masks applied once (of torch's hooks the forward half)", *found, 1000.0)


def repeat(action: Callable[[], None], times: int) -> None:
    """Do the same so many times."""
    for _ in range(times):
        action()


def run_hooks(pairs: list[tuple[nn.Module, str]]) -> None:
    """Do what torch's pruning does before the forward pass of each layer: its weight is computed anew."""
    for module, _ in pairs:
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, prune.BasePruningMethod):
                hook(module, None)


def figures(says: str, ours: list[float], theirs: list[float], scale: float) -> Iterator[Figure]:
    """Yield a ratio, round by round, and the times of both sides."""
    ratios = tuple(their / own for own, their in zip(ours, theirs, strict=True))
    yield Figure(f"{says}: torch's / ours", "x", ratios, at_least=1.0)
    yield Figure("  ours", "ms", tuple(scale * each for each in ours))
    yield Figure("  torch.nn.utils.prune", "ms", tuple(scale * each for each in theirs))


def seconds(action: Callable[[], object], device: str) -> float:
    """Return how long an action took on the device."""
    begun = now(device)
    action()
    return now(device) - begun
