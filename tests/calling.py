"""The command line called within a test's process."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.cli import app


def call(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Return the exit code of a command, and what it wrote to stdout and stderr: never a traceback."""
    capsys.readouterr()
    code = app.run([str(argument) for argument in arguments])
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    return code, said.out, said.err
