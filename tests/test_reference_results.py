"""Every file of reference_results/ is sound: numbers are what was printed, and each has its origin."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import pytest

from benchmark.catalog import read_text
from benchmark.schema.reference import Number, Place, References, Ribbon
from benchmark.suites import read_references

FILES = sorted((Path(__file__).parent.parent / "reference_results").glob("*.yaml"))
SCALES = {"%": 0.01, "K": 1e3, "M": 1e6}


@cache
def load(file: Path) -> References:
    return read_references(read_text(file), file.name)


def as_printed(number: Number) -> float:
    """The value that the printed text stands for, read independently of the schema."""
    text = (number.printed or "").replace(",", "")
    scale = 1.0 if text.endswith("%") and number.unit == "%" else SCALES.get(text[-1], 1.0)
    return float(text.rstrip("%KMx")) * scale


each_file = pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])


def test_there_are_reference_files() -> None:
    assert [file.stem for file in FILES] == ["chen2021", "kalibhat2021", "yeo2023"]


@each_file
def test_a_file_is_named_after_its_paper(file: Path) -> None:
    assert load(file).paper == file.stem


@each_file
def test_every_value_is_the_printed_one(file: Path) -> None:
    printed = {name: number for name, number in load(file).numbers.items() if number.printed is not None}
    wrong = {name for name, number in printed.items() if not math.isclose(as_printed(number), number.value or 0.0)}
    assert printed
    assert not wrong


@each_file
def test_what_was_read_in_the_paper_has_its_text_and_its_place(file: Path) -> None:
    numbers = load(file).numbers
    unprinted = {name for name, one in numbers.items() if one.read in ("text", "page") and one.printed is None}
    placeless = {name for name, one in numbers.items() if one.place == Place()}
    assert not unprinted
    assert not placeless


@each_file
def test_every_value_has_its_origin_and_every_gap_has_none(file: Path) -> None:
    for name, one in load(file).numbers.items():
        if one.status == "sourced":
            assert one.value is not None, name
            assert one.read is not None, name
            assert one.source, name
        else:
            assert (one.value, one.printed, one.read, one.source, one.runs, one.ribbon) == (None,) * 6, name


@each_file
def test_what_was_read_off_a_figure_has_its_error_and_what_a_third_party_measured_its_caution(file: Path) -> None:
    numbers = load(file).numbers
    assert not {name for name, one in numbers.items() if one.read == "digitised" and not one.reading_error}
    assert not {name for name, one in numbers.items() if one.read == "third party" and not one.cautions}


@each_file
def test_a_value_lies_in_its_ribbon(file: Path) -> None:
    for name, one in load(file).numbers.items():
        if one.ribbon is not None and one.value is not None:
            blur = one.reading_error + one.ribbon.reading_error
            assert one.ribbon.low - blur <= one.value <= one.ribbon.high + blur, name


def test_a_ribbon_upside_down_is_refused() -> None:
    with pytest.raises(ValueError, match="3 is above 2"):
        Ribbon(low=3.0, high=2.0, means="unknown")


@each_file
def test_sparsities_and_other_fractions_lie_between_0_and_1(file: Path) -> None:
    fractions = {name: one.value for name, one in load(file).numbers.items() if one.unit == "fraction"}
    assert not {name for name, value in fractions.items() if value is not None and not 0 <= value <= 1}


@each_file
def test_contradictions_name_numbers_of_the_file(file: Path) -> None:
    references = load(file)
    named = {name for contradiction in references.contradictions for name in contradiction.matters_for}
    assert named <= references.numbers.keys()


@pytest.mark.parametrize(
    ("printed", "unit", "rounding"),
    [
        ("89.2%", "fraction", 0.0005),
        ("89.2%", "%", 0.05),
        ("5.6M", "parameters", 50_000),
        ("200K", "parameters", 500),
        ("5,651,584", "weights", 0.5),
        ("1.12e16", "FLOP", 0.005e16),
        ("37.71", "FID", 0.005),
        ("1.3x", "ratio", 0.05),
    ],
)
def test_the_rounding_is_half_the_last_printed_digit(printed: str, unit: str, rounding: float) -> None:
    number = Number(value=1.0, printed=printed, unit=unit, place=Place(), read="text", source="the paper")
    assert number.rounding == pytest.approx(rounding)


class TestKalibhat2021:
    """The cells and the arithmetic that the paper's own prose repeats."""

    numbers = load(next(file for file in FILES if file.stem == "kalibhat2021")).numbers

    def value(self, name: str) -> float:
        value = self.numbers[name].value
        assert value is not None
        return value

    def test_table_1_has_its_seventeen_cells(self) -> None:
        cells = [name for name, one in self.numbers.items() if one.place.table == "1" and name.endswith("_sparsity")]
        assert len(cells) == 17
        assert all(self.numbers[name].runs == 5 for name in cells)

    def test_every_sparsity_of_table_1_is_a_round_of_a_fifth_each(self) -> None:
        rounds = [1 - 0.8**k for k in range(1, 21)]
        for name, one in self.numbers.items():
            if one.place.table == "1" and name.endswith("_sparsity"):
                assert min(abs(self.value(name) - sparsity) for sparsity in rounds) < 0.001, name

    def test_the_ratios_agree_with_the_cells_and_with_the_prose(self) -> None:
        for cell in ("flops", "time"):
            ratio = self.value(f"table2_eb_{cell}") / self.value(f"table2_dense_{cell}")
            assert self.value(f"table2_eb_{cell}_ratio") == pytest.approx(ratio)
        assert 1 - self.value("table2_eb_flops_ratio") >= self.value("text_eb_flops_reduction")
        assert 1 - self.value("table2_eb_mixed_time_ratio") == pytest.approx(0.535, abs=1e-3)
        assert 1 - self.value("table2_eb_time_ratio") == pytest.approx(0.47, abs=5e-3)
        assert self.value("table2_eb_weights_ratio") == pytest.approx(0.2032, abs=5e-5)

    def test_what_only_a_figure_shows_is_not_sourced(self) -> None:
        figures = [one for one in self.numbers.values() if one.place.figure is not None]
        assert len(figures) > 20
        assert all(one.status == "not sourced" and one.value is None for one in figures)
