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
from tests.timed import TIMED, campaign, fail, record

NAME = "small_networks/table2"


@pytest.fixture
def command(results: Path, tmp_path: Path) -> list[str]:
    """Return the command that runs the suite in finished results of it, but for its timing."""
    campaign(results)
    file = tmp_path / "suite.yaml"
    file.write_text(TIMED, encoding="utf-8")
    return ["run", str(file), "--results", str(results), "--device", "cpu", "--workers", "1", "--json"]


def clock_with(monkeypatch: pytest.MonkeyPatch, broken: str = "") -> list[list[multiprocessing.process.BaseProcess]]:
    """Replace the stopwatch; return the list in which it notes what processes of ours run beside each turn."""
    beside = []

    def clock(work: Work, turn: Turn) -> Clocking:
        beside.append(list(multiprocessing.active_children()))
        return fail(turn, "no memory left") if turn.arm == broken else record(turn.arm, turn.process, 0.01)

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
