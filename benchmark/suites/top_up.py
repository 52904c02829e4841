"""What a suite alone can tell of its schedule of looks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from benchmark.schema.suite import Suite
from benchmark.suites.document import Path

Problem = tuple[Path, str]

_PLACE: Path = ("top_up", "looks")


def check_top_up(suite: Suite, most: int) -> Iterator[Problem]:
    """Yield what is wrong with the looks: they begin with the suite's seeds and grow, to `most` seeds at the most."""
    if suite.top_up is None:
        return
    looks = suite.top_up.looks
    if looks[0] != suite.seeds:
        remedy = "'--set top_up=null' leaves all looks out"
        yield (*_PLACE, 0), f"the first look is at {looks[0]} seeds, but the suite has {suite.seeds}; {remedy}"
    for index, (before, after) in enumerate(pairwise(looks), 1):
        if after <= before:
            yield (*_PLACE, index), f"expected more than the {before} seeds of the look before it, found {after}"
    if looks[-1] > most:
        yield _PLACE, f"expected at most {most} seeds, found {looks[-1]}"
