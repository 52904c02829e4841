"""Where the jobs of a run go, by the options that say so."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.errors import UsageError

if TYPE_CHECKING:
    from benchmark.executors import executor as executors

Workers = Annotated[str, typer.Option(help="Worker processes: a number, or auto (one per processor; one on a GPU).")]
Executor = Annotated[str, typer.Option(help="pool (worker processes), inline (this process) or ray (a cluster).")]
Address = Annotated[
    str, typer.Option(help="Of the Ray cluster: auto (this machine is in it), HOST:PORT or ray://HOST:PORT.")
]


@dataclass(frozen=True)
class Place:
    """The executor asked for: its name, its workers, and the cluster's address."""

    executor: str
    workers: str
    address: str

    @property
    def is_here(self) -> bool:
        """Whether jobs run on this machine."""
        return self.executor != "ray"

    def device(self, wanted: str) -> str:
        """Return the device that `auto` means where the jobs run; raise `UsageError` if the wanted one is not there."""
        from benchmark.environment import resolve_device

        return resolve_device(wanted) if self.is_here else _ray().resolve_device(wanted, self.address)

    def open(self, work: executors.Work) -> executors.Executor:
        """Return the executor for some work, which closes itself with the campaign."""
        if self.executor == "inline":
            from benchmark.executors.inline import InlineExecutor

            return InlineExecutor(work)
        if self.executor == "pool":
            from benchmark.executors.pool import PoolExecutor

            return PoolExecutor(work, self._count(work.settings.device))
        if self.executor == "ray":
            return _ray().RayExecutor(work, self.address)
        raise UsageError(f"--executor {self.executor}: expected pool, inline or ray")

    def _count(self, device: str) -> int:
        from benchmark.environment import cpu_count

        if self.workers == "auto":
            return 1 if device == "cuda" else cpu_count()
        if not self.workers.isdigit() or int(self.workers) < 1:
            raise UsageError(f"--workers {self.workers}: expected a positive number or auto")
        return int(self.workers)


def _ray() -> ModuleType:
    try:
        return import_module("benchmark.executors.ray")
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise UsageError('--executor ray needs Ray: pip install "ticketbench[ray]"') from None
