"""What the last run saw of jobs whose files were whole, so that the next asks for each file once and reads no record.

It is kept in `checksums/last_look` and saves time alone: whatever differs from it is looked at in full, and it may be
removed. The times of folders tell of files and records that came, went or were replaced.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from benchmark.errors import ArtifactError
from benchmark.run_directory import RunDir
from benchmark.storage import RECORDS, Look, Looked, Stamp, stamp, state_of, write_file


class LastLook:
    """The sizes and times of files and folders, by job."""

    def __init__(self, results: Path) -> None:
        self._path = results / RECORDS / "last_look"
        self._seen = self._read()
        self._has_changed = False

    def at(self, run: RunDir) -> RunDir:
        """Return a job's folder as it is now, each of its files asked for once."""
        seen = self._seen.get(run.id)
        if seen is not None and _is_unchanged(run.path, seen):
            return RunDir(run.path, Looked(run.files, Look(seen, frozenset(seen), [])))
        return RunDir(run.path, Looked(run.files, run.files.look()))

    def keep(self, run: RunDir) -> None:
        """Remember a job's folder as it was looked at, if all of its files are whole."""
        look = run.files.look()
        if run.spoiled() or look.found is self._seen.get(run.id):
            return
        self._seen[run.id] = {name: state for name, state in look.found.items() if name not in look.spoiled}
        self._has_changed = True

    def save(self) -> None:
        """Write what is remembered, if that has changed."""
        if self._has_changed:
            with suppress(ArtifactError):  # without it, the next run takes longer and nothing else
                write_file(self._path, json.dumps(self._seen, separators=(",", ":")).encode())
            self._has_changed = False

    def _read(self) -> dict[str, dict[str, Stamp]]:
        try:
            found = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def _is_unchanged(folder: Path, seen: dict[str, Stamp]) -> bool:
    root = str(folder)
    try:
        return {name: stamp(state_of(f"{root}/{name}")) for name in seen} == seen
    except (OSError, TypeError):  # gone, or the memory is damaged
        return False
