"""A directory that does not fit the call is refused in clear words, and nothing in it changes."""

from __future__ import annotations

import hashlib
import json
import signal
from pathlib import Path

import pytest

from benchmark.schema.suite import FORMAT
from tests.end_to_end.command import CODER, Started, log_lines, ticketbench
from tests.end_to_end.conftest import Call


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock"
    }


def run(suite: Path, folder: Path, *more: str) -> list[str | Path]:
    return ["run", suite, "--results", folder, "--executor", "inline", "--device", "cpu", *more]


def rewrite(file: Path, before: str, after: str) -> None:
    """Change a recorded file and its record, as a program that meant it would."""
    data = file.read_text().replace(before, after, 1).encode()
    assert data != file.read_bytes()
    file.write_bytes(data)
    stat = file.stat()
    record = {"sha256": hashlib.sha256(data).hexdigest(), "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}
    (file.parent / "checksums" / f"{file.name}.json").write_text(json.dumps(record))


def test_a_changed_suite_is_refused_with_what_differs(coded_copy: Path, tmp_path: Path, call: Call) -> None:
    changed = tmp_path / "coder.yaml"
    changed.write_text(CODER.replace("lr: 0.001", "lr: 0.002"))
    before = state(coded_copy)
    code, out, err = call(*run(changed, coded_copy))
    assert (code, out) == (2, "")
    lines = err.splitlines()
    assert lines[0].startswith(f"ticketbench: {coded_copy}: suite 'coder' is not as it was begun here")
    assert '  -      optimizers: {"*": {lr: 0.001}}' in lines
    assert '  +      optimizers: {"*": {lr: 0.002}}' in lines
    assert state(coded_copy) == before


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--seeds", "4"], "--set/--seeds was [], is ['seeds=4']"),
        (["--set", "experiments.dense.training.steps=50"], "is ['experiments.dense.training.steps=50']"),
    ],
)
def test_other_settings_are_refused(coder: Path, coded_copy: Path, call: Call, more: list[str], told: str) -> None:
    before = state(coded_copy)
    code, _, err = call(*run(coder, coded_copy, *more))
    assert code == 2
    assert told in err
    assert state(coded_copy) == before


def test_another_scale_is_refused(suite: Path, results: Path, call: Call) -> None:
    code, _, err = call(*run(suite, results, "--scale", "large"))
    assert code == 2
    assert "--scale was small, is large" in err


def test_a_directory_begun_on_another_device_is_refused(coder: Path, coded_copy: Path, call: Call) -> None:
    rewrite(coded_copy / "campaign.json", '"device": "cpu"', '"device": "cuda"')
    before = state(coded_copy)
    code, _, err = call(*run(coder, coded_copy))
    assert code == 2
    assert err.count("\n") == 1
    assert "was begun on cuda" in err
    assert state(coded_copy) == before


@pytest.mark.parametrize("command", ["run", "verify", "report", "doctor"])
def test_a_newer_format_is_refused(coder: Path, coded_copy: Path, call: Call, command: str) -> None:
    rewrite(coded_copy / "campaign.json", f'"format": {FORMAT}', f'"format": {FORMAT + 1}')
    before = state(coded_copy)
    given: dict[str, list[str | Path]] = {"run": run(coder, coded_copy), "doctor": ["doctor", "--deep", coded_copy]}
    code, out, err = call(*given.get(command, [command, coded_copy]))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert f"written by a newer ticketbench (format {FORMAT + 1}; this one reads up to {FORMAT})" in err
    assert state(coded_copy) == before


@pytest.mark.parametrize("command", [["verify"], ["report"], ["doctor", "--deep"]])
def test_a_folder_without_a_campaign_is_told(tmp_path: Path, call: Call, command: list[str]) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path, tmp_path / "none", tmp_path / "file"):
        code, out, err = call(*command, folder)
        assert (code, out) == (2, "")
        assert err == f"ticketbench: {folder}: no campaign here; `ticketbench run SUITE --results DIR` starts one\n"


def test_a_folder_of_other_things_is_left_alone(coder: Path, tmp_path: Path, call: Call) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/one.txt").write_text("Dear")
    for place in (tmp_path / "letters", tmp_path / "letters/one.txt"):
        code, _, err = call(*run(coder, place))
        assert (code, err.count("\n")) == (2, 1)
        assert "is no results directory" in err
    code, _, err = call(*run(coder, tmp_path / "letters/one.txt/deeper"))
    assert (code, err.count("\n")) == (4, 1)
    assert "Not a directory" in err
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["one.txt"]


def test_a_run_killed_before_its_campaign_was_written_can_go_on(coder: Path, tmp_path: Path, call: Call) -> None:
    folder = tmp_path / "begun"
    (folder / "checksums").mkdir(parents=True)
    for left in ("lock", ".writing-x1", "checksums/.writing-x2", "checksums/campaign.json.json"):
        (folder / left).write_text("{")
    assert call(*run(coder, folder, "--only", "dense", "--quiet")) == (0, "", "")


def test_two_suites_of_one_key_are_refused_together(coder: Path, tmp_path: Path, call: Call) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(CODER.replace("steps: 100", "steps: 50"))
    code, _, err = call("run", coder, other, "--results", tmp_path / "both", "--executor", "inline", "--device", "cpu")
    assert (code, err.count("\n")) == (2, 1)
    assert "two different suites have the key 'coder'" in err


def test_a_second_process_in_a_directory_is_refused(suite: Path, tmp_path: Path) -> None:
    folder = tmp_path / "busy"
    arguments = ("run", suite, "--results", folder, "--device", "cpu", "--executor", "inline", "--scale", "small")
    first = Started(tmp_path / "talk", *arguments, "--set", "experiments.gan.training.steps=1000000")
    assert first.wait_until(lambda: log_lines(folder) > 0)
    second = ticketbench(*arguments)
    assert (second.returncode, second.stdout) == (2, "")
    told = f"ticketbench: {folder}: another `ticketbench run` is at work here; wait for it to end"
    assert second.stderr.replace("\n", " ").strip() == told
    assert first.process.poll() is None, first.said
    first.send(signal.SIGKILL)
    first.end()
