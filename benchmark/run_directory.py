"""The folder of one job in a results directory: the only module that names its files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from benchmark.documents import R, as_json, parsed
from benchmark.errors import NondeterminismError, RunError
from benchmark.schema.job import MetricRequest, PlannedJob
from benchmark.schema.measurement import Event, LogLine, Measurement, Outcome, Stage
from benchmark.schema.record import Record
from benchmark.schema.suite import Training
from benchmark.schema.training import Moment
from benchmark.storage import Storage

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

ABSENT = ".absent.json"
"""How the name of a note ends that stands in place of a measurement."""

GRID = 64
"""Images in a sample grid."""

_MADE_BY: Mapping[str, Stage] = {
    "mask.safetensors": "mask",
    "start.safetensors": "mask",
    "weights.safetensors": "train",
    "found.safetensors": "train",
    "snapshots": "train",
    "train.jsonl": "train",
    "event.json": "train",
    "environment.json": "train",
    "timings/train.json": "train",
    "audit.json": "measure",
    "measurements": "measure",
    "statistics": "measure",
    "samples": "measure",
    "timings/measure.json": "measure",
}


class RunDir:
    """The files of one job."""

    JOB = "job.json"
    MASK = "mask.safetensors"
    START = "start.safetensors"
    WEIGHTS = "weights.safetensors"
    FOUND = "found.safetensors"
    """The mask that a training of scores found."""
    CHECKPOINT = "checkpoint/state.safetensors"
    EVENT = "event.json"
    DIVERGED = "diverged.json"
    UNSTABLE = "unstable.json"
    FRUITLESS: Mapping[Outcome, str] = {"diverged": DIVERGED, "unstable": UNSTABLE}
    """What tells of an end without weights."""
    FAILURE = "failure.json"
    LOG = "train.jsonl"
    AUDIT = "audit.json"
    TRAIN_TIMES = "timings/train.json"
    """The steps between which a training ran in one go, and the seconds that it took."""
    LOCK = "lock"

    def __init__(self, path: Path, files: Storage | None = None) -> None:
        self.path = path
        self.files = files or Storage(path, owner=path.name)

    @property
    def id(self) -> str:
        """The job's id."""
        return self.path.name

    @staticmethod
    def snapshot(step: int) -> str:
        """Return the file name of the snapshot after `step` steps."""
        return f"snapshots/{step:08d}.safetensors"

    @staticmethod
    def sample_grid(name: str) -> str:
        """Return the file name of a sample grid."""
        return f"samples/{name}.png"

    @property
    def log(self) -> Path:
        """The training log: one JSON object a line, without times."""
        return self.path / self.LOG

    @property
    def lock(self) -> Path:
        """The lock file held by the process that runs this job."""
        return self.path / self.LOCK

    def read_job(self) -> PlannedJob:
        """Return the job as planned."""
        return self.read_record(self.JOB, PlannedJob)

    def write_job(self, planned: PlannedJob) -> None:
        """Write the job, unless it is there already."""
        text = as_json(planned.model_dump(mode="json"))
        if not self.files.has(self.JOB) or self.files.read(self.JOB) != text:
            self.files.write(self.JOB, text)

    def read_tensors(self, name: str) -> dict[str, Tensor]:
        """Return the tensors of a safetensors file, on the CPU."""
        from safetensors.torch import load

        tensors: dict[str, Tensor] = load(self.files.read(name))
        return tensors

    def read_ticket(self) -> dict[str, Tensor]:
        """Return the mask of the finished job's ticket: the one that its training found, or was given."""
        found = self.read_job().job.training.scores is not None
        return self.read_tensors(self.FOUND if found else self.MASK)

    def write_tensors(
        self, name: str, tensors: Mapping[str, Tensor], note: JsonValue = None, reproducible: bool = False
    ) -> None:
        """Write tensors as safetensors, with one JSON note in the header.

        A `reproducible` file that was made before must get the same bytes again (`NondeterminismError`).
        """
        from safetensors.torch import save

        ready = {key: tensor.detach().cpu().contiguous() for key, tensor in sorted(tensors.items())}
        data = save(ready, {"note": json.dumps(note, sort_keys=True)})
        if reproducible and self.files.recorded_digest(name) not in (None, hashlib.sha256(data).hexdigest()):
            raise NondeterminismError(
                f"{self.path / name}: made again, it has other bytes than before: other software or another processor "
                "made the first; start a new results directory"
            )
        self.files.write(name, data)

    def read_note(self, name: str) -> JsonValue:
        """Return the JSON note of a safetensors file."""
        data = self.files.read(name)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        return json.loads(header["__metadata__"]["note"])  # type: ignore[no-any-return]

    def read_measurement(self, request: MetricRequest) -> Measurement | None:
        """Return a measurement, or null if it was not made."""
        name = f"measurements/{request.key}.json"
        data = self.files.find(name)
        return None if data is None else parsed(data, Measurement, self.path / name)

    def has_measurement(self, request: MetricRequest) -> bool:
        """Tell whether a measurement is there and whole, or a note that there is nothing to measure."""
        return any(self.files.has(f"measurements/{request.key}{ending}") for ending in (".json", ABSENT))

    def is_measured(self, planned: PlannedJob) -> bool:
        """Tell whether the ticket is audited and every metric measured that is asked for."""
        return self.files.has(self.AUDIT) and all(self.has_measurement(request) for request in planned.metrics)

    def spoiled(self) -> dict[str, Stage | None]:
        """Return the files that are not as they were written, each with the stage that makes it again."""
        names = set(self.files.spoiled()) - {self.LOCK}  # it has no record
        if self.LOG in names and self.files.recorded_digest(self.LOG) is None:  # nor has the log while it grows
            names.remove(self.LOG)
        return {name: _MADE_BY.get(name) or _MADE_BY.get(name.partition("/")[0]) for name in sorted(names)}

    def write_measurement(self, request: MetricRequest, measurement: Measurement) -> None:
        """Write a measurement."""
        self.files.write(f"measurements/{request.key}.json", as_json(measurement.model_dump(mode="json")))

    def note_absence(self, request: MetricRequest, reason: str) -> None:
        """Write why there is nothing to measure, so that nobody tries again."""
        self.write_document(f"measurements/{request.key}{ABSENT}", {"reason": reason})

    def write_statistics(self, key: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Write feature statistics as npz, the same bytes for the same arrays."""
        import io

        import numpy as np

        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **{name: arrays[name] for name in sorted(arrays)})
        self.files.write(f"statistics/{key}.npz", buffer.getvalue())

    def read_log(self) -> tuple[LogLine, ...]:
        """Return the lines of a training that is over."""
        text = self.files.read(self.LOG)
        return tuple(parsed(line, LogLine, self.log) for line in text.splitlines())

    def step_seconds(self) -> float | None:
        """Return the mean seconds of a training step; null where it made none, or nobody looked at the clock."""
        timing = self.read_document(self.TRAIN_TIMES)
        if not isinstance(timing, dict):
            return None
        begun, ended, seconds = (float(str(timing[name])) for name in ("from_step", "to_step", "seconds"))
        return seconds / (ended - begun) if ended > begun else None

    def read_event(self) -> Event | None:
        """Return what became of the event that the training was to stop at; null where it waited for none."""
        found = [name for name in (self.EVENT, self.UNSTABLE) if (self.path / name).exists()]
        return self.read_record(found[0], Event) if found else None

    def last_step(self) -> int:
        """Return the step at which the job's training ended, which its weights are of; the job must be done."""
        return self._last_step(self.read_job().job.training)

    def step_at(self, moment: Moment) -> int:
        """Return the step that a moment of the finished training means; `RunError` where it ended before."""
        if moment == "end":
            return self.last_step()
        event = self.read_event()
        if event is not None and moment > event.step:
            raise RunError(f"step {moment} is asked for, but the training of {self.id} stopped at step {event.step}")
        return moment

    def is_trained(self, planned: PlannedJob) -> bool:
        """Tell whether the weights, the log, and all else that the training was to leave are there and whole.

        Of the snapshots asked for, there is none beyond the end; the one at the last step that was allowed is that of
        the end.
        """
        training = planned.job.training
        needed = [self.WEIGHTS, self.LOG]
        needed += [self.EVENT] * (training.stop is not None) + [self.FOUND] * (training.scores is not None)
        if not all(map(self.files.has, needed)):
            return False
        last = self._last_step(training)
        steps = (last if step == training.steps else step for step in planned.snapshots)
        return all(self.files.has(self.snapshot(step)) for step in steps if step <= last)

    def fruitless(self) -> Outcome | None:
        """Return how the training ended where no weights came of it, by a file that is whole; else null."""
        return next((end for end, name in self.FRUITLESS.items() if self.files.has(name)), None)

    def read_record(self, name: str, kind: type[R]) -> R:
        """Return a record; `ArtifactError` where the file is absent, damaged or of another shape."""
        return parsed(self.files.read(name), kind, self.path / name)

    def write_record(self, name: str, record: Record) -> None:
        """Write a record as JSON."""
        self.files.write(name, as_json(record.model_dump(mode="json")))

    def write_document(self, name: str, value: JsonValue) -> None:
        """Write a plain JSON document (environment, timings)."""
        self.files.write(name, as_json(value, by_name=True))

    def read_document(self, name: str) -> JsonValue:
        """Return a plain JSON document, or null if there is none."""
        data = self.files.find(name)
        found: JsonValue = None if data is None else json.loads(data)
        return found

    def discard_checkpoint(self) -> None:
        """Remove the checkpoint of a training that is over."""
        self.files.remove(self.CHECKPOINT)

    def forget(self) -> None:
        """Remove all that the job has made; its weights last, so that what is left still tells that it had been."""
        for name in sorted(self.files.names(), key=lambda name: name == self.WEIGHTS):
            self.files.remove(name)

    def outcome(self) -> Outcome:
        """Tell how the job ended, by its own files alone."""
        names = self.files.top()
        if self.FAILURE in names:
            return "failed"
        for end, name in self.FRUITLESS.items():
            if name in names:
                return end
        return "done" if {self.WEIGHTS, self.AUDIT} <= names else "missing"

    def _last_step(self, training: Training) -> int:
        return training.steps if training.stop is None else self.read_record(self.EVENT, Event).step
