"""The seeds that a spread calls for: enough for power 0.8 and not one too many."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.forecast.power import MOST, POWER, RULES, fewest_seeds, is_there
from benchmark.schema.record import Margin
from benchmark.statistics import equivalence_power, noninferiority_power, planned, sd
from benchmark.verdicts.arms import Printed
from benchmark.verdicts.contrast import Axis, Contrast
from benchmark.verdicts.rules import BETTER, EQUAL, FEWEST_SEEDS, NO_WORSE

NOISE = (0.3, -1.1, 0.8, 0.6, -0.6)
"""Sums to nothing, so that arms are equal on average."""


def contrast(
    margin: float, spread: float, *, paired: bool = True, effect: float = 0.0, ratio: float | None = None
) -> Contrast:
    arm = {seed: 10.0 + effect + spread * noise for seed, noise in enumerate(NOISE)}
    baseline = dict.fromkeys(arm, 10.0) if paired else {seed: 10 + spread * noise for seed, noise in enumerate(NOISE)}
    axis = Axis(1, ratio=ratio) if ratio else Axis(1, margin=Margin(absolute=margin, because="a test's own"))
    return Contrast(arm, baseline, axis, paired=paired)


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize(
    ("kind", "power"), [("matches", noninferiority_power), ("same", equivalence_power), ("equals", equivalence_power)]
)
def test_equal_arms_need_the_fewest_seeds_with_the_power(kind: str, power: object, paired: bool) -> None:
    assert power in (noninferiority_power, equivalence_power)
    chance = noninferiority_power if power is noninferiority_power else equivalence_power
    spread = sd(NOISE)
    for margin in (0.4, 0.7, 1.5):
        found = fewest_seeds(RULES[kind], contrast(margin, 1.0, paired=paired))
        assert found is not None
        assert found >= FEWEST_SEEDS
        assert chance(planned(found, spread, pairs=paired), margin) >= POWER
        if found > FEWEST_SEEDS:
            assert chance(planned(found - 1, spread, pairs=paired), margin) < POWER


def test_the_table_of_the_rules_is_met() -> None:
    """docs/statistics: Welch, margin 2 sd: 5 seeds have power 0.89 for non-inferiority, 8 have 0.97 for equivalence."""
    found = [fewest_seeds(rule, contrast(2 * sd(NOISE), 1.0, paired=False)) for rule in (NO_WORSE, EQUAL)]
    assert found[0] in (4, 5)
    assert found[1] in (6, 7)


def test_a_simulation_agrees() -> None:
    """Paired differences of normal noise: the power at the number found, by trying."""
    margin, spread = 0.9, sd(NOISE)
    found = fewest_seeds(NO_WORSE, contrast(margin, 1.0))
    assert found is not None
    draws = np.random.default_rng(0).normal(0.0, spread, (20_000, found))
    from scipy.special import stdtrit

    ends = draws.mean(axis=1) + stdtrit(found - 1, 0.95) * draws.std(axis=1, ddof=1) / math.sqrt(found)
    assert POWER - 0.01 < float((ends < margin).mean()) < POWER + 0.1


@pytest.mark.parametrize(("effect", "there"), [(-3.0, True), (-1.0, False), (-0.5, False), (2.0, False)])
def test_an_advantage_is_taken_to_be_the_one_seen(effect: float, there: bool) -> None:
    seen = contrast(1.0, 1.0, effect=effect)
    assert is_there(BETTER, seen) == there
    found = fewest_seeds(BETTER, seen)
    assert (found is not None) == there
    if there:
        assert found == fewest_seeds(NO_WORSE, contrast(-effect - 1.0, 1.0))


@pytest.mark.parametrize("effect", [-3.0, 3.0])
def test_a_difference_counts_on_either_side_at_its_own_level(effect: float) -> None:
    rule = RULES["differs"]
    found = fewest_seeds(rule, contrast(1.0, 1.0, effect=effect))
    assert found is not None
    assert noninferiority_power(planned(found, sd(NOISE), pairs=True), 2.0, 0.95) >= POWER
    assert noninferiority_power(planned(found - 1, sd(NOISE), pairs=True), 2.0, 0.95) < POWER or found == FEWEST_SEEDS
    assert not is_there(rule, contrast(1.0, 1.0, effect=effect / 6))


def test_a_ratio_is_judged_on_logarithms() -> None:
    rule = RULES["reduces"]
    assert is_there(rule, contrast(0, 0.1, effect=-5.0, ratio=0.6))
    assert fewest_seeds(rule, contrast(0, 0.1, effect=-5.0, ratio=0.6)) == FEWEST_SEEDS
    assert not is_there(rule, contrast(0, 0.1, effect=-1.0, ratio=0.6))


def test_a_printed_mean_of_one_run_may_never_be_enough() -> None:
    arm = {seed: 10.0 + noise for seed, noise in enumerate(NOISE)}
    axis = Axis(1, margin=Margin(absolute=1.5, because="a test's own"))

    def found(number: Printed) -> int | None:
        return fewest_seeds(NO_WORSE, Contrast(arm, number, axis, paired=False))

    assert found(Printed(10.0, None, 1, blur=0.0)) is None
    many = [found(Printed(10.0, None, runs, blur=0.0)) for runs in (5, 50)]
    assert many[0] is not None
    assert many[1] is not None
    assert many[0] > many[1]
    spread = found(Printed(10.0, 0.8, 5, blur=0.0))
    coarse = found(Printed(10.0, 0.8, 5, blur=0.3))
    assert spread is not None
    assert coarse is not None
    assert FEWEST_SEEDS <= spread < coarse


@settings(max_examples=10)
@given(margin=st.floats(0.2, 5), factor=st.floats(1.05, 3), paired=st.booleans())
def test_a_smaller_margin_and_a_larger_spread_never_need_fewer(margin: float, factor: float, paired: bool) -> None:
    def found(margin: float, spread: float) -> int:
        return fewest_seeds(NO_WORSE, contrast(margin, spread, paired=paired)) or MOST + 1

    assert found(margin, 1.0) >= found(margin * factor, 1.0)
    assert found(margin, factor) >= found(margin, 1.0)
    assert found(margin, 1.0) == found(2 * margin, 2.0)


def test_without_spread_the_fewest_seeds_do() -> None:
    assert fewest_seeds(NO_WORSE, contrast(0.1, 0.0)) == FEWEST_SEEDS
    assert fewest_seeds(EQUAL, contrast(0.1, 0.0, paired=False)) == FEWEST_SEEDS
    assert fewest_seeds(NO_WORSE, contrast(0.001, 1.0)) is None
