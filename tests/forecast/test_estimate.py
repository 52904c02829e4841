"""What a plan will cost: its trainings, what shares them, what is done, and times from the speeds seen before."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.environment import cpu_name
from benchmark.forecast.costs import Cost, duration, size
from benchmark.forecast.estimate import Estimate, estimate
from benchmark.forecast.power import POWER, smallest_margin
from benchmark.forecast.reckoning import Reckoner
from benchmark.forecast.speeds import Speeds, read_speeds, remember, whole
from benchmark.schema.job import Job, Plan
from benchmark.schema.suite import MaskStable
from benchmark.statistics import noninferiority_power, planned
from tests import tiny
from tests.tiny import SUITE, arm

PLAN = tiny.planned()
NOWHERE = Reckoner(Speeds("nowhere", {}))
CLAIMS = SUITE.replace(
    "claims: {}",
    """\
claims:
  same:
    kind: matches
    says: The ticket is as good as its parent.
    source: {paper: nobody2000}
    metric: fid
    compare: [{arm: gan_imp@2, baseline: gan_imp@0}]
    margin: {relative: 0.1, because: about the seed noise}
  equal:
    kind: matches
    says: The ticket is as good as a random one.
    source: {paper: nobody2000}
    metric: fid
    compare: [{arm: gan_imp@2, baseline: gan_random@2}]
    margin: {relative: 0.1, because: about the seed noise}""",
)


def one_second_a_step(plan: Plan) -> Reckoner:
    """Speeds at which every training costs as many seconds as it has steps."""
    return Reckoner(Speeds("nowhere", {NOWHERE.speeds.kind(planned.job): 1.0 for planned in plan.jobs}))


def costs(found: Estimate) -> dict[str, float | None]:
    return {one.id: one.cost.seconds for one in (*found.experiments, *found.claims)}


def test_trainings_are_counted_once_and_seen_from_each_experiment() -> None:
    found = estimate([PLAN], None, NOWHERE)
    assert (found.cost.jobs, found.cost.done, found.cost.seconds) == (len(PLAN.jobs), 0, None) == (6, 0, None)
    assert {one.id: (one.levels, one.cost.jobs, one.shared) for one in found.experiments} == {
        "gan": (1, 1, 1),
        "gan_imp": (3, 3, 1),
        "gan_random": (1, 1, 0),
        "auto": (1, 1, 1),
        "auto_imp": (2, 2, 1),
    }
    sharing = found.sharing
    assert (sharing.asked, sharing.saved, sharing.passed_through, sharing.jobs) == (8, 2, 0, 6)
    assert sharing.needed_by == {0: 6}
    told = "6 trainings, 0 done; sharing saves 2; time left for one worker on nowhere: unknown: "
    assert found.summary.startswith(told)


def test_a_level_that_is_only_passed_through_is_told_apart() -> None:
    found = estimate([tiny.planned(overrides=["experiments.gan_imp.levels=[2]"])], None, NOWHERE)
    assert (found.sharing.asked, found.sharing.saved, found.sharing.passed_through) == (6, 1, 1)
    assert sum(count for says, count in found.sharing.rows() if not says.startswith("of them")) == 6 + 1 + 6 - 1


def test_claims_share_trainings() -> None:
    plan = tiny.planned(CLAIMS)
    found = estimate([plan], None, one_second_a_step(plan))
    assert {one.id: (one.cost.jobs, one.shared) for one in found.claims} == {"same": (3, 3), "equal": (4, 3)}
    assert found.sharing.needed_by == {0: 2, 1: 1, 2: 3}
    # dense 12 steps, each ticket 8 from step 4, the random one 12
    assert costs(found)["same"] == 12 + 8 + 8
    assert costs(found)["equal"] == 12 + 8 + 8 + 12
    assert found.cost.seconds == 12 + 8 + 8 + 12 + 2 * 12
    assert {one.id: (one.marginal.jobs, one.marginal.seconds, one.added) for one in found.claims} == {
        "same": (0, 0, "nothing"),  # the other claim needs all that it does
        "equal": (1, 12, "1: 12 s"),
    }
    assert not found.cost.at_most


def test_a_claim_costs_the_levels_it_names_and_what_they_need() -> None:
    plan = tiny.planned(CLAIMS, ["claims.same.compare.0.arm=gan_imp@1"])
    found = estimate([plan], None, one_second_a_step(plan))
    assert {one.id: (one.cost.jobs, one.shared) for one in found.claims} == {"same": (2, 2), "equal": (4, 2)}
    assert found.sharing.needed_by == {0: 2, 1: 2, 2: 2}
    assert costs(found)["same"] == 12 + 8


def test_a_matrix_is_one_line() -> None:
    text = SUITE.replace(
        "claims: {}",
        """\
  curve:
    extends: gan
    mask: {from: gan@0, sparsity: 0.5}
    matrix:
      mask.sparsity: [0.5, 0.8, 0.9]
