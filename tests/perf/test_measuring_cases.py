"""The cases that look at finished networks run, and both of their sides find the same."""

from __future__ import annotations

import json

import pytest

from tests.perf.__main__ import CASES, main


@pytest.mark.parametrize("case", [pytest.param("evaluation", marks=pytest.mark.slow), "frechet", "prdc", "masks"])
def test_a_case_runs_and_its_sides_agree(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert case in CASES
    main([case, "--small", "--json"])
    figures = json.loads(capsys.readouterr().out)[case]
    off = [figure for figure in figures if "off by at most" in figure["says"]]
    assert all(value < figure["target"] for figure in off for value in figure["values"])
    assert all(value > 0 for figure in figures if figure not in off for value in figure["values"])
    assert len(off) == {"evaluation": 2, "frechet": 1, "prdc": 1, "masks": 0}[case]
