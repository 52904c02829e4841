"""A full disk: one clear line and exit code 4; with space again, the same command ends as if nothing had been."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.command import ticketbench
from tests.tiny import contents

SIZE = 16 * 1024**2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    if subprocess.run([mount, "-t", "tmpfs", "-o", f"size={SIZE}", "none", place], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("left", [0, 400 * 1024])
def test_a_disk_that_fills_under_worker_processes_is_told_and_survived(
    suite: Path, whole: Path, small_disk: Path, left: int
) -> None:
    check_full_disk(suite, whole, small_disk, left, "--workers", "2")


def test_a_full_disk_is_told_and_survived(coder: Path, coded: Path, small_disk: Path) -> None:
    check_full_disk(coder, coded, small_disk, 64 * 1024, "--executor", "inline")


def check_full_disk(suite: Path, whole: Path, small_disk: Path, left: int, *more: str) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(SIZE - left))
    folder = small_disk / "results"
    arguments: list[str | Path] = ["run", suite, "--results", folder, "--device", "cpu", "--scale", "small", *more]
    ended = ticketbench(*arguments)
    assert ended.returncode == 4, ended.stderr
    assert "Traceback" not in ended.stderr
    lines = [line for line in ended.stderr.splitlines() if "No space" in line or "no space" in line]
    assert lines
    assert all("free some and run the same command again" in line for line in lines)
    ballast.unlink()
    again = ticketbench(*arguments)
    assert again.returncode == 0, again.stderr
    assert contents(folder) == contents(whole)
    assert not list(folder.rglob(".writing-*"))