claims: {}""",
    )
    found = {one.id: one for one in estimate([tiny.planned(text)], None, NOWHERE).experiments}
    assert (found["curve"].levels, found["curve"].cost.jobs, found["curve"].shared) == (3, 3, 0)


def test_two_suites_share_trainings_too() -> None:
    other = tiny.planned(CLAIMS.replace("key: small_networks", "key: other"))
    found = estimate([tiny.planned(CLAIMS), other], None, NOWHERE)
    assert (found.cost.jobs, found.sharing.asked, found.sharing.saved) == (6, 16, 10)
    assert {one.shared for one in found.experiments} == {1, 3, 2}
    assert [one.name(several=True) for one in found.claims][-2:] == ["other/same", "other/equal"]
    assert found.sharing.needed_by == {0: 2, 2: 1, 4: 3}


def test_what_is_done_in_a_directory_costs_nothing(finished: Path, results: Path) -> None:
    found = estimate([PLAN], finished, NOWHERE)
    assert (found.cost.done, found.cost.seconds, found.cost.time) == (6, 0, "0 s")
    one = results / "runs" / arm(PLAN, "auto").id
    (one / "audit.json").unlink()
    found = estimate([PLAN], results, NOWHERE)
    assert (found.cost.done, found.cost.seconds, found.cost.time) == (5, 0, "0 s")  # trained, not measured
    (one / "weights.safetensors").unlink()
    assert estimate([PLAN], results, NOWHERE).cost.seconds is None
    found = estimate([PLAN], results, one_second_a_step(PLAN))
    assert (found.cost.done, found.cost.seconds) == (5, 12)


def test_times_follow_from_the_speeds_seen_here(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKETBENCH_CACHE", str(tmp_path / "cache"))
    remember(ResultsDir(finished), ResultsDir(finished).outcomes(PLAN))
    speeds = read_speeds(cpu_name())
    reckoner = Reckoner(speeds)
    found, three = (estimate([tiny.planned(overrides=[f"seeds={n}"])], None, reckoner) for n in (1, 3))
    gan = speeds.of(arm(PLAN, "gan").job)
    assert gan is not None
    assert costs(found)["gan_imp"] == pytest.approx((12 + 8 + 8) * gan.seconds)
    assert found.cost.seconds is not None
    assert three.cost.seconds == pytest.approx(3 * found.cost.seconds)
    slower = tiny.planned(overrides=["experiments.gan.training.batch_size=9"])
    assert estimate([slower], None, reckoner).cost.seconds is None


def replaced(plan: Plan, name: str, **changes: object) -> Plan:
    """The plan with fields of one experiment's first job changed."""
    target = arm(plan, name, 1 if name.endswith("imp") else 0)
    job: Job = target.job.model_copy(update=changes)
    jobs = [one.model_copy(update={"job": job}) if one.id == target.id else one for one in plan.jobs]
    return plan.model_copy(update={"jobs": tuple(jobs)})


def test_a_training_that_may_stop_costs_at_most_its_steps_and_what_goes_on_has_the_rest() -> None:
    stop = MaskStable(when="mask_stable", sparsity=0.5, unit="step", look_back=2)
    dense, after = arm(PLAN, "auto").job, arm(PLAN, "auto_imp", 1).job
    plan = replaced(PLAN, "auto", training=dense.training.model_copy(update={"stop": stop}))
    origins = {
        name: origin.model_copy(update={"job": arm(PLAN, "auto").id}) for name, origin in after.start.origins.items()
    }
    start = after.start.model_copy(update={"start_step": "end", "origins": origins})
    plan = replaced(plan, "auto_imp", start=start)
    found = estimate([plan], None, one_second_a_step(plan))
    by_name = {one.id: one for one in found.experiments}
    assert by_name["auto_imp"].cost.seconds == 12
    assert by_name["auto_imp"].cost.time == "at most 12 s"
    assert by_name["auto_imp"].steps == 12
    assert by_name["gan"].cost.time == "12 s"
    assert found.cost.at_most
    alone = estimate([replaced(PLAN, "auto_imp", start=start)], None, one_second_a_step(PLAN)).experiments[-1]
    assert alone.cost.time == "at most 12 s"


def test_what_goes_on_from_a_finished_training_has_the_steps_that_are_left(finished: Path, results: Path) -> None:
    after = arm(PLAN, "auto_imp", 1)
    origins = {
        name: origin.model_copy(update={"job": arm(PLAN, "auto").id})
        for name, origin in after.job.start.origins.items()
    }
    start = after.job.start.model_copy(update={"start_step": "end", "origins": origins})
    plan = replaced(PLAN, "auto_imp", start=start, training=after.job.training.model_copy(update={"steps": 20}))
    (results / "runs" / after.id / "weights.safetensors").unlink()
    (results / "runs" / arm(PLAN, "auto").id / "audit.json").unlink()
    found = estimate([plan], results, one_second_a_step(plan))
    assert (found.cost.done, found.cost.seconds, found.cost.at_most) == (4, 20 - 12, False)


