"""A results directory: with `benchmark.run_directory`, which names the files of a job, the only one to name its files.

DIR/campaign.json  campaign.copy.json  verdicts.json  lock  timings/<suite>/<timing>/<arm>.<process>.json
DIR/runs/<job id>/
    job.json  mask.safetensors  start.safetensors  weights.safetensors  found.safetensors  snapshots/  checkpoint/
    train.jsonl  event.json  diverged.json  unstable.json  failure.json  audit.json  measurements/  statistics/
    samples/  environment.json  timings/  checksums/
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.documents import as_json, check_format, parsed
from benchmark.errors import CampaignError
from benchmark.run_directory import RunDir
from benchmark.schema.job import Campaign, Job, Plan
from benchmark.schema.measurement import FRUITLESS, Outcome
from benchmark.schema.suite import Timing
from benchmark.schema.verdict import Verdicts
from benchmark.storage import TEMPORARY, Storage
from benchmark.timing_files import TimingFiles

__all__ = ["ResultsDir", "RunDir"]


class ResultsDir:
    """One campaign: its plan, its runs, its verdicts."""

    COPY = "campaign.copy.json"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = Storage(path)
        self._runs = path / "runs"
        self._campaign: tuple[bytes, Campaign] | None = None

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
        data = self.files.read("campaign.json")
        if self._campaign is None or self._campaign[0] != data:  # one that is judged and then shown is parsed once
            self._campaign = data, parsed(data, Campaign, self.path / "campaign.json")
        return self._campaign[1]

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

    def has_just(self, campaign: Campaign) -> bool:
        """Tell whether the campaign's file is whole and says this and nothing else; reading it takes far longer."""
        return self.files.has("campaign.json") and (self.path / "campaign.json").read_bytes() == _text_of(campaign)

    def write_campaign(self, campaign: Campaign) -> None:
        """Write the campaign, and first its copy: whatever happens, one of them is whole."""
        for name in (self.COPY, "campaign.json"):
            self.files.write(name, _text_of(campaign))

    def run(self, job_id: str) -> RunDir:
        """Return the folder of a job."""
        return RunDir(self._runs / job_id)

    def runs(self) -> Iterator[RunDir]:
        """Yield the folders of all jobs that were started, sorted by id."""
        for path in sorted(self._runs.glob("*/")):
            yield RunDir(path)

    def outcomes(self, plan: Plan) -> dict[str, Outcome]:
        """Return how each job ended; what needs a diverged or an unstable job is that too, a failed one blocked."""
        ends: dict[str, Outcome] = {}
        for planned in plan.jobs:
            before = {ends[job_id] for job_id in planned.job.inputs}
            fruitless = [end for end in FRUITLESS if end in before]
            if fruitless:
                ends[planned.id] = fruitless[0]
            elif before & {"failed", "blocked"}:
                ends[planned.id] = "blocked"
            else:
                ends[planned.id] = self.run(planned.id).outcome()
        return ends

    def timing(self, suite: str, name: str, timing: Timing) -> TimingFiles:
        """Return the records of one of a suite's timings."""
        return TimingFiles(self.files, f"timings/{suite}/{name}", timing.processes)

    def first_step(self, job: Job) -> int:
        """Return the step from which a job's training goes on, which its origins' end may tell."""
        if job.start.start_step != "end":
            return job.start.start_step
        origin = next(origin for origin in job.start.origins.values() if origin.job is not None)
        return self.run(str(origin.job)).last_step()

    def write_verdicts(self, verdicts: Verdicts) -> None:
        """Write the verdicts."""
        self.files.write("verdicts.json", as_json(verdicts.model_dump(mode="json")))


def _text_of(campaign: Campaign) -> bytes:
    return (campaign.model_dump_json(indent=1) + "\n").encode()
