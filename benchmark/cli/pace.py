"""How far a running job is, how fast it goes, and when its training will be over."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from benchmark.forecast.costs import duration
from benchmark.schema.measurement import Progress


@dataclass
class Pace:
    """What was heard of a job: since when, and its latest word; losses stay until others come."""

    last: Progress
    begun: float = field(default_factory=time.monotonic)
    _from: tuple[int, float] | None = None

    def hear(self, progress: Progress) -> None:
        """Take in a word of it."""
        same = progress.stage == self.last.stage
        self.last = progress.model_copy(update={"loss": progress.loss or (self.last.loss if same else {})})
        if not same or progress.step == 0:
            self._from = None
        elif self._from is None:
            self._from = progress.step, time.monotonic()

    @property
    def seconds(self) -> float:
        """How long ago it was first heard of."""
        return time.monotonic() - self.begun

    @property
    def rate(self) -> float | None:
        """Steps per second of its training; null where too little was heard."""
        last, since = self.last, self._from  # another thread may be hearing
        if last.stage != "train" or since is None or last.step <= since[0]:
            return None
        return (last.step - since[0]) / max(time.monotonic() - since[1], 1e-9)

    @property
    def speed(self) -> str:
        """The rate in words, or the time of a step where one takes longer than a second."""
        rate = self.rate
        if rate is None:
            return ""
        return f"{rate:.3g} steps/s" if rate >= 1 else f"{1 / rate:.3g} s a step"

    @property
    def words(self) -> str:
        """Where it is, in one phrase."""
        last, rate = self.last, self.rate
        told = f"{last.job} {last.stage}" + (f" {last.step}/{last.steps}" if last.steps else "")
        if rate is not None:
            told += f", {self.speed}, {duration((last.steps - last.step) / rate)} left"
        return told
