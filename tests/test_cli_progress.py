"""What a run says of itself."""

from __future__ import annotations

import pytest

from benchmark.cli.progress import Display
from benchmark.executors.executor import Ended


@pytest.mark.parametrize("quiet", [True, False])
def test_failures_and_damage_are_said_even_when_quiet(quiet: bool, capsys: pytest.CaptureFixture[str]) -> None:
    with Display(quiet) as display:
        display.planned(3, 0)
        display.damaged("job/mask.safetensors")
        display.ended(Ended("one", "done"))
        display.ended(Ended("two", "failed", "train: too large"))
        display.ended(Ended("three", "blocked", "needs two, which failed"))
    told = capsys.readouterr().err.splitlines()
    always = [
        "damaged: job/mask.safetensors: not as it was written; made again",
        "[2/3] failed two: train: too large",
    ]
    assert told == always if quiet else set(always) < set(told)
