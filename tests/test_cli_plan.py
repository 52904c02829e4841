"""`ticketbench plan` as a user sees it."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path

import pytest

from benchmark.cli.app import run
from benchmark.environment import cpu_name
from benchmark.forecast import throughput
from benchmark.forecast.speeds import Speeds, keep
from tests import tiny
from tests.forecast.test_estimate import CLAIMS
from tests.forecast.test_pilot import TEXT
from tests.forecast.test_pilot import measured as written
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


@pytest.fixture
def claims(suite: str) -> str:
    """The same place, and a suite with claims."""
    Path(suite).write_text(CLAIMS)
    return suite


def test_a_claim_tells_what_it_adds_and_what_room_it_takes(claims: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", claims, "--device", "cpu", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    same, equal = found["claims"]
    assert (same["cost"]["jobs"], same["marginal"]["jobs"]) == (3, 0)
    assert (equal["cost"]["jobs"], equal["marginal"]["jobs"]) == (4, 1)
    assert same["needed"] is None
    whole = found["cost"]
    assert 0 < same["cost"]["disk"] < equal["cost"]["disk"] < whole["disk"]
    assert equal["cost"]["memory"] == same["cost"]["memory"] <= whole["memory"]
    assert whole["at_least"]
    assert run(["plan", claims, "--device", "cpu"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split("  ")[0]: line for line in lines}
    assert "  nothing  " in rows["same"]
    assert "  1: unknown  " in rows["equal"]
    assert " kB  at least " in rows["equal"]
    assert lines[-2].startswith("disk for the rest: ")


def test_kinds_that_were_never_timed_are_reckoned_from_those_that_were_and_say_so(
    claims: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["plan", claims, "--device", "cpu", "--measure"]) == 0
    capsys.readouterr()
    wider = ["--set", "experiments.gan.model.base_channels=6"]
    assert run(["plan", claims, "--device", "cpu", "--json", *wider]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {one["id"]: one["cost"]["by_flops"] for one in found["experiments"]} == {
        "gan": True,
        "gan_imp": True,
        "gan_random": True,
        "auto": False,
        "auto_imp": False,
    }
    assert found["cost"]["by_flops"]
    assert found["cost"]["seconds"] > 0
    assert run(["plan", claims, "--device", "cpu", *wider]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith(" by FLOPs")


def test_a_pilot_tells_seeds_and_which_of_them_are_planned(
    claims: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pilot = written(tmp_path / "pilot", TEXT, seeds=3)
    assert run(["plan", claims, "--device", "cpu", "--pilot", str(pilot), "--json"]) == 0
    out, err = capsys.readouterr()
    needed = {one["id"]: one["needed"] for one in json.loads(out)["claims"]}
    assert needed["same"]["seeds"] >= 3
    assert "small_networks: seeds 0 are the pilot's" in err
    assert run(["plan", claims, "--device", "cpu", "--results", str(pilot), "--set", "first_seed=7"]) == 0
    out, err = capsys.readouterr()
    assert "seeds needed" in out
    assert err == ""
    assert run(["plan", claims, "--device", "cpu", "--pilot", str(tmp_path / "nothing")]) == 2


def test_a_budget_runs_what_fits_and_says_what_is_left_out(
    claims: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results"
    command = ["run", claims, "--results", str(results), "--device", "cpu", "--executor", "inline"]
    assert run([*command, "--max-hours", "1"]) == 4
    assert "left out: same: the speed of 3 of its trainings is not known" in capsys.readouterr().err
    assert not results.exists()
    keep(dict.fromkeys(known(claims), 1.0))
    hours = str(30 / 3600)  # 12 + 8 + 8 steps, and 12 more for the random ticket
    assert run([*command, "--max-hours", hours, "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["budget"] == {"claims": ["same"], "left_out": {"equal": "it takes 40 s by itself"}, "seconds": 28.0}
    assert len(found["jobs"]) == 3
    assert "left out: equal: it takes 40 s by itself" in err
    assert "1 of 2 claims in 28 s" in err
    assert run([*command, "--max-hours", hours, "--only", "gan"]) == 2
    assert run([*command, "--max-hours", hours, "--only", "equal", "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def known(suite: str) -> set[str]:
    """The kinds of a suite's trainings on this processor."""
    plan = tiny.planned(Path(suite).read_text())
    return {Speeds(cpu_name(), {}).kind(planned.job) for planned in plan.jobs}


def test_without_torch_sizes_are_unknown(
    claims: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "benchmark.forecast.dissection", None)
    assert run(["plan", claims, "--device", "cpu"]) == 0
    assert "disk for the rest: unknown; memory of its largest training: unknown" in capsys.readouterr().out
