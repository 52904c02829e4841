"""Directories against a baseline: silence, injected regressions, what fresh seeds make of them, what is missing."""

from __future__ import annotations

from pathlib import Path
from statistics import stdev

import pytest

from benchmark.schema.account import Account
from benchmark.schema.trend import Night, Trend
from benchmark.trend import compare, exit_code
from tests.trend.made import Made, as_planned, claim, moved, redrawn

FRESH = range(1000, 1005)
CLAIMS = {"matches": claim(), "deeper": claim(arm="imp@2"), "cheap": claim("reduces", metric="size")}
WORSE = moved(as_planned, {("imp@1", "fid"): 3.0})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("directories")


@pytest.fixture(scope="module")
def baseline(folder: Path) -> Account:
    return Made(folder / "baseline", CLAIMS).measure().account()


@pytest.fixture(scope="module")
def worse(folder: Path) -> Account:
    return Made(folder / "worse", CLAIMS).measure(WORSE, slower=1.5).account()


@pytest.fixture(scope="module")
def fresh_worse(folder: Path) -> Account:
    return Made(folder / "worse-confirm", CLAIMS, seeds=FRESH).measure(WORSE, slower=1.5).account()


@pytest.fixture(scope="module")
def fresh(folder: Path) -> Account:
    return Made(folder / "fresh", CLAIMS, seeds=FRESH).measure().account()


def newest(trend: Trend) -> Night:
    return trend.suites[0].nights[-1]


def found(night: Night) -> dict[str, str]:
    """Return what is neither the same, nor within, nor only shown."""
    states = {f"{one.claim} {one.arm} {one.metric}": one.state for one in night.changes}
    states |= {one.kind: one.state for one in night.speeds}
    return {name: state for name, state in states.items() if state not in ("same", "within", "shown")}


def test_the_same_values_are_silence(baseline: Account, folder: Path) -> None:
    night = Made(folder / "night", CLAIMS).measure().account()
    trend = compare([baseline], [("night", [night])])
    made = newest(trend)
    assert {one.state for one in made.changes} == {"same"}
    assert found(made) == {}
    assert (made.missing, made.verdicts, made.facts, made.confirm) == ((), (), (), ())
    assert (made.odds.tests, made.odds.suspected) == (0, 0)
    assert made.same_machine
    assert exit_code(trend) == 0


def test_a_worse_arm_and_a_slower_loop_are_suspected(baseline: Account, worse: Account) -> None:
    trend = compare([baseline], [("results/worse", [worse])])
    night = newest(trend)
    slower = {"imp@0": "suspected", "imp@1": "suspected"}
    assert found(night) == {"matches imp@1 fid": "suspected", **slower}
    change = next(one for one in night.changes if one.state == "suspected")
    assert change.estimate == pytest.approx(3.0)
    assert (change.n, change.margin) == (5, 1.0)
    assert "beyond the margin of 1 fid" in change.says
    assert exit_code(trend) == 3
    assert night.confirm[:7] == ("run", "demo", "--scale", "small", "--device", "cpu", "--results")
    assert night.confirm[7:] == (
        *("results/worse-confirm", "--seeds", "5", "--set", "first_seed=1000"),
        *("--only", "matches", "--only", "imp"),
    )


def test_fresh_seeds_that_agree_make_it_an_alarm(baseline: Account, worse: Account, fresh_worse: Account) -> None:
    trend = compare([baseline], [("worse", [worse]), ("worse-confirm", [fresh_worse])])
    (night,) = trend.suites[0].nights
    assert set(found(night).values()) == {"confirmed"}
    assert (night.confirmed_by, night.confirm, exit_code(trend)) == ("worse-confirm", (), 1)


def test_fresh_seeds_that_do_not_agree_dismiss_it(baseline: Account, worse: Account, fresh: Account) -> None:
    trend = compare([baseline], [("worse", [worse]), ("fresh", [fresh])])
    assert set(found(newest(trend)).values()) == {"dismissed"}
    assert exit_code(trend) == 0


def test_a_confirming_run_without_the_numbers_leaves_it_suspected(
    baseline: Account, worse: Account, tmp_path: Path
) -> None:
    nothing = Made(tmp_path / "killed", CLAIMS, seeds=FRESH).account()
    trend = compare([baseline], [("worse", [worse]), ("killed", [nothing])])
    night = newest(trend)
    assert set(found(night).values()) == {"suspected"}
    assert night.confirm
    assert exit_code(trend) == 3


def test_only_the_newest_night_decides(baseline: Account, worse: Account, fresh_worse: Account, tmp_path: Path) -> None:
    trend = compare([baseline], [("worse", [worse]), ("confirm", [fresh_worse]), ("mended", [baseline])])
    assert [night.directory for night in trend.suites[0].nights] == ["worse", "mended"]
    assert "confirmed" in trend.suites[0].nights[0].states
    assert exit_code(trend) == 0


def test_an_improvement_is_told_and_no_alarm(baseline: Account) -> None:
    better = moved(as_planned, {("imp@1", "fid"): -3.0, ("imp@2", "size"): -1.0})
    trend = compare([baseline], [("night", [redrawn(baseline, better)])])
    assert found(newest(trend)) == {"matches imp@1 fid": "better"}
    assert exit_code(trend) == 0


