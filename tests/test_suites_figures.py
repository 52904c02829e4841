"""Figures of a suite: what cannot be drawn is told by file, line and key path."""

from __future__ import annotations

import pytest

from benchmark.errors import SuiteError
from benchmark.suites import read_references, read_suite
from tests.tiny import SUITE

PLAIN = "says: distance over sparsity, source: {paper: p}, y: fid, experiments: [gan_imp, gan_random]"
TIMINGS = """timings:
  clock: {says: time, arms: {dense: gan_imp@0, ticket: gan_imp@2}}
"""


def text(figure: str) -> str:
    """Return the tiny suite with a timing and a figure, which begins on the last lines of its claims."""
    return SUITE.replace("claims: {}\n", f"claims: {{}}\n{TIMINGS}figures:\n  one: {{{figure}}}\n")


def faults(figure: str) -> tuple[str, ...]:
    with pytest.raises(SuiteError) as caught:
        read_suite(text(figure), "s.yaml", "small")
    return caught.value.problems


@pytest.mark.parametrize(
    "figure",
    [
        PLAIN,
        PLAIN.replace("y: fid", "y: samples, levels: [0, 2]"),
        PLAIN.replace("y: fid", "y: sparsity, x: fid"),
        "says: time over sparsity, source: {paper: p}, y: step_seconds, timing: clock, experiments: [gan_imp]",
    ],
)
def test_what_can_be_drawn_is_read(figure: str) -> None:
    suite = read_suite(text(figure), "s.yaml", "small").suite
    assert suite.figures["one"].x in ("sparsity", "fid")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("[gan_imp,", "[gan_im,", "experiments.0: unknown experiment 'gan_im'; did you mean 'gan_imp'?"),
        ("gan_random]", "gan_imp]", "experiments.1: 'gan_imp' is given twice"),
        ("y: fid", "y: fidd", "y: no experiment of this figure measures 'fidd'; did you mean 'fid'?"),
        ("y: fid", "y: fid, x: mse", "x: no experiment of this figure measures 'mse'; known: fid, sparsity"),
        (
            "y: fid",
            "y: fid, levels: [1]",
            "levels: a figure of fid shows every level, 'levels' is for samples and reconstructions",
        ),
        ("y: fid", "y: step_seconds", "y: 'step_seconds' is measured by a timing, expected 'timing' beside it"),
        ("y: fid", "y: step_seconds, timing: clok", "timing: unknown timing 'clok'; did you mean 'clock'?"),
        ("y: fid", "y: step_seconds, timing: clock", "experiments.1: the timing 'clock' has no arm of 'gan_random'"),
        (
            "gan_imp, gan_random]",
            "gan_imp], timing: clock",
            "y: a timing measures training_seconds and step_seconds, not 'fid'; known: step_seconds, training_seconds",
        ),
        ("y: fid", "y: samples, x: fid", "x: a figure of samples shows sample grids, which have no 'x'"),
        (
            "y: fid",
            "y: samples, timing: clock",
            "timing: a figure of samples shows sample grids, which have no 'timing'",
        ),
        (
            "y: fid",
            "y: samples, levels: [7]",
            "levels.0: no experiment of this figure has level 7, expected one of 0, 1, 2",
        ),
        ("y: fid", "y: fid, references: [p]", "references.0: expected PAPER/NUMBER, found 'p'"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(old: str, new: str, fault: str) -> None:
    assert old in PLAIN
    line = next(number for number, written in enumerate(text("").splitlines(), 1) if written.startswith("  one:"))
    assert faults(PLAIN.replace(old, new)) == (f"s.yaml:{line}: figures.one.{fault}",)


def test_a_matrix_is_one_line_of_a_figure() -> None:
    matrix = "  sweep:\n    extends: gan\n    mask: {from: init}\n    matrix: {mask.sparsity: [0.5, 0.8]}\n"
    written = text(PLAIN.replace("gan_random]", "sweep]")).replace("  auto:\n", f"{matrix}  auto:\n", 1)
    suite = read_suite(written, "s.yaml", "small").suite
    assert suite.line("sweep") == ("sweep[sparsity=0.5]", "sweep[sparsity=0.8]")
    assert suite.line("gan_imp") == ("gan_imp",)
    absent = written.replace(
        "extends: gan\n    mask: {from: init}", "extends: gan\n    only_at: [large]\n    mask: {from: init}"
    )
    at_small = read_suite(absent + "  large: {}\n", "s.yaml", "small").suite
    assert at_small.figures["one"].experiments == ("gan_imp",)


def test_a_number_that_the_paper_lacks_is_told() -> None:
    loaded = read_suite(text(f"{PLAIN}, references: [p/missing]"), "s.yaml", "small")
    numbers = read_references("format: 1\npaper: p\nread_from: nowhere\nnumbers: {}\n", "p.yaml")
    with pytest.raises(SuiteError, match=r"figures\.one\.references\.0: unknown number 'missing' of p"):
        loaded.check_references({"p": numbers})
