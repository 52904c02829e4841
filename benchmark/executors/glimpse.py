"""How far a job is, told by its files alone: no word need pass between where it runs and who watches."""

from __future__ import annotations

import os
from pathlib import Path

from benchmark.artifacts import RunDir
from benchmark.documents import parsed
from benchmark.schema.measurement import LogLine, Progress

TAIL = 4096
"""Bytes at the end of a log that hold at least its last line."""


def glimpse(run: RunDir, steps: int) -> Progress:
    """Return how far a job of so many steps is; a training's log gets its record when the training is over.

    Raises `OSError` or `ArtifactError` where a file changes or cannot be reached meanwhile: look again later.
    """
    if run.files.recorded_digest(run.LOG) is not None:
        return Progress(job=run.id, stage="measure")
    if not (run.path / run.START).exists():
        return Progress(job=run.id, stage="mask")
    line = _last_line(run.log)
    if line is None:
        return Progress(job=run.id, stage="train", steps=steps)
    return Progress(job=run.id, stage="train", step=line.step, steps=steps, loss=line.loss)


def _last_line(log: Path) -> LogLine | None:
    if not log.exists():
        return None
    with log.open("rb") as file:
        file.seek(-min(TAIL, file.seek(0, os.SEEK_END)), os.SEEK_END)
        whole, _, _ = file.read().rpartition(b"\n")
    last = whole.rpartition(b"\n")[2]
    return parsed(last, LogLine, log) if last else None
