"""One of two directories that are held against each other, and what differs between two plain values."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from string import ascii_uppercase
from typing import NamedTuple

from pydantic import JsonValue

from benchmark.schema.account import machine_class
from benchmark.schema.job import Job
from benchmark.schema.timing import Clocking
from benchmark.schema.verdict import Verdict
from reports.evidence import Evidence

ABSENT = "absent"
LONGEST = 120
"""Of a value's text in a table of differences; what is longer is cut."""


@dataclass(frozen=True)
class Side:
    """One suite of a directory: its letter, the anchor of its chapter, its files, its verdicts by claim."""

    letter: str
    anchor: str
    evidence: Evidence
    verdicts: Mapping[str, Verdict]

    def anchor_of(self, claim: str) -> str | None:
        """Return where a claim's section stands; null where this side does not make it."""
        return f"#{self.anchor}-{claim}" if claim in self.verdicts else None

    def clocked(self, timing: str, arm: str) -> Iterator[Clocking]:
        """Yield the records of the timed runs of an arm (`EXPERIMENT@LEVEL`)."""
        suite = self.evidence.suite
        declared = suite.timings[timing]
        files = self.evidence.results.timing(suite.key, timing, declared)
        for name in (name for name, place in declared.arms.items() if place == arm):
            yield from files.clocked(name)

    @cached_property
    def jobs(self) -> dict[str, str]:
        """The job at each place of the plan, `EXPERIMENT@LEVEL seed SEED`."""
        arms = self.evidence.plan.arms
        return {f"{arm.experiment}@{arm.level} seed {arm.seed}": arm.job for arm in arms}

    @cached_property
    def places(self) -> dict[str, str]:
        """The first place of each job."""
        found: dict[str, str] = {}
        for place, job in self.jobs.items():
            found.setdefault(job, place)
        return found

    @cached_property
    def planned(self) -> dict[str, Job]:
        """Each job of the plan by its id."""
        return {planned.id: planned.job for planned in self.evidence.plan.jobs}

    @cached_property
    def environments(self) -> list[dict[str, str]]:
        """What the jobs recorded of their machines and software, each once."""
        facts = ({key: str(value) for key, value in one.items()} for one in self.evidence.documents("environment.json"))
        return [dict(items) for items in dict.fromkeys(tuple(sorted(one.items())) for one in facts)]

    @cached_property
    def environment(self) -> dict[str, tuple[str, ...]]:
        """Every value of each of these facts."""
        found: dict[str, set[str]] = defaultdict(set)
        for one in self.environments:
            for key, value in one.items():
                found[key].add(value)
        return {key: tuple(sorted(values)) for key, values in found.items()}

    @cached_property
    def machine(self) -> str | None:
        """The class of machine; null where it is unknown, or several had a part in it."""
        found = {machine_class(facts) for facts in self.environments}
        return found.pop() if len(found) == 1 else None


def letter(index: int) -> str:
    """Return what to call a directory by its place in the order given: A to Z, numbers from there on."""
    return ascii_uppercase[index] if index < len(ascii_uppercase) else str(index + 1)


class Difference(NamedTuple):
    """A field by its path, and what stands there on either side."""

    path: str
    before: str
    now: str


def differences(before: JsonValue, now: JsonValue, path: str = "") -> Iterator[Difference]:
    """Yield the fields in which two plain values differ, down to what is no mapping, in the order of the first."""
    if not isinstance(before, dict) or not isinstance(now, dict):
        if before != now:
            yield Difference(path, _text(before), _text(now))
        return
    for key in dict.fromkeys((*before, *now)):
        below = f"{path}.{key}" if path else key
        if key in before and key in now:
            yield from differences(before[key], now[key], below)
        else:
            yield Difference(below, *(_text(one[key]) if key in one else ABSENT for one in (before, now)))


def _text(value: JsonValue) -> str:
    text = value if isinstance(value, str) else "none" if value is None else json.dumps(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
