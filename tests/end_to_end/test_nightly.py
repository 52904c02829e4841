"""A baseline, a night of the same bytes, and nights whose rewinding is broken: found by the audit, or by the trend."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from torch import Tensor

from benchmark import stages, tickets
from benchmark.artifacts import ResultsDir
from benchmark.assembly import Workshop
from benchmark.networks import Networks
from tests.end_to_end.command import CODER
from tests.end_to_end.conftest import Call

LATE = """\
claims:
  late_matches:
    says: A ticket that goes on from late in its dense parent's training is no worse.
    source: {paper: a test}
    kind: matches
    metric: mse
    compare: [{arm: winning@1, baseline: winning@0}]
    margin: {relative: 0.05, because: a number for the test}
    expect: any
"""
SUITE = (
    CODER[: CODER.index("claims:")]
    .replace("at: 10", "at: 80")
    .replace("start_step: 10", "start_step: 80")
    .replace("key: coder", "key: nightly")
    + LATE
    + CODER[CODER.index("scales:") :]
)
INLINE = ("--executor", "inline", "--device", "cpu", "--quiet")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nightly")
    (folder / "nightly.yaml").write_text(SUITE)
    return folder


@pytest.fixture(autouse=True)
def there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("TICKETBENCH_SUITES", str(place))


@pytest.fixture
def accepted(place: Path, call: Call) -> Path:
    """The first night, accepted."""
    if not Path("baselines").exists():
        assert call("run", "nightly", "--results", "first", *INLINE)[0] == 0
        code, out, _ = call("baseline", "accept", "first")
        assert (code, out.strip()) == (0, "baselines/nightly-small.json")
    return place / "first"


def night(call: Call, *directories: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code of `trend`, and what it says of the newest night."""
    code, out, _ = call("trend", *directories, "--json", "--junit", "trend.xml", "--confirm", "confirm.sh")
    return code, json.loads(out)["suites"][0]["nights"][-1]


def as_fast_as(night: str, first: Path) -> None:
    """Give a night the times of the first one: how busy a machine is while it is tested is no subject here."""
    for run in ResultsDir(first).runs():
        there = ResultsDir(Path(night)).run(run.id)
        if there.path.exists():
            there.write_document("timings/train.json", run.read_document("timings/train.json"))


def rewinds(workshop: Workshop) -> bool:
    return any(origin.job is not None for origin in workshop.job.start.origins.values())


def other_weights(workshop: Workshop) -> dict[str, Tensor]:
    return workshop.initial("another_stream")


@pytest.mark.slow
def test_a_night_with_the_same_bytes_is_silent(accepted: Path, call: Call) -> None:
    assert call("run", "nightly", "--results", "second", *INLINE)[0] == 0
    as_fast_as("second", accepted)
    code, found = night(call, "first", "second")
    assert code == 0
    assert {one["state"] for one in found["changes"]} == {"same"}
    assert (found["missing"], found["verdicts"], found["facts"]) == ([], [], [])
    assert Path("confirm.sh").read_text() == ""
    assert ElementTree.parse("trend.xml").getroot().get("failures") == "0"


@pytest.mark.slow
def test_a_rewind_that_the_audit_sees_through_is_a_failed_job(
    accepted: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = tickets.rewound

    def elsewhere(workshop: Workshop, results: ResultsDir) -> Networks:
        networks = honest(workshop, results)
        if rewinds(workshop):
            networks.load(other_weights(workshop))
        return networks

    monkeypatch.setattr(stages, "rewound", elsewhere)
    assert call("run", "nightly", "--results", "audited", *INLINE)[0] == 4
    code, found = night(call, "audited")
    assert code == 4
    assert any("winning@1 seed 0: failed (AuditError" in one["what"] for one in found["missing"])
    assert {claim for one in found["missing"] for claim in one["claims"]} == {"late_matches"}
    root = ElementTree.parse("trend.xml").getroot()
    assert root.get("errors") == "1"


@pytest.mark.slow
def test_a_rewind_broken_for_the_audit_too_is_found_by_the_trend(
    accepted: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = tickets.rewind_weights

    def broken(workshop: Workshop, results: ResultsDir) -> dict[str, Tensor]:
        return other_weights(workshop) if rewinds(workshop) else honest(workshop, results)

    monkeypatch.setattr(tickets, "rewind_weights", broken)
    monkeypatch.setattr(stages, "rewind_weights", broken)
    assert call("run", "nightly", "--results", "broken", *INLINE)[0] == 0  # no audit can see this
    as_fast_as("broken", accepted)
    code, found = night(call, "first", "broken")
    assert code == 3
    suspected = {one["arm"] for one in found["changes"] if one["state"] == "suspected"}
    assert suspected == {"winning@1"}
    (fact,) = found["facts"]
    assert fact.startswith("the start weights of 3 have other bytes than the baseline's (winning@1 seed 0, ")
    (command,) = Path("confirm.sh").read_text().splitlines()
    assert call(*shlex.split(command)[1:], *INLINE)[0] == 0
    code, found = night(call, "first", "broken", "broken-confirm")
    assert code == 1
    assert found["confirmed_by"] == "broken-confirm"
    assert {one["arm"] for one in found["changes"] if one["state"] == "confirmed"} == {"winning@1"}
    case = next(
        one for one in ElementTree.parse("trend.xml").getroot().iter("testcase") if one.get("name") == "late_matches"
    )
    failure = case.find("failure")
    assert failure is not None and "5 fresh seeds agree" in (failure.get("message") or "")
    code, out, _ = call("trend", "first", "broken", "broken-confirm")
    assert code == 1
    assert "- confirmed  late_matches winning@1 mse: " in out
