"""A results directory: the only module that names its files.

DIR/campaign.json  campaign.copy.json  verdicts.json  lock
DIR/runs/<job id>/
    job.json  mask.safetensors  start.safetensors  weights.safetensors  snapshots/  checkpoint/  train.jsonl
    diverged.json  failure.json  audit.json  measurements/  statistics/  samples/  environment.json  timings/
    checksums/
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from benchmark.documents import R, as_json, check_format, parsed
from benchmark.errors import CampaignError, NondeterminismError
from benchmark.schema.job import Campaign, MetricRequest, Plan, PlannedJob
from benchmark.schema.measurement import Divergence, Failure, Measurement, Outcome, Stage
from benchmark.schema.record import Record
from benchmark.schema.verdict import Verdicts
from benchmark.storage import TEMPORARY, Storage

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

_MADE_BY: Mapping[str, Stage] = {
    "mask.safetensors": "mask",
    "start.safetensors": "mask",
    "weights.safetensors": "train",
    "snapshots": "train",
    "train.jsonl": "train",
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
    CHECKPOINT = "checkpoint/state.safetensors"
    DIVERGED = "diverged.json"
    FAILURE = "failure.json"
    LOG = "train.jsonl"
    AUDIT = "audit.json"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = Storage(path, owner=path.name)

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
        return self.path / "lock"

    def read_job(self) -> PlannedJob:
        """Return the job as planned."""
        return self._read_record(self.JOB, PlannedJob)

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
        return self._read_record(name, Measurement) if (self.path / name).exists() else None

    def has_measurement(self, request: MetricRequest) -> bool:
        """Tell whether a measurement is there and whole."""
        return self.files.has(f"measurements/{request.key}.json")

    def is_measured(self, planned: PlannedJob) -> bool:
        """Tell whether the ticket is audited and every metric measured that is asked for."""
        return self.files.has(self.AUDIT) and all(self.has_measurement(request) for request in planned.metrics)

    def spoiled(self) -> dict[str, Stage | None]:
        """Return the files that are not as they were written, each with the stage that makes it again."""
        # A lock has no record, nor has the log while it grows.
        bare = {self.lock.name} | ({self.LOG} if self.files.recorded_digest(self.LOG) is None else set())
        names = (name for name in self.files.spoiled() if name not in bare)
        return {name: _MADE_BY.get(name) or _MADE_BY.get(name.partition("/")[0]) for name in names}

    def write_measurement(self, request: MetricRequest, measurement: Measurement) -> None:
        """Write a measurement."""
        self.files.write(f"measurements/{request.key}.json", as_json(measurement.model_dump(mode="json")))

    def write_statistics(self, key: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Write feature statistics as npz, the same bytes for the same arrays."""
        import io

        import numpy as np

        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **{name: arrays[name] for name in sorted(arrays)})
        self.files.write(f"statistics/{key}.npz", buffer.getvalue())

    def read_failure(self) -> Failure | None:
        """Return why the job failed, or null."""
        return self._read_record(self.FAILURE, Failure) if (self.path / self.FAILURE).exists() else None

    def read_divergence(self) -> Divergence | None:
        """Return where the training diverged, or null."""
        return self._read_record(self.DIVERGED, Divergence) if (self.path / self.DIVERGED).exists() else None

    def write_record(self, name: str, record: Record) -> None:
        """Write a record as JSON."""
        self.files.write(name, as_json(record.model_dump(mode="json")))

    def write_document(self, name: str, value: JsonValue) -> None:
        """Write a plain JSON document (environment, timings)."""
        self.files.write(name, as_json(value, by_name=True))

    def read_document(self, name: str) -> JsonValue:
        """Return a plain JSON document, or null if there is none."""
        found: JsonValue = json.loads(self.files.read(name)) if (self.path / name).exists() else None
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
        if (self.path / self.FAILURE).exists():
            return "failed"
        if (self.path / self.DIVERGED).exists():
            return "diverged"
        return "done" if all((self.path / name).exists() for name in (self.WEIGHTS, self.AUDIT)) else "missing"

    def _read_record(self, name: str, kind: type[R]) -> R:
        return parsed(self.files.read(name), kind, self.path / name)


