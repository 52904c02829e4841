"""Ratios that papers print, of sizes, operations and times, and what else is a ratio of the same cost."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal

from benchmark.schema.reference import Number
from reports.evidence import Evidence
from reports.wording import printed

Cost = Literal["size", "operations", "time"]

WORDS: dict[Cost, tuple[str, ...]] = {
    "size": ("weights", "parameters"),
    "operations": ("flops",),
    "time": ("time", "seconds"),
}
"""What the name of a metric contains that is a cost; multiply-accumulates are no operations of a training."""

RATIOS = frozenset({"ratio", "times"})
"""Units of printed numbers that may stand beside a measured ratio; printed seconds are of another machine."""


def cost(metric: str | None) -> Cost | None:
    """Tell which cost a metric, or a printed number's, is."""
    return next((found for found, words in WORDS.items() if any(word in (metric or "") for word in words)), None)


def is_ratio_of(found: Number, what: Cost | None) -> bool:
    """Tell whether a printed number is a ratio of this cost."""
    return what is not None and found.unit in RATIOS and cost(found.protocol.metric) == what


def is_relative(found: Number, what: Cost | None) -> bool:
    """Tell whether a printed number is a ratio of this cost, or the fraction of it that is saved."""
    saved = found.unit == "fraction" and (found.protocol.metric or "").endswith("reduction")
    return is_ratio_of(found, what) or (saved and what is not None and cost(found.protocol.metric) == what)


def printed_ratios(evidence: Evidence, sides: Collection[str], what: Cost) -> str:
    """Return the printed ratios of a cost that claims on these two sides, EXPERIMENT@LEVEL, refer to.

    Each with its row and column, for a claim may have the sides the other way round.
    """
    return "; ".join(f"{printed(one)}{_cell(one)}" for one in _referred(evidence, sides) if is_ratio_of(one, what))


def _referred(evidence: Evidence, sides: Collection[str]) -> Iterator[Number]:
    names = dict.fromkeys(
        name
        for claim in evidence.suite.claims.values()
        if any({one.arm, one.baseline} == set(sides) for one in claim.compare)
        for name in claim.references
    )
    yield from (found for name in names if (found := evidence.reference(name)) is not None)


def _cell(found: Number) -> str:
    named = ", ".join(text for text in (found.place.row, found.place.column) if text)
    return f" ({named})" if named else ""
