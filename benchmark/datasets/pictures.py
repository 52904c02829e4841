"""Encoded images in an order of their own: the files of a folder, however nested, or the entries of a database."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from benchmark.errors import MissingAssetError

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".webp")
FILE = "data.mdb"
"""The one file of an LMDB database's folder that holds the entries."""


class Pictures(Protocol):
    """Images as they are stored, in a fixed order; not decoded, and never all in memory."""

    def __len__(self) -> int:
        """Return how many there are."""

    @property
    def fingerprint(self) -> str:
        """What is another one once the files are others: it goes by their names, sizes and modification times."""

    def encoded(self, chosen: range) -> Iterator[tuple[str, bytes]]:
        """Yield the name and the bytes of every image of a part."""


class Folder:
    """The image files of a folder and all folders in it, in the order of their paths; other files are passed over."""

    def __init__(self, path: Path) -> None:
        self._path = path
        digest, names = hashlib.sha256(), []
        for entry in _walk(str(path)):
            name, found = os.path.relpath(entry.path, path), entry.stat()
            names.append(name)
            digest.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
        if not names:
            raise MissingAssetError(f"{path}: has no images ({', '.join(SUFFIXES)})")
        self.names, self.fingerprint = tuple(names), digest.hexdigest()

    def __len__(self) -> int:
        return len(self.names)

    def encoded(self, chosen: range) -> Iterator[tuple[str, bytes]]:
        """Yield the path and the bytes of every file of a part; `MissingAssetError` where one cannot be read."""
        for name in self.names[chosen.start : chosen.stop]:
            file = self._path / name
            try:
                yield str(file), file.read_bytes()
            except OSError as error:
                raise MissingAssetError(f"{file}: cannot be read: {error.strerror}") from None


class Database:
    """The entries of an LMDB database, in the order of their keys: how LSUN is published (Yu et al. 2015)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with self._opened() as transaction:
            self._count = int(transaction.stat()["entries"])
        if not self._count:
            raise MissingAssetError(f"{folder}: has no images")

    def __len__(self) -> int:
        return self._count

    @property
    def fingerprint(self) -> str:
        """The size and the modification time of the one file, which is too large to be read for this."""
        found = (self._folder / FILE).stat()
        return f"{found.st_size} {found.st_mtime_ns}"

    def encoded(self, chosen: range) -> Iterator[tuple[str, bytes]]:
        """Yield the key and the bytes of every entry of a part; `MissingAssetError` where the database is damaged."""
        with self._opened() as transaction:
            for key, value in islice(transaction.cursor().iternext(), chosen.start, chosen.stop):
                yield f"{self._folder}, entry {key.decode(errors='replace')}", value

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        lmdb = _lmdb(self._folder)
        try:
            with lmdb.open(str(self._folder), readonly=True, lock=False, readahead=False) as environment:
                whole = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
                if (self._folder / FILE).stat().st_size < whole:  # a page that is not there would end the process
                    raise MissingAssetError(f"{self._folder / FILE}: cut off, {whole} bytes were written")
                with environment.begin() as transaction:
                    yield transaction
        except lmdb.Error as error:
            raise MissingAssetError(f"{self._folder}: cannot be read as an LMDB database: {error}") from None


def _lmdb(folder: Path) -> Any:
    """Return the package that reads LMDB, which only this data set needs."""
    try:
        return import_module("lmdb")
    except ImportError:
        raise MissingAssetError(
            f"{folder}: is an LMDB database, and the package lmdb is not installed; `pip install ticketbench[lsun]` "
            "installs it; a folder of image files needs none"
        ) from None


def _walk(folder: str) -> Iterator[os.DirEntry[str]]:
    """Yield the image files of a folder, each folder's entries in the order of their names."""
    with os.scandir(folder) as found:
        entries = sorted((entry for entry in found if not entry.name.startswith(".")), key=lambda entry: entry.name)
    for entry in entries:
        if entry.is_dir():
            yield from _walk(entry.path)
        elif entry.name.lower().endswith(SUFFIXES):
            yield entry
