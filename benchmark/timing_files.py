"""The records of one timing in a results directory, a file a process and arm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmark.documents import as_json, parsed
from benchmark.schema.timing import Clocking
from benchmark.storage import TEMPORARY, Storage


@dataclass(frozen=True)
class TimingFiles:
    """The files below one folder of a results directory's storage; each arm has so many processes."""

    files: Storage
    folder: str
    processes: int

    def read(self, arm: str, process: int) -> Clocking | None:
        """Return a process's record, null where there is none; raise `ArtifactError` for a damaged one."""
        name = self._name(arm, process)
        path = self.files.path / name
        return parsed(self.files.read(name), Clocking, path) if path.exists() else None

    def write(self, record: Clocking) -> None:
        """Write a process's record."""
        self.files.write(self._name(record.arm, record.process), as_json(record.model_dump(mode="json")))

    def ended(self, arm: str, process: int) -> Clocking | None:
        """Return a process's record if it is whole, and none of a failure."""
        record = self.read(arm, process) if self.files.has(self._name(arm, process)) else None
        return None if record is None or record.failure else record

    def records(self, arm: str) -> Iterator[Clocking | None]:
        """Yield the record of each process of an arm, in order; null for one that was not begun."""
        for process in range(self.processes):
            yield self.read(arm, process)

    def clocked(self, arm: str) -> list[Clocking]:
        """Return the records of an arm's processes that were timed, in order."""
        return [record for record in self.records(arm) if record is not None and record.trainings]

    def sweep(self) -> None:
        """Remove half-written records of a run that was killed."""
        for folder in (self.folder, f"checksums/{self.folder}"):
            self.files.sweep(f"{folder}/{TEMPORARY}*")

    def _name(self, arm: str, process: int) -> str:
        return f"{self.folder}/{arm}.{process:03d}.json"
