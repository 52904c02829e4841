"""Altered, cut and lost files: told in one line each, made again by `run`, never judged or shown."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.cli import app
from tests.end_to_end.conftest import Call
from tests.tiny import contents


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def flip_unseen(file: Path) -> None:
    """Change a file but neither its size nor its time, as a failing disk does."""
    stat = file.stat()
    flip(file)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def empty(file: Path) -> None:
    os.truncate(file, 0)


def lose_record(file: Path) -> None:
    run = next(folder for folder in file.parents if (folder / "checksums").exists())
    (run / "checksums" / f"{file.relative_to(run)}.json").unlink()


DAMAGE: list[Callable[[Path], None]] = [flip, cut, empty, lose_record]

KINDS = [
    "job.json",
    "mask.safetensors",
    "start.safetensors",
    "weights.safetensors",
    "snapshots/00000010.safetensors",
    "train.jsonl",
    "environment.json",
    "timings/train.json",
    "audit.json",
    "measurements/mse-*.json",
    "samples/real.png",
    "timings/measure.json",
]


def run(suite: Path, folder: Path) -> list[str | Path]:
    return ["run", suite, "--results", folder, "--executor", "inline", "--device", "cpu"]


def dense(folder: Path) -> Path:
    return next(folder.glob("runs/*-dense-s0-*"))


@pytest.mark.parametrize("kind", KINDS)
def test_doctor_finds_damage_of_every_kind_and_run_makes_it_good(
    coder: Path, coded: Path, coded_copy: Path, call: Call, kind: str
) -> None:
    file = next(dense(coded_copy).glob(kind))
    damage = DAMAGE[KINDS.index(kind) % len(DAMAGE)]
    if kind == "train.jsonl" and damage is lose_record:  # a log without a record is one that still grows
        damage = cut
    damage(file)
    code, out, _ = call("doctor", "--deep", coded_copy, "--json")
    assert code == 4
    name = str(file.relative_to(coded_copy / "runs"))
    assert [one["what"] for one in json.loads(out)] == [name]
    code, out, err = call(*run(coder, coded_copy))
    assert (code, out) == (0, "")
    assert f"damaged: {name}: not as it was written; made again" in err
    assert contents(coded_copy) == contents(coded)
    assert call("doctor", "--deep", coded_copy)[0] == 0
    assert "6 jobs, 6 of them done before" in call(*run(coder, coded_copy))[2]


def test_damaged_statistics_are_made_again(suite: Path, whole: Path, results: Path, call: Call) -> None:
    file = next(results.glob("runs/*-dense-s0-*/statistics/*.npz"))
    cut(file)
    code, _, err = call(*run(suite, results), "--scale", "small")
    assert code == 0
    assert "8 jobs, 7 of them done before" in err
    assert contents(results) == contents(whole)


def test_damage_that_only_a_checksum_shows_is_found_by_doctor_and_made_good(
    coder: Path, coded: Path, coded_copy: Path, call: Call
) -> None:
    files = [dense(coded_copy) / "weights.safetensors", next(dense(coded_copy).glob("measurements/mse-*.json"))]
    for file in files:
        flip_unseen(file)
    code, out, _ = call("doctor", "--deep", coded_copy, "--json")
    assert (code, len(json.loads(out))) == (4, 2)
    assert call(*run(coder, coded_copy))[0] == 0
    assert contents(coded_copy) == contents(coded)


@pytest.mark.parametrize("command", ["verify", "report"])
@pytest.mark.parametrize("damage", [flip, flip_unseen, cut, empty, lose_record])
def test_a_damaged_measurement_is_never_judged(
    coded_copy: Path, call: Call, command: str, damage: Callable[[Path], None]
) -> None:
    file = next(dense(coded_copy).glob("measurements/sparsity-*.json"))
    damage(file)
    code, out, err = call(command, coded_copy)
    assert (code, out) == (4, "")
    assert err.count("\n") == 1
    assert err.startswith(f"ticketbench: {file}: damaged")
    assert "run the same command again" in err


def test_a_lost_measurement_counts_as_not_measured(coder: Path, coded_copy: Path, call: Call) -> None:
    next(dense(coded_copy).glob("measurements/sparsity-*.json")).unlink()
    assert call("verify", coded_copy)[0] == 4
    assert call(*run(coder, coded_copy))[0] == 0
    assert call("verify", coded_copy)[0] == 0


@pytest.mark.parametrize("damage", [flip, cut, empty, flip_unseen])
def test_a_damaged_campaign_is_told_and_written_again(
    coder: Path, coded: Path, coded_copy: Path, call: Call, damage: Callable[[Path], None]
) -> None:
    damage(coded_copy / "campaign.json")
    for command in (["verify", coded_copy], ["report", coded_copy], ["doctor", "--deep", coded_copy]):
        code, _, err = call(*command)
        assert (code, err.count("\n")) == (4, 1)
        assert "campaign.json: damaged" in err
    code, _, err = call(*run(coder, coded_copy))
    assert code == 0
    assert "damaged: campaign.json" in err
    assert "6 jobs, 6 of them done before" in err
    assert contents(coded_copy) == contents(coded)


def test_a_checkpoint_that_does_not_fit_its_training_is_not_gone_on_from(
    coder: Path, coded: Path, tmp_path: Path, call: Call
) -> None:
    """A checkpoint is of use only with the log and the snapshots that were written before it."""
    for lost in ("train.jsonl", "snapshots/00000010.safetensors", "checkpoint/state.safetensors"):
        folder = tmp_path / lost.replace("/", "-")
        stop_after_first_checkpoint(coder, folder)
        assert (dense(folder) / "checkpoint/state.safetensors").exists()
        assert not (dense(folder) / "weights.safetensors").exists()
        (dense(folder) / lost).unlink()
        assert call(*run(coder, folder), "--only", "dense")[0] == 0
        expected = contents(coded / "runs")
        assert contents(folder / "runs") == {name: data for name, data in expected.items() if "-dense-" in name}


def stop_after_first_checkpoint(suite: Path, folder: Path) -> None:
    """Fail every job at its second line of the log, when the first checkpoint is there."""
    from benchmark.errors import ArtifactError
    from benchmark.storage import Storage

    append = Storage.append

    def fail_second(storage: Storage, name: str, data: bytes) -> None:
        if (storage.path / name).exists():
            raise ArtifactError("stopped")
        append(storage, name, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Storage, "append", fail_second)
        arguments = [*map(str, run(suite, folder)), "--only", "dense", "--checkpoint-every", "0", "--quiet"]
        assert app.run(arguments) == 4


def test_a_lost_run_folder_is_run_again(coder: Path, coded: Path, coded_copy: Path, call: Call) -> None:
    shutil.rmtree(dense(coded_copy))
    code, _, err = call(*run(coder, coded_copy))
    assert code == 0
    assert "6 jobs, 5 of them done before" in err
    assert contents(coded_copy) == contents(coded)
