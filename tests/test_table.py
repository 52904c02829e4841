"""A family's table: members by name, options checked, plug-ins found."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pytest

from benchmark import table as table_module
from benchmark.schema.record import Options, PositiveInt, Selection
from benchmark.table import Entry, OptionError, Table


class Shape(Options):
    """Two options."""

    width: PositiveInt = 3
    ratio: float = 1.0


def family() -> Table:
    return Table(
        "shapes",
        {
            "square": Entry("math:sqrt", Shape, "a square"),
            "circle": Entry("math:pi", Options, "a circle", version=2),
        },
    )


def test_members_are_listed_in_order_and_loaded_when_asked() -> None:
    import math

    assert list(family()) == ["circle", "square"]
    assert "square" in family()
    assert "cube" not in family()
    assert family()["circle"].load() == math.pi


def test_a_selection_is_resolved_with_every_option_and_the_version() -> None:
    found = family().resolve(Selection.model_validate({"name": "square", "width": 5}))
    assert (found.name, found.version, found.options) == ("square", 1, {"width": 5, "ratio": 1.0})
    assert family().resolve(Selection(name="circle")).version == 2
    assert family().non_defaults(found) == {"width": 5}
    assert family().parse(found) == Shape(width=5)


def test_a_whole_number_is_a_float_but_a_text_is_not() -> None:
    assert family().resolve(Selection.model_validate({"name": "square", "ratio": 2})).options["ratio"] == 2.0
    with pytest.raises(OptionError) as caught:
        family().resolve(Selection.model_validate({"name": "square", "ratio": "2"}))
    assert caught.value.keys == ("ratio",)


@pytest.mark.parametrize(
    ("chosen", "keys", "words"),
    [
        ({"name": "sqare"}, ("name",), "unknown name 'sqare' among shapes; did you mean 'square'?"),
        ({"name": "square", "widht": 1}, ("widht",), "unknown option 'widht'; did you mean 'width'?"),
        ({"name": "square", "width": 0}, ("width",), "greater than or equal to 1"),
        ({"name": "circle", "width": 1}, ("width",), "unknown option 'width'"),
    ],
)
def test_what_does_not_fit_is_told_with_its_key(chosen: dict[str, Any], keys: tuple[str, ...], words: str) -> None:
    with pytest.raises(OptionError) as caught:
        family().resolve(Selection.model_validate(chosen))
    assert caught.value.keys == keys
    assert words in str(caught.value)
    assert caught.value.exit_code == 2


PLUG_IN = Entry("math:e", Options, "from outside")


def test_plug_ins_are_found_by_entry_point_and_cannot_replace_a_member(monkeypatch: pytest.MonkeyPatch) -> None:
    def points(group: str) -> list[EntryPoint]:
        assert group == "ticketbench.shapes"
        return [EntryPoint(name, f"{__name__}:PLUG_IN", group) for name in ("star", "circle")]

    monkeypatch.setattr(table_module, "entry_points", points)
    monkeypatch.setattr(EntryPoint, "load", lambda _: PLUG_IN)
    members = family()
    assert list(members) == ["circle", "square", "star"]
    assert members["star"].says == "from outside"
    assert members["circle"].says == "a circle"
