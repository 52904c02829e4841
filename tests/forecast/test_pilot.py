"""Seeds needed by the spread of a results directory, or why none can be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.forecast.pilot import Need, Pilot
from benchmark.forecast.power import RULES, fewest_seeds
from benchmark.schema.job import Campaign
from benchmark.schema.measurement import Measurement
from benchmark.schema.protocol import Protocol
from benchmark.schema.record import Margin
from benchmark.statistics import noninferiority_power, planned, sd
from benchmark.verdicts.contrast import Axis, Contrast
from tests import tiny
from tests.forecast.test_estimate import CLAIMS

MORE = """
  sparse:
    kind: sparsest
    says: The tickets are as good up to some sparsity.
    source: {paper: nobody2000}
    metric: fid
    compare: [{arm: gan_imp, baseline: gan_imp@0}]
    at_least: 0.3
    margin: {absolute: 1000, because: more than any seed moves}
  better:
    kind: beats
    says: The ticket is better than a random one by far.
    source: {paper: nobody2000}
    metric: fid
    compare: [{arm: gan_imp@2, baseline: gan_random@2}]
    by: {absolute: 100000, because: no such thing exists}
  often:
    kind: found_by
    says: The values are small in most of the seeds.
    source: {paper: nobody2000}
    metric: fid
    compare: [{arm: gan_imp@2}]
    latest: 6
    share: 0.8
    because: most runs is four of five
"""
TEXT = CLAIMS.replace("scales:", f"{MORE.strip(chr(10))}\nscales:")
SEEDS = 3


VALUES = {
    ("gan_imp", 0): (30.0, 31.5, 29.0),
    ("gan_imp", 1): (31.0, 30.5, 29.5),
    ("gan_imp", 2): (32.0, 32.5, 28.0),
    ("gan_random", 2): (33.0, 36.0, 27.5),
}
"""What seeds measured, by experiment and level."""


def measured(folder: Path, text: str, seeds: int, but: str = "") -> Path:
    """Write what a finished campaign has for a judge, but for what one experiment has alone."""
    suite, results = tiny.suite_of(text, [f"seeds={seeds}"]), ResultsDir(folder)
    results.write_campaign(Campaign(device="cpu", suites={suite.plan.suite.key: suite}))
    for arm in suite.plan.arms:
        values = VALUES.get((arm.experiment, arm.level))
        if values is not None and arm.experiment != but:
            run, planned = results.run(arm.job), suite.plan.job(arm.job)
            run.write_job(planned)
            run.files.write(run.WEIGHTS, b"")
            run.write_document(run.AUDIT, {})
            of = {"fid": values[arm.seed], "sparsity": 1 - 0.8**arm.level}
            for request in planned.metrics:
                lower, value = request.name == "fid", of[request.name]
                protocol = Protocol(metric=request.name, version=1)
                found = Measurement(
                    job=arm.job,
                    name=request.name,
                    value=value,
                    unit="",
                    lower_is_better=lower,
                    protocol=protocol,
                )
                run.write_measurement(request, found)
    return folder


@pytest.fixture(scope="module")
def pilot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seeds of what the claims need."""
    return measured(tmp_path_factory.mktemp("pilot") / "results", TEXT, SEEDS)


def need(folder: Path, claim: str, *overrides: str, text: str = TEXT) -> Need:
    return Pilot(ResultsDir(folder)).need(tiny.planned(text, overrides), claim)


def values(experiment: str, level: int) -> dict[int, float | None]:
    return dict(enumerate(VALUES[experiment, level]))


def test_the_seeds_are_those_of_the_paired_differences_at_the_plans_margin(pilot: Path) -> None:
    arm, baseline = values("gan_imp", 2), values("gan_random", 2)
    differences = [(arm[seed] or 0) - (baseline[seed] or 0) for seed in range(SEEDS)]
    spread = sd(differences)
    for share in (0.3, 0.8, 2.0):
        margin = share * spread
        block = f"{{absolute: {margin}, because: a share of the spread}}"
        found = need(pilot, "equal", f"claims.equal.margin={block}").seeds
        assert found is not None
        assert noninferiority_power(planned(found, spread, pairs=True), margin) >= 0.8
        assert noninferiority_power(planned(found - 1, spread, pairs=True), margin) < 0.8 or found == 3


def test_a_relative_margin_and_unpaired_arms_are_as_the_claim_is_judged(pilot: Path) -> None:
    arm, baseline = values("gan_imp", 2), values("gan_random", 2)
    margin = Margin(relative=0.02, because="about the seed noise")
    by_hand = Contrast(arm, baseline, Axis(1, margin=margin), paired=False)
    block = "{relative: 0.02, because: about the seed noise}"
    found = need(pilot, "equal", f"claims.equal.margin={block}", "claims.equal.paired=false")
    expected = fewest_seeds(RULES["matches"], by_hand)
    assert found == (Need(says="more than 1000") if expected is None else Need(seeds=expected))


def test_a_row_of_levels_needs_what_its_worst_level_up_to_the_claimed_sparsity_does(pilot: Path) -> None:
    assert need(pilot, "sparse").seeds == 3
    assert need(pilot, "sparse").words == "3"


def test_where_no_number_can_be_told_it_is_said_why(pilot: Path, tmp_path: Path) -> None:
    assert need(pilot, "better") == Need(says="the pilot shows no such effect")
    assert need(pilot, "often").seeds is None
    narrow = "claims.equal.margin={absolute: 1.0e-9, because: nothing is as close}"
    assert need(pilot, "equal", narrow).words == "more than 1000"
    other = TEXT.replace("key: small_networks", "key: other")
    assert need(pilot, "same", text=other) == Need(says="not in the pilot")
    assert need(measured(tmp_path / "bare", tiny.SUITE, SEEDS), "same") == Need(says="not in the pilot")  # no claims


def test_too_few_seeds_tell_nothing_of_spread(tmp_path: Path) -> None:
    few = Need(says="too few values in the pilot")
    assert need(measured(tmp_path / "one", TEXT, seeds=1), "same") == few
    part = measured(tmp_path / "part", TEXT, SEEDS, but="gan_random")
    assert need(part, "same").seeds is not None
    assert need(part, "equal") == few


def test_the_seeds_that_a_pilot_shares_with_a_plan_are_told(pilot: Path) -> None:
    found = Pilot(ResultsDir(pilot))
    assert found.seeds(tiny.planned(TEXT, ["seeds=2", "first_seed=2"])) == {2}
    assert found.seeds(tiny.planned(TEXT, ["first_seed=100"])) == set()
    assert found.seeds(tiny.planned(TEXT.replace("key: small_networks", "key: other"))) == set()
