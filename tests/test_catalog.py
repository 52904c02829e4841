"""The catalog finds suites and reference files in a checkout, an installed wheel and a user's own folders."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark import catalog
from benchmark.errors import UsageError
from benchmark.suites import read_suite

SUITE = (Path(__file__).parent / "tiny_suite.yaml").read_text(encoding="utf-8")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with two suites and one paper's references; the package is its `benchmark`."""
    for name in ("suites/demo.yaml", "suites/chen2021.yml", "reference_results/chen2021.yaml", "suites/README.md"):
        file = tmp_path / "checkout" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (tmp_path / "checkout/benchmark").mkdir()
    monkeypatch.setattr(catalog, "_PACKAGE", tmp_path / "checkout/benchmark")
    monkeypatch.delenv(catalog.VARIABLE, raising=False)
    return tmp_path / "checkout"


def touch(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    return file


def test_a_checkout_has_its_suites_beside_the_package(checkout: Path) -> None:
    assert catalog.suite_names() == ("chen2021", "demo")
    assert catalog.find_suite("demo") == checkout / "suites/demo.yaml"
    assert catalog.find_references("chen2021") == checkout / "reference_results/chen2021.yaml"


def test_a_wheel_has_its_suites_inside_the_package_and_no_other_folder_is_taken_for_them(checkout: Path) -> None:
    inside = touch(checkout / "benchmark/suites_data/yeo2023.yaml")
    results = touch(checkout / "benchmark/reference_results_data/yeo2023.yaml")
    assert catalog.suite_names() == ("yeo2023",)
    assert catalog.find_suite("yeo2023") == inside
    assert catalog.find_references("yeo2023") == results


def test_an_unknown_name_gets_a_suggestion(checkout: Path) -> None:
    with pytest.raises(UsageError, match="no suite 'dmeo'; did you mean 'demo'"):
        catalog.find_suite("dmeo")
    with pytest.raises(UsageError, match=r"no suite file 'dmeo\.yaml'"):
        catalog.find_suite("dmeo.yaml")
    with pytest.raises(UsageError, match=r"no reference file 'chen2012\.yaml'; did you mean 'chen2021'"):
        catalog.find_references("chen2012", checkout / "suites/demo.yaml")


def test_a_path_is_taken_as_it_is(checkout: Path, tmp_path: Path) -> None:
    mine = touch(tmp_path / "mine/demo.yaml")
    assert catalog.find_suite(str(mine)) == mine


def test_references_beside_a_suite_come_before_those_above_and_the_built_in(checkout: Path, tmp_path: Path) -> None:
    mine = touch(tmp_path / "mine/suites/own.yaml")
    assert catalog.find_references("chen2021", mine) == checkout / "reference_results/chen2021.yaml"
    above = touch(tmp_path / "mine/reference_results/chen2021.yaml")
    assert catalog.find_references("chen2021", mine) == above
    beside = touch(tmp_path / "mine/suites/reference_results/chen2021.yaml")
    assert catalog.find_references("chen2021", mine) == beside


def test_a_users_folders_add_suites(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = touch(tmp_path / "own/mine.yaml")
    monkeypatch.setenv(catalog.VARIABLE, os.pathsep.join([str(tmp_path / "own"), str(tmp_path / "none")]))
    assert catalog.suite_names() == ("chen2021", "demo", "mine")
    assert catalog.find_suite("mine") == own
    touch(tmp_path / "own/demo.yaml")
    with pytest.raises(UsageError, match="several suites are named 'demo'"):
        catalog.find_suite("demo")


def test_every_paper_that_claims_refer_to_is_found(checkout: Path, tmp_path: Path) -> None:
    text = SUITE.replace("references: [", "references: [chen2021/fid, ")
    suite = read_suite(text, "own.yaml", "small").suite
    kalibhat = touch(tmp_path / "mine/reference_results/kalibhat2021.yaml")
    assert catalog.references_for(suite, tmp_path / "mine/own.yaml") == {
        "chen2021": checkout / "reference_results/chen2021.yaml",
        "kalibhat2021": kalibhat,
    }
    with pytest.raises(UsageError, match=r"no reference file 'kalibhat2021\.yaml'"):
        catalog.references_for(suite)


def test_reading_suites_needs_no_torch() -> None:
    blocked = "import sys; sys.modules['torch'] = None; import benchmark.catalog, benchmark.suites"
    root = Path(__file__).parent.parent
    assert subprocess.run([sys.executable, "-c", blocked], cwd=root, check=False).returncode == 0
