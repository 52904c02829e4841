"""What a case of `tox -e perf` measures: figures, each with its rounds and what it should stay below."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measured quantity, a value a round; `target` is what it should stay below, if anything was promised."""

    says: str
    unit: str
    values: tuple[float, ...]
    target: float | None = None

    @property
    def middle(self) -> float:
        """The median of the rounds, which counts."""
        return median(self.values)

    @property
    def verdict(self) -> str:
        """Whether the target is kept; empty where there is none."""
        return "" if self.target is None else "kept" if self.middle < self.target else "MISSED"

    def document(self) -> dict[str, Any]:
        """Return the figure as JSON has it."""
        return {"says": self.says, "unit": self.unit, "values": list(self.values), "target": self.target}


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
            "" if one.target is None else f"< {one.target:g}",
            one.verdict,
        )
        for one in figures
    ]


def table(lines: Iterable[tuple[str, ...]]) -> str:
    """Return lines of text in columns as wide as what they hold."""
    whole = [HEADINGS, *lines]
    widths = [max(len(line[column]) for line in whole) for column in range(len(HEADINGS))]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in whole)
