"""What must not change a verdict, and in which direction a margin may."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from benchmark.schema.claim import Claim
from tests.verdicts.made import (
    absolute,
    arm,
    claim,
    judge,
    judged,
    with_margin,
)

value = st.integers(-400, 400).map(lambda whole: whole / 8)  # eighths: shifts and signs stay exact
pair_lists = st.lists(st.tuples(value, value), min_size=3, max_size=6)
RANKS = {"not reproduced": 0, "inconclusive": 1, "reproduced": 2}


@given(pairs=pair_lists, size=st.integers(0, 100), more=st.integers(0, 100), kind=st.sampled_from(["matches", "same"]))
@settings(deadline=None, max_examples=60)
def test_a_larger_margin_never_weakens_a_match(
    pairs: list[tuple[float, float]], size: int, more: int, kind: str
) -> None:
    ticket, dense = zip(*pairs, strict=True)
    strict, lenient = (judged(with_margin(kind, by), ticket, dense).status for by in (size, size + more))
    assert RANKS[strict] <= RANKS[lenient]


@given(pairs=pair_lists, size=st.integers(0, 100), more=st.integers(0, 100), kind=st.sampled_from(["beats", "differs"]))
@settings(deadline=None, max_examples=60)
def test_a_larger_margin_never_helps_a_difference(
    pairs: list[tuple[float, float]], size: int, more: int, kind: str
) -> None:
    ticket, dense = zip(*pairs, strict=True)
    lenient, strict = (judged(with_margin(kind, by), ticket, dense).status for by in (size, size + more))
    assert RANKS[strict] <= RANKS[lenient]


@given(pairs=pair_lists, shift=st.integers(-1000, 1000), kind=st.sampled_from(["matches", "beats", "same", "differs"]))
@settings(deadline=None, max_examples=60)
def test_a_constant_added_to_both_arms_changes_nothing(pairs: list[tuple[float, float]], shift: int, kind: str) -> None:
    ticket, dense = zip(*pairs, strict=True)
    moved = judged(claim(kind), [x + shift for x in ticket], [x + shift for x in dense])
    assert moved.status == judged(claim(kind), ticket, dense).status


@given(pairs=pair_lists, kind=st.sampled_from(["matches", "beats", "same", "differs"]), paired=st.booleans())
@settings(deadline=None, max_examples=60)
def test_units_change_nothing_when_the_margin_changes_with_them(
    pairs: list[tuple[float, float]], kind: str, paired: bool
) -> None:
    ticket, dense = zip(*pairs, strict=True)
    key = "by" if kind == "beats" else "margin"
    scaled = claim(kind, paired=paired, **{key: absolute(1024.0)})
    found = judged(scaled, [1024 * x for x in ticket], [1024 * x for x in dense])
    assert found.status == judged(claim(kind, paired=paired), ticket, dense).status


@given(pairs=pair_lists, kind=st.sampled_from(["same", "differs"]), paired=st.booleans())
@settings(deadline=None, max_examples=60)
def test_swapping_the_arms_changes_neither_same_nor_differs(
    pairs: list[tuple[float, float]], kind: str, paired: bool
) -> None:
    ticket, dense = zip(*pairs, strict=True)
    made = claim(kind, paired=paired)
    assert judged(made, ticket, dense).status == judged(made, dense, ticket).status


@given(pairs=pair_lists, kind=st.sampled_from(["matches", "beats", "same", "differs"]))
@settings(deadline=None, max_examples=60)
def test_a_score_to_maximize_mirrors_a_score_to_minimize(pairs: list[tuple[float, float]], kind: str) -> None:
    ticket, dense = zip(*pairs, strict=True)
    mirrored = judge(
        claim(kind),
        arm("imp@1", [-x for x in ticket], lower_is_better=False),
        arm("imp@0", [-x for x in dense], lower_is_better=False),
    )
    assert mirrored.parts[0].effect == judged(claim(kind), ticket, dense).parts[0].effect


@given(pairs=pair_lists)
@settings(deadline=None, max_examples=40)
def test_the_order_of_seeds_changes_nothing(pairs: list[tuple[float, float]]) -> None:
    ticket, dense = zip(*pairs, strict=True)
    one = judged(claim("matches"), ticket, dense)
    other = judged(claim("matches"), ticket[::-1], dense[::-1])
    assert (one.status, one.fragile) == (other.status, other.fragile)


@given(
    pairs=pair_lists, made=st.sampled_from([with_margin("matches", 3), with_margin("beats", 3), with_margin("same", 3)])
)
@settings(deadline=None, max_examples=60)
def test_the_effect_shown_agrees_with_the_status(pairs: list[tuple[float, float]], made: Claim) -> None:
    ticket, dense = zip(*pairs, strict=True)
    assume(len({t - d for t, d in pairs}) > 1)
    found = judged(made, ticket, dense)
    effect = found.parts[0].effect
    assert effect is not None
    assert effect.low <= effect.estimate <= effect.high
    assert effect.estimate == pytest.approx(sum(t - d for t, d in pairs) / len(pairs), abs=1e-9)
    inside = {
        "matches": effect.high <= 3,
        "beats": effect.high < -3,
        "same": effect.high <= 3 and effect.low >= -3,
    }[made.kind]
    assert (found.status == "reproduced") == inside
