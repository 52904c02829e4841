"""Numbers, places and expectations in words."""

# ruff: noqa: RUF001 - the typographic signs are what is tested

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.schema.claim import Source
from benchmark.schema.reference import Number, Place, Ribbon, Spread
from benchmark.schema.verdict import Effect, Status
from reports import wording


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (24.0, "24"),
        (0.0, "0"),
        (23.6543, "23.7"),
        (0.000294, "0.000294"),
        (-1.66490, "−1.66"),
        (1234567.0, "1,234,567"),
        (1297.4, "1,297"),
        (11_372_928.0, "11,372,928"),
        (1.12e16, "1.12 × 10¹⁶"),
        (3.04e-7, "3.04 × 10⁻⁷"),
        (0.9996, "1"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "undefined"),
    ],
)
def test_numbers_are_written_for_reading(value: float, text: str) -> None:
    assert wording.number(value) == text


@given(st.floats(min_value=1e-5, max_value=1e6))
def test_a_written_number_is_the_number_to_three_digits(value: float) -> None:
    read = float(wording.number(value).replace(",", ""))
    assert read == pytest.approx(value, rel=5.1e-3)


def test_places_get_their_labels_only_where_they_are_bare() -> None:
    assert wording.place(Place(table="2", row="EB-ticket", column="FID")) == "Table 2, row EB-ticket, column FID"
    assert wording.place(Place(section="abstract")) == "abstract"
    assert wording.place(Place(section="A.1")) == "Section A.1"
    assert wording.place(Place()) == "place not recorded"
    assert wording.source(Source(paper="chen2021", figure="3", page="5")) == "chen2021, Figure 3, page 5"


@pytest.mark.parametrize(
    ("expect", "status", "as_expected", "text"),
    [
        ("any", "not reproduced", True, "no expectation declared"),
        ("reproduced", "reproduced", True, "expected: reproduced; as expected"),
        ("reproduced", "not reproduced", False, "expected: reproduced; against expectation"),
        ("reproduced", "inconclusive", False, "expected: reproduced; still open"),
    ],
)
def test_an_open_verdict_is_not_called_a_contradiction(
    expect: str, status: Status, as_expected: bool, text: str
) -> None:
    assert wording.expectation(expect, status, as_expected) == text


def test_effects_carry_sign_unit_and_interval() -> None:
    difference = Effect(estimate=0.5, low=-1.665, high=2.665, level=0.9, margin=6, unit="FID", n=5, power=1, method="t")
    assert wording.effect(difference) == "+0.5 FID (90\N{NO-BREAK SPACE}% interval −1.67 to 2.67)"
    assert wording.bound("by", difference) == "better by more than 6 FID"
    ratio = difference.model_copy(update={"scale": "ratio", "estimate": 0.36, "low": 0.35, "high": 0.4, "margin": 0.5})
    assert wording.effect(ratio) == "×0.36 (90\N{NO-BREAK SPACE}% interval ×0.35 to ×0.4)"
    assert wording.bound("ratio", ratio) == "at most ×0.5"
    share = difference.model_copy(
        update={"scale": "share", "estimate": 0.6, "low": 0.19, "high": 0.92, "margin": 0.5, "unit": "of the seeds"}
    )
    assert wording.effect(share) == "0.6 of the seeds (90\N{NO-BREAK SPACE}% interval 0.19 to 0.92)"
    assert wording.bound("share", share) == "at least 0.5 of the seeds"


def test_printed_numbers_stay_as_printed_and_gaps_are_said() -> None:
    spread = Spread(value=0.4, means="standard deviation over runs")
    found = Number(
        value=12.1, printed="12.10", unit="FID", place=Place(), read="digitised", reading_error=0.25, source="Figure 3"
    ).model_copy(update={"spread": spread})
    assert wording.printed(found) == "12.10 ± 0.4 (standard deviation over runs)"
    assert wording.reading(found) == "digitised from a figure, reading error ±0.25"
    ribbon = Ribbon(low=13.9, high=14.55, reading_error=0.15, means="unknown")
    curve = found.model_copy(update={"value": 14.19, "printed": None, "spread": None, "ribbon": ribbon})
    assert wording.printed(curve) == "14.19, ribbon 13.9 to 14.55 ±0.15 (unknown)"
    gap = Number(value=None, unit="FID", status="not sourced", place=Place())
    assert (wording.printed(gap), wording.reading(gap)) == ("not sourced", "nobody could read it")
