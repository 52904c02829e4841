"""The sides of charts: values in their place, round ticks, labels that say what stands there and do not touch."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reports.axes import Scale, holding
from reports.wording import MINUS

TIMES = "\N{MULTIPLICATION SIGN}"
RAISED = dict(zip("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True))


def wide(label: str) -> float:
    return 9.0 * (len(label) + 1)


def read(label: str) -> float:
    """Return the number that a label says."""
    plain = label.replace(MINUS, "-").replace(",", "")
    if not set(plain) & set(RAISED.values()):
        return float(plain)
    mantissa, _, raised = plain.rpartition("10")
    power = "".join(digit for sign in raised for digit, written in RAISED.items() if sign == written)
    return float(f"{mantissa.rstrip(TIMES) or '1'}e{power}")


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.0, 0.9, ["0.0", "0.2", "0.4", "0.6", "0.8"]),
        (-3.0, 12.0, [f"{MINUS}2", "0", "2", "4", "6", "8", "10", "12"]),
        (20.0, 41.0, ["20", "25", "30", "35", "40"]),
        (0.0, 2.3e9, ["0", f"0.5{TIMES}10⁹", "10⁹", f"1.5{TIMES}10⁹", f"2{TIMES}10⁹"]),
        (1500.0, 4200.0, ["1,500", "2,000", "2,500", "3,000", "3,500", "4,000"]),
    ],
)
def test_a_linear_side_has_round_ticks(low: float, high: float, labels: list[str]) -> None:
    assert [tick.label for tick in Scale(low, high, 0.0, 440.0).ticks(wide)] == labels


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (2.0, 90.0, ["2", "5", "10", "20", "50"]),
        (1.0, 1e5, ["1", "10", "100", "1,000", "10,000", "100,000"]),
        (3e6, 9e10, ["10⁷", "10⁸", "10⁹", "10¹⁰"]),
    ],
)
def test_a_logarithmic_side_has_powers_of_ten_and_as_many_between_as_fit(
    low: float, high: float, labels: list[str]
) -> None:
    assert [tick.label for tick in Scale(low, high, 0.0, 440.0, log=True).ticks(wide)] == labels


def test_equal_ratios_are_equal_distances_where_it_is_logarithmic() -> None:
    scale = Scale(1.0, 1000.0, 0.0, 300.0, log=True)
    assert [scale.place(value) for value in (1.0, 10.0, 100.0, 1000.0)] == pytest.approx([0.0, 100.0, 200.0, 300.0])


def test_a_side_may_run_upwards() -> None:
    scale = Scale(0.0, 10.0, 200.0, 0.0)
    assert (scale.place(0.0), scale.place(2.5), scale.place(10.0)) == (200.0, 150.0, 0.0)


numbers = st.floats(-1e200, 1e200, allow_nan=False).filter(lambda value: value == 0 or abs(value) > 1e-200)


@given(st.lists(numbers, min_size=1, max_size=5))
def test_every_value_has_its_place_and_every_label_tells_its_own(values: list[float]) -> None:
    scale = holding(values, 0.0, 400.0)
    assert all(-1e-6 <= scale.place(value) <= 400.0 + 1e-6 for value in values)
    wider = scale.nice()
    assert all(-1e-6 <= wider.place(value) <= 400.0 + 1e-6 for value in values)
    ticks = wider.ticks(wide)
    assert all(-1e-6 <= tick.place <= 400.0 + 1e-6 for tick in ticks)
    assert all(one.label != other.label for one, other in pairwise(ticks))
    span = wider.high - wider.low
    for tick in ticks:
        assert abs(wider.place(read(tick.label)) - tick.place) < 1.0 or span < 1e-5 * max(map(abs, values))


@given(st.lists(st.floats(1e-60, 1e60), min_size=1, max_size=5))
def test_every_value_has_its_place_where_it_is_logarithmic(values: list[float]) -> None:
    scale = holding(values, 0.0, 400.0, log=True).inset(0.05)
    assert all(0.0 < scale.place(value) < 400.0 for value in values)
    ticks = scale.ticks(wide)
    assert [scale.place(read(tick.label)) for tick in ticks] == pytest.approx([tick.place for tick in ticks], abs=1.0)
    assume(max(values) > 100 * min(values))
    assert len(ticks) > 1


@given(st.floats(0.1, 1e6), st.floats(1.5, 1e6), st.booleans())
def test_labels_do_not_touch(low: float, ratio: float, log: bool) -> None:
    ticks = Scale(low, low * ratio, 0.0, 300.0, log).ticks(wide)
    for one, other in pairwise(ticks):
        assert other.place - one.place >= (wide(one.label) + wide(other.label)) / 2


@pytest.mark.parametrize("value", [0.0, 5.0, -2.0, 1e-310])
def test_a_single_value_has_room_on_both_sides(value: float) -> None:
    scale = holding([value, value], 0.0, 100.0)
    assert scale.place(value) == pytest.approx(50.0)
    assert math.isfinite(scale.low) and scale.low < scale.high


def test_an_inset_keeps_values_from_the_ends() -> None:
    scale = holding([0.0, 1.0], 0.0, 100.0).inset(0.1)
    assert [scale.place(0.0), scale.place(1.0)] == pytest.approx([10.0, 90.0])
