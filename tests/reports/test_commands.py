"""The commands that a claim's section gives are run as they stand, and come to the verdict beside which they stand."""

from __future__ import annotations

import html
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.command import ROOT, SUITE


@pytest.mark.slow
def test_the_commands_of_a_claim_come_to_its_verdict(tmp_path: Path) -> None:
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "tiny.yaml").write_text(SUITE)
    overrides = ["--set", "experiments.gan.training.steps=40", "--set", "seeds=3"]
    assert run(tmp_path, "ticketbench", "run", "tiny", "--results", "first", *overrides).returncode == 0
    run(tmp_path, "ticketbench", "report", "first", "-o", "first.html")
    page = (tmp_path / "first.html").read_text()
    section = page[page.index('id="tiny-gan_matches"') :]
    found = re.search(r"<pre[^>]*><code>(.*?)</code>", section, re.DOTALL)
    assert found is not None
    commands = [shlex.split(line) for line in html.unescape(found[1]).splitlines()]
    assert [command[:2] for command in commands] == [["ticketbench", name] for name in ("run", "verify", "report")]
    ends = [run(tmp_path, *command) for command in commands]
    assert [done.returncode for done in ends][::2] == [0, 0], ends
    run(tmp_path, "ticketbench", "verify", "first")
    ours, theirs = (verdict(tmp_path / name) for name in ("first", "results/tiny-gan_matches"))
    assert ours == theirs
    assert ours["status"] != "not run"
    assert (tmp_path / "gan_matches.html").exists()
    assert "has changed since" not in section


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the page in a folder, by this interpreter."""
    called = [sys.executable, "-m", "benchmark", *command[1:]]
    variables = os.environ | {"TICKETBENCH_SUITES": str(folder / "suites"), "PYTHONPATH": str(ROOT)}
    return subprocess.run(called, cwd=folder, env=variables, capture_output=True, text=True, check=False)


def verdict(results: Path) -> dict[str, object]:
    """Return the claim's verdict as `verify` wrote it, ids and numbers and all."""
    held = json.loads((results / "verdicts.json").read_text())["verdicts"]
    (found,) = [one for one in held if one["claim_id"] == "gan_matches"]
    return dict(found)
