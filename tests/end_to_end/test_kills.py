"""Killed at any moment, the same command goes on and ends with the bytes of a run that was never stopped."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.artifacts import RunDir
from tests.end_to_end.command import ROOT, Started, environment, log_lines, ticketbench
from tests.tiny import contents


def arguments(suite: Path, folder: Path, workers: int = 2) -> list[str | Path]:
    given = ["--device", "cpu", "--workers", str(workers), "--scale", "small", "--checkpoint-every", "0.1"]
    return ["run", suite, "--results", folder, *given]


def finish(suite: Path, folder: Path, whole: Path) -> None:
    """Run to the end and compare."""
    ended = ticketbench(*arguments(suite, folder))
    assert ended.returncode == 0, ended.stderr
    assert contents(folder) == contents(whole)
    assert not list(folder.rglob(".writing-*"))
    assert ticketbench("doctor", "--deep", folder).returncode == 0


def kill_all(run: Started) -> None:
    run.send(signal.SIGKILL)
    assert run.end() == -signal.SIGKILL, run.said


def kill_driver(run: Started) -> None:
    """Leave the workers behind: they notice at their next report."""
    run.process.kill()
    assert run.end() == -signal.SIGKILL, run.said


def kill_worker(run: Started) -> None:
    """The job whose worker died is begun again, and then it is too late."""
    os.kill(workers_of(run.process.pid)[0], signal.SIGKILL)
    assert run.wait_until(lambda: "begun again" in run.said), run.said
    kill_all(run)


def workers_of(driver: int) -> list[int]:
    """Return the process ids of a driver's workers, the oldest first; its other child tracks shared memory."""
    children = Path(f"/proc/{driver}/task/{driver}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def press_ctrl_c(run: Started) -> None:
    run.send(signal.SIGINT)
    check_stopped(run, 130)


def terminate(run: Started) -> None:
    """As a supervisor does: the driver and its workers are told, or the driver alone."""
    run.send(signal.SIGTERM)
    check_stopped(run, 143)


def terminate_driver(run: Started) -> None:
    run.process.terminate()
    check_stopped(run, 143)


def check_stopped(run: Started, code: int) -> None:
    assert run.end(30) == code, run.said
    assert run.said.splitlines()[-1] == "ticketbench: stopped; the same command goes on from here"
    assert not re.search("Traceback|Error|Exception|failed", run.said), run.said


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds worker processes in /proc")
def test_stopped_in_any_way_the_same_command_goes_on(coder: Path, coded: Path, tmp_path: Path) -> None:
    folder, moments = tmp_path / "results", random.Random(1)
    for stop in (kill_all, kill_driver, press_ctrl_c, kill_worker, terminate_driver):
        run = Started(tmp_path / stop.__name__, *arguments(coder, folder, workers=1))
        # The worker of a killed driver writes a last line: only what comes after this command's own words counts.
        assert run.wait_until(lambda: " jobs" in run.said), run.said  # noqa: B023 - called in this round
        before = log_lines(folder)
        assert run.wait_until(lambda: log_lines(folder) > before), run.said  # noqa: B023 - called in this round
        time.sleep(moments.uniform(0, 0.3))
        stop(run)
    finish(coder, folder, coded)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds worker processes in /proc")
def test_a_killed_worker_is_replaced_and_leaves_no_trace(coder: Path, coded: Path, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    run = Started(tmp_path / "talk", *arguments(coder, folder))
    assert run.wait_until(lambda: log_lines(folder) > 0), run.said
    os.kill(workers_of(run.process.pid)[0], signal.SIGKILL)
    assert run.end() == 0, run.said
    assert len(re.findall(r"lost \S+: its worker process died \(signal SIGKILL\); begun again \(1\)", run.said)) == 1
    assert contents(folder) == contents(coded)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds worker processes in /proc")
def test_without_retries_a_killed_worker_is_a_failure(coder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    run = Started(tmp_path / "talk", *arguments(coder, folder, workers=1), "--retries", "0", "--only", "dense")
    assert run.wait_until(lambda: log_lines(folder) > 0), run.said
    os.kill(workers_of(run.process.pid)[0], signal.SIGKILL)
    assert run.end() == 4, run.said
    assert re.search(r"failed \S+ .*its worker process died \(signal SIGKILL\)", run.said), run.said


@pytest.mark.parametrize("executor", ["pool", "inline"])
@pytest.mark.parametrize("stop", [press_ctrl_c, terminate])
def test_a_stop_while_modules_are_read_says_one_line(
    suite: Path, tmp_path: Path, executor: str, stop: Callable[[Started], None]
) -> None:
    run = Started(tmp_path / "talk", *arguments(suite, tmp_path / "results"), "--executor", executor)
    assert run.wait_until(lambda: "8 jobs" in run.said), run.said
    time.sleep(random.Random(executor).uniform(0, 2))
    stop(run)


@pytest.mark.parametrize("executor", ["pool", "inline"])
@pytest.mark.parametrize("stop", [press_ctrl_c, terminate])
def test_a_training_that_is_stopped_loses_no_step(
    coder: Path, tmp_path: Path, executor: str, stop: Callable[[Started], None]
) -> None:
    folder, steps = tmp_path / "results", ["--set", "experiments.dense.training.steps=100000"]
    given = ["--device", "cpu", "--executor", executor, "--workers", "1", "--checkpoint-every", "3600", *steps]
    run = Started(tmp_path / "talk", "run", coder, "--results", folder, "--only", "dense", *given)
    assert run.wait_until(lambda: log_lines(folder) > 0), run.said
    stop(run)
    lines = log_lines(folder)
    (job,) = (RunDir(path) for path in (folder / "runs").iterdir())
    note = job.read_note(job.CHECKPOINT)
    assert isinstance(note, dict)
    assert isinstance(note["step"], int)
    assert 50 * lines <= note["step"] < 50 * (lines + 1)


@pytest.mark.slow
def test_twenty_kills_at_random_moments_leave_no_trace(suite: Path, whole: Path, tmp_path: Path) -> None:
    moments, kills, folders = random.Random(2), 0, 0
    while kills < 20:
        folder = tmp_path / str(folders)
        run = Started(tmp_path / f"talk{kills}", *arguments(suite, folder))
        time.sleep(moments.uniform(0.2, 7))
        if run.process.poll() is None:
            run.send(signal.SIGKILL)
            kills += 1
        if run.end() == 0:
            assert contents(folder) == contents(whole)
            folders += 1
    finish(suite, folder, whole)


def crash_everywhere(tmp_path: Path, suite: Path) -> list[int]:
    """Die at each change of the file system in turn, go on, and return where the bytes then differed."""
    command = [sys.executable, "-m", "tests.end_to_end.crashing", str(suite), str(tmp_path / "crashing")]
    ended = subprocess.run(command, env=environment(), cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, list[int]] = json.loads(ended.stdout)
    assert found["died_at"], "nothing was tried"
    return found["differs_at"]


@pytest.mark.slow
def test_a_crash_at_any_change_of_the_file_system_leaves_no_trace(coder: Path, tmp_path: Path) -> None:
    assert crash_everywhere(tmp_path, coder) == []
