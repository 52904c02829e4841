"""What a case of `tox -e perf` measures: figures, each with its rounds and what it should stay below or reach."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measured quantity, a value a round; `target` is what it should stay below, if anything was promised.

    A ratio that is the better the larger has `at_least`, which it should reach, in place of it.
    """

    says: str
    unit: str
    values: tuple[float, ...]
    target: float | None = None
    at_least: float | None = None

    @property
    def middle(self) -> float:
        """The median of the rounds, which counts."""
        return median(self.values)

    @property
    def verdict(self) -> str:
        """Whether the target is kept; empty where there is none."""
        if self.target is None and self.at_least is None:
            return ""
        below = self.target is None or self.middle < self.target
        return "kept" if below and (self.at_least is None or self.middle >= self.at_least) else "MISSED"

    @property
    def promise(self) -> str:
        """The target as the table has it."""
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return "" if self.target is None else f"< {self.target:g}"

    def document(self) -> dict[str, Any]:
        """Return the figure as JSON has it."""
        promised = {"target": self.target, "at_least": self.at_least}
        return {"says": self.says, "unit": self.unit, "values": list(self.values), **promised}


def timed(action: Callable[[], object], rounds: int = 1) -> tuple[float, ...]:
    """Return how long some rounds of an action took, in seconds."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        action()
        times.append(time.perf_counter() - begun)
    return tuple(times)


HEADINGS = ("case", "figure", "median", "spread", "target", "")


def rows(case: str, figures: Iterable[Figure]) -> list[tuple[str, ...]]:
    """Return the lines of the table that a case fills: the spread is from the least to the most of the rounds."""
    return [
        (
            case,
            one.says,
            f"{one.middle:.3g} {one.unit}".strip(),
            f"{min(one.values):.3g} .. {max(one.values):.3g}" if len(one.values) > 1 else "one round",
            one.promise,
            one.verdict,
        )
        for one in figures
    ]


def table(lines: Iterable[tuple[str, ...]]) -> str:
    """Return lines of text in columns as wide as what they hold."""
    whole = [HEADINGS, *lines]
    widths = [max(len(line[column]) for line in whole) for column in range(len(HEADINGS))]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in whole)
