"""`ticketbench plan` as a user sees it."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from benchmark import throughput
from benchmark.cli.app import run
from tests.tiny import SUITE


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The tiny suite as a file, in a place where no speed is known and measuring takes no time."""
    monkeypatch.setenv("TICKETBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(throughput, "measure", partial(throughput.measure, seconds=0.01))
    file = tmp_path / "suite.yaml"
    file.write_text(SUITE)
    return str(file)


def test_times_are_unknown_until_they_are_measured(suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    for measured, told in ((False, "unknown: some of it was never run there"), (True, " s")):
        assert run(["plan", suite, "--device", "cpu", *["--measure"] * measured]) == 0
        out, err = capsys.readouterr()
        assert told in out.splitlines()[-1]
        assert err.count(" ms a step on ") == 2 * measured
    assert run(["plan", suite, "--device", "cpu"]) == 0
    assert capsys.readouterr().out == out


def test_the_tables_tell_experiments_and_sharing(suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", suite, "--device", "cpu"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines if line}
    # levels, steps, trainings, shared, done, time
    assert rows["gan_imp"] == ["3", "12", "3", "1", "0", "unknown"]
    told = {" ".join(line.split()) for line in lines}
    assert {
        "levels and seeds of all experiments 8",
        "the same as another experiment's -2",
        "trainings to make, each once 6",
        "of them needed by no claim 6",
    } <= told


def test_the_json_has_each_cost(suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", suite, "--device", "cpu", "--measure", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found.keys() == {"device", "experiments", "claims", "sharing", "cost", "timings"}
    assert found["cost"]["jobs"] == 6
    assert found["cost"]["seconds"] > 0
    assert [one["id"] for one in found["experiments"]] == ["gan", "gan_imp", "gan_random", "auto", "auto_imp"]
