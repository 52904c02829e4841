"""A folder of files that appear whole or not at all, each with a recorded SHA-256.

A file's record (`checksums/<name>.json`) is written before the file itself is renamed into place, so a crash leaves
either the old pair, or a record that the file does not fit; both are noticed. Size and modification time stand in
for the hash where a file is only looked for; whoever reads a file checks the hash.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from benchmark.errors import ArtifactError

Stamp = list[int]
"""Size and modification time."""

RECORDS = "checksums/"
TEMPORARY = ".writing-"
"""How the names of half-written files begin."""


class Storage:
    """Files under one folder, addressed by relative name.

    Their records name the `owner`: files of another one that were put here, records and all, are not taken for its own.
    """

    def __init__(self, path: Path, owner: str = "") -> None:
        self.path = path
        self.owner = owner

    def exists(self, name: str) -> bool:
        """Tell whether a file is there, whole or not."""
        return (self.path / name).exists()

    def top(self) -> frozenset[str]:
        """Return the names right under the folder, of files whole or not."""
        try:
            return frozenset(os.listdir(self.path))  # noqa: PTH208 - names are all that is asked for
        except (FileNotFoundError, NotADirectoryError):
            return frozenset()

    def has(self, name: str) -> bool:
        """Tell whether a file is there and as it was written."""
        try:
            state = (self.path / name).stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        return self._fits(name, state)

    def is_damaged(self, name: str) -> bool:
        """Tell whether a file is there but not as it was written."""
        return (self.path / name).exists() and not self.has(name)

    def spoiled(self) -> list[str]:
        """Return the names of files that are not as they were written: altered, gone, or without a record."""
        return self.look().spoiled

    def look(self) -> Look:
        """Return the state of all files, each asked for once."""
        states = _states(self.path)
        files = {name for name, state in states.items() if S_ISREG(state.st_mode) and TEMPORARY not in name}
        records = {name for name in files if name.startswith(RECORDS)}
        recorded = {name[len(RECORDS) : -len(".json")] for name in records if name.endswith(".json")}
        whole = {name for name in recorded & files if self._fits(name, states[name])}
        found = {name: stamp(state) for name, state in states.items() if name not in records}
        return Look(found, frozenset(whole), sorted((files - records | recorded) - whole))

    def _fits(self, name: str, state: os.stat_result) -> bool:
        record = self._record(name)
        if record is None or record["size"] != state.st_size:
            return False
        return record["mtime_ns"] == state.st_mtime_ns or self.digest(name) == record["sha256"]

    def digest(self, name: str) -> str:
        """Return the SHA-256 of a file as it is now."""
        with (self.path / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def digest_or_none(self, name: str) -> str | None:
        """Return the SHA-256 of a file as it is now; null where there is none to read."""
        try:
            return self.digest(name)
        except OSError:
            return None

    def recorded_digest(self, name: str) -> str | None:
        """Return the SHA-256 that was recorded when the file was last written; null if it never was."""
        record = self._record(name)
        return None if record is None else str(record["sha256"])

    def read(self, name: str) -> bytes:
        """Return a file's bytes; raise `ArtifactError` if it is missing or not as it was written."""
        data = self.find(name)
        if data is None:
            raise ArtifactError(f"{self.path / name}: missing; run the same command again to make it")
        return data

    def find(self, name: str) -> bytes | None:
        """Return a file's bytes, or null where there is none; `ArtifactError` if it is not as it was written."""
        data = _bytes_of(f"{self.path}/{name}")
        if data is None:
            return None
        if hashlib.sha256(data).hexdigest() != self.recorded_digest(name):
            self.distrust(name)
            raise ArtifactError(
                f"{self.path / name}: damaged (its SHA-256 is not the recorded one); run the same command again"
            )
        return data

    def write(self, name: str, data: bytes) -> None:
        """Put a file in place, atomically and durably."""
        target = self.path / name
        try:
            with _temporary(target, data) as temporary:
                stat = temporary.stat()
                record = {
                    "sha256": hashlib.sha256(data).hexdigest(),
                    "size": stat.st_size,
                    "mtime_ns": stat.st_mtime_ns,
                    "owner": self.owner,
                }
                with _temporary(self._record_path(name), json.dumps(record).encode()) as temporary_record:
                    temporary_record.replace(self._record_path(name))
                temporary.replace(target)
        except OSError as error:
            raise _explained(error, target) from error

    def append(self, name: str, data: bytes) -> None:
        """Add to a file that grows piece by piece; it has no record until it is sealed."""
        try:
            with (self.path / name).open("ab") as file:
                file.write(data)
        except OSError as error:
            raise _explained(error, self.path / name) from error

    def unseal(self, name: str, size: int) -> None:
        """Cut a file back to its first bytes, from where it may grow again."""
        self._record_path(name).unlink(missing_ok=True)
        if (self.path / name).exists():
            os.truncate(self.path / name, size)

    def seal(self, name: str) -> None:
        """Record a file that has grown to its end."""
        self.write(name, (self.path / name).read_bytes())

    def remove(self, name: str) -> None:
        """Remove a file and its record, if they are there."""
        # The record first: one that is left without its file would look like a loss.
        self._record_path(name).unlink(missing_ok=True)
        (self.path / name).unlink(missing_ok=True)

    def names(self, folder: str = "") -> Iterator[str]:
        """Yield the names that have a record, sorted."""
        root = self.path / "checksums"
        for path in sorted((root / folder).rglob("*.json")):
            yield str(path.relative_to(root))[: -len(".json")]

    def sweep(self, pattern: str = f"**/{TEMPORARY}*") -> None:
        """Remove what writes that were killed left behind; nobody else may be writing there."""
        for path in self.path.glob(pattern):
            path.unlink(missing_ok=True)

    def distrust(self, name: str) -> None:
        """Make `has` look at the hash from now on: the time of a damaged file may be the recorded one.

        The record is replaced, or removed if it can't be read, so that its folder shows the change.
        """
        record, path = self._record(name), self._record_path(name)
        with suppress(OSError, ArtifactError):
            if record is None:
                path.unlink(missing_ok=True)
            else:
                write_file(path, json.dumps({**record, "mtime_ns": -1}).encode())

    def _record_path(self, name: str) -> Path:
        return self.path / "checksums" / f"{name}.json"

    def _record(self, name: str) -> dict[str, str | int] | None:
        data = _bytes_of(f"{self.path}/{RECORDS}{name}.json")
        try:
            record = json.loads(data or b"")
        except ValueError:
            return None
        whole = isinstance(record, dict) and {"sha256", "size", "mtime_ns"} <= record.keys()
        return record if whole and record.get("owner", self.owner) == self.owner else None


