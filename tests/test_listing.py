"""`ticketbench list` tells of suites that come along without reading them, and never anything but what they say."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark import catalog, listing
from benchmark.errors import SuiteError, UsageError
from tests.end_to_end.command import ROOT

SHIPPED = ROOT / "suites"


@pytest.fixture
def suites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the suites that come along, of which one is left: the others take long to read."""
    (tmp_path / "benchmark").mkdir()
    monkeypatch.setattr(catalog, "_PACKAGE", tmp_path / "benchmark")
    monkeypatch.delenv(catalog.VARIABLE, raising=False)
    (tmp_path / "suites").mkdir()
    for name in ("demo.yaml", listing.FILE):
        shutil.copy(SHIPPED / name, tmp_path / "suites" / name)
    return tmp_path / "suites"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the suites that were read."""
    names: list[str] = []
    whole: Callable[[Path], dict[str, Any]] = listing.read

    def watched(path: Path) -> dict[str, Any]:
        names.append(path.stem)
        return whole(path)

    monkeypatch.setattr(listing, "read", watched)
    return names


def test_what_is_kept_is_what_the_suites_say(tmp_path: Path) -> None:
    listing.write(tmp_path)
    assert (SHIPPED / listing.FILE).read_text(encoding="utf-8") == (tmp_path / listing.FILE).read_text(
        encoding="utf-8"
    ), "a suite was changed: python -m benchmark.listing"


def test_a_suite_that_comes_along_is_not_read(suites: Path, read: list[str]) -> None:
    (demo,) = listing.listing()
    assert read == []
    assert demo == {"name": "demo"} | listing.read(suites / "demo.yaml")
    assert list(demo) == ["name", "title", "scales", "claims"]


def test_one_that_was_changed_is_read(suites: Path, read: list[str]) -> None:
    file = suites / "demo.yaml"
    title = listing.listing()[0]["title"]
    file.write_text(file.read_text(encoding="utf-8").replace(title, "Another"), encoding="utf-8")
    assert [one["title"] for one in listing.listing()] == ["Another"]
    assert read == ["demo"]


def test_what_is_wrong_with_one_is_told_by_file_line_and_key(suites: Path) -> None:
    file = suites / "demo.yaml"
    text = file.read_text(encoding="utf-8")
    line = 1 + next(index for index, line in enumerate(text.splitlines()) if line.startswith("seeds:"))
    file.write_text(text.replace("\nseeds:", "\nseedz:"), encoding="utf-8")
    with pytest.raises(SuiteError, match=rf"demo\.yaml:{line}: seedz: unknown key; did you mean 'seeds'"):
        listing.listing()


def test_one_that_cannot_be_read_is_told_as_ever(suites: Path) -> None:
    (suites / "demo.yaml").write_bytes(b"\n\xff")
    with pytest.raises(SuiteError, match=r"demo\.yaml:2: not UTF-8 text"):
        listing.listing()


def test_a_file_that_went_away_is_one_line(suites: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = suites / "demo.yaml"
    monkeypatch.setattr(catalog, "suite_names", lambda: ("demo",))
    monkeypatch.setattr(catalog, "find_suite", lambda name: path)
    path.unlink()
    with pytest.raises(UsageError, match=r"demo\.yaml: cannot be read"):
        listing.listing()


@pytest.mark.parametrize("kept", [None, b"{", b"[]", b"{}", b'{"demo": {}}', b'{"demo": 1}', b"\xff"])
def test_without_a_sound_file_all_are_read(suites: Path, read: list[str], kept: bytes | None) -> None:
    if kept is None:
        (suites / listing.FILE).unlink()
    else:
        (suites / listing.FILE).write_bytes(kept)
    assert [one["name"] for one in listing.listing()] == ["demo"]
    assert read == ["demo"]


def test_a_users_suite_is_read(suites: Path, read: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own/mine.yaml"
    own.parent.mkdir()
    own.write_bytes((Path(__file__).parent / "tiny_suite.yaml").read_bytes())
    monkeypatch.setenv(catalog.VARIABLE, str(own.parent))
    found = {one["name"]: one for one in listing.listing()}
    assert (sorted(found), read) == (["demo", "mine"], ["mine"])
    assert json.loads(json.dumps(found["mine"]["claims"]))
