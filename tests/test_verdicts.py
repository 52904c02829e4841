"""Claims judged on made-up values: error rates, symmetries, and every way of not being judged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from benchmark.schema.claim import Claim
from benchmark.schema.measurement import Outcome
from benchmark.schema.protocol import Protocol
from benchmark.schema.record import Margin
from benchmark.schema.reference import Number, Place, Spread
from benchmark.schema.verdict import Observation, Verdict
from benchmark.verdicts import KINDS, ArmData, judge_claim
from benchmark.verdicts.arms import Printed
from benchmark.verdicts.contrast import Axis, Contrast
from benchmark.verdicts.rules import BETTER, DIFFERENT, EQUAL, NO_WORSE, Rule
from benchmark.verdicts.wording import rounded

PROTOCOL = Protocol(metric="fid", version=1, dataset="digits", generated=1000)
BECAUSE = "chosen before running"
Values = Sequence[float | None]


def arm(
    name: str,
    values: Values,
    *,
    outcome: Outcome = "diverged",
    sparsity: float | None = None,
    protocol: Protocol = PROTOCOL,
    lower_is_better: bool = True,
) -> ArmData:
    """An arm with one seed per value; null values have the outcome given."""
    seen = tuple(
        Observation(seed=seed, job=f"job-{seed}", outcome="done" if value is not None else outcome, value=value)
        for seed, value in enumerate(values)
    )
    level = int(name.rpartition("@")[2])
    return ArmData(name, level, sparsity, seen, (protocol,), unit="fid", lower_is_better=lower_is_better)


def number(value: float | None = 10.0, runs: int | None = 5, **more: object) -> Number:
    """A sourced printed number that was measured by the tests' protocol."""
    known = (
        {"read": "text", "source": "Table 2", "protocol": PROTOCOL} if value is not None else {"status": "not sourced"}
    )
    return Number.model_validate({"value": value, "unit": "fid", "place": Place(), "runs": runs} | known | more)


def claim(kind: str, compare: Sequence[dict[str, str]] | None = None, **more: Any) -> Claim:
    """A claim about `imp@1` against `imp@0`, unless told otherwise."""
    special: dict[str, dict[str, Any]] = {
        "beats": {"by": {"absolute": 1.0, "because": BECAUSE}},
        "reduces": {"ratio": 0.5, "because": BECAUSE},
        "sparsest": {"margin": {"absolute": 1.0, "because": BECAUSE}, "at_least": 0.8},
    }
    margin = special.get(kind, {"margin": {"absolute": 1.0, "because": BECAUSE}})
    default = [{"arm": "imp" if kind == "sparsest" else "imp@1", "baseline": "imp@0"}]
    written: dict[str, Any] = {
        "kind": kind,
        "says": "A sentence of ours.",
        "source": {"paper": "kalibhat2021"},
        "metric": "fid",
    }
    written |= margin | {"compare": compare or default} | more
    found: Claim = TypeAdapter(Claim).validate_python(written, strict=False)
    return found


def judge(made: Claim, *arms: ArmData, small: bool = False, **references: Number) -> Verdict:
    """Judge a claim on the arms given; references are numbers of the paper kalibhat2021."""
    named = {f"kalibhat2021/{name}": one for name, one in references.items()}
    by_name = {one.name: one for one in arms}
    return judge_claim(
        made, by_name, named, suite="demo", claim_id="c", scale="small" if small else "paper", small=small
    )


def judged(made: Claim, ticket: Values, dense: Values) -> Verdict:
    """Judge `imp@1` against `imp@0`."""
    return judge(made, arm("imp@1", ticket), arm("imp@0", dense))


# Error rates and symmetries of the rules

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
    assert rate(DIFFERENT, "reproduced", 1.0, paired=paired, n=5, margin=ABSOLUTE) <= 0.05 + TOLERANCE


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


value = st.integers(-400, 400).map(lambda whole: whole / 8)  # eighths: shifts and signs stay exact
pair_lists = st.lists(st.tuples(value, value), min_size=3, max_size=6)
RANKS = {"not reproduced": 0, "inconclusive": 1, "reproduced": 2}


def _absolute(size: float) -> Any:
    return {"absolute": size, "because": BECAUSE}


def with_margin(kind: str, size: float) -> Claim:
    return claim(kind, **{"by" if kind == "beats" else "margin": _absolute(size)})


