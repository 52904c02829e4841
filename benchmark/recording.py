"""What is kept of a training while it goes on: its log, snapshots and checkpoints, and where it may go on from."""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass

from pydantic import JsonValue
from torch import Tensor

from benchmark.artifacts import RunDir
from benchmark.bench import Bench
from benchmark.schema.measurement import Progress
from benchmark.stopping import Stop
from benchmark.training import Hooks, State, tell

SILENCE = 5.0
"""Seconds after which progress is told between two lines of the log."""


@dataclass(frozen=True)
class Beginning:
    """Where a training begins or goes on: the state's file, the step that it is of, and the log's bytes before it."""

    file: str
    step: int
    log_size: int = 0


def beginning(bench: Bench) -> Beginning:
    """Return the checkpoint, if the log and the snapshots that were made before it are whole too; else the start."""
    run, begin = bench.run, Beginning(RunDir.START, bench.first_step)
    note = run.read_note(run.CHECKPOINT) if run.files.has(run.CHECKPOINT) else None
    if not isinstance(note, dict):
        return begin
    step, size = int(str(note["step"])), int(str(note["log_size"]))
    before = [run.snapshot(at) for at in bench.planned.snapshots if begin.step <= at <= step]
    whole = _digest(_log(run)[:size]) == note["log_sha256"] and all(map(run.files.has, before))
    return Beginning(RunDir.CHECKPOINT, step, size) if whole else begin


class Recorder:
    """Keeps a training's log, checkpoints and snapshots, says how far it is, and lets it stop between two steps."""

    def __init__(self, bench: Bench, state: State, stop: Stop) -> None:
        self._bench, self._state, self._stop = bench, state, stop
        self._steps = bench.planned.job.training.steps
        self._kept = self._told = time.monotonic()
        self._losses: dict[str, float] = {}

    def hooks(self) -> Hooks:
        """Return what the loop calls."""
        return Hooks(self._logged, self._snapshot, frozenset(self._bench.planned.snapshots), self._stepped)

    def _logged(self, step: int, losses: dict[str, float]) -> None:
        run = self._bench.run
        run.files.append(run.LOG, (json.dumps({"step": step, "loss": losses}) + "\n").encode())
        self._losses = losses

    def _stepped(self) -> None:
        now = time.monotonic()
        is_due = now - self._kept >= self._bench.settings.checkpoint_seconds and self._state.step < self._steps
        if is_due or self._stop.asked:
            self._keep()
        if self._stop.asked:
            self._stop.obey()
        if self._losses or now - self._told >= SILENCE:
            self._tell()

    def _keep(self) -> None:
        tell(self._state, self._logged, wait=True)  # a checkpoint has no losses that are on their way
        run, log = self._bench.run, _log(self._bench.run, sync=True)
        note: JsonValue = {"step": self._state.step, "log_size": len(log), "log_sha256": _digest(log)}
        run.write_tensors(run.CHECKPOINT, self._state.checkpoint(), note=note)
        self._kept = time.monotonic()

    def _tell(self) -> None:
        job, losses = self._bench.run.id, self._losses
        self._losses, self._told = {}, time.monotonic()
        self._bench.report(Progress(job=job, stage="train", step=self._state.step, steps=self._steps, loss=losses))

    def _snapshot(self, step: int, tensors: dict[str, Tensor]) -> None:
        self._bench.commit(self._bench.run.snapshot(step), tensors)


def _log(run: RunDir, sync: bool = False) -> bytes:
    if not run.log.exists():
        return b""
    with run.log.open("rb") as file:
        if sync:  # a checkpoint is worth nothing without the lines before it
            os.fsync(file.fileno())
        return file.read()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
