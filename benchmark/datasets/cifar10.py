"""CIFAR-10 (Krizhevsky 2009): the official 50,000 training and 10,000 test images, 32x32 in color.

Two versions of the same images are read, the one of its site's binary archive (`cifar-10-batches-bin/*.bin`) and
the pickled one that torchvision downloads (`cifar-10-batches-py/`). Unpickling runs whatever a file names, so this
reader admits the names of arrays alone, and torchvision's, which admits all, is not used.
"""

from __future__ import annotations

import codecs
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import torch

from benchmark.datasets import files, resizing
from benchmark.datasets.layout import CIFAR10
from benchmark.errors import MissingAssetError
from benchmark.images import Images

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.datasets.options import Cifar10Options

OFFICIAL = {"train": 50_000, "test": 10_000}
SIDE, VALUES = 32, 3 * 32 * 32
DAMAGE = (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError)

Batch = tuple["NDArray[np.uint8]", "NDArray[np.int64]"]
"""Pixels [N, 3072], red, green and blue one after another, and labels [N]."""


def load(options: Cifar10Options, split: str, root: Path | None = None) -> Images:
    """Return one official split, in its own order; `MissingAssetError` where a file is absent or damaged."""
    files.check_split("cifar10", split)
    batches = [_checked(path, _binary if path.suffix else _pickled) for path in CIFAR10.require(root, split)]
    planes = np.concatenate([pixels for pixels, _ in batches]).reshape(-1, 3, SIDE, SIDE)
    small = resizing.resized(planes.transpose(0, 2, 3, 1), options.image_size)
    return Images(
        torch.from_numpy(small.transpose(0, 3, 1, 2).copy()),
        torch.from_numpy(np.concatenate([labels for _, labels in batches])),
        resizing.rule(SIDE, options.image_size) + files.counted(len(planes), OFFICIAL[split]),
    )


def _checked(path: Path, read: Callable[[Path], Batch]) -> Batch:
    try:
        pixels, labels = read(path)
    except (*DAMAGE, pickle.UnpicklingError) as error:
        raise MissingAssetError(f"{path}: not a batch of CIFAR-10: {error or 'cut off'}") from None
    if not len(labels) or pixels.dtype != np.uint8 or pixels.shape != (len(labels), VALUES):
        raise MissingAssetError(f"{path}: images {pixels.dtype} {pixels.shape} do not fit {len(labels)} labels")
    return pixels, labels


def _binary(path: Path) -> Batch:
    records = np.frombuffer(path.read_bytes(), np.uint8).reshape(-1, 1 + VALUES)
    return records[:, 1:], records[:, 0].astype(np.int64)


def _pickled(path: Path) -> Batch:
    with path.open("rb") as file:
        batch = _ArrayReader(file, encoding="latin1").load()
    return np.asarray(batch["data"]), np.asarray(batch["labels"], dtype=np.int64)


class _ArrayReader(pickle.Unpickler):
    """Unpickles plain values and arrays; whatever else a file names is refused before it is looked up."""

    ADMITTED: dict[tuple[str, str], Any] = {
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("numpy", "_reconstruct"): np.empty(0).__reduce__()[0],
        ("numpy", "_frombuffer"): np.empty(0).__reduce_ex__(5)[0],
        ("_codecs", "encode"): codecs.encode,
    }

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        super().__init__(file, encoding=encoding)

    def find_class(self, module_name: str, global_name: str) -> Any:
        """Return an admitted name's meaning; numpy's have moved between modules from version to version."""
        key = (module_name.split(".")[0], global_name)
        if key not in self.ADMITTED:
            raise pickle.UnpicklingError(f"it names {module_name}.{global_name}, which no array needs")
        return self.ADMITTED[key]