@given(pairs=pair_lists, size=st.integers(0, 100), more=st.integers(0, 100), kind=st.sampled_from(["matches", "same"]))
@settings(max_examples=60)
def test_a_larger_margin_never_weakens_a_match(
    pairs: list[tuple[float, float]], size: int, more: int, kind: str
) -> None:
    ticket, dense = zip(*pairs, strict=True)
    strict, lenient = (judged(with_margin(kind, by), ticket, dense).status for by in (size, size + more))
    assert RANKS[strict] <= RANKS[lenient]


@given(pairs=pair_lists, size=st.integers(0, 100), more=st.integers(0, 100), kind=st.sampled_from(["beats", "differs"]))
@settings(max_examples=60)
def test_a_larger_margin_never_helps_a_difference(
    pairs: list[tuple[float, float]], size: int, more: int, kind: str
) -> None:
    ticket, dense = zip(*pairs, strict=True)
    lenient, strict = (judged(with_margin(kind, by), ticket, dense).status for by in (size, size + more))
    assert RANKS[strict] <= RANKS[lenient]


@given(pairs=pair_lists, shift=st.integers(-1000, 1000), kind=st.sampled_from(["matches", "beats", "same", "differs"]))
@settings(max_examples=60)
def test_a_constant_added_to_both_arms_changes_nothing(pairs: list[tuple[float, float]], shift: int, kind: str) -> None:
    ticket, dense = zip(*pairs, strict=True)
    moved = judged(claim(kind), [x + shift for x in ticket], [x + shift for x in dense])
    assert moved.status == judged(claim(kind), ticket, dense).status


@given(pairs=pair_lists, kind=st.sampled_from(["matches", "beats", "same", "differs"]), paired=st.booleans())
@settings(max_examples=60)
def test_units_change_nothing_when_the_margin_changes_with_them(
    pairs: list[tuple[float, float]], kind: str, paired: bool
) -> None:
    ticket, dense = zip(*pairs, strict=True)
    key = "by" if kind == "beats" else "margin"
    scaled = claim(kind, paired=paired, **{key: _absolute(1024.0)})
    found = judged(scaled, [1024 * x for x in ticket], [1024 * x for x in dense])
    assert found.status == judged(claim(kind, paired=paired), ticket, dense).status


@given(pairs=pair_lists, kind=st.sampled_from(["same", "differs"]), paired=st.booleans())
@settings(max_examples=60)
def test_swapping_the_arms_changes_neither_same_nor_differs(
    pairs: list[tuple[float, float]], kind: str, paired: bool
) -> None:
    ticket, dense = zip(*pairs, strict=True)
    made = claim(kind, paired=paired)
    assert judged(made, ticket, dense).status == judged(made, dense, ticket).status


@given(pairs=pair_lists, kind=st.sampled_from(["matches", "beats", "same", "differs"]))
@settings(max_examples=60)
def test_a_score_to_maximize_mirrors_a_score_to_minimize(pairs: list[tuple[float, float]], kind: str) -> None:
    ticket, dense = zip(*pairs, strict=True)
    mirrored = judge(
        claim(kind),
        arm("imp@1", [-x for x in ticket], lower_is_better=False),
        arm("imp@0", [-x for x in dense], lower_is_better=False),
    )
    assert mirrored.parts[0].effect == judged(claim(kind), ticket, dense).parts[0].effect


