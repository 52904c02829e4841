"""Directories against a baseline: silence, injected regressions, their confirmation, what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.schema.account import Account
from benchmark.schema.trend import Night, Trend
from benchmark.trend import compare, exit_code
from tests.trend.made import Made

FRESH = range(1000, 1005)
WORSE = {("imp@1", "fid"): 3.0, ("imp@2", "fid"): 3.0}


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Account:
    return Made(tmp_path_factory.mktemp("baseline")).measure().account()


def newest(trend: Trend) -> Night:
    return trend.suites[0].nights[-1]


def test_the_same_bytes_are_silence(baseline: Account, tmp_path: Path) -> None:
    night = Made(tmp_path / "night").measure().account()
    trend = compare([baseline], [("night", [night])])
    found = newest(trend)
    assert {one.state for one in found.changes} == {"same"}
    assert (found.missing, found.verdicts, found.facts, found.confirm) == ((), (), (), ())
    assert (found.odds.tests, found.odds.suspected) == (0, 0)
    assert found.same_machine
    assert exit_code(trend) == 0
