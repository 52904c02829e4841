"""What every data set read from files has: two splits, and words for a part of the whole."""

from __future__ import annotations


def check_split(name: str, split: str) -> None:
    """Raise ValueError for a split other than `train` and `test`."""
    if split not in {"train", "test"}:
        raise ValueError(f"{name} has the splits 'train' and 'test', not '{split}'")


def counted(found: int, official: int) -> str:
    """Return the words that tell a part of a data set from the whole; empty for the whole."""
    return "" if found == official else f"; {found} images where the data set has {official}"
