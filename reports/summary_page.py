"""The summary in the page model: what stands first, a line for each claim."""

from __future__ import annotations

from typing import Literal

from benchmark.schema.record import Record
from benchmark.schema.verdict import Status


class Bar(Record):
    """One effect in a forest plot, in drawing units; an end that leaves the plot is marked as cut.

    An estimate `beyond` the plot has no mark.
    """

    status: Status
    y: float
    low: float
    high: float
    estimate: float
    low_cut: bool
    high_cut: bool
    beyond: bool = False


class Span(Record):
    """Where effects count as reproduced, in drawing units."""

    start: float
    width: float
    top: float
    height: float


class Forest(Record):
    """A claim's effects around the line of no difference; worse, or higher where neither is, is right."""

    width: float
    height: float
    zero: float
    bars: tuple[Bar, ...]
    spans: tuple[Span, ...]
    description: str


class Count(Record):
    """How many claims have one verdict."""

    status: Status
    label: str
    number: int


class Tag(Record):
    """What a reader must know of a verdict besides its word; `key` is what lines are filtered by."""

    key: Literal["unexpected", "contested", "fragile", "diverged"]
    text: str


class SummaryLine(Record):
    """One claim in the summary: its verdict, and the effect that decided it.

    `word` is the label without its scale. `printed` are the numbers that the paper prints for this metric, `more` what
    a reader sees on asking why.
    """

    anchor: str
    name: str
    says: str
    status: Status
    word: str
    tags: tuple[Tag, ...]
    forest: Forest | None
    estimate: str
    interval: str
    n: str
    scale: str
    printed: str
    reason: str
    more: tuple[str, ...]
    paper: str
    kind: str
    models: tuple[str, ...]


class SummaryGroup(Record):
    """The claims of a suite that one paper makes; `paper` is empty where the suite has no other."""

    paper: str
    lines: tuple[SummaryLine, ...]


class Summary(Record):
    """A suite's claims, each in a line."""

    counts: tuple[Count, ...]
    groups: tuple[SummaryGroup, ...]
