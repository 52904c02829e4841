"""What `doctor` finds."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from benchmark import checkup, environment
from benchmark.checkup import check_directory, check_machine
from benchmark.errors import CampaignError
from benchmark.schema.job import CampaignSuite
from tests.datasets.formats import write_cifar_binary
from tests.tiny import contents, run


def test_a_whole_directory_is_said_to_be_whole(finished: Path) -> None:
    (finding,) = check_directory(finished)
    assert finding.good
    files = [path for path in (finished / "runs").rglob("*") if path.is_file() and path.name != "lock"]
    count = len([path for path in files if "checksums" not in path.parts])
    assert finding.found == f"{count} files, all as they were written"


def test_damage_that_time_and_size_hide_is_found_and_mended_by_the_next_run(
    finished: Path, results: Path, tiny_suite: CampaignSuite
) -> None:
    names = ("weights.safetensors", "samples/real.png", "audit.json")
    folder = min((results / "runs").iterdir())
    for name in names:
        path = folder / name
        stat, data = path.stat(), bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    findings = check_directory(results)
    assert {finding.what for finding in findings} == {f"{folder.name}/{name}" for name in names}
    assert not any(finding.good for finding in findings)
    run(results, tiny_suite)
    assert contents(results) == contents(finished)
    assert check_directory(results)[0].good


def test_what_is_missing_or_has_no_record_is_found(results: Path) -> None:
    folder = min((results / "runs").iterdir())
    (folder / "weights.safetensors").unlink()
    (folder / "checksums" / "audit.json.json").unlink()
    found = {finding.what.rpartition("/")[2]: finding.found for finding in check_directory(results)}
    assert found == {
        "weights.safetensors": "missing: `run` makes it again",
        "audit.json": "has no recorded checksum: `run` makes it again",
        "planned jobs": "1 of 6 have no result: not run yet, or removed; `run` makes them",
    }


def test_jobs_that_are_gone_and_damage_of_the_campaigns_own_files_are_told(results: Path) -> None:
    shutil.rmtree(min((results / "runs").iterdir()))
    (results / "campaign.copy.json").write_text("{}")
    found = {finding.what: finding.good for finding in check_directory(results)}
    assert found == {"campaign.copy.json": False, "planned jobs": True}


def test_files_of_another_job_are_not_taken_for_its_own_though_their_records_come_along(
    finished: Path, results: Path, tiny_suite: CampaignSuite
) -> None:
    one, other = sorted((results / "runs").iterdir())[:2]
    for folder in ("measurements", "checksums/measurements"):
        (one / folder).rename(results / "aside")
        (other / folder).rename(one / folder)
        (results / "aside").rename(other / folder)
    assert not all(finding.good for finding in check_directory(results))
    run(results, tiny_suite)
    assert contents(results) == contents(finished)


def test_a_folder_without_a_campaign_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="no campaign here"):
        check_directory(tmp_path)


def test_the_machine_is_told_with_what_will_not_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TICKETBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(environment, "versions", lambda: {"torch": "2.6.0", "numpy": "absent"})
    monkeypatch.setattr(environment, "why_cleanfid_fails", lambda: "clean-fid cannot be imported: no")
    monkeypatch.setattr(environment, "free_bytes", lambda _: checkup.ROOM - 1)
    found = {finding.what: finding for finding in check_machine()}
    assert (found["torch"].good, found["numpy"].good) == (True, False)
    assert not found["Inception features"].good
    assert (found["free disk"].good, found["free disk"].found) == (False, "2.0 GiB")
    assert found["cpu"].good
    missing = [finding for finding in found.values() if "ticketbench prepare --asset" in finding.found]
    assert missing
    assert all(finding.good for finding in missing)


def test_data_sets_are_told_where_they_lie_or_how_they_come(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TICKETBENCH_DATA", str(write_cifar_binary(tmp_path)))
    found = {finding.what: finding.found for finding in check_machine()}
    assert found["cifar10"] == str(tmp_path)
    assert found["celeba"].startswith("not here: `ticketbench prepare --asset celeba` fetches it")
