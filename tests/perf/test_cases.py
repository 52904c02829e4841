"""The cases of `tox -e perf` run; what they measure is no matter of a test."""

from __future__ import annotations

import json

import pytest
import torch

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


def test_a_ratio_reaches_its_target_or_misses_it() -> None:
    kept, missed = Figure("a", "", (3.0, 2.0, 1.0), at_least=2.0), Figure("b", "", (1.9,), at_least=2.0)
    assert (kept.verdict, missed.verdict, missed.document()["at_least"]) == ("kept", "MISSED", 2.0)
    assert rows("x", [kept])[0][-2:] == (">= 2", "kept")


def test_a_gpu_that_is_not_there_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(SystemExit):
        main(["--device", "cuda"])
    assert "error: --device cuda: no CUDA device is visible here" in capsys.readouterr().err


def test_a_case_that_runs_on_no_gpu_is_refused_there(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    with pytest.raises(SystemExit):
        main(["planning", "--device", "cuda"])
    assert "nothing in planning runs on a GPU" in capsys.readouterr().err


def test_an_unknown_case_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["plannin"])
    assert "no case plannin; there are startup, planning" in capsys.readouterr().err


def test_help_names_every_case(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "9999")  # else lines end at hyphens
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0
    assert all(f"{name}: {says}" in told for name, says in CASES.items())


@pytest.mark.parametrize(
    "case",
    [
        *("planning", "rate", "shrunken"),
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("again", "machine", "pool", "report", "startup", "training", "workers")
        ),
    ],
)
def test_a_case_runs(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert case in CASES
    main([case, "--small", "--json"])
    figures = json.loads(capsys.readouterr().out)[case]
    assert figures
    assert all(value > 0 for figure in figures for value in figure["values"] if "off by" not in figure["says"])


@pytest.mark.gpu
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # that loaders of images are forked beside threads
@pytest.mark.parametrize("case", ["training", "rate", "shrunken", "workers", "evaluation", "frechet", "prdc", "masks"])
def test_a_case_runs_on_a_gpu(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    main([case, "--small", "--device", "cuda", "--json"])
    assert json.loads(capsys.readouterr().out)[case]
