"""What a plan will cost: its jobs, what is done, and times from the speeds seen before."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from benchmark import estimate as estimate_module
from benchmark.artifacts import ResultsDir
from benchmark.estimate import POWER, estimate, remember, smallest_margin
from benchmark.statistics import noninferiority_power, planned
from tests import tiny
from tests.tiny import SUITE, arm

PLAN = tiny.planned()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TICKETBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_jobs_are_counted_once_and_told_by_what_they_stand_for() -> None:
    found = estimate([PLAN], None)
    assert sum(group.jobs for group in found.groups) == len(PLAN.jobs) == 6
    assert ("gan@0", "gan_imp@0") in [group.stands_for for group in found.groups]
    assert (found.shared, found.seconds) == (2, None)
    assert found.summary.startswith("6 jobs, 0 done; sharing saves 2 trainings; ")
    assert {group.stands_for: group.steps for group in found.groups}[("gan_imp@1",)] == 12 - 4


def test_what_is_done_in_a_directory_costs_nothing(finished: Path, results: Path) -> None:
    found = estimate([PLAN], finished)
    assert (sum(group.done for group in found.groups), found.seconds) == (6, 0)
    (results / "runs" / arm(PLAN, "auto").id / "audit.json").unlink()
    assert sum(group.done for group in estimate([PLAN], results).groups) == 5


def test_times_follow_from_the_speeds_seen_here(finished: Path, cache: Path) -> None:
    results = ResultsDir(finished)
    remember(results, results.outcomes(PLAN))
    speeds = json.loads((cache / "speeds.json").read_text())
    assert len(speeds) == 2  # one kind of gan, one of autoencoder
    found = estimate([PLAN], None)
    per_step = {True: [], False: []}  # type: dict[bool, list[float]]
    for group in found.groups:
        assert group.seconds is not None
        per_step[group.stands_for[0].startswith("gan")].append(group.seconds / group.steps / group.jobs)
    for values in per_step.values():
        assert values == pytest.approx([values[0]] * len(values))
    assert found.seconds == pytest.approx(sum(group.seconds or 0.0 for group in found.groups))


def test_seeds_cost_in_proportion(finished: Path) -> None:
    remember(ResultsDir(finished), ResultsDir(finished).outcomes(PLAN))
    one, three = estimate([PLAN], None), estimate([tiny.planned(overrides=["seeds=3"])], None)
    assert one.seconds is not None
    assert three.seconds == pytest.approx(3 * one.seconds)


def test_another_batch_size_or_network_has_no_speed_yet(finished: Path) -> None:
    remember(ResultsDir(finished), ResultsDir(finished).outcomes(PLAN))
    assert estimate([tiny.planned(overrides=["experiments.gan.training.batch_size=9"])], None).seconds is None
    assert estimate([tiny.planned(overrides=["experiments.gan.model.z_dim=5"])], None).seconds is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a": null}', '{"a": "fast"}', '{"a": [1]}'])
def test_a_damaged_memory_is_forgotten(cache: Path, text: str) -> None:
    cache.mkdir()
    (cache / "speeds.json").write_text(text)
    assert estimate([PLAN], None).seconds is None


def test_a_memory_that_cannot_be_written_or_a_lost_timing_is_no_failure(cache: Path, results: Path) -> None:
    cache.write_text("a file where the folder should be")
    remember(ResultsDir(results), ResultsDir(results).outcomes(PLAN))
    assert cache.read_text() == "a file where the folder should be"
    cache.unlink()
    (results / "runs" / arm(PLAN, "gan").id / "timings" / "train.json").write_text("{}")
    remember(ResultsDir(results), ResultsDir(results).outcomes(PLAN))


@pytest.mark.parametrize(("seeds", "paired"), [(3, True), (3, False), (5, True), (20, False)])
def test_the_smallest_margin_has_the_power_asked_for_and_hardly_more(seeds: int, paired: bool) -> None:
    margin = smallest_margin(seeds, paired)
    assert margin is not None
    plan = planned(seeds, 1.0, pairs=paired)
    assert noninferiority_power(plan, margin) >= POWER - 1e-9
    assert noninferiority_power(plan, margin * 0.999) < POWER
    more = smallest_margin(seeds + 1, paired)
    assert more is not None
    assert more < margin
    # a normal approximation, from below: (z_0.95 + z_0.80) sd / sqrt(n), sqrt(2) times it where arms are apart
    assert margin > 2.486 * math.sqrt((1 if paired else 2) / seeds)


def test_fewer_than_three_seeds_are_never_conclusive() -> None:
    assert smallest_margin(2, True) is None
    text = SUITE.replace(
        "claims: {}",
        """\
claims:
  same:
    kind: matches
    says: The ticket is as good as its parent.
    source: {paper: nobody2000}
    metric: fid
    compare: [{arm: gan_imp@2, baseline: gan_imp@0}]
    margin: {relative: 0.1, because: about the seed noise}""",
    )
    (claim,) = estimate([tiny.planned(text)], None).claims
    assert (claim.claim, claim.jobs, claim.seeds) == ("same", 3, 1)
    assert claim.power == "none: fewer than 3 seeds are never conclusive"
    (claim,) = estimate([tiny.planned(text, ["seeds=5"])], None).claims
    assert claim.power.endswith(" sd of the paired differences")
    assert claim.jobs == 15


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "unknown: nothing like it"), (0.2, "0 s"), (89.0, "89 s"), (90.0, "2 min"), (5400.0, "1.5 h")],
)
def test_a_duration_is_told_in_the_unit_that_fits(seconds: float | None, words: str) -> None:
    assert estimate_module._duration(seconds).startswith(words)
