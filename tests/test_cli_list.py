"""`ticketbench list FAMILY`: an option that must be given is told apart from one whose default is none."""

from __future__ import annotations

import json

import pytest

from benchmark.cli import app
from benchmark.schema.record import Options
from benchmark.table import Entry, Table


class Given(Options):
    """One option of each kind."""

    must: int
    clip: float | None = None
    rate: float = 0.5


@pytest.fixture(autouse=True)
def family(monkeypatch: pytest.MonkeyPatch) -> None:
    """List a family of one member beside no other."""
    table = Table("objectives", {"one": Entry("nowhere:at_all", Given, "an objective")})
    monkeypatch.setattr("benchmark.cli.inspect_commands._families", lambda: {table.family: table})


def test_the_table_says_required_only_of_an_option_without_a_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["list", "objectives"]) == 0
    assert "must=(required), clip=none, rate=0.5" in capsys.readouterr().out


def test_json_has_required_or_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["list", "objectives", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["one"]["options"] == {
        "must": {"required": True},
        "clip": {"default": None},
        "rate": {"default": 0.5},
    }
