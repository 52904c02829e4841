"""Where the jobs of a run go, by the options that say so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.errors import UsageError
from benchmark.executors.executor import RETRIES

if TYPE_CHECKING:
    from benchmark.executors import executor as executors
    from benchmark.schema.job import Job

Workers = Annotated[
    str, typer.Option(help="Worker processes: a number, or auto (one per processor, or as many as share the GPUs).")
]
JobsPerGpu = Annotated[
    str,
    typer.Option(
        help="Jobs that share a GPU: a number, or auto (as many of the largest as fit by the memory that finished ones "
        "held; one where that is not known)."
    ),
]
Retries = Annotated[
    int, typer.Option(min=0, help="How often a job whose worker or node was lost is begun again (no failed one is).")
]
Executor = Annotated[str, typer.Option(help="pool (worker processes), inline (this process) or ray (a cluster).")]
Address = Annotated[str, typer.Option(help="Of the Ray cluster: auto (the one this machine is in) or HOST:PORT.")]


@dataclass(frozen=True)
class Place:
    """The executor asked for, and how often a job that loses its place there gets another."""

    executor: str
    workers: str
    address: str
    jobs_per_gpu: str = "auto"
    retries: int = RETRIES

    @property
    def is_here(self) -> bool:
        """Whether jobs run on this machine."""
        return self.executor != "ray"

    def device(self, wanted: str) -> str:
        """Return the device that `auto` means where the jobs run; raise `UsageError` if the wanted one is not there."""
        from benchmark.environment import resolve_device

        return resolve_device(wanted) if self.is_here else _ray().resolve_device(wanted, self.address)

    def open(self, work: executors.Work, jobs: Iterable[Job] = ()) -> executors.Executor:
        """Return the executor for some work, which closes itself with the campaign; `jobs` are those it may run."""
        if self.executor == "inline":
            from benchmark.executors.inline import InlineExecutor

            return InlineExecutor(work)
        if self.executor == "pool":
            return self._pool(work, jobs)
        if self.executor == "ray":
            per_gpu = _count("--jobs-per-gpu", self.jobs_per_gpu) or 1
            cluster: executors.Executor = _ray().RayExecutor(work, self.address, per_gpu)
            return cluster
        raise UsageError(f"--executor {self.executor}: expected pool, inline or ray")

    def _pool(self, work: executors.Work, jobs: Iterable[Job]) -> executors.Executor:
        from benchmark import environment
        from benchmark.executors.pool import PoolExecutor

        workers = _count("--workers", self.workers)
        per_gpu = _count("--jobs-per-gpu", self.jobs_per_gpu)
        if work.settings.device != "cuda":
            return PoolExecutor(work, workers or environment.cpu_count())
        from benchmark.executors.gpu_slots import fitting, slots
        from benchmark.forecast.kinds import peaks

        gpus = environment.visible_gpus()

        def fit() -> int:
            return fitting(peaks(jobs, "cuda"), environment.gpu_bytes(), environment.cpu_count() // len(gpus))

        return PoolExecutor(work, slots(len(gpus), workers, per_gpu, fit), gpus)


def _count(option: str, value: str) -> int | None:
    """Return a number as given on the command line; null for `auto`."""
    if value == "auto":
        return None
    if not value.isdigit() or int(value) < 1:
        raise UsageError(f"{option} {value}: expected a positive number or auto")
    return int(value)


def _ray() -> ModuleType:
    try:
        return import_module("benchmark.executors.ray")
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise UsageError('--executor ray needs Ray: pip install "ticketbench[ray]"') from None
