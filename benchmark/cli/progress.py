"""How a run is shown: a bar for the plan and each running job on a terminal; elsewhere a line per ended job.

There, a line tells of the running jobs too when nothing else was said for a minute. Nothing is said when asked to be
quiet.
"""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from benchmark.cli.output import say, stderr
from benchmark.cli.pace import Pace
from benchmark.executors.executor import Ended
from benchmark.schema import measurement
from benchmark.schema.timing import Clocking

SILENCE = 60.0
"""Seconds after which a log hears of the running jobs."""
MOST = 4
"""Running jobs that one line tells of."""


class Display:
    """Watches a run and shows it on stderr; counts how the jobs ended."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[speed]}"),
            TextColumn("{task.fields[loss]}"),
            console=stderr,
            transient=True,
            disable=quiet or not stderr.is_terminal,
        )
        self._whole: TaskID | None = None
        self._shown: dict[str, TaskID] = {}
        self._paces: dict[str, Pace] = {}
        self._total = self._count = 0
        self._spoke = time.monotonic()
        self._over = threading.Event()
        self._murmuring = threading.Thread(target=self._murmur, name="murmur", daemon=True)

    def __enter__(self) -> Self:
        self._bars.start()
        if not (self._quiet or stderr.is_terminal):
            self._murmuring.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._bars.stop()

    def planned(self, total: int, done: int) -> None:
        """Show how many jobs there are, and how many of them were done before."""
        self._total, self._count = total, done
        self._whole = self._bars.add_task("all jobs", total=total, completed=done, speed="", loss="")
        self._say(f"{total} jobs, {done} of them done before")

    def damaged(self, file: str) -> None:
        """Show that a file is damaged and will be made again."""
        self._say(f"damaged: {file}: not as it was written; made again", always=True)

    def progress(self, progress: measurement.Progress) -> None:
        """Show where a running job is."""
        pace = self._paces.setdefault(progress.job, Pace(progress))
        pace.hear(progress)
        if progress.job not in self._shown:
            self._shown[progress.job] = self._bars.add_task(progress.job, total=None, speed="", loss="")
        self._bars.update(
            self._shown[progress.job],
            description=f"{progress.job} {progress.stage}",
            completed=progress.step,
            total=progress.steps or None,
            speed=pace.speed,
            loss="  ".join(f"{name} {value:.3g}" for name, value in pace.last.loss.items()),
        )

    def again(self, ended: Ended, losses: int) -> None:
        """Show that a job has lost its place and is begun again."""
        self._forget(ended.job)
        self._say(f"lost {ended.job}: {ended.reason}; begun again ({losses})", always=True)

    def ended(self, ended: Ended) -> None:
        """Show how a job ended."""
        self._count += 1
        pace = self._forget(ended.job)
        if self._whole is not None:
            self._bars.update(self._whole, completed=self._count)
        seconds = "" if pace is None else f" {pace.seconds:.1f} s"
        reason = f": {ended.reason}" if ended.reason else ""
        line = f"[{self._count}/{self._total}] {ended.outcome} {ended.job}{seconds}{reason}"
        self._say(line, always=ended.outcome == "failed")

    def timings(self, total: int, done: int) -> None:
        """Show how many processes the timings have, and how many of them were timed before."""
        if total:
            self._total, self._count = total, done
            self._whole = self._bars.add_task("timings, one at a time", total=total, completed=done, speed="", loss="")
            advice = "; keep the machine free for the rest" if done < total else ""
            self._say(f"{total} timing processes, {done} of them done before{advice}")

    def waits(self, name: str, reason: str) -> None:
        """Show why a timing can't be made yet."""
        self._say(f"timing {name} {reason}")

    def timed(self, name: str, found: Clocking) -> None:
        """Show how a timing's process ended."""
        self._count += 1
        if self._whole is not None:
            self._bars.update(self._whole, completed=self._count)
        what = f"failed: {found.failure}" if found.failure else f"nothing to time, seed {found.seed} {found.outcome}"
        if found.trainings:
            what = f"{1000 * found.step_seconds:.3g} ms a step"
        caution = f" ({found.warning})" if found.warning else ""
        line = f"[{self._count}/{self._total}] {name} {found.arm} process {found.process}: {what}{caution}"
        self._say(line, always=bool(found.failure))

    def _forget(self, job: str) -> Pace | None:
        if job in self._shown:
            self._bars.remove_task(self._shown.pop(job))
        return self._paces.pop(job, None)

    def _murmur(self) -> None:
        while not self._over.wait(max(0.0, self._spoke + SILENCE - time.monotonic())):
            if time.monotonic() - self._spoke >= SILENCE:
                self._say(self._state())

    def _state(self) -> str:
        paces = list(self._paces.values())
        told = [pace.words for pace in paces[:MOST]] + [f"{len(paces) - MOST} more"] * (len(paces) > MOST)
        return f"[{self._count}/{self._total}] running: {'; '.join(told)}" if told else f"[{self._count}/{self._total}]"

    def _say(self, text: str, always: bool = False) -> None:
        if self._quiet and not always:
            return
        self._spoke = time.monotonic()
        if stderr.is_terminal:
            self._bars.console.out(text, highlight=False)
        else:
            say(text)
