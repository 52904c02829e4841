"""The geometry of forest plots."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.schema.claim import BaseClaim, Beats, Claim, Differs, Equals, Matches, Reduces
from benchmark.schema.record import Margin
from benchmark.schema.verdict import ArmSummary, Effect, Part
from reports.forest import REACH, ROW, WIDTH, WITHOUT_MARGIN, forest

Triple = tuple[float, float, float]
MARGIN = Margin(absolute=2.0, because="chosen for this test")
BASE: dict[str, Any] = {
    "says": "a claim of this test",
    "source": {"paper": "x"},
    "metric": "fid",
    "compare": ({"arm": "a@1", "baseline": "a@0"},),
}


def _claim(of: type[BaseClaim], **more: Any) -> Claim:
    return of.model_validate(BASE | more)  # type: ignore[return-value]


MATCHES = _claim(Matches, kind="matches", margin=MARGIN)


def _part(values: Triple, margin: float = 2.0, **more: Any) -> Part:
    low, estimate, high = values
    effect = Effect(
        estimate=estimate, low=low, high=high, level=0.9, margin=margin, unit="FID", n=5, power=None, method="t", **more
    )
    return Part(
        arm=ArmSummary(name="a@1"), baseline=ArmSummary(name="a@0"), status="reproduced", reason="", effect=effect
    )


def at(margins: float) -> float:
    """Where so many margins stand: sinh of the share of half the plot gives them back."""
    return WIDTH / 2 * (1 + math.log(margins + math.sqrt(margins**2 + 1)) / math.log(REACH + math.sqrt(REACH**2 + 1)))


def test_no_effect_gives_no_plot() -> None:
    assert forest(MATCHES, [_part((0, 0, 0)).model_copy(update={"effect": None})]) is None


def test_positions_follow_the_values_around_the_middle() -> None:
    drawn = forest(MATCHES, [_part((-1.0, 0.0, 1.0))])
    assert drawn is not None
    bar, span = drawn.bars[0], drawn.spans[0]
    assert drawn.zero == WIDTH / 2
    assert (bar.estimate, bar.y) == (WIDTH / 2, ROW / 2)
    assert bar.high == pytest.approx(at(0.5), abs=0.01)
    assert WIDTH / 2 - bar.low == pytest.approx(bar.high - WIDTH / 2)
    assert [span.start, span.start + span.width] == pytest.approx([0.0, at(1.0)], abs=0.01)


@pytest.mark.parametrize(
    ("claim", "spans"),
    [
        (_claim(Beats, kind="beats", by=MARGIN), 1),
        (_claim(Equals, kind="equals", margin=MARGIN), 1),
        (_claim(Differs, kind="differs", margin=MARGIN), 2),
    ],
)
def test_the_shaded_ground_is_where_the_kind_wants_the_interval(claim: Claim, spans: int) -> None:
    drawn = forest(claim, [_part((-1.0, 0.0, 1.0))])
    assert drawn is not None and len(drawn.spans) == spans
    middle_is_shaded = any(span.start < WIDTH / 2 < span.start + span.width for span in drawn.spans)
    assert middle_is_shaded == (claim.kind == "equals")


@given(st.floats(min_value=1e-3, max_value=1e3), st.floats(min_value=1e-3, max_value=1e3))
def test_the_margin_stands_at_one_place_whatever_it_is(one: float, other: float) -> None:
    first, second = forest(MATCHES, [_part((-1.0, 0.0, 1.0), one)]), forest(MATCHES, [_part((-1.0, 0.0, 1.0), other)])
    assert first is not None and second is not None
    assert first.spans == second.spans


def test_without_a_margin_the_usual_one_of_the_metric_is_the_unit_or_the_interval_itself() -> None:
    part = _part((-3.0, -2.0, -1.0), margin=0.0)
    usual, alone = forest(MATCHES, [part], 0.5), forest(MATCHES, [part])
    assert usual is not None and alone is not None
    assert usual.bars[0].estimate == pytest.approx(WIDTH - at(4.0), abs=0.01)
    assert alone.bars[0].low == pytest.approx(WIDTH - at(WITHOUT_MARGIN), abs=0.01)
    assert [span.start + span.width for span in alone.spans] == [WIDTH / 2]


def test_ratios_are_drawn_by_their_logarithm() -> None:
    claim = _claim(Reduces, kind="reduces", ratio=0.5, because="chosen for this test")
    drawn = forest(claim, [_part((0.25, 0.5, 1.0), margin=0.5, scale="ratio")])
    assert drawn is not None
    bar, span = drawn.bars[0], drawn.spans[0]
    assert bar.high == WIDTH / 2
    assert [bar.low, bar.estimate] == pytest.approx([WIDTH - at(2.0), WIDTH - at(1.0)], abs=0.02)
    assert [span.start, span.start + span.width] == pytest.approx([0.0, bar.estimate], abs=0.02)


def test_a_huge_interval_is_cut_and_marked() -> None:
    drawn = forest(MATCHES, [_part((-900.0, 1.0, 3.0))])
    assert drawn is not None
    bar = drawn.bars[0]
    assert (bar.low, bar.low_cut, bar.high_cut, bar.beyond) == (0.0, True, False, False)


def test_an_effect_beyond_the_plot_has_no_mark() -> None:
    drawn = forest(MATCHES, [_part((-900.0, -500.0, -100.0))])
    assert drawn is not None
    assert drawn.bars[0].beyond


finite = st.floats(min_value=-1e9, max_value=1e9)
triples = st.tuples(finite, finite, finite).map(lambda values: (min(values), sorted(values)[1], max(values)))


@given(triples, st.floats(min_value=0, max_value=1e6))
def test_every_bar_stays_in_the_plot_in_order(values: Triple, margin: float) -> None:
    drawn = forest(MATCHES, [_part(values, margin)])
    assert drawn is not None
    bar = drawn.bars[0]
    assert 0 <= bar.low <= bar.estimate <= bar.high <= WIDTH


@given(triples, st.floats(min_value=1e-3, max_value=1e6))
def test_the_drawing_does_not_depend_on_the_unit(values: Triple, margin: float) -> None:
    small = forest(MATCHES, [_part(values, margin)])
    scaled = (8.0 * values[0], 8.0 * values[1], 8.0 * values[2])
    large = forest(MATCHES, [_part(scaled, 8.0 * margin)])
    assert small is not None and large is not None
    assert small.bars == large.bars


def test_a_share_of_seeds_is_not_drawn() -> None:
    share = _part((0.2, 0.6, 0.9), margin=0.5, scale="share")
    assert forest(MATCHES, [share]) is None
    drawn = forest(MATCHES, [share, _part((-1.0, 0.0, 1.0))])
    assert drawn is not None
    assert len(drawn.bars) == 1