@given(pairs=pair_lists, order=st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_order_of_seeds_changes_nothing(pairs: list[tuple[float, float]], order: object) -> None:
    ticket, dense = zip(*pairs, strict=True)
    one = judged(claim("matches"), ticket, dense)
    other = judged(claim("matches"), ticket[::-1], dense[::-1])
    assert (one.status, one.fragile) == (other.status, other.fragile)


@given(
    pairs=pair_lists, made=st.sampled_from([with_margin("matches", 3), with_margin("beats", 3), with_margin("same", 3)])
)
@settings(max_examples=60)
def test_the_effect_shown_agrees_with_the_status(pairs: list[tuple[float, float]], made: Claim) -> None:
    ticket, dense = zip(*pairs, strict=True)
    assume(len({t - d for t, d in pairs}) > 1)
    found = judged(made, ticket, dense)
    effect = found.parts[0].effect
    assert effect is not None
    assert effect.low <= effect.estimate <= effect.high
    inside = {
        "matches": effect.high <= 3,
        "beats": effect.high < -3,
        "same": effect.high <= 3 and effect.low >= -3,
    }[made.kind]
    assert (found.status == "reproduced") == inside


# Kinds, by example

SPREAD = [0.0, 0.1, -0.1, 0.05, -0.05]
DENSE = [10.0 + x for x in SPREAD]


def moved(by: float) -> list[float]:
    """The dense values, moved, with another spread."""
    return [x + by + y for x, y in zip(DENSE, [0.05, -0.05, 0.1, 0.0, -0.1], strict=True)]


@pytest.mark.parametrize(
    ("kind", "by", "status"),
    [
        ("matches", 0.0, "reproduced"),
        ("matches", -9.0, "reproduced"),
        ("matches", 2.0, "not reproduced"),
        ("matches", 1.0, "inconclusive"),
        ("beats", -2.0, "reproduced"),
        ("beats", 0.0, "not reproduced"),
        ("beats", -1.0, "inconclusive"),
        ("same", 0.0, "reproduced"),
        ("same", -2.0, "not reproduced"),
        ("same", 1.0, "inconclusive"),
        ("differs", -2.0, "reproduced"),
        ("differs", 0.0, "not reproduced"),
        ("differs", -1.0, "inconclusive"),
        ("reduces", -6.0, "reproduced"),
        ("reduces", -4.0, "not reproduced"),
        ("reduces", -5.0, "inconclusive"),
    ],
)
@pytest.mark.parametrize("paired", [True, False])
def test_each_kind_by_example(kind: str, by: float, status: str, paired: bool) -> None:
    assert judged(claim(kind, paired=paired), moved(by), DENSE).status == status


def test_every_kind_of_the_schema_is_judged() -> None:
    assert set(KINDS) == set(TypeAdapter(Claim).json_schema()["discriminator"]["mapping"])


def test_a_relative_margin_is_tested_seed_by_seed() -> None:
    # The dense values vary tenfold and the ticket is always 4 % worse: only a per-seed test can see that.
    dense = [1.0, 2.0, 5.0, 10.0]
    made = claim("matches", margin={"relative": 0.05, "because": BECAUSE})
    found = judged(made, [1.04 * x for x in dense], dense)
    effect = found.parts[0].effect
    assert effect is not None
    assert effect.margin == pytest.approx(0.05 * 4.5)
    shifted = [1.04 * x - 1.05 * x for x in dense]
    half = 2.353 * np.std(shifted, ddof=1) / 2
    assert effect.high - effect.margin == pytest.approx(np.mean(shifted) + half, abs=1e-4)
    assert (found.status == "reproduced") == (np.mean(shifted) + half <= 0)


@pytest.mark.parametrize(("ticket", "status"), [(0.96, "reproduced"), (0.94, "not reproduced")])
def test_a_relative_margin_is_mirrored_where_higher_is_better(ticket: float, status: str) -> None:
    dense = [0.8, 0.9, 0.85]
    made = claim("matches", margin={"relative": 0.05, "because": BECAUSE})
    arms = [
        arm("imp@1", [ticket * x for x in dense], lower_is_better=False),
        arm("imp@0", dense, lower_is_better=False),
    ]
    assert judge(made, *arms).status == status


def test_exact_costs_at_the_ratio_are_at_most_the_ratio() -> None:
    made = claim("reduces", ratio=0.21)
    found = judged(made, [21_000.0] * 3, [100_000.0] * 3)
    assert found.status == "reproduced"
    assert found.parts[0].effect is not None
    assert found.parts[0].effect.scale == "ratio"
    assert found.parts[0].effect.high == pytest.approx(0.21)
    assert judged(made, [21_001.0] * 3, [100_000.0] * 3).status == "not reproduced"
    assert any("exact" in line for line in found.parts[0].warnings)


def test_a_ratio_of_nothing_is_inconclusive() -> None:
    found = judged(claim("reduces"), [0.0, 1.0, 1.0], [0.0, 4.0, 4.0])
    assert (found.status, found.parts[0].effect) == ("inconclusive", None)


def test_ratios_without_a_finite_interval_are_inconclusive() -> None:
    assert judged(claim("reduces"), [1e-200, 1e200, 1.0], [1.0, 1.0, 1.0]).status == "inconclusive"


def test_equal_arms_match_even_without_a_margin_but_do_not_beat() -> None:
    none = {"absolute": 0.0, "because": BECAUSE}
    assert judged(claim("matches", margin=none), [7.0] * 3, [7.0] * 3).status == "reproduced"
    assert judged(claim("beats", by=none), [7.0] * 3, [7.0] * 3).status == "not reproduced"


# Too little, nothing, or worse


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("kind", ["matches", "beats"])
@pytest.mark.parametrize("by", [-100.0, 100.0])
def test_fewer_than_three_seeds_are_indicative_only(n: int, kind: str, by: float) -> None:
    found = judged(claim(kind), [x + by for x in DENSE[:n]], DENSE[:n])
    assert found.status == "inconclusive"
    assert "indicative only" in found.reason


@pytest.mark.parametrize("outcome", ["failed", "blocked", "missing", "done"])
def test_one_value_that_is_missing_is_never_a_pass(outcome: Outcome) -> None:
    ticket = arm("imp@1", [1.0, None, 1.0, 1.0], outcome=outcome)
    found = judge(claim("matches"), ticket, arm("imp@0", DENSE[:4]))
    assert found.status == "not run"
    assert "imp@1 seed 1" in found.reason
    assert found.parts[0].arm.mean is None


def test_nothing_measured_is_not_run() -> None:
    assert judge(claim("matches")).status == "not run"
    assert judge(claim("sparsest")).status == "not run"
    assert "imp@0 is not part of the plan" in judge(claim("matches"), arm("imp@1", DENSE)).reason
    assert judge(claim("matches"), arm("imp@1", []), arm("imp@0", [])).status == "not run"


def test_a_seed_that_only_one_arm_has_is_missing_for_a_paired_claim() -> None:
    ticket, dense = arm("imp@1", DENSE[:4]), arm("imp@0", DENSE)
    assert "imp@1 seed 4" in judge(claim("matches"), ticket, dense).reason
    assert judge(claim("matches", paired=False), ticket, dense).status == "reproduced"


def test_a_divergence_under_five_seeds_is_inconclusive_however_good_the_rest() -> None:
    found = judged(claim("matches"), [0.0, 0.0, None, 0.0], DENSE[:4])
    assert (found.status, found.parts[0].effect) == ("inconclusive", None)
    assert "1 of 4 seeds of imp@1 diverged" in found.reason


def test_divergences_among_many_seeds_are_judged_by_ranks_as_worst() -> None:
    dense = [10.0 + 0.01 * x for x in range(10)]
    one_lost = judged(claim("matches"), [None, *(x - 5.0 for x in dense[1:])], dense)
    two_lost = judged(claim("matches"), [None, None, *(x - 5.0 for x in dense[2:])], dense)
    assert (one_lost.status, two_lost.status) == ("reproduced", "inconclusive")
    relative = claim("matches", paired=False, margin={"relative": 0.05, "because": BECAUSE})
    unpaired = judged(relative, [None, *(x - 5.0 for x in dense[1:])], dense)
    assert unpaired.status == "reproduced"
    assert "lies below the margin of 5 %" in unpaired.reason
    dense_lost = judged(claim("beats"), dense, [None] * 10)
    assert dense_lost.status == "reproduced"


@pytest.mark.parametrize(("n", "status"), [(3, "inconclusive"), (5, "not reproduced")])
def test_a_ticket_that_always_diverges_never_matches(n: int, status: str) -> None:
    found = judged(claim("matches"), [None] * n, DENSE[:n])
    assert found.status == status
    assert f"{n} of {n} seeds" in found.reason


def test_where_every_seed_of_both_arms_diverged_nothing_is_shown() -> None:
    for kind in ("matches", "beats"):
        assert judged(claim(kind), [None] * 8, [None] * 8).status == "inconclusive"


# The gate


def test_arms_measured_differently_are_not_compared() -> None:
    other = arm("imp@0", DENSE, protocol=PROTOCOL.model_copy(update={"generated": 5000, "version": 2}))
    found = judge(claim("matches"), arm("imp@1", DENSE), other)
    assert found.status == "not comparable"
    assert found.parts[0].differing_fields == ("version", "generated")
    assert "generated" in found.reason


PRINTED = [{"arm": "imp@1", "reference": "kalibhat2021/dense_fid"}]


def test_a_printed_number_that_agrees_is_reproduced_with_its_runs_in_the_interval() -> None:
    found = judge(claim("equals", PRINTED), arm("imp@1", DENSE), dense_fid=number(10.0, 5, printed="10.0"))
    effect = found.parts[0].effect
    assert (found.status, found.label) == ("reproduced", "reproduced")
    assert effect is not None
    half = 2.132 * np.std(DENSE, ddof=1) * math.sqrt(2 / 5) + 0.05
    assert (effect.low, effect.high) == pytest.approx((-half, half), abs=1e-4)
    assert judge(claim("equals", PRINTED), arm("imp@1", DENSE), dense_fid=number(13.0)).status == "not reproduced"


def test_a_small_run_never_speaks_for_a_printed_number() -> None:
    found = judge(claim("equals", PRINTED), arm("imp@1", DENSE), small=True, dense_fid=number(10.0))
    assert (found.status, found.label) == ("not comparable", "not comparable")
    assert "small run" in found.reason


def test_relations_at_small_scale_have_their_own_words() -> None:
    holds = judge(claim("matches"), arm("imp@1", DENSE), arm("imp@0", DENSE), small=True)
    fails = judge(claim("matches"), arm("imp@1", moved(5.0)), arm("imp@0", DENSE), small=True)
    assert (holds.label, fails.label) == ("holds at small scale", "does not hold at small scale")
    assert (holds.status, fails.status) == ("reproduced", "not reproduced")


@pytest.mark.parametrize("missing", [None, number(None)])
def test_a_number_that_nobody_could_read_is_not_comparable(missing: Number | None) -> None:
    made, ours = claim("equals", PRINTED), arm("imp@1", DENSE)
    found = judge(made, ours) if missing is None else judge(made, ours, dense_fid=missing)
    assert found.status == "not comparable"
    assert "not sourced" in found.reason


def test_what_the_paper_left_unsaid_blocks_until_it_is_assumed_with_a_reason() -> None:
    vague = number(10.0, None, protocol=PROTOCOL.model_copy(update={"generated": None}))
    blocked = judge(claim("equals", PRINTED), arm("imp@1", DENSE), dense_fid=vague)
    assert (blocked.status, blocked.parts[0].differing_fields) == ("not comparable", ("generated", "runs"))
    assume = {"generated": "their code says so", "runs": "one run is the widest interval"}
    open_ = judge(claim("equals", PRINTED, assume=assume), arm("imp@1", DENSE), dense_fid=vague)
    assert open_.status == "reproduced"
    assert sum("Assumed" in line for line in open_.parts[0].warnings) == 2


def test_another_unit_is_not_comparable() -> None:
    found = judge(claim("equals", PRINTED), arm("imp@1", DENSE), dense_fid=number(10.0, unit="%"))
    assert found.parts[0].differing_fields == ("unit",)


def test_a_printed_spread_counts_only_over_training_runs() -> None:
    over_runs = number(10.0, 5, spread=Spread(value=2.0, means="standard deviation over runs"))
    evaluation = number(10.0, 5, spread=Spread(value=2.0, means="standard deviation over 10 evaluations"))
    wide, narrow = (
        judge(claim("equals", PRINTED), arm("imp@1", DENSE), dense_fid=one).parts[0] for one in (over_runs, evaluation)
    )
    assert wide.effect is not None
    assert narrow.effect is not None
    assert wide.effect.high - wide.effect.low > 5 * (narrow.effect.high - narrow.effect.low)
    assert any("not used" in line for line in narrow.warnings)
    assert (wide.baseline.sd, narrow.baseline.sd) == (2.0, None)


# Joining parts, the sparsest level, and what stands beside a verdict

BOTH = [{"arm": "imp@1", "baseline": "imp@0"}, {"arm": "imp@2", "baseline": "imp@0"}]


@pytest.mark.parametrize(
    ("second", "status"),
    [
        (arm("imp@2", moved(0.0)), "reproduced"),
        (arm("imp@2", moved(5.0)), "not reproduced"),
        (arm("imp@2", moved(1.0)), "inconclusive"),
        (arm("imp@2", DENSE, protocol=Protocol(metric="kid")), "not comparable"),
        (arm("imp@2", [None] * 5, outcome="failed"), "not run"),
    ],
)
def test_all_comparisons_must_hold(second: ArmData, status: str) -> None:
    found = judge(claim("matches", BOTH), arm("imp@1", moved(0.0)), second, arm("imp@0", DENSE))
    assert found.status == status
    assert found.parts[0].status == "reproduced"
    assert f"{1 + (status == 'reproduced')} of 2" in found.reason


def test_a_contradictory_pair_of_demands_is_not_reproduced() -> None:
    both = [{"arm": "imp@1", "baseline": "imp@0"}, {"arm": "imp@0", "baseline": "imp@1"}]
    found = judge(claim("beats", both), arm("imp@1", moved(-3.0)), arm("imp@0", DENSE))
    assert found.status == "not reproduced"


def levels(*moves: float, sparsities: Sequence[float | None] = (0.36, 0.59, 0.8, 0.9)) -> list[ArmData]:
    """The dense level and one level per move."""
    pruned = [arm(f"imp@{i + 1}", moved(by), sparsity=sparsities[i]) for i, by in enumerate(moves)]
    return [arm("imp@0", DENSE, sparsity=0.0), *pruned]


@pytest.mark.parametrize(
    ("moves", "status", "sparsest", "tested"),
    [
        ((0.0, 0.0, 0.0, 5.0), "reproduced", 0.8, 4),
        ((0.0, 0.0, 0.0, 0.0), "reproduced", 0.9, 4),
        ((0.0, 5.0, 0.0, 0.0), "not reproduced", 0.36, 2),
        ((5.0, 0.0, 0.0, 0.0), "not reproduced", None, 1),
        ((0.0, 0.0, 5.0, 0.0), "not reproduced", 0.59, 3),
        ((0.0, 1.0, 0.0, 0.0), "inconclusive", 0.36, 2),
        ((0.0, 0.0), "inconclusive", 0.59, 2),
    ],
)
def test_the_sparsest_level_is_sought_from_below_and_stops_at_the_first_failure(
    moves: tuple[float, ...], status: str, sparsest: float | None, tested: int
) -> None:
    found = judge(claim("sparsest"), *levels(*moves))
    assert (found.status, found.sparsest, len(found.parts)) == (status, sparsest, tested)


def test_a_failure_beyond_the_claimed_sparsity_leaves_open_what_lies_between() -> None:
    found = judge(claim("sparsest"), *levels(0.0, 5.0, sparsities=(0.36, 0.9)))
    assert (found.status, found.sparsest) == ("inconclusive", 0.36)


def test_levels_are_tested_by_sparsity_whatever_their_order() -> None:
    found = judge(claim("sparsest"), *reversed(levels(0.0, 0.0, 0.0, 5.0)))
    assert [part.arm.name for part in found.parts] == ["imp@1", "imp@2", "imp@3", "imp@4"]


def test_a_level_without_sparsity_is_not_run() -> None:
    found = judge(claim("sparsest"), *levels(0.0, sparsities=(None,)))
    assert found.status == "not run"
    assert "sparsity of imp@1" in found.reason


def test_a_verdict_that_hangs_on_one_seed_is_fragile() -> None:
    firm = judged(claim("matches"), moved(0.0), DENSE)
    torn = judged(claim("matches"), [*(x + 0.6 for x in DENSE[:4]), DENSE[4] + 1.6], DENSE)
    assert (firm.fragile, torn.fragile) == (False, True)
    assert "Leaving out seed 4 makes it reproduced" in torn.parts[0].sensitivity
    assert "rank test agrees" in firm.parts[0].sensitivity


def test_a_rank_test_that_cannot_reach_its_level_says_so() -> None:
    found = judged(claim("matches"), DENSE[:3], DENSE[:3])
    assert "can't reach 5 % with 3 seeds" in found.parts[0].sensitivity


def test_margins_below_the_noise_and_low_power_are_warned_about() -> None:
    narrow = judged(with_margin("matches", 0.01), moved(0.0), DENSE).parts[0]
    assert len(narrow.warnings) == 3
    assert narrow.effect is not None
    assert narrow.effect.power is not None
    assert narrow.effect.power < 0.2
    wide = judged(with_margin("matches", 1.0), moved(0.0), DENSE).parts[0]
    assert wide.warnings == ()
    assert wide.effect is not None
    assert wide.effect.power == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    ("expect", "by", "as_expected"),
    [
        ("reproduced", 0.0, True),
        ("reproduced", 5.0, False),
        ("reproduced", 1.0, False),
        ("not reproduced", 5.0, True),
        ("not reproduced", 0.0, False),
        ("any", 1.0, True),
    ],
)
def test_a_verdict_knows_whether_it_was_expected(expect: str, by: float, as_expected: bool) -> None:
    assert judged(claim("matches", expect=expect), moved(by), DENSE).as_expected is as_expected


def test_the_reason_is_one_sentence_with_rounded_numbers_and_units() -> None:
    found = judged(claim("matches"), moved(5.0), DENSE)
    assert found.reason == (
        "imp@1 is 5 fid worse than imp@0: the 90 % interval of the disadvantage, 4.92 to 5.08 over 5 seeds, "
        "lies above the margin of 1 fid"
    )


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0, "0"), (-0.0, "0"), (1234.5, "1230"), (0.012345, "0.0123"), (1.12e16, "1.12e+16"), (-2.5, "-2.5")],
)
def test_numbers_are_rounded_to_three_digits(number: float, text: str) -> None:
    assert rounded(number) == text
