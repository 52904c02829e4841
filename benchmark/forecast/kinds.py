"""What finished jobs of each kind were like on each device: their recipe, time to measure, bytes on disk."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import fmean

from pydantic import ValidationError

from benchmark import remembered
from benchmark.artifacts import ResultsDir, RunDir
from benchmark.errors import ArtifactError
from benchmark.forecast import speeds
from benchmark.schema.job import Job, MaskRecipe, StartRecipe
from benchmark.schema.measurement import Outcome, Stage
from benchmark.schema.record import Record

FILE = "kinds.json"

BLOCK = 512
"""Bytes in what `stat` counts as a block (POSIX)."""


class Disk(Record):
    """Bytes of finished jobs on disk: of one snapshot, null where there was none, and of all but these and statistics.

    They are means over some jobs, of what the file system has set aside: whole blocks, folders too.
    """

    rest: float
    snapshot: float | None = None


class Kind(Record):
    """What is known of the jobs of one kind on one device; null is not known.

    `recipe` is one of them without what its speed does not depend on, `measuring` the most seconds that the measuring
    of one took, `memory` the most bytes that one held of the device's memory (on a processor: that its process held).
    """

    device: str
    recipe: Job
    measuring: float | None = None
    memory: int | None = None
    disk: Disk | None = None


def recipe_of(job: Job) -> Job:
    """Return a job without seed, length and sources: what remains tells what a step computes."""
    teacher = job.training.teacher
    anyone = None if teacher is None else teacher.model_copy(update={"source": ""})
    plain = {"steps": 1, "teacher": anyone, "stop": None, "schedule": None}
    training = job.training.model_copy(update=plain)
    empty = {"seed": 0, "mask": MaskRecipe(), "start": StartRecipe(origins={})}
    return job.model_copy(update={**empty, "training": training})


def read_kinds(device: str) -> dict[str, Kind]:
    """Return what is known of the kinds of jobs on a device, by `Speeds.kind`; what is damaged is left out."""
    found = {}
    for key, value in remembered.recall(FILE).items():
        with suppress(ValidationError):
            kind = Kind.model_validate_json(json.dumps(value))
            if kind.device == device:
                found[key] = kind
    return found


def peaks(jobs: Iterable[Job], device: str) -> list[int | None]:
    """Return the most bytes that a job of each of these kinds held on `cpu` or `cuda`; null where none was seen."""
    here = speeds.Speeds(speeds.device_name(device), {})
    known, keys = read_kinds(here.device), {here.kind(job) for job in jobs}
    return [known[key].memory if key in known else None for key in sorted(keys)]


def keep(found: Mapping[str, Kind]) -> None:
    """Add kinds to what is known."""
    plain = {key: kind.model_dump(mode="json", exclude_defaults=True) for key, kind in found.items()}
    remembered.remember(FILE, plain)


def remember(results: ResultsDir, ends: Mapping[str, Outcome], jobs: Mapping[str, Job]) -> None:
    """Keep what finished jobs were like, and how fast, for later estimates: of each kind the first, middle and last."""
    nowhere, alike = speeds.Speeds("", {}), defaultdict[str, list[str]](list)
    for name, job in jobs.items():
        if ends.get(name) == "done":
            alike[nowhere.kind(job)].append(name)
    chosen = [sorted({names[0], names[len(names) // 2], names[-1]}) for names in alike.values()]
    speeds.remember(results, {name: "done" for names in chosen for name in names})
    found: dict[str, Kind] = {}
    with suppress(ArtifactError):  # a convenience, as speeds are
        for names in chosen:
            found |= _seen([results.run(name) for name in names], jobs[names[0]])
    keep(found)


def _seen(runs: Sequence[RunDir], job: Job) -> dict[str, Kind]:
    """Return what runs of one kind were like, by kind and device: the device is that of the last."""
    machine = runs[-1].read_document("environment.json")
    if not isinstance(machine, dict):
        return {}
    device = str(machine.get("gpu", machine.get("cpu")))
    key = speeds.Speeds(device, {}).kind(job)
    kind = Kind(
        device=device,
        recipe=recipe_of(job),
        measuring=max(_noted(runs, "seconds", ("measure",)), default=None),
        memory=max(map(int, _noted(runs, "peak_bytes", ("train", "measure"))), default=None),
        disk=_disk([run.path for run in runs]),
    )
    return {key: kind}


def _noted(runs: Sequence[RunDir], name: str, stages: tuple[Stage, ...]) -> Iterable[float]:
    """Yield a number from the notes of stages, where it is there."""
    for run in runs:
        for stage in stages:
            note = run.read_document(f"timings/{stage}.json")
            value = note.get(name) if isinstance(note, dict) else None
            if isinstance(value, int | float):
                yield value


def _disk(folders: Sequence[Path]) -> Disk:
    snapshots = [_allotted([file]) for folder in folders for file in (folder / "snapshots").glob("*.safetensors")]
    statistics = sum(_allotted((folder / "statistics").glob("*.npz")) for folder in folders)
    whole = sum(_allotted([folder, *folder.rglob("*")]) for folder in folders)
    rest = (whole - sum(snapshots) - statistics) / len(folders)
    return Disk(rest=rest, snapshot=fmean(snapshots) if snapshots else None)


def _allotted(paths: Iterable[Path]) -> int:
    """Return the bytes that a file system has set aside; the size where it does not say."""
    stats = [path.stat() for path in paths]
    return sum(stat.st_blocks * BLOCK if hasattr(stat, "st_blocks") else stat.st_size for stat in stats)
