"""The nightly workflow and the cron example: they parse, and every command in them is one that the program takes."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML

from benchmark.cli.app import app

ROOT = Path(__file__).parents[1]
WORKFLOW = YAML(typ="safe").load((ROOT / ".github/workflows/nightly.yml").read_text())
STEPS: dict[str, dict[str, Any]] = {
    step["name"]: step for step in WORKFLOW["jobs"]["nightly"]["steps"] if "name" in step
}
SCRIPT = "\n".join(step.get("run", "") for step in STEPS.values())
GUIDE = (ROOT / "docs/nightly.md").read_text()
README = (ROOT / "README.md").read_text().partition("## Run nightly")[2].partition("\n## ")[0]
COMMAND = re.compile(r"^\s*(?:\{ )?(?:\(?\s*)?(ticketbench [^|;#\n]*?)(?:\s*[|;#].*)?$", re.MULTILINE)
LINES = {
    (place, line)
    for place, text in (("yml", SCRIPT), ("md", GUIDE), ("README", README))
    for line in COMMAND.findall(text)
}


def test_the_workflow_runs_on_a_schedule_and_by_hand_on_a_gpu_of_ones_own() -> None:
    assert re.fullmatch(r"[\d*/,-]+( [\d*/,-]+){4}", WORKFLOW["on"]["schedule"][0]["cron"])
    assert set(WORKFLOW["on"]["workflow_dispatch"]["inputs"]) == {"suite", "scale"}
    assert WORKFLOW["jobs"]["nightly"]["runs-on"] == ["self-hosted", "gpu"]
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert all(("run" in step) != ("uses" in step) for step in WORKFLOW["jobs"]["nightly"]["steps"])


def test_the_steps_are_in_order_and_what_they_refer_to_is_there() -> None:
    assert list(STEPS) == ["Install", "Fetch data", "Run", "Verify", "Trend", "Confirm", "Report", "Keep", "Decide"]
    assert STEPS["Confirm"]["if"] == "steps.trend.outputs.suspected == 'yes'"
    assert "[ -s confirm.sh ]" in STEPS["Trend"]["run"]  # also where something else was not measured
    named = {step["id"] for step in STEPS.values() if "id" in step}
    text = SCRIPT + STEPS["Confirm"]["if"]
    assert set(re.findall(r"steps\.(\w+)\.", text)) <= named
    for name in ("verify", "trend", "confirm"):
        assert 'echo "code=$code" >> "$GITHUB_OUTPUT"' in STEPS[name.capitalize()]["run"]
    assert STEPS["Keep"]["with"]["path"] == "out"
    assert {"out/report.html", "out/verdicts.xml", "out/trend.xml"} <= set(re.findall(r"out/[\w.]+", SCRIPT))


@pytest.mark.parametrize("step", [name for name, step in STEPS.items() if "run" in step])
def test_the_shell_takes_each_script(step: str) -> None:
    script = re.sub(r"\$\{\{.*?\}\}", "0", STEPS[step]["run"])
    ended = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(
    ("verify", "trend", "code"), [("0", "0", 0), ("3", "0", 0), ("1", "0", 1), ("0", "1", 1), ("0", "3", 1)]
)
def test_the_last_step_decides(verify: str, trend: str, code: int) -> None:
    script = STEPS["Decide"]["run"]
    given = {"steps.run.outcome": "success", "steps.verify.outputs.code": verify}
    for name, value in given.items():
        script = script.replace(f"${{{{ {name} }}}}", value)
    script = script.replace("${{ steps.confirm.outputs.code || steps.trend.outputs.code }}", trend)
    assert "${{" not in script
    assert (
        subprocess.run(["bash", "-eo", "pipefail", "-c", script], capture_output=True, check=False).returncode == code
    )


def test_the_cron_example_is_a_script() -> None:
    script = GUIDE.partition("#!/usr/bin/env bash")[2].partition("\n\n")[0]
    assert "ticketbench run" in script
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


def test_commands_are_found() -> None:
    commands = {(place, line.split()[1]) for place, line in LINES}
    needed = {"run", "verify", "trend", "report", "prepare"}
    assert {("yml", command) for command in needed} <= commands
    assert {("md", command) for command in ("run", "baseline", "trend", "report")} <= commands
    assert {("README", command) for command in ("run", "baseline", "trend")} <= commands


@pytest.mark.parametrize("line", sorted({line for _, line in LINES}))
def test_the_program_takes_every_command_line(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # parsing alone: nothing is run
    command: Any = typer.main.get_command(app)
    arguments = shlex.split(line)[1:]
    while hasattr(command, "commands"):
        command = command.commands[arguments.pop(0)]
    with command.make_context("ticketbench", arguments) as context:
        assert context.params