def test_a_shrunken_network_is_at_most_as_slow_as_the_whole() -> None:
    plan = replaced(PLAN, "auto_imp", shrink=True)
    speeds = Speeds("nowhere", {NOWHERE.speeds.kind(whole(planned.job)): 1.0 for planned in plan.jobs})
    found = {one.id: one.cost for one in estimate([plan], None, Reckoner(speeds)).experiments}
    assert found["auto_imp"].time == "at most 24 s"
    assert found["auto"].time == "12 s"


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


def test_where_more_looks_are_declared_a_claim_shows_less_at_the_first() -> None:
    looks = "{looks: [5, 8], spending: uniform, because: a seed takes a blink}"
    once, more = (
        estimate([tiny.planned(CLAIMS, ["seeds=5", f"top_up={one}"])], None, NOWHERE).claims[0].power
        for one in ("null", looks)
    )
    level = 1.0 - 0.1 * 5 / 8
    margin = smallest_margin(5, True, level)
    assert margin is not None
    assert noninferiority_power(planned(5, 1.0, pairs=True), margin, level) == pytest.approx(POWER)
    assert (once, more) == ("1.36 sd of the paired differences", f"{margin:.2f} sd of the paired differences")
    assert margin > 1.37


def test_fewer_than_three_seeds_are_never_conclusive() -> None:
    assert smallest_margin(2, True) is None
    claim = estimate([tiny.planned(CLAIMS)], None, NOWHERE).claims[0]
    assert (claim.id, claim.cost.jobs, claim.seeds) == ("same", 3, 1)
    assert claim.power == "none: fewer than 3 seeds are never conclusive"
    claim = estimate([tiny.planned(CLAIMS, ["seeds=5"])], None, NOWHERE).claims[0]
    assert claim.power.endswith(" sd of the paired differences")
    assert claim.cost.jobs == 15


@pytest.mark.parametrize(
    ("processes", "told"),
    [(2, "none: fewer than 3 processes are never conclusive"), (3, "2.30 sd of the paired differences")],
)
def test_a_timings_claim_needs_enough_processes_whatever_the_seeds(processes: int, told: str) -> None:
    text = CLAIMS.replace("metric: fid", "metric: step_seconds\n    timing: clock")
    text += "timings:\n  clock: {says: a step, arms: {dense: gan_imp@0, ticket: gan_imp@2, random: gan_random@2}}\n"
    plan = tiny.planned(text, [f"timings.clock.processes={processes}"])
    assert {one.power for one in estimate([plan], None, NOWHERE).claims} == {told}


@pytest.mark.parametrize(
    ("seeds", "share", "told"),
    [
        (13, 0.8, "none: a share of 0.8 of the seeds takes 14 seeds at least"),
        (14, 0.8, "a share of 0.8 of the seeds"),
        (2, 0.1, "none: a share of 0.1 of the seeds takes 3 seeds at least"),  # 2 of 2 would show it by the interval
        (3, 0.1, "a share of 0.1 of the seeds"),
    ],
)
def test_a_share_of_the_seeds_needs_enough_of_them(seeds: int, share: float, told: str) -> None:
    text = SUITE.replace(
        "claims: {}",
        """\
claims:
  early:
    kind: found_by
    says: The mask becomes stable early on.
    source: {paper: nobody2000}
    metric: fid
    compare: [{arm: gan_imp@2}]
    latest: 6
    share: 0.8
    because: most runs is four of five""",
    )
    plan = tiny.planned(text, [f"seeds={seeds}", f"claims.early.share={share}"])
    (claim,) = estimate([plan], None, NOWHERE).claims
    assert claim.power == told


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "unknown"), (0.2, "0 s"), (89.0, "89 s"), (90.0, "2 min"), (5400.0, "1.5 h"), (4e6, "1,111 h")],
)
def test_a_duration_is_told_in_the_unit_that_fits(seconds: float | None, words: str) -> None:
    assert duration(seconds).startswith(words)


@pytest.mark.parametrize(
    ("count", "words"),
    [(None, "unknown"), (0, "0.0 kB"), (1500, "1.5 kB"), (999_499, "999 kB"), (5e9, "5.0 GB"), (2.5e15, "2,500.0 TB")],
)
def test_bytes_are_told_in_the_unit_that_fits(count: float | None, words: str) -> None:
    assert size(count) == words


def test_what_is_reckoned_is_called_so() -> None:
    cost = Cost(jobs=1, done=0, seconds=7200.0, at_most=False, by_flops=True, memory=10_000, at_least=True)
    assert (cost.time, cost.held, cost.room) == ("about 2.0 h by FLOPs", "at least 10 kB", "unknown")
    assert cost.model_copy(update={"at_most": True}).time == "at most about 2.0 h by FLOPs"
    assert cost.model_copy(update={"seconds": None}).time == "unknown"
