"""What a suite alone can tell of its timings, and of the claims that are read from them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import get_args

from benchmark.errors import did_you_mean
from benchmark.schema.claim import Claim
from benchmark.schema.suite import Suite
from benchmark.schema.timing import TimedMetric
from benchmark.suites.document import Path

TIMES = get_args(TimedMetric)

Problem = tuple[Path, str]

_KINDS = ("matches", "beats", "reduces", "differs", "same")
_ARM = re.compile(r"(?P<experiment>[^@]+)@(?P<level>[0-9]{1,6})")


def check_timings(suite: Suite) -> Iterator[Problem]:
    """Yield the arms of a suite's timings that it does not have, or that are timed twice."""
    for name, timing in suite.timings.items():
        seen: set[str] = set()
        for arm, place in timing.arms.items():
            message = f"'{place}' is timed twice" if place in seen else _fault(suite, place)
            seen.add(place)
            if message:
                yield ("timings", name, "arms", arm), message


def check_timed(suite: Suite, claim: Claim) -> Iterator[Problem]:
    """Yield what is wrong with a claim that is read from a timing: each of its arms must be one that is timed."""
    assert claim.timing is not None
    if claim.timing not in suite.timings:
        yield ("timing",), f"unknown timing '{claim.timing}'{did_you_mean(claim.timing, suite.timings)}"
        return
    if claim.metric not in TIMES:
        yield ("metric",), f"a timing measures no '{claim.metric}', expected {' or '.join(TIMES)}"
    if claim.kind not in _KINDS:
        why = "; seconds of one machine are never compared with printed ones" if claim.kind == "equals" else ""
        yield ("kind",), f"'{claim.kind}' can't be judged on a timing, expected one of {', '.join(_KINDS)}{why}"
        return
    places = list(suite.timings[claim.timing].arms.values())
    for index, comparison in enumerate(claim.compare):
        for key, place in (("arm", comparison.arm), ("baseline", comparison.baseline)):
            if place is not None and place not in places:
                message = f"'{place}' is no arm of the timing '{claim.timing}'{did_you_mean(place, places)}"
                yield ("compare", index, key), message


def _fault(suite: Suite, place: str) -> str | None:
    arm = _ARM.fullmatch(place)
    if arm is None:
        return f"expected EXPERIMENT@LEVEL with a number, found '{place}'"
    name = arm["experiment"]
    if name not in suite.experiments:
        return f"unknown experiment '{name}'{did_you_mean(name, suite.experiments)}"
    known = suite.experiments[name].level_numbers()
    if int(arm["level"]) not in known:
        return f"unknown level '{arm['level']}' of {name}, expected one of {', '.join(map(str, known))}"
    return None
