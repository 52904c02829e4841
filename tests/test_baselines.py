"""Accepting a directory: what the file holds, what is refused, and when an older one is replaced."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.baselines import accept, read_baseline
from benchmark.errors import CampaignError, UsageError
from benchmark.schema.job import Campaign
from tests import timed
from tests.trend.made import MACHINE, Made, as_planned, claim

CLAIMS = {
    "matches": claim(),
    "relative": claim(margin={"relative": 0.1, "because": "a tenth of the dense one"}, arm="imp@2"),
    "sparsest": claim("sparsest", arm="imp", at_least=0.5),
    "reduces": claim("reduces", metric="size"),
    "event": claim("found_by", metric="distance", compare=[{"arm": "imp@1"}]),
    "higher": claim("beats", metric="accuracy"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("made"), CLAIMS, seeds=range(3)).measure()


def test_a_baseline_holds_what_was_measured(made: Made, tmp_path: Path) -> None:
    (path,) = accept(made.results, tmp_path / "baseline.json")
    found = read_baseline(path)
    assert found == made.account()
    assert (found.suite, found.scale, found.seeds) == ("demo", "small", (0, 1, 2))
    series = found.arms["imp@1"].series["accuracy"]
    assert series.values == {seed: as_planned("imp@1", "accuracy", seed) for seed in range(3)}
    assert (series.unit, series.lower_is_better) == ("accuracy", False)
    assert found.protocols[series.protocol].metric == "accuracy"
    assert found.environments == (MACHINE,)
    assert found.machine == "a processor, AVX2, threads: 1, torch 2.9"
    assert set(found.paces) == {"imp@0", "imp@1"}  # two objectives; levels 1 and 2 are of one kind
    assert len(found.paces["imp@1"].seconds) == 6
    assert 0.015 < found.paces["imp@0"].seconds[0] < 0.025
    assert found.verdicts.keys() == CLAIMS.keys()
    assert path.stat().st_size < 20_000


def test_margins_are_in_the_unit_of_the_metric(made: Made) -> None:
    found = made.account()
    dense = sum(found.arms["imp@0"].series["fid"].values.values()) / 3
    margins = {name: stake.margins for name, stake in found.stakes.items()}
    assert margins["matches"] == {"imp@0": 1.0, "imp@1": 1.0}
    assert margins["relative"] == {"imp@0": pytest.approx(0.1 * dense), "imp@2": pytest.approx(0.1 * dense)}
    assert margins["sparsest"] == {"imp@0": 1.0, "imp@1": 1.0, "imp@2": 1.0}
    assert margins["reduces"] == {"imp@0": 0.0, "imp@1": 0.0}
    assert margins["event"] == {"imp@1": None}


def test_a_directory_that_lacks_something_is_refused_by_name(tmp_path: Path) -> None:
    made = Made(tmp_path / "results", seeds=range(2)).measure(without=frozenset({"distance"}))
    made.fail(1, 1)
    with pytest.raises(UsageError) as refused:
        accept(made.results, tmp_path / "baseline.json")
    told = str(refused.value).splitlines()
    assert told[0].endswith("is not finished; it lacks:")
    assert {"  imp-1-1-v1: failed", "  imp-0-0-v1: distance", "  imp-1-0-v1: distance"} < set(told)
    assert "  imp-1-1-v1: distance" not in told
    assert not (tmp_path / "baseline.json").exists()


def test_a_diverged_seed_is_a_result(tmp_path: Path) -> None:
    made = Made(tmp_path / "results", seeds=range(2)).measure()
    run = made.results.run(made.job(2, 1))
    run.files.write(run.DIVERGED, b"{}")
    (path,) = accept(made.results, tmp_path / "baseline.json")
    arm = read_baseline(path).arms["imp@2"]
    assert (arm.ends[1], set(arm.series["fid"].values)) == ("diverged", {0})


def test_another_baseline_is_replaced_only_when_that_is_meant(made: Made, tmp_path: Path) -> None:
    target = tmp_path / "baseline.json"
    accept(made.results, target)
    before = target.read_bytes()
    assert accept(made.results, target) == [target]  # the same again is no replacement
    other = Made(tmp_path / "other", CLAIMS, seeds=range(2)).measure()
    with pytest.raises(UsageError, match="--force"):
        accept(other.results, target)
    assert target.read_bytes() == before
    accept(other.results, target, force=True)
    assert read_baseline(target).seeds == (0, 1)


def test_every_suite_has_its_file(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert accept(made.results) == [Path("baselines/demo-small.json")]
    campaign = made.results.read_campaign()
    both = ResultsDir(tmp_path / "both")
    second = campaign.suites["demo"].plan.suite.model_copy(update={"key": "second"})
    plan = campaign.suites["demo"].plan.model_copy(update={"suite": second})
    suites = {"demo": campaign.suites["demo"], "second": campaign.suites["demo"].model_copy(update={"plan": plan})}
    both.write_campaign(Campaign(device="cpu", suites=suites))
    (tmp_path / "both" / "runs").symlink_to(made.results.path / "runs")
    with pytest.raises(UsageError, match="has 2 suites"):
        accept(both, tmp_path / "one.json")
    assert accept(both, force=True) == [Path("baselines/demo-small.json"), Path("baselines/second-small.json")]


def test_a_newer_or_absent_baseline_is_one_line(made: Made, tmp_path: Path) -> None:
    target = tmp_path / "baseline.json"
    with pytest.raises(UsageError, match="baseline accept"):
        read_baseline(target)
    accept(made.results, target)
    target.write_text(target.read_text().replace('"format": 1', '"format": 2', 1))
    with pytest.raises(CampaignError, match="newer ticketbench"):
        read_baseline(target)


def test_a_timing_that_was_begun_has_to_be_finished(finished: Path, tmp_path: Path) -> None:
    results = timed.campaign(Path(shutil.copytree(finished, tmp_path / "results")))
    (path,) = accept(results, tmp_path / "before.json")  # a campaign run with --no-timings has none
    assert not any(pace.exclusive for pace in read_baseline(path).paces.values())
    timed.write(results, {"dense": [0.01] * 4})
    with pytest.raises(UsageError, match="timing table2: imp"):
        accept(results, tmp_path / "between.json")
    timed.write(results, {"imp": [0.02] * 4, "random": [0.01] * 4})
    (path,) = accept(results, tmp_path / "after.json")
    found = read_baseline(path)
    assert {kind for kind, pace in found.paces.items() if pace.exclusive} == {
        "table2/dense",
        "table2/imp",
        "table2/random",
    }
    assert found.paces["table2/imp"].seconds == (0.02,) * 4
