"""What was seen to fit is not looked at again, and what does not fit, or other code looks at, always is."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

import pytest

from benchmark import fits, shapes
from benchmark.campaigns import plan_suite
from benchmark.errors import SuiteError
from benchmark.schema.job import Plan
from benchmark.suites import Loaded, read_suite
from tests.test_shapes import SUITE, WIDER


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TICKETBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many jobs were looked at, each time any were."""
    counts: list[int] = []
    check = shapes.check_shapes

    def watched(loaded: Loaded, plan: Plan, jobs: Collection[str]) -> None:
        counts.append(len(jobs))
        check(loaded, plan, jobs)

    monkeypatch.setattr(shapes, "check_shapes", watched)
    return counts


def plan(*overrides: str) -> None:
    plan_suite(read_suite(SUITE, "moving.yaml", "small", overrides))


def test_a_plan_is_looked_at_once(looked: list[int]) -> None:
    for _ in range(3):
        plan()
    assert len(looked) == 1


def test_only_jobs_that_are_new_are_looked_at(looked: list[int]) -> None:
    plan("experiments.vae.levels=[1]", "experiments.further.levels=[1]")
    plan()
    assert looked == [1, 1]


def test_what_does_not_fit_is_told_every_time(looked: list[int]) -> None:
    for _ in range(2):
        with pytest.raises(SuiteError):
            plan(WIDER)
    assert len(looked) == 2


def test_other_code_looks_again(looked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    plan()
    monkeypatch.setattr(fits, "code", lambda: "another")
    plan()
    plan()
    assert len(looked) == 2


@pytest.mark.parametrize("damage", ["", "[1]", "{", '{"a": [1]}'])
def test_a_damaged_memory_is_none(looked: list[int], cache: Path, damage: str) -> None:
    plan()
    (cache / fits.FILE).write_text(damage)
    plan()
    assert len(looked) == 2


def test_where_nothing_can_be_kept_every_plan_is_looked_at(looked: list[int], cache: Path) -> None:
    cache.write_text("no folder")
    plan()
    plan()
    assert len(looked) == 2


def test_a_module_that_was_changed_is_other_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inner").mkdir()
    file = tmp_path / "inner/one.py"
    file.write_text("1")
    monkeypatch.setattr(fits, "__file__", str(tmp_path / "fits.py"))
    found = set()
    for text, changed in (("1", 1), ("1", 1), ("1", 2), ("12", 2)):
        file.write_text(text)
        os.utime(file, (changed, changed))
        fits.code.cache_clear()
        found.add(fits.code())
    fits.code.cache_clear()
    assert len(found) == 3


@pytest.mark.parametrize("written", ["plug.py", "plug/inner/model.py"])
def test_a_plug_in_that_was_changed_is_other_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    folder, file = tmp_path / "plug-1.dist-info", tmp_path / written
    folder.mkdir()
    (folder / "METADATA").write_text("Name: plug\nVersion: 1\n")
    (folder / "entry_points.txt").write_text("[ticketbench.models]\nnet = plug:NET\n")
    file.parent.mkdir(parents=True, exist_ok=True)
    if written.startswith("plug/"):
        (tmp_path / "plug/__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    found = set()
    for text in ("WIDTH = 1", "WIDTH = 10"):
        file.write_text(text)
        fits.code.cache_clear()
        found.add(fits.code())
    fits.code.cache_clear()
    assert len(found) == 2
