"""One job at work: what its stages know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from benchmark.artifacts import ResultsDir, RunDir
from benchmark.assembly import Workshop, removed_channels
from benchmark.schema.job import PlannedJob
from benchmark.schema.measurement import Progress
from benchmark.schema.settings import Settings


@dataclass(frozen=True)
class Bench:
    """One job at work: its recipe, the campaign it belongs to, and where it runs."""

    planned: PlannedJob
    results: ResultsDir
    settings: Settings
    report: Callable[[Progress], None]

    @property
    def run(self) -> RunDir:
        """The job's files."""
        return self.results.run(self.planned.id)

    @property
    def workshop(self) -> Workshop:
        """The maker of the job's networks and data, from its mask on."""
        job, settings = self.planned.job, self.settings
        return Workshop(job, settings.device, settings.data, settings.cache, removed_channels(self.run, job))

    @property
    def first_step(self) -> int:
        """The step from which the job's training goes on."""
        return self.results.first_step(self.planned.job)

    def commit(self, name: str, tensors: Mapping[str, Tensor]) -> None:
        """Write tensors that must be the same bytes whenever they are made on a CPU."""
        self.run.write_tensors(name, tensors, reproducible=self.settings.device == "cpu")
