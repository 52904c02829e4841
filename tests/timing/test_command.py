"""Timings as `run` performs them: after the workers have ended, unless they are left out."""

from __future__ import annotations

import json
import multiprocessing
from functools import partial
from pathlib import Path

import pytest

from benchmark.cli import app
from benchmark.executors.executor import Work
from benchmark.schema.timing import Clocking
from benchmark.timing import session
from benchmark.timing.turns import Turn
from tests import tiny
from tests.timed import TIMED, campaign, fail, timed

NAME = "small_networks/table2"


@pytest.fixture
def command(results: Path, tmp_path: Path) -> list[str]:
    """Return the command that runs the suite in finished results of it, but for its timing."""
    campaign(results)
    return run(results, tmp_path)


def run(results: Path, folder: Path) -> list[str]:
    file = folder / "suite.yaml"
    file.write_text(TIMED, encoding="utf-8")
    return ["run", str(file), "--results", str(results), "--device", "cpu", "--workers", "1", "--json"]


def clock_with(monkeypatch: pytest.MonkeyPatch, broken: str = "") -> list[list[multiprocessing.process.BaseProcess]]:
    """Replace the stopwatch; return the list in which it notes what processes of ours run beside each turn."""
    beside = []

    def clock(work: Work, turn: Turn) -> Clocking:
        beside.append(list(multiprocessing.active_children()))
        return fail(turn, "no memory left") if turn.arm == broken else timed(work, turn, 0.01)

    monkeypatch.setattr(session, "run_timings", partial(session.run_timings, clock=clock))
    return beside


def test_nothing_of_ours_runs_beside_a_timing(
    command: list[str], results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = clock_with(monkeypatch)
    measured = next((results / "runs" / tiny.arm(tiny.planned(), "auto").id / "measurements").glob("*.json"))
    tiny.delete(measured)
    assert app.run(command) == 0
    assert measured.exists()  # by a worker, which has ended
    told = capsys.readouterr()
    assert beside == [[]] * 12
    assert "[1/12] small_networks/table2 dense process 0: 10 ms a step" in told.err
    assert json.loads(told.out)["timings"][NAME] == {"processes": 12, "done": 12, "failed": 0, "waits": ""}
    assert app.run([*command, "--quiet"]) == 0
    assert len(beside) == 12  # nothing is left to time
    assert "timing" not in capsys.readouterr().err


def test_timings_can_be_left_out(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = clock_with(monkeypatch)
    assert app.run([*command, "--no-timings"]) == 0
    assert (beside, json.loads(capsys.readouterr().out)["timings"]) == ([], {})


def test_a_failed_process_is_said_and_ends_in_exit_code_4(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock_with(monkeypatch, broken="imp")
    assert app.run([*command, "--quiet"]) == 4
    told = capsys.readouterr()
    assert told.err.count("imp process") == 4
    assert "failed: no memory left" in told.err
    assert json.loads(told.out)["timings"][NAME]["failed"] == 4


@pytest.mark.slow
def test_from_the_command_to_the_verdict_with_real_processes(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = ("timings.table2.processes=2", "timings.table2.arms={dense: gan@0, imp: gan_imp@2}")
    campaign(results, changes)
    command = [*run(results, tmp_path), *(word for change in changes for word in ("--set", change))]
    records = results / "timings" / "small_networks" / "table2"
    assert app.run(command) == 0
    assert json.loads(capsys.readouterr().out)["timings"][NAME]["done"] == 4
    assert sorted(path.name for path in records.iterdir()) == [
        *("dense.000.json", "dense.001.json", "imp.000.json", "imp.001.json"),
    ]
    assert app.run(["verify", str(results), "--json"]) == 3
    verdicts = json.loads(capsys.readouterr().out)["verdicts"]
    assert {one["status"] for one in verdicts} == {"inconclusive"}
    assert all("with 2 timed runs indicative only" in one["reason"] for one in verdicts)
    assert app.run(["report", str(results)]) == 0
