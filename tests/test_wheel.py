"""A wheel built from the checkout carries suites, references and weights, and lists them without torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.end_to_end.command import CODER, ROOT

LISTING = ["typer", "rich", "pydantic", "ruamel.yaml", "filelock"]
"""All that `list`, `show` and `validate` need."""

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run(
        list(map(str, command)), cwd=cwd, env=clean, capture_output=True, text=True, check=False, timeout=600
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from what git tracks as a fresh clone would."""
    place = tmp_path_factory.mktemp("wheel")
    names = run("git", "ls-files", "-z", cwd=ROOT).split("\0")
    for name in filter(None, names):
        target = place / "checkout" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_file():
            target.write_bytes((ROOT / name).read_bytes())
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-q", "-w", place, place / "checkout", cwd=place)
    return next(place.glob("*.whl"))


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed from the wheel into an environment of its own."""
    place = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", place, cwd=place)
    python = place / "bin/python"
    run(python, "-m", "pip", "install", "-q", *LISTING, cwd=place)
    run(python, "-m", "pip", "install", "-q", "--no-deps", wheel, cwd=place)
    return place / "bin/ticketbench"


def test_the_wheel_has_what_is_no_python(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, inside in (("suites", "suites_data"), ("reference_results", "reference_results_data")):
        for file in (ROOT / folder).glob("*.yaml"):
            assert f"benchmark/{inside}/{file.name}" in names
    assert "benchmark/suites_data/listing.json" in names
    for pattern in ("benchmark/**/*.safetensors", "reports/templates/*"):
        for file in ROOT.glob(pattern):
            assert str(file.relative_to(ROOT)) in names
    assert not [name for name in names if name.startswith(("tests/", "docs/"))]


def test_the_command_works_from_an_empty_environment(command: Path, tmp_path: Path) -> None:
    listed = {suite["name"]: suite for suite in json.loads(run(command, "list", "--json", cwd=tmp_path))}
    assert set(listed) == {file.stem for file in (ROOT / "suites").glob("*.yaml")}
    assert "digits" in json.loads(run(command, "list", "datasets", "--json", cwd=tmp_path))
    demo = run(command, "show", "demo", cwd=tmp_path)
    assert demo.strip() == (ROOT / "suites/demo.yaml").read_text(encoding="utf-8").strip()
    for claim in listed["demo"]["claims"]:
        assert claim in run(command, "show", "demo", "--claim", claim, cwd=tmp_path)
    (tmp_path / "mine.yaml").write_text(CODER, encoding="utf-8")
    run(command, "validate", "mine.yaml", cwd=tmp_path)
