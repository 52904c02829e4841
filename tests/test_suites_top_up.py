"""A schedule of looks as a suite declares it: its faults, its scales, and what it leaves as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.cli import app
from benchmark.errors import SuiteError
from tests.looks import TEXT
from tests.tiny import planned


def test_a_schedule_changes_no_job() -> None:
    assert planned(TEXT).jobs == planned(TEXT, ["top_up=null"]).jobs


def faults(*overrides: str) -> str:
    with pytest.raises(SuiteError) as caught:
        planned(TEXT, overrides)
    return str(caught.value)


def test_a_schedule_is_checked_by_line_and_key() -> None:
    line = 1 + TEXT[: TEXT.index("top_up:")].count("\n")
    first = (
        "top_up.looks.0: the first look is at 3 seeds, but the suite has 5; '--set top_up=null' leaves all looks out"
    )
    assert faults("seeds=5") == f"tiny.yaml:{line}: {first}"
    assert "top_up.looks.2: expected more than the 8 seeds of the look before it, found 8" in faults(
        "top_up.looks=[3, 8, 8]"
    )
    assert "top_up.looks: expected at most 10000 seeds, found 10001" in faults("top_up.looks=[3, 10001]")
    assert "top_up.looks.0: expected" in faults("top_up.looks=[2, 4]", "seeds=2")
    assert "top_up.looks: expected" in faults("top_up.looks=[3]")
    assert "did you mean 'pocock'" in faults("top_up.spending=pococ")
    assert "top_up.because" in faults("top_up={looks: [3, 5], spending: pocock}")
    assert "top_up.spendings: unknown key; did you mean 'spending'" in faults("top_up.spendings=pocock")


def test_a_scale_may_have_its_own_schedule_or_none() -> None:
    own = TEXT.replace("small: {small: true}", "small: {small: true, top_up: {looks: [3, 4]}}")
    assert (found := planned(own).suite.top_up) is not None
    assert (found.looks, found.spending) == ((3, 4), "uniform")
    assert planned(TEXT.replace("small: {small: true}", "small: {small: true, top_up: null}")).suite.top_up is None


def test_a_claim_is_shown_with_the_levels_of_its_looks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(TEXT)
    assert app.run(["show", str(path), "--claim", "image"]) == 0
    assert "  looks       3 seeds at 96.2 %, 5 seeds at 97.5 %, 8 seeds at 96.2 %\n" in capsys.readouterr().out
