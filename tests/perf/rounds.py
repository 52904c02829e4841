"""Sides that take turns in one process, so that whatever else the machine does slows all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

import torch

from tests.perf.sides import Side

MIB = 2**20


@dataclass
class Turns:
    """What one side's rounds took: seconds each, the first one left out, and bytes of a GPU at the most."""

    side: Side
    own_bytes: int
    seconds: list[float] = field(default_factory=list)
    peak_bytes: int = 0

    def step_ms(self, steps: int) -> tuple[float, ...]:
        """Return the milliseconds of a step, round by round."""
        return tuple(1000 * seconds / steps for seconds in self.seconds)


def made(makers: Mapping[str, Callable[[], Side]], device: str) -> dict[str, Turns]:
    """Make the sides one after the other, noting what of a GPU's memory each takes for itself."""
    found = {}
    for name, make in makers.items():
        before = _allocated(device)
        side = make()
        found[name] = Turns(side, _allocated(device) - before)
    return found


def interleave(turns: Iterable[Turns], steps: int, rounds: int) -> None:
    """Let each side make so many steps, round after round; a round before the first is a warm-up."""
    every = list(turns)
    for number in range(rounds + 1):
        for one in every:
            seconds, peak = _round(one.side, steps)
            if number:
                one.seconds.append(seconds)
            one.peak_bytes = max(one.peak_bytes, one.own_bytes + peak)


def _round(side: Side, steps: int) -> tuple[float, int]:
    """Return the seconds of so many steps, and what they held of a GPU beyond what all sides hold at rest."""
    device = side.device
    side.prepare()
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    at_rest = _allocated(device)
    seconds = side.seconds(steps)
    return seconds, torch.cuda.max_memory_allocated() - at_rest if device == "cuda" else 0


def ratios(slow: Turns, fast: Turns) -> tuple[float, ...]:
    """Return how many times as fast the second was, round by round."""
    return tuple(one / other for one, other in zip(slow.seconds, fast.seconds, strict=True))


def middle(slow: Turns, fast: Turns) -> float:
    """Return the median of `ratios`."""
    return median(ratios(slow, fast))


@contextmanager
def untouched() -> Iterator[None]:
    """Leave torch's settings behind as they were found, whatever the sides set."""
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    tries, fills = torch.backends.cudnn.benchmark, torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(deterministic, warn_only=True)
        torch.backends.cudnn.benchmark = tries
        torch.utils.deterministic.fill_uninitialized_memory = fills  # type: ignore[attr-defined]


def _allocated(device: str) -> int:
    return torch.cuda.memory_allocated() if device == "cuda" else 0
