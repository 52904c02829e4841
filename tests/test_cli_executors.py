"""What `run` says of a place where jobs cannot go."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmark.cli import app
from tests.end_to_end.command import CODER


def test_without_ray_one_line_tells_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "benchmark.executors.ray", raising=False)
    suite = tmp_path / "coder.yaml"
    suite.write_text(CODER)
    assert app.run(["run", str(suite), "--results", str(tmp_path / "results"), "--executor", "ray"]) == 2
    assert capsys.readouterr().err == 'ticketbench: --executor ray needs Ray: pip install "ticketbench[ray]"\n'
    assert not (tmp_path / "results").exists()
