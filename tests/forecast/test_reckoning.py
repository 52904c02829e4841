"""Costs of single jobs: as seen where their kind was seen, else reckoned, and called so."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.environment import cpu_name
from benchmark.forecast.anatomy import Anatomies
from benchmark.forecast.kinds import Disk, Kind, recipe_of, remember
from benchmark.forecast.reckoning import Memory, Pace, Reckoner, reckoner
from benchmark.forecast.sizes import statistics_bytes
from benchmark.forecast.speeds import Speeds
from benchmark.schema.job import Job
from tests import tiny
from tests.tiny import arm

PLAN = tiny.planned()
GAN, AUTO = arm(PLAN, "gan").job, arm(PLAN, "auto").job
HERE = Speeds("here", {})


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETBENCH_CACHE", str(tmp_path / "cache"))


def wider(job: Job, channels: int) -> Job:
    options = job.model.options | {"base_channels": channels}
    return job.model_copy(update={"model": job.model.model_copy(update={"options": options})})


def lower(job: Job) -> Job:
    return job.model_copy(update={"training": job.training.model_copy(update={"precision": "bfloat16"})})


def flops(job: Job) -> int:
    found = Anatomies([job]).of(job)
    assert found is not None
    return found.flops


def knowing(*timed: tuple[Job, float], asked: Job) -> Reckoner:
    speeds = Speeds("here", {HERE.kind(job): seconds for job, seconds in timed})
    kinds = {HERE.kind(job): Kind(device="here", recipe=recipe_of(job)) for job, _ in timed}
    return Reckoner(speeds, kinds, Anatomies([asked, *(job for job, _ in timed)]))


def test_a_kind_that_was_timed_needs_no_yardstick() -> None:
    assert knowing((GAN, 2.0), asked=GAN).pace(GAN) == Pace(2.0)


def test_one_that_was_not_takes_as_long_as_its_operations_do_in_the_nearest_kind() -> None:
    asked, near, far = wider(GAN, 8), wider(GAN, 6), GAN
    found = knowing((far, 1.0), (near, 3.0), asked=asked).pace(asked)
    assert found is not None
    assert found.by_flops
    assert found.seconds == pytest.approx(3.0 * flops(asked) / flops(near))
    assert flops(far) < flops(near) < flops(asked)


def test_precision_comes_before_model_and_model_before_nearness() -> None:
    asked = wider(GAN, 8)
    same, other = (GAN, 1.0), (AUTO, 5.0)
    found = knowing(other, same, (lower(wider(GAN, 7)), 9.0), asked=asked).pace(asked)
    assert found is not None
    assert found.seconds == pytest.approx(flops(asked) / flops(GAN))
    found = knowing(other, (lower(GAN), 9.0), asked=asked).pace(asked)
    assert found is not None
    assert found.seconds == pytest.approx(5.0 * flops(asked) / flops(AUTO))


def test_a_shrunken_network_is_reckoned_whole_and_is_no_yardstick() -> None:
    thin = GAN.model_copy(update={"shrink": True})
    found = knowing((AUTO, 1.0), asked=thin).pace(thin)
    assert found is not None
    assert (found.at_most, found.by_flops) == (True, True)
    assert found.seconds == pytest.approx(flops(GAN) / flops(AUTO))
    assert knowing((thin, 1.0), asked=AUTO).pace(AUTO) is None


def test_where_nothing_was_timed_nothing_is_known() -> None:
    nothing = Reckoner(HERE)
    planned = arm(PLAN, "gan")
    assert (nothing.pace(GAN), nothing.memory(GAN), nothing.disk(planned)) == (None, None, None)
    assert nothing.measuring(GAN) == 0
    counted = Reckoner(HERE, {}, Anatomies([GAN]))
    assert counted.pace(GAN) is None
    memory = counted.memory(GAN)
    assert memory is not None
    assert memory.at_least
    assert memory.size > 83_008  # the images alone


def test_memory_and_measuring_are_as_seen_before_they_are_counted() -> None:
    kind = Kind(device="here", recipe=recipe_of(GAN), measuring=3.0, memory=5)
    found = Reckoner(HERE, {HERE.kind(GAN): kind}, Anatomies([GAN]))
    assert found.memory(GAN) == Memory(5, at_least=False)
    assert found.measuring(GAN) == 3.0


def test_disk_is_counted_but_for_networks_without_their_channels() -> None:
    dense, random = arm(PLAN, "gan"), arm(PLAN, "gan_random", 2)
    assert (len(dense.snapshots), len(random.snapshots)) == (1, 0)
    thin = dense.model_copy(update={"job": GAN.model_copy(update={"shrink": True})})
    disk = Disk(rest=100.0, snapshot=10.0)
    kinds = {HERE.kind(job): Kind(device="here", recipe=recipe_of(job), disk=disk) for job in (GAN, thin.job)}
    counting, seeing = Reckoner(HERE, kinds, Anatomies([GAN])), Reckoner(HERE, kinds)
    whole, statistics = Reckoner(HERE, {}, Anatomies([GAN])).disk(dense), statistics_bytes(dense)
    assert whole is not None
    assert statistics is not None
    assert counting.disk(dense) == whole > 1000
    assert counting.disk(thin) == seeing.disk(thin) == seeing.disk(dense) == 100.0 + 10.0 + statistics
    assert seeing.disk(random) == 100.0 + statistics
    seldom = {key: kind.model_copy(update={"disk": Disk(rest=100.0)}) for key, kind in kinds.items()}
    assert Reckoner(HERE, seldom).disk(dense) is None  # no snapshot was seen, and none counted


@pytest.mark.parametrize("seen", [False, True])
def test_disk_is_told_within_a_tenth_of_what_a_finished_directory_takes(finished: Path, seen: bool) -> None:
    results = ResultsDir(finished)
    if seen:
        remember(results, results.outcomes(PLAN), {one.id: one.job for one in PLAN.jobs})
    found = reckoner(cpu_name(), [planned.job for planned in PLAN.jobs])
    told = [found.disk(planned) for planned in PLAN.jobs]
    folders = [finished / "runs" / planned.id for planned in PLAN.jobs]
    used = [sum(512 * path.stat().st_blocks for path in [folder, *folder.rglob("*")]) for folder in folders]
    assert sum(size or 0 for size in told) == pytest.approx(sum(used), rel=0.1)
