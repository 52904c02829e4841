"""Where and how jobs run: nothing here is part of a job's identity."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """The device, the folders of data sets and of downloads, and the seconds between checkpoints.

    With `cuda_graphs`, optimizer steps on a GPU are recorded and replayed, which leads to the same numbers.
    """

    device: str = "cpu"
    data: Path | None = None
    cache: Path | None = None
    checkpoint_seconds: float = 15.0
    cuda_graphs: bool = False

    @property
    def records_steps(self) -> bool:
        """Whether optimizer steps are recorded: there is nothing to record on a CPU."""
        return self.cuda_graphs and self.device == "cuda"
