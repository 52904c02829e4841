"""What must start fast, or work where torch is not installed, never imports torch, nor what else it can do without."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.cli import app
from tests.end_to_end.command import CODER, environment

PRELUDE = """
import sys
BLOCKED = sys.argv[1].split(',')
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if any(f'{name}.'.startswith(f'{blocked}.') for blocked in BLOCKED):
            raise ImportError(f'{name} must not be imported here')
sys.meta_path.insert(0, Blocked())
"""
TORCH = ("torch", "torchvision", "torch_pruning", "cleanfid", "ptflops")
READING = ("benchmark.schema.suite", "benchmark.suites", "ruamel")
"""What reads suites: the models of what they may say take as long as the rest of a start."""
JUDGING = (*READING, "numpy", "scipy")
HEAVY = (
    *(*TORCH, "safetensors", "sklearn", "PIL", "ray", "scipy.stats", "pandas", "pyarrow", "altair", "matplotlib"),
    *("jinja2", *JUDGING),
)
"""What takes a tenth of a second or more to import, or imports what does."""
FAMILIES = ("datasets", "models", "objectives", "criteria", "metrics", "extractors", "activations")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small campaign, made with torch."""
    folder = tmp_path_factory.mktemp("imports")
    (folder / "coder.yaml").write_text(CODER)
    given = ["--executor", "inline", "--device", "cpu", "--quiet", "--set", "experiments.dense.training.steps=12"]
    assert app.run(["run", str(folder / "coder.yaml"), "--results", str(folder / "results"), *given]) == 0
    return folder / "results"


def without(code: str, *blocked: str) -> subprocess.CompletedProcess[str]:
    """Run Python code where some modules cannot be imported."""
    command = [sys.executable, "-c", PRELUDE + code, ",".join(blocked)]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)


def run_with(arguments: list[str], may: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run a command that may import these heavy modules and no others."""
    code = f"from benchmark.cli.app import run\nsys.exit(run({arguments!r}))"
    return without(code, *(name for name in HEAVY if name not in may))


@pytest.mark.parametrize(
    ("arguments", "may"),
    [
        (["--help"], ()),
        (["verify", "--help"], ()),
        (["list"], ()),
        (["list", "--json"], ()),
        *((["list", family], ()) for family in FAMILIES),
        (["list", "metrics", "--json"], ()),
        (["show", "demo"], ()),
        (["show", "demo", "--claim", "dcgan_matches"], READING),
        (["show", "demo", "--resolved"], READING),
        (["show", "yeo2023", "--variables"], JUDGING),
        (["validate", "SUITE"], READING),
        (["prepare", "SUITE"], READING),
        (["plan", "SUITE"], JUDGING),
        (["verify", "RESULTS", "--junit", "JUNIT"], JUDGING),
        (["report", "RESULTS"], (*JUDGING, "jinja2")),
        (["report", "RESULTS", "RESULTS", "-o", "HTML"], (*JUDGING, "jinja2")),
        (["export", "RESULTS", "-o", "JSON", "-o", "MARKDOWN", "-o", "JUNIT", "-o", "BADGE"], JUDGING),
        (["export", "RESULTS", "-o", "MARKDOWN", "--before", "RESULTS"], JUDGING),
        (["export", "RESULTS", "-o", "CSV"], (*JUDGING, "pandas")),
        (["baseline", "accept", "RESULTS", "--force", "-o", "BASELINE"], JUDGING),
        (["trend", "RESULTS", "--baseline", "BASELINE"], JUDGING),
        (["trend", "RESULTS", "--baseline", "BASELINE", "--html", "HTML"], (*JUDGING, "jinja2")),
        (["doctor", "--deep", "RESULTS"], READING),
    ],
    ids=lambda given: "-".join(given) if isinstance(given, list) else "",
)
def test_a_command_imports_what_it_needs(results: Path, arguments: list[str], may: tuple[str, ...]) -> None:
    files = {"SUITE": "coder.yaml", "BASELINE": "baseline.json", "JSON": "r.json", "CSV": "m.csv", "MARKDOWN": "s.md"}
    files |= {"JUNIT": "j.xml", "BADGE": "b.svg", "HTML": "p.html"}
    paths = {"RESULTS": str(results), **{name: str(results.parent / file) for name, file in files.items()}}
    ended = run_with([paths.get(argument, argument) for argument in arguments], may)
    assert ended.returncode == 0, ended.stderr


def test_a_plan_that_was_made_before_needs_no_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETBENCH_CACHE", str(tmp_path))
    plan = ["plan", "demo", "--device", "cpu"]
    assert "must not be imported" in run_with(plan, JUDGING).stderr
    assert app.run(plan) == 0
    ended = run_with(plan, JUDGING)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    "package",
    [
        "benchmark.schema",
        "benchmark.verdicts",
        "benchmark.statistics",
        "benchmark.judge",
        "benchmark.trend",
        "benchmark.baselines",
        "benchmark.artifacts",
        "benchmark.suites",
        "benchmark.catalog",
        "benchmark.plan",
        "benchmark.runner",
        "reports",
    ],
)
def test_a_layer_without_torch_stays_without_it(package: str) -> None:
    code = f"""
import importlib, pkgutil
package = importlib.import_module({package!r})
for found in pkgutil.walk_packages(getattr(package, '__path__', ()), {package!r} + '.'):
    importlib.import_module(found.name)
"""
    ended = without(code, *TORCH)
    assert ended.returncode == 0, ended.stderr


def test_the_block_blocks() -> None:
    for blocked in ("torch", "scipy.stats"):
        assert f"{blocked} must not be imported here" in without(f"import {blocked}", blocked).stderr
    assert without("import scipy.special", "scipy.stats").returncode == 0
    assert without("import benchmark.stages", *TORCH).returncode == 1
