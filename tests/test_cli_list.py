"""`ticketbench list FAMILY`: an option that must be given is told apart from one whose default is none."""

from __future__ import annotations

import json

import pytest

from benchmark.cli import app, inspect_commands
from benchmark.schema.record import Options
from benchmark.table import Entry, Table


class Given(Options):
    """One option of each kind."""

    must: int
    clip: float | None = None
    rate: float = 0.5


@pytest.fixture(autouse=True)
def family(monkeypatch: pytest.MonkeyPatch) -> None:
    """A family of one member beside no other."""
    table = Table("objectives", {"one": Entry("nowhere:at_all", Given, "an objective")})
    monkeypatch.setattr("benchmark.objectives.OBJECTIVES", table)


def test_the_table_says_required_only_of_an_option_without_a_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["list", "objectives"]) == 0
    assert "must=(required), clip=none, rate=0.5" in capsys.readouterr().out


def test_every_family_is_listed_by_its_name() -> None:
    tables = {family: inspect_commands.family_table(family) for family in inspect_commands.FAMILIES}
    assert {family: table.family for family, table in tables.items()} == {family: family for family in tables}
    assert len(tables) == len(set(map(id, tables.values()))) == 7


def test_an_unknown_family_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["list", "model"]) == 2
    assert "unknown family 'model'; did you mean 'models'" in capsys.readouterr().err


def test_json_has_required_or_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["list", "objectives", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["one"]["options"] == {
        "must": {"required": True},
        "clip": {"default": None},
        "rate": {"default": 0.5},
    }
