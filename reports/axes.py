"""The sides of a chart: what they hold, where a value stands on them, and the ticks that their length has room for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from reports.wording import LARGE, MINUS, RAISED

SMALL = 1e-4
"""Numbers of a side whose largest is below this, or not below `LARGE`, are written with a power of ten."""
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
COUNTS = (8, 6, 5, 4, 3, 2)
"""How many steps to a side, the first that its length has room for."""
NICE = 6
EVERY: tuple[tuple[int, tuple[int, ...]], ...] = (
    (1, (1, 2, 5)),
    (1, (1, 3)),
    (1, (1,)),
    *((few, (1,)) for few in (2, 3, 5, 10, 25, 100)),
)
"""Each how many powers of ten, and which multiples of them, have a tick."""
ALIKE = 1e-9
"""Values whose distance is below this share of their size are one: nothing could be read between them."""
TINY = 1e-290
"""Smaller than this is zero here: floats have no fine steps left."""

Wide = Callable[[str], float]
"""How much of a side a label takes."""


@dataclass(frozen=True)
class Tick:
    """A place on a side, in drawing units, and what stands there."""

    place: float
    label: str


@dataclass(frozen=True)
class Scale:
    """A side of a chart from `start` to `end` in drawing units, which holds values from `low` to `high`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def place(self, value: float) -> float:
        """Return where a value stands; it may lie beyond the ends."""
        low, high, at = (self._even(one) for one in (self.low, self.high, value))
        return self.start + (self.end - self.start) * (at - low) / (high - low)

    def inset(self, share: float) -> Scale:
        """Return a scale over the same length whose values end a share of it before its ends."""
        low, high = self._even(self.low), self._even(self.high)
        more = share / (1 - 2 * share) * (high - low)
        ends = (low - more, high + more)
        if self.log:
            ends = (10 ** ends[0], 10 ** ends[1])
        return Scale(*ends, self.start, self.end, self.log)

    def nice(self) -> Scale:
        """Return a linear scale that begins and ends at a tick."""
        step = _step(self.low, self.high, NICE)
        return Scale(math.floor(self.low / step) * step, math.ceil(self.high / step) * step, self.start, self.end)

    def ticks(self, wide: Wide) -> tuple[Tick, ...]:
        """Return the most ticks whose labels, each so `wide`, stand apart."""
        candidates = self._powers() if self.log else self._multiples()
        found: tuple[Tick, ...] = ()
        for values, labels in candidates:
            found = tuple(Tick(self.place(value), label) for value, label in zip(values, labels, strict=True))
            if _are_apart(found, wide):
                break
        return found

    def _even(self, value: float) -> float:
        return math.log10(value) if self.log else value

    def _multiples(self) -> Iterator[tuple[list[float], list[str]]]:
        for count in COUNTS:
            step = _step(self.low, self.high, count)
            first, last = math.ceil(self.low / step - ALIKE), math.floor(self.high / step + ALIKE)
            values = [step * number for number in range(first, last + 1)]
            yield values, _labels(values, step)

    def _powers(self) -> Iterator[tuple[list[float], list[str]]]:
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        for every, multiples in EVERY:
            powers = (power for power in range(first, last + 1) if power % every == 0)
            values = [multiple * 10.0**power for power in powers for multiple in multiples]
            inside = [value for value in values if self.low * (1 - ALIKE) <= value <= self.high * (1 + ALIKE)]
            yield inside, [_label(value, value) for value in inside]


def holding(values: Iterable[float], start: float, end: float, log: bool = False) -> Scale:
    """Return the scale that holds these values, each finite, from the least to the most; room on both sides of one."""
    found = sorted(values)
    low, high = found[0], found[-1]
    size = max(abs(low), abs(high))
    if high - low <= max(ALIKE * size, TINY):
        more = size / 20 if size > TINY else 1.0
        low, high = (low / 2, high * 2) if log else (low - more, high + more)
    return Scale(low, high, start, end, log)


def _step(low: float, high: float, count: int) -> float:
    """Return the least round step of which at most so many cover what lies between two values."""
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in STEPS if step * power >= rough * (1 - ALIKE))


def _are_apart(ticks: Iterable[Tick], wide: Wide) -> bool:
    along = sorted(ticks, key=lambda tick: tick.place)
    return all(
        after.place - before.place >= (wide(before.label) + wide(after.label)) / 2 for before, after in pairwise(along)
    )


def _labels(values: list[float], step: float) -> list[str]:
    largest = max(map(abs, values), default=0.0)
    if largest >= LARGE or largest < SMALL:
        return [_label(value, largest) for value in values]
    exponent = int(Decimal(f"{step:.2g}").as_tuple().exponent)
    decimals = max(0, -exponent)
    return [f"{value:,.{decimals}f}".replace("-", MINUS) for value in values]


def _label(value: float, largest: float) -> str:
    """Write a value, with the power of ten of the largest of its side where that is large or small."""
    if value == 0 or SMALL <= largest < LARGE:
        return f"{value:,.6g}".replace("-", MINUS) if value else "0"
    power = math.floor(math.log10(largest))
    mantissa = f"{value / 10.0**power:.6g}".replace("-", MINUS)
    raised = f"10{str(power).translate(RAISED)}"
    return raised if mantissa == "1" else f"{mantissa}\N{MULTIPLICATION SIGN}{raised}"