@dataclass(frozen=True)
class Look:
    """The state of a folder's files at one moment."""

    found: Mapping[str, Stamp]
    """Every file and folder, but for the records."""
    whole: frozenset[str]
    spoiled: list[str]


class Looked(Storage):
    """Files as they were at one look, so that none is asked for twice; what is written is not seen."""

    def __init__(self, files: Storage, look: Look) -> None:
        super().__init__(files.path, files.owner)
        self._look = look

    def exists(self, name: str) -> bool:
        """Tell whether a file was there, whole or not."""
        return name in self._look.found

    def has(self, name: str) -> bool:
        """Tell whether a file was there and as it was written."""
        return name in self._look.whole

    def look(self) -> Look:
        """Return what was seen."""
        return self._look


def _bytes_of(path: str) -> bytes | None:
    """Return a file's bytes, or null where there is none."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - as below
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def state_of(path: str) -> os.stat_result:
    """Return the state of a file or folder."""
    return os.stat(path)  # noqa: PTH116 - making a `Path` of each of 300,000 names takes a second


def stamp(state: os.stat_result) -> Stamp:
    """Return what stands in for a file's hash."""
    return [state.st_size, state.st_mtime_ns]


def _states(folder: Path) -> dict[str, os.stat_result]:
    """Return the state of every file and folder below one, and of itself under the empty name."""
    states = {}
    for root, _, names in os.walk(folder):
        for path in (root, *(f"{root}/{name}" for name in names)):
            with suppress(FileNotFoundError):  # it has just been removed
                states[path[len(str(folder)) + 1 :]] = state_of(path)
    return states


class _temporary:  # noqa: N801 - a context manager used like a function
    """A fully written, synced file beside its target; removed on leaving unless it was renamed."""

    def __init__(self, target: Path, data: bytes) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=TEMPORARY)
        self._path = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                self._path.chmod(0o644)  # a temporary file is its owner's alone
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            self._path.unlink(missing_ok=True)
            raise

    def __enter__(self) -> Path:
        return self._path

    def __exit__(self, *_: object) -> None:
        self._path.unlink(missing_ok=True)


def write_file(path: Path, data: bytes) -> None:
    """Put one file in place atomically, without a record (for files outside a results directory)."""
    try:
        with _temporary(path, data) as temporary:
            temporary.replace(path)
    except OSError as error:
        raise _explained(error, path) from error


def _explained(error: OSError, path: Path) -> ArtifactError:
    if error.errno == errno.ENOSPC:
        return ArtifactError(f"{path}: no space left on the device; free some and run the same command again")
    return ArtifactError(f"{path}: cannot be written: {error.strerror}")
