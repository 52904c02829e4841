"""What a run says of itself."""

from __future__ import annotations

import threading
import time

import pytest

from benchmark.cli import progress as progress_module
from benchmark.cli.pace import Pace
from benchmark.cli.progress import Display
from benchmark.executors.executor import Ended
from benchmark.schema.measurement import Progress


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


def test_a_lost_place_is_said_even_when_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    with Display(quiet=True) as display:
        display.planned(1, 0)
        display.again(Ended("one", "failed", "its worker process died (signal SIGKILL)", lost=True), 1)
        display.ended(Ended("one", "done"))
    told = capsys.readouterr().err.splitlines()
    assert told == ["lost one: its worker process died (signal SIGKILL); begun again (1)"]


@pytest.mark.parametrize("quiet", [True, False])
def test_a_log_hears_of_running_jobs_only_after_a_silence(
    quiet: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_module, "SILENCE", 0.3)
    with Display(quiet) as display:
        display.planned(9, 2)
        for job in ("one", "two", "three", "four", "five"):
            display.progress(Progress(job=job, stage="mask"))
        said, end = "", time.monotonic() + (0.7 if quiet else 60.0)
        while "running" not in said and time.monotonic() < end:
            time.sleep(0.05)
            said += capsys.readouterr().err
        display.ended(Ended("one", "done"))
    before = [] if quiet else ["9 jobs, 2 of them done before"]
    murmur = [] if quiet else ["[2/9] running: one mask; two mask; three mask; four mask; 1 more"]
    assert said.splitlines() == before + murmur
    for thread in threading.enumerate():
        if thread.name == "murmur":
            thread.join(10)
            assert not thread.is_alive()


def test_a_pace_is_in_steps_a_second_or_seconds_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    pace = Pace(Progress(job="one", stage="mask"), begun=now)
    words = []
    for now, step in ((110.0, 0), (115.0, 50), (120.0, 100)):  # noqa: B007 - the clock reads it
        pace.hear(Progress(job="one", stage="train", step=step, steps=400, loss={"generator": 1.0} if step else {}))
        words.append(pace.words)
    assert words == ["one train 0/400", "one train 50/400", "one train 100/400, 10 steps/s, 30 s left"]
    now = 420.0
    pace.hear(Progress(job="one", stage="train", step=101, steps=400))
    assert pace.words == "one train 101/400, 5.98 s a step, 30 min left"
    assert pace.last.loss == {"generator": 1.0}
    assert pace.seconds == 320.0
    pace.hear(Progress(job="one", stage="measure", step=1, steps=3))
    assert (pace.words, pace.last.loss) == ("one measure 1/3", {})
