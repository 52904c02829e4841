"""Runs jobs as tasks of a Ray cluster whose nodes share the results directory: its files are the only truth.

Nothing of weight goes through Ray: a task gets a job's id and returns how it ended, and how far it is stands in its
log. So a worker, node or driver that is lost takes nothing with it but the time since a job's last checkpoint. Ray
repeats nothing by itself; the runner does.

A job may be handed out again while its lost worker still lives, behind a broken network, say. It then waits for the
job's lock, which the file system frees when that worker is gone; and whatever both wrote has the same bytes.
"""

from __future__ import annotations

import logging
import os
import platform
import signal
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import floor

import ray
from filelock import FileLock, Timeout
from ray._private import services, worker
from ray.exceptions import RayError, RaySystemError, RayTaskError

from benchmark import environment
from benchmark.artifacts import ResultsDir, RunDir
from benchmark.errors import ArtifactError, CampaignError, UsageError
from benchmark.executors.executor import Ended, Observer, Work
from benchmark.executors.glimpse import glimpse
from benchmark.schema.measurement import Progress, Stage
from benchmark.stopping import Stop

POLL_SECONDS = 1.0
"""How often logs and nodes are looked at."""
KNOCK_SECONDS = 10.0
"""How long a cluster may take to answer."""
PATIENCE_SECONDS = 20.0
"""How long tasks that were told to stop may take for a checkpoint."""


@dataclass
class _Running:
    run: RunDir
    steps: int
    seen: Progress | None


class RayExecutor:
    """The executor on a Ray cluster: a job takes a processor and, on GPUs, its share of one."""

    def __init__(self, work: Work, address: str = "auto", jobs_per_gpu: int = 1) -> None:
        connect(address)
        data = work.settings.data
        self._work = Work(work.results.resolve(), replace(work.settings, data=None if data is None else data.resolve()))
        self._jobs_per_gpu = jobs_per_gpu if work.settings.device == "cuda" else 0
        # A process that has used a GPU gives its memory back only when it ends: `max_calls`.
        gpu = {"num_gpus": 1 / jobs_per_gpu, "max_calls": 1} if self._jobs_per_gpu else {"num_gpus": 0}
        self._task = ray.remote(num_cpus=1, max_retries=0, **gpu)(_perform)
        self._surroundings = _wishes(self._work), environment.versions()
        self._running: dict[ray.ObjectRef, _Running] = {}
        self._told = self._places()

    @property
    def slots(self) -> int:
        """How many jobs the nodes that are alive have room for, and one: what waits makes a cluster grow that can."""
        if ray.is_initialized():  # a closed executor keeps what it had; asking would start a cluster
            self._told = self._places()
        return self._told

    def start(self, job: str, stages: tuple[Stage, ...]) -> None:
        """Hand a job to Ray, which finds a node for it."""
        run = ResultsDir(self._work.results).run(job)
        steps = run.read_job().job.training.steps
        task = self._task.options(name=job).remote(self._work, job, stages, *self._surroundings)
        self._running[task] = _Running(run, steps, _seen(run, steps))

    def wait(self, observer: Observer) -> Ended | None:
        """Return the next job that ends; null where `slots` has changed meanwhile.

        Raises `CampaignError` where a node cannot do the work of any job.
        """
        while True:
            ready, other_room = self._moment()
            if ready:
                return _ended(ready[0], self._running.pop(ready[0]).run.id)
            for running in self._running.values():
                _look(running, observer)
            if other_room:
                return None

    def close(self) -> None:
        """Tell what is under way to stop, wait a little for its checkpoints, and leave the cluster."""
        for task in self._running:
            ray.cancel(task)
        end = time.monotonic() + PATIENCE_SECONDS
        while self._running and time.monotonic() < end:
            for task in self._moment()[0]:
                del self._running[task]
        self._running.clear()
        ray.shutdown()

    def _moment(self) -> tuple[list[ray.ObjectRef], bool]:
        """Return the tasks that have ended, after a moment at most, and whether there is other room than was told."""
        with Stop():  # within Ray's code, what a signal raises would become another error
            ready, _ = ray.wait(list(self._running), timeout=POLL_SECONDS)
            return ready, self._places() != self._told

    def _places(self) -> int:
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        return 1 + sum(_room(node, self._jobs_per_gpu) for node in nodes)


