"""`ticketbench show SUITE --variables`: the paper's nine variables, and the reproduction's from its directory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.cli import app
from benchmark.schema.suite import VARIABLES
from tests import tiny

PAPER = """\
paper:
  title: A paper
  authors: [A. Author]
  venue: A venue
  year: 2021
  variables:
    pseudocode: "no"
    experiment_setup: "yes"
    source: a reader
    cautions: {experiment_setup: by a caption alone}
"""


@pytest.fixture
def suite(tmp_path: Path) -> str:
    path = tmp_path / "small_networks.yaml"
    path.write_text(tiny.SUITE + PAPER)
    return str(path)


def test_the_papers_are_shown_with_their_cautions(suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["show", suite, "--variables"]) == 0
    shown = capsys.readouterr()
    rows = [line.split("  ", 1)[0] for line in shown.out.splitlines()]
    assert rows == ["variable", *(name.replace("_", " ") for name in VARIABLES)]
    assert "by a caption alone" in shown.out
    assert "the reproduction" not in shown.out
    assert "a reader" in shown.err
    assert "--results DIR" in shown.err


def test_beside_them_stands_what_a_directory_recorded(
    suite: str, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["show", suite, "--variables", "--results", str(finished)]) == 0
    assert "digits (installed with this project)" in capsys.readouterr().out
    assert app.run(["show", suite, "--variables", "--results", str(finished), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["source"] == "a reader"
    assert found["variables"].keys() == set(VARIABLES)
    assert found["variables"]["experiment_setup"]["caution"] == "by a caption alone"
    assert found["variables"]["researcher_affiliation"] == {"paper": None, "caution": "", "reproduction": None}
    assert found["variables"]["research_type"]["reproduction"].startswith("experimental: ")


def test_what_cannot_be_shown_is_an_error_of_one_line(
    suite: str, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text((tiny.SUITE + PAPER).replace("key: small_networks", "key: others"))
    plain = tmp_path / "plain.yaml"
    plain.write_text(tiny.SUITE)
    wrong = {
        (str(plain), "--variables"): "is about no single paper",
        (suite, "--results", str(finished)): "--results belongs to --variables",
        (suite, "--variables", "--results", str(tmp_path)): "no campaign here",
        (str(other), "--variables", "--results", str(finished)): "has no suite 'others'; known: small_networks",
    }
    for arguments, message in wrong.items():
        assert app.run(["show", *arguments]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert message in line
