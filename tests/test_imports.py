"""What must start fast, or work where torch is not installed, never imports torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.cli import app
from tests.end_to_end.command import CODER, environment

PRELUDE = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {'torch', 'torchvision', 'cleanfid', 'ptflops', *sys.argv[1].split(',')}:
            raise ImportError(f'{name} must not be imported here')
sys.meta_path.insert(0, Blocked())
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small campaign, made with torch."""
    folder = tmp_path_factory.mktemp("imports")
    (folder / "coder.yaml").write_text(CODER)
    given = ["--executor", "inline", "--device", "cpu", "--quiet", "--set", "experiments.dense.training.steps=12"]
    assert app.run(["run", str(folder / "coder.yaml"), "--results", str(folder / "results"), *given]) == 0
    return folder / "results"


def without(code: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Run Python code where torch, and whatever else is named, cannot be imported."""
    command = [sys.executable, "-c", PRELUDE + code, ",".join(more)]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "more"),
    [
        (["--help"], ["scipy", "pandas", "numpy"]),
        (["list"], ["scipy", "pandas", "numpy"]),
        (["list", "models"], ["scipy", "pandas"]),
        (["show", "demo"], ["scipy", "pandas", "numpy"]),
        (["show", "demo", "--resolved"], ["scipy", "pandas"]),
        (["validate", "SUITE"], ["scipy", "pandas"]),
        (["plan", "SUITE"], ["scipy.stats", "pandas"]),
        (["prepare", "SUITE"], ["scipy", "pandas"]),
        (["verify", "RESULTS"], ["scipy.stats", "pandas"]),
        (["report", "RESULTS"], ["scipy.stats", "pandas"]),
        (["export", "RESULTS", "-o", "JSON", "-o", "MARKDOWN"], ["scipy.stats", "pandas", "pyarrow"]),
        (["export", "RESULTS", "-o", "CSV"], ["scipy.stats", "pyarrow"]),
        (["baseline", "accept", "RESULTS", "--force", "-o", "BASELINE"], ["scipy.stats", "pandas"]),
        (["trend", "RESULTS", "--baseline", "BASELINE"], ["scipy.stats", "pandas"]),
    ],
)
def test_a_command_that_trains_nothing_needs_no_torch(results: Path, arguments: list[str], more: list[str]) -> None:
    files = {"SUITE": "coder.yaml", "BASELINE": "baseline.json", "JSON": "r.json", "CSV": "m.csv", "MARKDOWN": "s.md"}
    paths = {"RESULTS": str(results), **{name: str(results.parent / file) for name, file in files.items()}}
    arguments = [paths.get(argument, argument) for argument in arguments]
    ended = without(f"from benchmark.cli.app import run\nsys.exit(run({arguments!r}))", *more)
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
    ended = without(code)
    assert ended.returncode == 0, ended.stderr


def test_the_block_blocks() -> None:
    assert "torch must not be imported here" in without("import torch").stderr
    assert without("import benchmark.stages").returncode == 1