def connect(address: str) -> None:
    """Join the cluster that this machine is a node of, silently; nothing is done by a process that is in one.

    Raises `UsageError` where none answers at the address.
    """
    if ray.is_initialized():
        return
    if address.startswith("ray://"):
        raise UsageError(f"--address {address}: start the run on a node of the cluster, with auto or HOST:PORT")
    handler = signal.getsignal(signal.SIGTERM)
    try:
        _knock(address)
        ray.init(address, log_to_driver=False, logging_level=logging.CRITICAL)
        worker._worker_logs_enabled = False  # it would print the logs of dead nodes where our data go
    except (OSError, RuntimeError, ImportError, ValueError) as error:
        reason = getattr(error, "strerror", None) or _first(error).rstrip(".")
        raise UsageError(f"--address {address}: {reason}; `ray start --head` starts a cluster here") from None
    finally:
        signal.signal(signal.SIGTERM, handler)  # Ray puts its own in place


def _knock(address: str) -> None:
    """Raise `OSError` where nobody listens at an address: Ray itself tries for a quarter of an hour."""
    host, _, port = services.canonicalize_bootstrap_address_or_die(address).rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_SECONDS).close()


def resolve_device(wanted: str, address: str) -> str:
    """Return `cpu` or `cuda` for `auto`, by what the cluster has; this machine need not have it."""
    connect(address)
    if wanted not in {"auto", "cpu", "cuda"}:
        raise UsageError(f"--device {wanted}: expected auto, cpu or cuda")
    has_gpu = ray.cluster_resources().get("GPU", 0) > 0
    if wanted == "cuda" and not has_gpu:
        raise UsageError(f"--device cuda: the cluster at {address} has no GPU; use --device cpu or auto")
    return "cuda" if wanted != "cpu" and has_gpu else "cpu"


def _room(resources: Mapping[str, float], jobs_per_gpu: int) -> int:
    processors = floor(resources.get("CPU", 0))
    return min(processors, floor(resources.get("GPU", 0)) * jobs_per_gpu) if jobs_per_gpu else processors


def _look(running: _Running, observer: Observer) -> None:
    seen = _seen(running.run, running.steps)
    if seen not in (None, running.seen):
        running.seen = seen
        observer(seen)


def _seen(run: RunDir, steps: int) -> Progress | None:
    try:
        return glimpse(run, steps)
    except (OSError, ArtifactError):  # the file system is slow, or a file is just being written
        return None


def _ended(task: ray.ObjectRef, job: str) -> Ended:
    try:
        ended: Ended = ray.get(task)
    except RayTaskError as error:
        cause, reason = error.cause, _first(error.cause)
        if isinstance(cause, CampaignError):
            raise CampaignError(reason) from None
        if isinstance(cause, ImportError | RaySystemError):  # what a task is made of could not be read
            raise CampaignError(f"a node cannot run jobs: {reason}; every node needs the same environment") from None
        return Ended(job, "failed", f"{type(cause).__name__}: {reason}")
    except RayError as error:
        return Ended(job, "failed", f"its worker or node was lost ({type(error).__name__})", lost=True)
    return ended


def _first(error: Exception) -> str:
    """Return the first line of what an error says."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _wishes(work: Work) -> dict[str, str]:
    """Return the environment of a task: this project's variables are as here, and on processors there is no GPU."""
    ours = {name: value for name, value in os.environ.items() if name.startswith("TICKETBENCH_")}
    return ours if work.settings.device == "cuda" else ours | {"CUDA_VISIBLE_DEVICES": ""}


def _perform(
    work: Work, job: str, stages: tuple[Stage, ...], wishes: Mapping[str, str], versions: Mapping[str, str]
) -> Ended:
    """Run a job on a node."""
    os.environ.update(wishes)
    # Ray tells a task to stop by what looks like Ctrl-C, which a training puts off by raising it later: unheard so far.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    check_node(ResultsDir(work.results), job, versions)
    from benchmark.executors.work import perform  # torch, which reads the environment when it is imported

    return perform(work, job, stages, lambda _: None)


def check_node(results: ResultsDir, job: str, versions: Mapping[str, str]) -> None:
    """Raise `CampaignError` where this node has other software, other files, or locks of its own."""
    node, own = platform.node(), environment.versions()
    other = [
        f"{name} {own.get(name)} instead of {version}" for name, version in versions.items() if own.get(name) != version
    ]
    if other:
        raise CampaignError(f"node {node} has {', '.join(other)}; every node needs the same environment")
    if not (results.run(job).path / RunDir.JOB).exists():
        raise CampaignError(f"node {node} does not see {results.path}; every node must share it")
    try:
        with FileLock(results.lock, timeout=0):
            pass
    except Timeout:
        return  # it is held by the driver, as it should be
    raise CampaignError(
        f"node {node} could take the lock of {results.path}, which this run holds: the file system does not share "
        "locks between nodes, and two might write one file (NFS 4 shares them, Lustre where mounted with -o flock)"
    )
