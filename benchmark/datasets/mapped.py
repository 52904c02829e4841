"""Pixels that are made once, into a file of the cache directory, and mapped from there.

A data set of millions of images is larger than memory: mapped, only what is looked at is read, and what is not needed
any more can go. LSUN Bedroom at 64x64 is a file of 37 GB. A file is left there for the next run until somebody removes
it; `pixels/` in the cache directory holds nothing that could not be made again.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import PIL
import torch
from filelock import FileLock
from torch import Tensor

from benchmark import environment
from benchmark.datasets import resizing
from benchmark.datasets.decoding import decoded
from benchmark.datasets.pictures import Pictures
from benchmark.errors import MissingAssetError
from benchmark.prepare import cache_directory

BLOCK = 512
"""Images that are decoded before they are written."""


def mapped(name: str, pictures: Pictures, chosen: range, size: int) -> Tensor:
    """Return a part of pictures as uint8 [N, 3, size, size], the shorter side scaled to `size`, the middle square.

    Of several processes one makes the file and the others wait. `MissingAssetError` for what is no image, and where
    the disk has no room.
    """
    path, length = _place(name, pictures, chosen, size), len(chosen) * 3 * size**2
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f"{path.name}.lock")):
            if not (path.is_file() and path.stat().st_size == length):
                for half_made in path.parent.glob(f"{_temporary(path)}*"):  # by processes that were killed
                    half_made.unlink()
                _check_room(name, path, len(chosen), length)
                _make(path, pictures, chosen, size)
    except OSError as error:
        raise MissingAssetError(f"{path}: cannot be written: {error.strerror or error}") from None
    # Not shared: writing to the tensor would change this process's copy alone.
    return torch.from_file(str(path), shared=False, size=length, dtype=torch.uint8).view(-1, 3, size, size)


def _place(name: str, pictures: Pictures, chosen: range, size: int) -> Path:
    """Return the file of one part of one state of the files; another version of Pillow may decode otherwise."""
    state = f"{pictures.fingerprint} {chosen.start} {chosen.stop} {size} {PIL.__version__}"
    digest = hashlib.sha256(state.encode()).hexdigest()[:16]
    return cache_directory() / "pixels" / f"{name}-{size}px-{digest}.uint8"


def _temporary(path: Path) -> str:
    """Return how the names begin under which a file is made."""
    return f".{path.name}-"


def _check_room(name: str, path: Path, count: int, length: int) -> None:
    free = environment.free_bytes(path.parent)
    if free < length:
        raise MissingAssetError(
            f"{path.parent}: the {count} images of {name} take {length / 1e9:.1f} GB as pixels, {free / 1e9:.1f} GB "
            "are free; TICKETBENCH_CACHE names another cache directory, a smaller `train_images` takes less"
        )


def _make(path: Path, pictures: Pictures, chosen: range, size: int) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=_temporary(path))
    try:
        with os.fdopen(handle, "wb") as file:
            for pixels in _blocks(pictures, chosen, size):
                file.write(pixels)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _blocks(pictures: Pictures, chosen: range, size: int) -> Iterator[bytes]:
    entries = pictures.encoded(chosen)
    with ThreadPoolExecutor(environment.cpu_count()) as pool:  # Pillow lets other threads run while it decodes
        while block := list(islice(entries, BLOCK)):
            yield b"".join(pool.map(partial(_square, size=size), block))


def _square(entry: tuple[str, bytes], size: int) -> bytes:
    """Return one image's pixels, [3, size, size]."""
    name, data = entry
    return np.asarray(resizing.fitted(decoded(io.BytesIO(data), name), size)).transpose(2, 0, 1).tobytes()
