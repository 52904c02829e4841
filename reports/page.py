"""The page model: all that a report shows, worded and placed, so that the templates only lay it out."""

from __future__ import annotations

from benchmark.schema.record import Record
from benchmark.schema.verdict import Status


class Cell(Record):
    """One cell of a table. `missing` marks what was not measured or not stated, `status` a verdict word.

    `shade` (0 to 1) darkens the cell in a heat map, always beside the number itself.
    """

    text: str
    head: bool = False
    missing: bool = False
    notable: bool = False
    status: Status | None = None
    shade: float | None = None


class Table(Record):
    """A table with its caption; a row may begin with a cell that heads it."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Fact(Record):
    """A term and what is to be said of it."""

    term: str
    text: str


class Link(Record):
    """A place in the page, or a page elsewhere."""

    text: str
    href: str


class Bar(Record):
    """One effect in a forest plot, in drawing units; an end that leaves the plot is marked as cut."""

    status: Status
    y: float
    low: float
    high: float
    estimate: float
    low_cut: bool
    high_cut: bool


class Span(Record):
    """Where effects count as reproduced, in drawing units."""

    start: float
    width: float
    top: float
    height: float


class Forest(Record):
    """A claim's effects around the line of no difference; worse is right."""

    width: float
    height: float
    zero: float
    bars: tuple[Bar, ...]
    spans: tuple[Span, ...]
    description: str


class LevelPoint(Record):
    """The seeds of one level of an experiment, joined: mean and two-sided interval of the mean."""

    level: int
    sparsity: float
    n: int
    mean: float
    low: float | None
    high: float | None


class SeedPoint(Record):
    """One seed of one level."""

    level: int
    seed: int
    sparsity: float
    value: float


class Series(Record):
    """One experiment's metric over its measured sparsities."""

    name: str
    levels: tuple[LevelPoint, ...]
    seeds: tuple[SeedPoint, ...]


class Curve(Record):
    """A metric against sparsity: what a chart draws, and the same as a table."""

    key: str
    y_title: str
    description: str
    caption: str
    dense: Series | None
    floor: float | None
    series: tuple[Series, ...]
    table: Table


class Picture(Record):
    """A grid of samples as PNG bytes in base64, and what it shows."""

    caption: str
    alt: str
    data: str
    width: int
    height: int


class ClaimSection(Record):
    """One claim: its verdict in a line, and all that it rests on."""

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
    comparisons: Table | None
    seeds: Table | None
    remarks: tuple[str, ...]
    curve: Curve | None
    curve_missing: str
    pictures: tuple[Picture, ...]
    printed: Table | None
    protocol: Table | None
    protocol_remarks: tuple[str, ...]
    audit: Table | None
    layers: Table | None
    notes: tuple[str, ...]
    commands: tuple[str, ...]
    commands_note: str


class Choice(Record):
    """What a paper left unsaid, what was chosen, and why."""

    unsaid: str
    chosen: str
    because: str


class Disagreement(Record):
    """What two sources say differently, and which numbers or claims it touches."""

    between: str
    says: str
    matters_for: str


class Chapter(Record):
    """One suite of one results directory."""

    anchor: str
    title: str
    paper: str
    links: tuple[Link, ...]
    facts: tuple[Fact, ...]
    banner: str
    claims: tuple[ClaimSection, ...]
    choices: tuple[Choice, ...]
    disagreements: tuple[Disagreement, ...]
    environment: Table | None
    mixed: str
    costs: Table | None
    times: Table | None


class Count(Record):
    """How many claims have one verdict."""

    status: Status
    label: str
    number: int


class Report(Record):
    """The whole page."""

    title: str
    counts: tuple[Count, ...]
    chapters: tuple[Chapter, ...]
