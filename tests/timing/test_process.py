"""A fresh process for each turn: its record comes back, its death is a record too."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path
from threading import Thread

import pytest

from benchmark.timing.process import clock_apart
from benchmark.timing.turns import Turn
from tests import tiny
from tests.timed import work

DENSE = tiny.arm(tiny.planned(), "gan").id


def turn(job: str, steps: int = 2) -> Turn:
    return Turn("small_networks", "table2", "dense", 3, 0, job, 1, steps)


@pytest.mark.slow
def test_a_process_is_fresh_and_ends(finished: Path) -> None:
    found = clock_apart(work(finished), turn(DENSE))
    assert (found.arm, found.process, found.job, found.failure) == ("dense", 3, DENSE, "")
    assert found.step_seconds > 0
    assert found.environment["threads"] == "1"
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_what_fails_in_a_process_is_its_record(tmp_path: Path) -> None:
    found = clock_apart(work(tmp_path), turn("nobody"))
    assert found.trainings == ()
    assert found.failure == f"{tmp_path}/runs/nobody/job.json: missing; run the same command again to make it"


def test_a_process_that_is_killed_is_a_failure(finished: Path) -> None:
    def kill() -> None:
        while not (children := multiprocessing.active_children()):
            time.sleep(0.01)
        assert children[0].pid is not None
        os.kill(children[0].pid, signal.SIGKILL)

    killer = Thread(target=kill)
    killer.start()
    found = clock_apart(work(finished), turn(DENSE, steps=10**6))
    killer.join()
    assert found.failure == "its process died (signal SIGKILL)"
    assert multiprocessing.active_children() == []
