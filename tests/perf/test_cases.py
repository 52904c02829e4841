"""The cases of `tox -e perf` run; what they measure is no matter of a test."""

from __future__ import annotations

import json

import pytest

from tests.perf.__main__ import CASES, main
from tests.perf.figure import Figure, rows, table


def test_a_figure_is_its_median_and_keeps_or_misses_its_target() -> None:
    kept, missed = Figure("a", "s", (1.0, 3.0, 1.5), 2.0), Figure("b", "ms", (5.0,), 2.0)
    assert (kept.middle, kept.verdict, missed.verdict, Figure("c", "", (1.0,)).verdict) == (1.5, "kept", "MISSED", "")
    lines = table([*rows("x", [kept]), *rows("long", [missed])]).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["x", "a", "1.5", "s", "1", "..", "3", "<", "2", "kept"],
        ["long", "b", "5", "ms", "one", "round", "<", "2", "MISSED"],
    ]


def test_an_unknown_case_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["plannin"])
    assert "no case plannin; there are startup, planning" in capsys.readouterr().err


@pytest.mark.parametrize(
    "case",
    ["planning", *(pytest.param(name, marks=pytest.mark.slow) for name in ("again", "pool", "report", "startup"))],
)
def test_a_case_runs(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert case in CASES
    main([case, "--small", "--json"])
    figures = json.loads(capsys.readouterr().out)[case]
    assert figures
    assert all(value > 0 for figure in figures for value in figure["values"])
