"""What finished jobs were like is kept by kind and device, and a damaged memory is no failure."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.environment import cpu_name
from benchmark.forecast.kinds import Disk, Kind, keep, peaks, read_kinds, recipe_of, remember
from benchmark.forecast.speeds import Speeds, read_speeds
from benchmark.schema.job import Job
from benchmark.schema.measurement import Outcome
from benchmark.schema.training import Teacher
from tests import tiny
from tests.tiny import arm

PLAN = tiny.planned()
JOBS = {planned.id: planned.job for planned in PLAN.jobs}
GAN = arm(PLAN, "gan").job


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TICKETBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def kind_of(job: Job) -> Kind:
    return read_kinds(cpu_name())[Speeds(cpu_name(), {}).kind(job)]


def remembered(folder: Path) -> None:
    remember(ResultsDir(folder), ResultsDir(folder).outcomes(PLAN), JOBS)


def used(folder: Path) -> int:
    """What `du` would say."""
    paths = [folder, *folder.rglob("*")]
    return sum(512 * path.stat().st_blocks for path in paths)


def test_a_recipe_has_what_a_step_computes_and_no_more() -> None:
    ticket, random = arm(PLAN, "gan_imp", 2).job, arm(PLAN, "gan_random", 2).job
    assert recipe_of(ticket) == recipe_of(random) == recipe_of(GAN)
    teacher = Teacher(source="some job", component="discriminator")
    taught = GAN.model_copy(update={"training": GAN.training.model_copy(update={"teacher": teacher})})
    plain = recipe_of(taught)
    assert plain.training.teacher == teacher.model_copy(update={"source": ""})
    text = json.dumps(plain.model_dump(mode="json", exclude_defaults=True))
    assert Job.model_validate_json(text) == plain  # kept and read again
    assert plain != recipe_of(GAN)


def test_a_run_is_kept_with_its_speed(finished: Path) -> None:
    remembered(finished)
    assert read_kinds("another processor") == {}
    assert len(read_kinds(cpu_name())) == 2  # one kind of gan, one of autoencoder
    assert read_speeds(cpu_name()).of(GAN) is not None
    gan, auto = kind_of(GAN), kind_of(arm(PLAN, "auto").job)
    assert gan.recipe == recipe_of(GAN)
    assert gan.measuring is not None
    assert 0 < gan.measuring < 30
    assert gan.disk is not None
    assert gan.disk.snapshot is not None
    assert auto.disk is not None
    assert auto.disk.snapshot is None  # its ticket starts from initial weights


def test_bytes_on_disk_are_those_of_the_finished_jobs(finished: Path) -> None:
    remembered(finished)
    autos = [arm(PLAN, "auto").id, arm(PLAN, "auto_imp", 1).id]
    disk = kind_of(arm(PLAN, "auto").job).disk
    assert disk is not None
    assert disk.rest == sum(used(finished / "runs" / job) for job in autos) / 2


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells")
def test_the_most_memory_that_a_job_held_is_kept(finished: Path) -> None:
    remembered(finished)
    found = kind_of(GAN).memory
    assert found is not None
    assert 50e6 < found < os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert peaks([GAN, arm(PLAN, "gan_imp", 2).job], "cpu") == [found]
    other = GAN.model_copy(update={"training": GAN.training.model_copy(update={"batch_size": 9})})
    assert set(peaks([GAN, other], "cpu")) == {found, None}


def test_of_notes_that_say_nothing_nothing_is_kept(results: Path) -> None:
    for planned in PLAN.jobs:
        ResultsDir(results).run(planned.id).write_document("timings/measure.json", {})
        train = {"from_step": 0.0, "to_step": 4.0, "seconds": 2.0}
        ResultsDir(results).run(planned.id).write_document("timings/train.json", {**train})
    remembered(results)
    found = kind_of(GAN)
    assert (found.measuring, found.memory) == (None, None)
    assert found.disk is not None
    speed = read_speeds(cpu_name()).of(GAN)
    assert speed is not None
    assert speed.seconds == 0.5


def test_a_gpus_kinds_are_its_own_and_what_failed_is_not_kept(results: Path) -> None:
    outcomes: dict[str, Outcome] = dict.fromkeys(JOBS, "failed")
    remember(ResultsDir(results), outcomes, JOBS)
    assert read_kinds(cpu_name()) == {}
    run = ResultsDir(results).run(arm(PLAN, "gan").id)
    machine = run.read_document("environment.json")
    assert isinstance(machine, dict)
    run.write_document("environment.json", machine | {"device": "cuda", "gpu": "H200"})
    remember(ResultsDir(results), {run.id: "done"}, JOBS)
    assert list(read_kinds("H200")) == [Speeds("H200", {}).kind(GAN)]


def test_a_memory_that_is_damaged_or_cannot_be_written_is_no_failure(cache: Path, finished: Path) -> None:
    keep({"one": Kind(device="here", recipe=recipe_of(GAN), disk=Disk(rest=1.0))})
    file = cache / "kinds.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"two": {"device": "here"}, "three": 3}))
    assert list(read_kinds("here")) == ["one"]
    for text in ("", "[]", "{"):
        file.write_text(text)
        assert read_kinds("here") == {}
    file.unlink()
    cache.rmdir()
    cache.write_text("a file where the folder should be")
    remembered(finished)
    assert cache.read_text() == "a file where the folder should be"
