"""A campaign run once by the command, in two worker processes, and copied for whoever changes it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.cli import app
from tests.end_to_end.command import CODER, SUITE, ticketbench

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> object:
    """A cache directory of the tests' own."""
    patch = pytest.MonkeyPatch()
    patch.setenv("TICKETBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the tiny suite; for reading only."""
    file = tmp_path_factory.mktemp("suite") / "tiny.yaml"
    file.write_text(SUITE)
    return file


@pytest.fixture(scope="session")
def coder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the autoencoder suite; for reading only."""
    file = tmp_path_factory.mktemp("suite") / "coder.yaml"
    file.write_text(CODER)
    return file


@pytest.fixture(scope="session")
def whole(suite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny suite's results from one uninterrupted run; for reading only."""
    folder = tmp_path_factory.mktemp("whole") / "results"
    ended = ticketbench("run", suite, "--results", folder, "--device", "cpu", "--workers", "2", "--scale", "small")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == ""
    return folder


@pytest.fixture(scope="session")
def coded(coder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The autoencoder suite's results, made in this process; for reading only."""
    folder = tmp_path_factory.mktemp("coded") / "results"
    arguments = ["run", str(coder), "--results", str(folder), "--device", "cpu", "--executor", "inline", "--quiet"]
    assert app.run(arguments) == 0
    return folder


@pytest.fixture
def results(whole: Path, tmp_path: Path) -> Path:
    """A copy of the tiny suite's results, modification times included."""
    return Path(shutil.copytree(whole, tmp_path / "results"))


@pytest.fixture
def coded_copy(coded: Path, tmp_path: Path) -> Path:
    """A copy of the autoencoder suite's results, modification times included."""
    return Path(shutil.copytree(coded, tmp_path / "coded"))


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """The command in this process: exit code, stdout, stderr; no traceback, whatever happens."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        code = app.run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return code, said.out, said.err

    return run
