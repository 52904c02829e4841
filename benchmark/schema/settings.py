"""Where and how jobs run: nothing here is part of a job's identity."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """The device, the folders of data sets and of downloads, and the seconds between checkpoints."""

    device: str = "cpu"
    data: Path | None = None
    cache: Path | None = None
    checkpoint_seconds: float = 15.0
