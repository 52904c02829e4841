"""The cases that look at finished networks run, and both of their sides find the same."""

from __future__ import annotations

import json

import pytest

from tests.perf.__main__ import CASES, main
from tests.perf.evaluation import COUNT, Took, promised


@pytest.mark.parametrize("case", [pytest.param("evaluation", marks=pytest.mark.slow), "frechet", "prdc", "masks"])
def test_a_case_runs_and_its_sides_agree(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert case in CASES
    main([case, "--small", "--json"])
    figures = json.loads(capsys.readouterr().out)[case]
    off = [figure for figure in figures if "off by at most" in figure["says"]]
    assert all(value < figure["target"] for figure in off for value in figure["values"])
    assert all(value > 0 for figure in figures if figure not in off for value in figure["values"])
    assert len(off) == {"evaluation": 2, "frechet": 1, "prdc": 1, "masks": 0}[case]


def test_what_is_promised_of_an_evaluation_is_the_whole_way_of_all_images() -> None:
    ours, alone, helped = (Took(1.0, 10.0, 9.0, 0.5),), (Took(1.0, 49.0, 9.0, 0.5),), (Took(1.0, 50.0, 9.0, 0.5),)
    found = list(promised("images", COUNT, (ours, alone, helped)))
    assert [(figure.middle, figure.verdict) for figure in found] == [(4.9, "MISSED"), (5.0, "kept")]


def test_fewer_images_are_reckoned_to_all_of_them() -> None:
    ours, slow = (Took(1.0, 2.0, 0.5, 1.0),), (Took(1.0, 33.0, 0.5, 30.0),)
    whole, reckoned, *_ = promised("images", COUNT // 10, (ours, slow, slow))
    assert (whole.middle, whole.verdict) == (16.5, "")
    assert (reckoned.middle, reckoned.verdict) == ((10 * 3.0 + 30.0) / (10 * 1.0 + 1.0), "kept")
