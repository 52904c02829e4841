"""The model of the trend page: nights against a baseline, worded and placed, so that the template only lays it out."""

from __future__ import annotations

from typing import Literal

from benchmark.schema.record import Record
from benchmark.schema.trend import State
from reports.blocks import Fact, Link, Table

Standing = State | Literal["missing"]
"""What became of a number in a night."""


class SparkMark(Record):
    """One night in a sparkline: where it stands, the ends of its interval, what is to be said of it.

    One that is `off` the scale has no value to draw and stands on the edge.
    """

    standing: Standing
    x: float
    y: float
    low: float | None = None
    high: float | None = None
    off: bool = False
    text: str


class Strip(Record):
    """A strip about the baseline's line, in drawing units."""

    top: float
    height: float


class Spark(Record):
    """A small chart of all nights, oldest left, up is worse: margin, the baseline's own interval, the nights."""

    width: float
    height: float
    zero: float
    margin: Strip | None
    band: Strip | None
    line: str
    marks: tuple[SparkMark, ...]
    description: str


class SparkRow(Record):
    """One metric of an arm, or one kind of job, over all nights, and in words for the newest.

    `claims` are those that ask about it.
    """

    anchor: str
    name: str
    metric: str
    claims: str
    spark: Spark
    before: str
    now: str
    shift: str
    bound: str
    standing: Standing
    word: str
    says: str


class StandingCount(Record):
    """How much of a night is in one standing."""

    standing: Standing
    word: str
    number: int


class Step(Record):
    """Something to do next, and the commands for it."""

    text: str
    commands: tuple[str, ...] = ()


class TrendSection(Record):
    """The nights of one suite at one scale."""

    anchor: str
    title: str
    heading: str
    counts: tuple[StandingCount, ...]
    facts: tuple[Fact, ...]
    steps: tuple[Step, ...]
    detected: tuple[Link, ...]
    missing: tuple[str, ...]
    rows: tuple[SparkRow, ...]
    numbers: Table | None
    speeds: tuple[SparkRow, ...]
    speeds_note: str
    verdicts: Table | None
    told: tuple[str, ...]
    unclaimed: Table | None
    nights: Table


class TrendPage(Record):
    """The whole page."""

    title: str
    sections: tuple[TrendSection, ...]
