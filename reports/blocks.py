"""The small parts of every page: cells, tables, facts, links."""

from __future__ import annotations

from benchmark.schema.record import Record
from benchmark.schema.verdict import Status


class Cell(Record):
    """One cell of a table. `missing` marks what was not measured or not stated, `status` a verdict word.

    `shade` (0 to 1) darkens the cell in a heat map, always beside the number itself. A head or a verdict
    word may lead to a place of the page (`href`).
    """

    text: str
    head: bool = False
    missing: bool = False
    notable: bool = False
    status: Status | None = None
    shade: float | None = None
    href: str | None = None


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