def test_an_exact_cost_that_rises_at_all_is_suspected(baseline: Account) -> None:
    dearer = moved(as_planned, {("imp@1", "size"): 0.5, ("imp@2", "size"): 0.5})
    trend = compare([baseline], [("night", [redrawn(baseline, dearer)])])
    assert found(newest(trend)) == {"cheap imp@1 size": "suspected"}


def test_a_metric_of_no_claim_is_only_shown(baseline: Account) -> None:
    lower = moved(as_planned, {("imp@1", "accuracy"): -0.5})
    trend = compare([baseline], [("night", [redrawn(baseline, lower)])])
    shown = [one for one in newest(trend).changes if one.claim is None]
    assert [(one.arm, one.metric, one.state) for one in shown] == [("imp@1", "accuracy", "shown")]
    assert shown[0].estimate == pytest.approx(0.5)  # larger is worse
    assert exit_code(trend) == 0


def test_what_was_not_measured_is_a_failure_by_name(baseline: Account, tmp_path: Path) -> None:
    made = Made(tmp_path, {"matches": claim()}).measure(without=frozenset({"distance"}))
    made.fail(1, 2)
    trend = compare([baseline], [("night", [made.account()])])
    told = {one.what: one.claims for one in newest(trend).missing}
    assert told["imp@1 seed 2: failed (AuditError: a masked weight is not zero)"] == ("matches", "cheap")
    assert told["claim deeper: is not in the suite"] == ("deeper",)
    assert "imp@0: distance was not measured with seed 0, 1, 2, 3, 4" in told
    assert exit_code(trend) == 4


def test_a_suite_that_no_directory_has_is_missing(baseline: Account, fresh: Account) -> None:
    trend = compare([baseline], [("fresh", [fresh])])
    assert [one.what for one in newest(trend).missing] == ["suite demo at scale small: no night ran it"]
    assert exit_code(trend) == 4


def test_a_changed_protocol_is_not_compared_and_a_failure(baseline: Account, worse: Account) -> None:
    protocols = {key: one.model_copy(update={"version": 2}) for key, one in worse.protocols.items()}
    other = worse.model_copy(update={"protocols": protocols})
    trend = compare([baseline], [("night", [other])])
    assert {one.state for one in newest(trend).changes} == {"not comparable"}
    assert any(
        "imp@1: fid was measured otherwise than in the baseline (version)" in one.what for one in newest(trend).missing
    )
    assert exit_code(trend) == 4


def test_a_seed_that_now_diverges_is_suspected_and_ranks_confirm(baseline: Account, tmp_path: Path) -> None:
    night, again = (Made(tmp_path / str(seeds.start), CLAIMS, seeds=seeds) for seeds in (range(5), FRESH))
    for made, seeds in ((night, (3,)), (again, (1000, 1001))):
        made.measure(WORSE)
        for seed in seeds:
            run = made.results.run(made.job(1, seed))
            run.files.write(run.DIVERGED, b"{}")
    alone = compare([baseline], [("night", [night.account()])])
    assert found(newest(alone))["matches imp@1 fid"] == "suspected"
    assert newest(alone).missing == ()
    both = compare([baseline], [("night", [night.account()]), ("again", [again.account()])])
    assert found(newest(both))["matches imp@1 fid"] == "confirmed"
    assert exit_code(both) == 1


def test_other_jobs_other_bytes_and_other_machines_are_told_apart(baseline: Account, tmp_path: Path) -> None:
    other = Made(tmp_path / "jobs", CLAIMS, version=2).measure().account()
    (fact,) = newest(compare([baseline], [("jobs", [other])])).facts
    assert fact.startswith("plans other jobs than the baseline for 15 of 15 (imp@0 seed 0, imp@0 seed 1, ")
    assert "though the suite is the same" in fact
    edited = other.model_copy(update={"text_sha256": "another"})
    facts = newest(compare([baseline], [("text", [edited])])).facts
    assert facts[0].partition(":")[0] == "the suite is not the baseline's"
    assert "though" not in facts[1]
    moved_start = Made(tmp_path / "bytes", CLAIMS).measure()
    run = moved_start.results.run(moved_start.job(1, 0))
    run.files.write(run.START, b"other weights")
    (fact,) = newest(compare([baseline], [("bytes", [moved_start.account()])])).facts
    assert fact.startswith("the start weights of 1 have other bytes than the baseline's (imp@1 seed 0)")


def test_speeds_of_another_machine_are_not_compared(baseline: Account, worse: Account) -> None:
    facts = baseline.environments[0] | {"cpu": "another processor"}
    night = newest(compare([baseline], [("night", [worse.model_copy(update={"environments": (facts,)})])]))
    assert night.speeds == ()
    assert not night.same_machine
    assert any(
        "this is another processor, AVX2, threads: 1, torch 2.9, the baseline's is a processor" in one
        for one in night.facts
    )
    assert "suspected" in night.states  # metrics are compared all the same


def test_the_baselines_own_interval_is_told(baseline: Account, worse: Account) -> None:
    values = [as_planned("imp@1", "fid", seed) for seed in range(5)]
    (change,) = [
        one
        for one in newest(compare([baseline], [("night", [worse])])).changes
        if one.claim == "matches" and one.arm == "imp@1"
    ]
    assert change.band == pytest.approx(2.13184678 * stdev(values) / 5**0.5)  # Student's t, 4 degrees, 95 %
