"""Files that are lost or damaged are told of and made again to the byte."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.schema.job import CampaignSuite
from tests import tiny
from tests.tiny import DIVERGING, SUITE, Watch, arm, contents, delete, flip, run

PLAN = tiny.planned()
DENSE = arm(PLAN, "gan").id
WINNER = arm(PLAN, "gan_imp", 1).id

FILES = {
    "mask.safetensors": ["mask", "measure"],
    "start.safetensors": ["mask", "measure"],
    "weights.safetensors": ["train", "measure"],
    "snapshots/00000004.safetensors": ["train", "measure"],
    "train.jsonl": ["train", "measure"],
    "environment.json": ["train", "measure"],
    "timings/train.json": ["train", "measure"],
    "audit.json": ["measure"],
    "measurements/*.json": ["measure"],
    "statistics/*.npz": ["measure"],
    "samples/real.png": ["measure"],
    "samples/samples.png": ["measure"],
    "timings/measure.json": ["measure"],
    "job.json": [],
}
"""Every kind of file of a job, and the stages that make it again."""


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def forget(path: Path) -> None:
    """Remove the record alone."""
    run_folder = next(parent for parent in path.parents if parent.parent.name == "runs")
    (run_folder / "checksums" / f"{path.relative_to(run_folder)}.json").unlink()


HARMS = [(kind, harm) for kind in FILES for harm in (delete, flip, forget)]
HARMS += [("weights.safetensors", harm) for harm in (truncate, empty)]


def test_every_file_kind_is_tried(finished: Path) -> None:
    found = {path for path in (finished / "runs" / DENSE).rglob("*") if path.is_file() and path.name != "lock"}
    tried = {path for pattern in FILES for path in (finished / "runs" / DENSE).glob(pattern)}
    assert {path for path in found - tried if "checksums" not in path.parts} == set()


@pytest.mark.parametrize(("kind", "harm"), HARMS)
def test_what_is_lost_or_damaged_is_made_again_to_the_byte(
    kind: str, harm: Callable[[Path], None], finished: Path, results: Path, tiny_suite: CampaignSuite
) -> None:
    folder, watch = results / "runs" / DENSE, Watch()
    harmed = next(iter(sorted(folder.glob(kind))))
    harm(harmed)
    assert set(run(results, tiny_suite, watch).values()) == {"done"}
    assert watch.began == [(DENSE, stage) for stage in FILES[kind]]
    told = harm is not delete and (kind, harm) != ("train.jsonl", forget)  # a log without a record is one that grows
    assert watch.files == ([f"{DENSE}/{harmed.relative_to(folder)}"] if told else [])
    assert contents(results) == contents(finished)
    assert not ResultsDir(results).run(DENSE).spoiled()


def test_damage_behind_an_unchanged_time_is_found_by_who_reads_and_mended_next_time(
    finished: Path, results: Path, tiny_suite: CampaignSuite
) -> None:
    weights = results / "runs" / DENSE / "weights.safetensors"
    stat = weights.stat()
    flip(weights)
    os.utime(weights, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    delete(results / "runs" / WINNER / "mask.safetensors")
    watch = Watch()
    ends = run(results, tiny_suite, watch)
    assert ends[WINNER] == "failed"
    assert "damaged" in watch.ends[0].reason
    assert set(run(results, tiny_suite).values()) == {"done"}
    assert contents(results) == contents(finished)


def test_a_lost_campaign_file_is_written_again_and_the_jobs_are_kept(
    finished: Path, results: Path, tiny_suite: CampaignSuite
) -> None:
    flip(results / "campaign.json")
    watch = Watch()
    assert set(run(results, tiny_suite, watch).values()) == {"done"}
    assert (watch.files, watch.began) == (["campaign.json"], [])
    assert contents(results) == contents(finished)


def test_what_nobody_asks_for_any_more_is_not_mended_for_ever(results: Path) -> None:
    text = SUITE.replace("levels: {first: 0, last: 2}", "levels: [0]").replace("gan_imp@same", "gan_imp@0")
    other = tiny.suite_of(
        text.replace("key: small_networks", "key: other").replace("      fid: {name", "      fad: {name")
    )
    run(results, other)
    for name in ("snapshots/00000004.safetensors", "measurements/fid-*.json", "statistics/*.npz"):
        for path in (results / "runs" / DENSE).glob(name):
            flip(path)
    first, second = Watch(), Watch()
    assert set(run(results, other, first).values()) == {"done"}
    assert first.began == [(DENSE, "train"), (DENSE, "measure")]
    assert set(run(results, other, second).values()) == {"done"}
    assert (second.began, second.files) == ([], [])


@pytest.mark.parametrize("kind", ["weights.safetensors", "snapshots/00000004.safetensors"])
@pytest.mark.parametrize("only", [frozenset(), frozenset({"gan"})])
def test_where_bytes_are_not_repeated_a_lost_training_takes_its_descendants_with_it(
    tmp_path: Path, tiny_suite: CampaignSuite, kind: str, only: frozenset[str]
) -> None:
    folder, watch = tmp_path / "r", Watch()
    run(folder, tiny_suite, device="cuda")
    delete(folder / "runs" / DENSE / kind)
    run(folder, tiny_suite, watch, only=only, device="cuda")
    lineage = {one.job for one in PLAN.arms if one.experiment.startswith("gan")}
    assert {job for job, _ in watch.began} == ({DENSE} if only else lineage)
    assert {stage for _, stage in watch.began} == {"mask", "train", "measure"}
    run(folder, tiny_suite, watch, device="cuda")
    assert {job for job, _ in watch.began} == lineage
    assert set(run(folder, tiny_suite, again := Watch(), device="cuda").values()) == {"done"}
    assert again.began == []


@pytest.mark.parametrize("kind", ["audit.json", "mask.safetensors"])
def test_where_bytes_are_not_repeated_a_training_that_is_there_is_kept(
    tmp_path: Path, tiny_suite: CampaignSuite, kind: str
) -> None:
    folder, watch = tmp_path / "r", Watch()
    run(folder, tiny_suite, device="cuda")
    before = contents(folder)
    delete(folder / "runs" / DENSE / kind)
    run(folder, tiny_suite, watch, device="cuda")
    assert {job for job, _ in watch.began} == {DENSE}
    assert "train" not in {stage for _, stage in watch.began}
    assert contents(folder) == before


@pytest.mark.parametrize("harm", [delete, flip])
def test_a_divergence_that_is_lost_or_damaged_happens_again(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    suite = tiny.suite_of(DIVERGING)
    ends = run(tmp_path / "r", suite)
    before = contents(tmp_path / "r")
    harm(tmp_path / "r" / "runs" / arm(suite.plan, "gan").id / "diverged.json")
    assert run(tmp_path / "r", suite) == ends
    assert contents(tmp_path / "r") == before


def test_other_bytes_than_before_are_refused(results: Path, tiny_suite: CampaignSuite) -> None:
    folder = results / "runs" / DENSE
    record = folder / "checksums" / "weights.safetensors.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"sha256": "0" * 64}))
    delete(folder / "weights.safetensors")
    watch = Watch()
    ends = run(results, tiny_suite, watch)
    assert ends[DENSE] == "failed"
    assert "made again, it has other bytes than before" in watch.ends[0].reason
    assert not (folder / "weights.safetensors").exists()
