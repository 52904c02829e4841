"""The page model: all that a report shows, worded and placed, so that the templates only lay it out."""

from __future__ import annotations

from typing import Literal

from benchmark.schema.record import Record
from benchmark.schema.verdict import Status
from reports.blocks import Cell as Cell
from reports.blocks import Fact as Fact
from reports.blocks import Link as Link
from reports.blocks import Table as Table
from reports.comparison_page import Comparison
from reports.summary_page import Count, Forest, Summary


class SeedPoint(Record):
    """One seed of a level; where times are drawn, one process."""

    seed: int
    x: float
    y: float


class LevelPoint(Record):
    """One level of an experiment: the mean over its seeds, and the two-sided interval of the mean.

    `of_channels` where `x` is a sparsity in channels.
    """

    experiment: str
    level: int
    x: float
    of_channels: bool = False
    mean: float
    low: float | None
    high: float | None
    seeds: tuple[SeedPoint, ...]


class Series(Record):
    """What is drawn as one line: the levels of an experiment, or of all experiments of a matrix."""

    name: str
    points: tuple[LevelPoint, ...]


class Axis(Record):
    """One side of a chart: what it shows, under the name that suites use and worded."""

    name: str
    title: str
    log: bool = False


class Curve(Record):
    """One quantity against another: what a chart draws, and the same as a table.

    Dense networks are lines `across` the whole chart, or points like the others. A mark is a seed, or, where these are
    too many (`crowded`), a mean.
    """

    key: str
    x: Axis
    y: Axis
    description: str
    caption: str
    dense: tuple[Series, ...]
    across: bool
    crowded: bool
    floor: float | None
    series: tuple[Series, ...]
    table: Table


class Picture(Record):
    """A grid of samples as the bytes of a file in base64, and what it shows; equal bytes have equal keys."""

    key: str
    caption: str
    alt: str
    format: Literal["png", "jpeg"]
    data: str
    width: int
    height: int


class FigureSection(Record):
    """One figure of a paper, redrawn: a curve or pictures, and what the paper's own shows as far as it was read.

    `measured_on` names the data sets that ours is of. `printed_curve` is the paper's own, in a chart by itself: it was
    measured elsewhere.
    """

    anchor: str
    where: str
    says: str
    measured_on: str
    curve: Curve | None
    printed_curve: Curve | None
    pictures: tuple[Picture, ...]
    missing: str
    printed: Table | None
    notes: tuple[str, ...]


class Disagreement(Record):
    """What two sources say differently, and which numbers or claims it touches."""

    between: str
    says: str
    matters_for: str


class ClaimSection(Record):
    """One claim: its verdict in a line, and all that it rests on.

    `figure` is where the numbers of its curve stand, if that is a figure of the suite.
    """

    anchor: str
    name: str
    says: str
    kind: str
    where: str
    status: Status
    label: str
    reason: str
    effect: str
    margin: str
    sample_size: str
    expectation: str
    against: bool
    fragile: bool
    scale: str
    forest: Forest | None
    arms: Table | None
    comparisons: Table | None
    seeds: Table | None
    remarks: tuple[str, ...]
    curve: Curve | None
    curve_missing: str
    printed_curve: Curve | None
    figure: Link | None
    pictures: tuple[Picture, ...]
    printed: Table | None
    readings: Table | None
    protocol: Table | None
    protocol_remarks: tuple[str, ...]
    audit: Table | None
    layers: Table | None
    costs: Table | None
    jobs: Table | None
    notes: tuple[str, ...]
    disagreements: tuple[Disagreement, ...]
    contested: str
    contested_by: tuple[Link, ...]
    commands: tuple[str, ...]
    commands_note: str


class Choice(Record):
    """What a paper left unsaid, what was chosen, and why."""

    unsaid: str
    chosen: str
    because: str


class TimingSection(Record):
    """One timing, a row an arm: ratios to its first arm, times, and how it was done."""

    name: str
    ratios: Table
    table: Table
    remarks: tuple[str, ...]


class Chapter(Record):
    """One suite of one results directory."""

    anchor: str
    title: str
    paper: str
    links: tuple[Link, ...]
    facts: tuple[Fact, ...]
    banner: str
    summary: Summary
    sparsest: Table | None
    claims: tuple[ClaimSection, ...]
    figures: tuple[FigureSection, ...]
    choices: tuple[Choice, ...]
    disagreements: tuple[Disagreement, ...]
    variables: Table | None
    environment: Table | None
    mixed: str
    apart: Table | None
    cautions: tuple[str, ...]
    costs: Table | None
    timings: tuple[TimingSection, ...]
    times: Table | None


class Report(Record):
    """The whole page."""

    title: str
    counts: tuple[Count, ...]
    comparisons: tuple[Comparison, ...] = ()
    chapters: tuple[Chapter, ...]
