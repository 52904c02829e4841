"""Finding a data set's files in the folder that a user names, and what to say when they are not there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmark.errors import MissingAssetError


def require(root: Path | None, name: str, expected: Sequence[str], source: str) -> Path:
    """Return `root` if all `expected` files (relative to it) are there; raise `MissingAssetError` with the remedy."""
    remedy = (
        f"the data set {name} is read from {', '.join(expected)} below the folder given as `--data DIR`; {source}, "
        f"or `torchvision.datasets` with download=True and the same folder, brings them"
    )
    if root is None:
        raise MissingAssetError(f"no folder of data sets was given: {remedy}")
    missing = [path for path in expected if not (root / path).exists()]
    if missing:
        raise MissingAssetError(f"{root / missing[0]}: not there; {remedy}")
    return root


def first_there(root: Path | None, candidates: Sequence[str]) -> str:
    """Return the first candidate that exists below `root`, else the first of all."""
    return next((path for path in candidates if root is not None and (root / path).exists()), candidates[0])


def check_split(name: str, split: str) -> None:
    """Raise ValueError for a split other than `train` and `test`."""
    if split not in {"train", "test"}:
        raise ValueError(f"{name} has the splits 'train' and 'test', not '{split}'")


def counted(found: int, official: int) -> str:
    """Return the words that tell a part of a data set from the whole; empty for the whole."""
    return "" if found == official else f"; {found} images where the data set has {official}"
