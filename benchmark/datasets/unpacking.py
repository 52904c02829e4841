"""Unpacking an archive that holds one folder: the whole folder appears at once, and nothing outside of it."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from filelock import FileLock

from benchmark.errors import MissingAssetError

DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)

Member = tuple[str, Callable[[], IO[bytes] | None]]
"""A regular file's name in the archive, and how to open it."""


def unpack(archive: Path, holds: str) -> Path:
    """Unpack the folder `holds` of a tar or zip archive beside it and return it; one that is there is left alone.

    Links and other special members are passed over. `MissingAssetError` for an archive that is damaged, does not have
    the folder, or names a file outside.
    """
    target = archive.parent / holds
    with FileLock(archive.with_name(f"{archive.name}.lock")):
        if not target.exists():
            with tempfile.TemporaryDirectory(dir=archive.parent, prefix=f".{holds}-") as temporary:
                try:
                    _extract(archive, Path(temporary))
                except DAMAGE as error:
                    raise MissingAssetError(f"{archive}: cannot be unpacked: {error or 'cut off'}") from None
                if not Path(temporary, holds).is_dir():
                    raise MissingAssetError(f"{archive}: does not have the folder {holds}")
                Path(temporary, holds).rename(target)
    return target


def _extract(archive: Path, folder: Path) -> None:
    zipped = zipfile.is_zipfile(archive)
    for name, opened in _zip_members(archive) if zipped else _tar_members(archive):
        target = folder.joinpath(*_safe_parts(name, archive))
        target.parent.mkdir(parents=True, exist_ok=True)
        source = opened()
        assert source is not None, "only regular files are listed, and those open"
        with source, target.open("wb") as file:
            shutil.copyfileobj(source, file)


def _safe_parts(name: str, archive: Path) -> tuple[str, ...]:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
        raise MissingAssetError(f"{archive}: names a file outside of it, '{name}'")
    return path.parts


def _tar_members(archive: Path) -> Iterator[Member]:
    with tarfile.open(archive) as file:
        for member in file:
            if member.isreg():
                yield member.name, partial(file.extractfile, member)


def _zip_members(archive: Path) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as file:
        for member in file.infolist():
            if not member.is_dir():
                yield member.filename, partial(file.open, member)