class ResultsDir:
    """One campaign: its plan, its runs, its verdicts."""

    COPY = "campaign.copy.json"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = Storage(path)

    @property
    def lock(self) -> Path:
        """The lock file held by the process that runs this campaign."""
        return self.path / "lock"

    def sweep(self) -> None:
        """Remove half-written files of a run that was killed, but for those below `runs/`: jobs remove their own."""
        for folder in ("", "checksums/"):
            self.files.sweep(f"{folder}{TEMPORARY}*")

    def is_foreign(self) -> bool:
        """Tell whether the folder was there before and holds other things than a campaign."""
        if self.has_campaign() or not self.path.exists():
            return False
        # A run that was killed before its campaign was in place leaves these.
        ours = {self.lock.name, "checksums", self.COPY}
        return not self.path.is_dir() or any(
            entry.name not in ours and not entry.name.startswith(TEMPORARY) for entry in self.path.iterdir()
        )

    def has_campaign(self) -> bool:
        """Tell whether a campaign was started here."""
        return (self.path / "campaign.json").exists()

    def is_campaign_damaged(self) -> bool:
        """Tell whether the campaign's file is not as it was written; jobs are found by their content all the same."""
        return self.files.is_damaged("campaign.json")

    def read_campaign(self) -> Campaign:
        """Return the campaign; raise `CampaignError` if there is none or its format is newer than this code."""
        if not self.has_campaign():
            raise CampaignError(f"{self.path}: no campaign here; `ticketbench run SUITE --results DIR` starts one")
        check_format(self.path / "campaign.json")
        return parsed(self.files.read("campaign.json"), Campaign, self.path / "campaign.json")

    def restore_campaign(self) -> Campaign | None:
        """Return a damaged campaign from its copy; null where no job was begun, so that nothing is lost with it.

        Raises `CampaignError` where the copy is damaged too, or the campaign is of a newer format.
        """
        check_format(self.path / "campaign.json")
        if self.files.has(self.COPY):
            return parsed(self.files.read(self.COPY), Campaign, self.path / self.COPY)
        if any(self.runs()):
            raise CampaignError(f"{self.path}: campaign.json and its copy are damaged; use a new directory")
        return None

    def write_campaign(self, campaign: Campaign) -> None:
        """Write the campaign, and first its copy: whatever happens, one of them is whole."""
        for name in (self.COPY, "campaign.json"):
            self.files.write(name, as_json(campaign.model_dump(mode="json")))

    def run(self, job_id: str) -> RunDir:
        """Return the folder of a job."""
        return RunDir(self.path / "runs" / job_id)

    def runs(self) -> Iterator[RunDir]:
        """Yield the folders of all jobs that were started, sorted by id."""
        for path in sorted((self.path / "runs").glob("*/")):
            yield RunDir(path)

    def outcomes(self, plan: Plan) -> dict[str, Outcome]:
        """Return how each job ended; what needs a diverged job is diverged, a failed one blocked."""
        ends: dict[str, Outcome] = {}
        for planned in plan.jobs:
            before = {ends[job_id] for job_id in planned.job.inputs}
            if "diverged" in before:
                ends[planned.id] = "diverged"
            elif before & {"failed", "blocked"}:
                ends[planned.id] = "blocked"
            else:
                ends[planned.id] = self.run(planned.id).outcome()
        return ends

    def write_verdicts(self, verdicts: Verdicts) -> None:
        """Write the verdicts."""
        self.files.write("verdicts.json", as_json(verdicts.model_dump(mode="json")))

    def read_verdicts(self) -> Verdicts:
        """Return the verdicts as last judged."""
        return parsed(self.files.read("verdicts.json"), Verdicts, self.path / "verdicts.json")
