"""One job's work, the same in every executor: lock, stages, and a record of what went wrong.

This imports torch. The driver of a pool has no use for it, so executors import this module where jobs run.
"""

from __future__ import annotations

import traceback
from pathlib import Path

import torch
from filelock import FileLock

from benchmark.artifacts import ResultsDir, RunDir
from benchmark.bench import Bench
from benchmark.environment import forget_peak, prepare_process
from benchmark.errors import TicketbenchError
from benchmark.executors.executor import Ended, Observer, Work
from benchmark.schema.measurement import FRUITLESS, Failure, Progress, Stage
from benchmark.stages import STAGES


def perform(work: Work, job: str, stages: tuple[Stage, ...], observer: Observer) -> Ended:
    """Run stages of a job, in order, and return how it ended. A failure is recorded, never raised."""
    prepare_process(work.settings.device)
    results = ResultsDir(work.results)
    run = results.run(job)
    try:
        # A worker whose driver was killed may still be at this job: two must never write the same files.
        with FileLock(run.lock):
            run.files.sweep()
            run.files.remove(run.FAILURE)
            for name in run.FRUITLESS.values():
                run.files.remove(name)
            return _attempt(Bench(run.read_job(), results, work.settings, observer), stages)
    except (OSError, TicketbenchError) as error:
        return Ended(job, "failed", str(error))


def _attempt(bench: Bench, stages: tuple[Stage, ...]) -> Ended:
    for stage in stages:
        bench.report(Progress(job=bench.run.id, stage=stage))
        forget_peak(bench.settings.device)
        try:
            STAGES[stage](bench)
        except Exception as error:  # noqa: BLE001 - whatever one job meets must not end the others
            return _failed(bench, stage, error)
        if bench.run.outcome() in FRUITLESS:
            break
    _forget(bench.run, stages)
    return Ended(bench.run.id, bench.run.outcome())


def _forget(run: RunDir, stages: tuple[Stage, ...]) -> None:
    """Remove damaged files that their stage did not make again: nobody asks for them any more."""
    for name, stage in run.spoiled().items():
        if stage in stages:
            run.files.remove(name)


def _failed(bench: Bench, stage: Stage, error: Exception) -> Ended:
    known = isinstance(error, TicketbenchError)
    message = _sentence(error)
    trace = "" if known else "".join(traceback.format_exception(error))
    bench.run.write_record(
        bench.run.FAILURE, Failure(stage=stage, kind=type(error).__name__, message=message, trace=trace)
    )
    return Ended(bench.run.id, "failed", f"{stage}: {message}")


def _sentence(error: Exception) -> str:
    """Return what went wrong: a plain sentence where the cause is known, else the error with its kind."""
    if isinstance(error, TicketbenchError) or (isinstance(error, ValueError) and _is_ours(error)):
        return str(error)
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return f"there is not enough memory; a smaller batch, or fewer --workers at a time, need less ({_first(error)})"
    if isinstance(error, OSError):
        return f"{error.filename or 'input or output'}: {error.strerror or error}"
    return f"{type(error).__name__}: {error}"


def _is_ours(error: Exception) -> bool:
    """Tell whether the package itself raised an error: its words are then meant for the user."""
    *_, last = traceback.extract_tb(error.__traceback__)
    return Path(last.filename).is_relative_to(Path(__file__).parents[1])


def _first(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
