"""How often a rule errs where the truth lies exactly on the margin, by simulation."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from benchmark.schema.record import Margin
from benchmark.verdicts.arms import Printed
from benchmark.verdicts.contrast import Axis, Contrast
from benchmark.verdicts.rules import BETTER, DIFFERENT, EQUAL, NO_WORSE, Rule
from tests.verdicts.made import (
    BECAUSE,
)

TRIALS = 4000
TOLERANCE = 4 * math.sqrt(0.05 * 0.95 / TRIALS)


def seeds(values: Sequence[float]) -> dict[int, float | None]:
    return dict(enumerate(values))


def rate(rule: Rule, status: str, truth: float, *, paired: bool, n: int, margin: Margin) -> float:
    """How often a rule gives a status where the ticket is truly worse by `truth` (one sd is 1, the dense mean 10)."""
    generator = np.random.default_rng([n, paired])
    dense = generator.normal(10.0, 1.0, size=(TRIALS, n))
    ticket = dense * paired + generator.normal(truth if paired else 10.0 + truth, 1.0, size=(TRIALS, n))
    axis = Axis(1, margin=margin)
    pairs = zip(ticket.tolist(), dense.tolist(), strict=True)
    return float(np.mean([rule.status(Contrast(seeds(t), seeds(d), axis, paired)) == status for t, d in pairs]))


ABSOLUTE = Margin(absolute=1.0, because=BECAUSE)
RELATIVE = Margin(relative=0.1, because=BECAUSE)


@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize(("rule", "truth"), [(NO_WORSE, 1.0), (BETTER, -1.0), (EQUAL, 1.0), (EQUAL, -1.0)])
def test_a_claim_that_is_just_false_is_reproduced_in_at_most_one_of_twenty(
    rule: Rule, truth: float, paired: bool, n: int
) -> None:
    assert rate(rule, "reproduced", truth, paired=paired, n=n, margin=ABSOLUTE) <= 0.05 + TOLERANCE


@pytest.mark.parametrize("rule", [NO_WORSE, EQUAL])
def test_a_relative_margin_keeps_the_error_rate_too(rule: Rule) -> None:
    assert rate(rule, "reproduced", 1.0, paired=True, n=5, margin=RELATIVE) <= 0.05 + TOLERANCE


@pytest.mark.parametrize("paired", [True, False])
def test_a_claim_that_is_just_true_is_not_reproduced_in_at_most_one_of_twenty(paired: bool) -> None:
    assert rate(NO_WORSE, "not reproduced", 1.0, paired=paired, n=5, margin=ABSOLUTE) <= 0.05 + TOLERANCE
    # Two-sided at 95 %, so one of forty on the side of the margin.
    assert rate(DIFFERENT, "reproduced", 1.0, paired=paired, n=5, margin=ABSOLUTE) <= 0.025 + TOLERANCE / 2


@pytest.mark.parametrize("n", [3, 5])
def test_a_printed_mean_just_beyond_the_margin_is_reproduced_in_at_most_one_of_twenty(n: int) -> None:
    generator = np.random.default_rng(n)
    ours, theirs = generator.normal(11.0, 1.0, size=(TRIALS, n)).tolist(), generator.normal(10.0, 1.0, size=(TRIALS, 5))
    axis = Axis(1, margin=ABSOLUTE)
    contrasts = [
        Contrast(seeds(values), Printed(float(runs.mean()), None, 5, 0.0), axis, paired=False)
        for values, runs in zip(ours, theirs, strict=True)
    ]
    assert np.mean([EQUAL.status(one) == "reproduced" for one in contrasts]) <= 0.05 + TOLERANCE
