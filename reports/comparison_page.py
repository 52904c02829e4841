"""Two directories held against each other, in the page model."""

from __future__ import annotations

from benchmark.schema.record import Record
from benchmark.schema.verdict import Status
from reports.blocks import Fact, Link, Table


class Passage(Record):
    """One side of a verdict that changed; without a status where that side does not make the claim."""

    letter: str
    status: Status | None
    text: str
    href: str | None


class ChangedClaim(Record):
    """A claim whose verdict changed: what was, what is, because of what, and what its arms did."""

    anchor: str
    name: str
    says: str
    passages: tuple[Passage, ...]
    because: tuple[str, ...]
    arms: Table | None


class SideFacts(Record):
    """One of the two directories: where its chapter stands, and what it was made with."""

    chapter: Link
    facts: tuple[Fact, ...]


class Comparison(Record):
    """One suite at one scale in two directories, the earlier first.

    `warnings` are what a reader must know before believing any difference.
    """

    anchor: str
    title: str
    heading: str
    sides: tuple[SideFacts, ...]
    warnings: tuple[str, ...]
    changed: tuple[ChangedClaim, ...]
    claims: Table | None
    arms: Table | None
    arms_remarks: tuple[str, ...]
    jobs: tuple[str, ...]
    fields: Table | None
    environment: Table | None
