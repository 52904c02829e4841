"""A Ray cluster of several nodes on this machine, and its processes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

REASON = "Ray is not installed: pip install 'ticketbench[ray]'"


@contextmanager
def cluster(nodes: int = 2) -> Iterator[Any]:
    """Start a head that runs no jobs, and nodes with two processors and one pretended GPU each; end them all."""
    utils = pytest.importorskip("ray.cluster_utils", reason=REASON)
    started = utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    try:
        for _ in range(nodes):
            add_node(started)
        yield started
    finally:
        pids = [raylet(node) for node in started.list_all_nodes()]
        started.shutdown()
        assert until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids)), "raylets are left"


def add_node(cluster: Any) -> None:
    """Let a node join."""
    cluster.add_node(num_cpus=2, num_gpus=1)


def raylet(node: Any) -> int:
    """Return the process id of a node's raylet, the parent of its workers."""
    return int(node.all_processes["raylet"][0].process.pid)


def worker_of(job: str) -> int | None:
    """Return the id of the process that works at a job."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(f"ray::{job}".encode()):
                return int(path.parent.name)
        except OSError:  # it has just ended
            continue
    return None


def parent(pid: int) -> int:
    """Return the id of a process's parent."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def until(happened: Any, seconds: float = 60) -> bool:
    """Wait until something happened; false if it did not."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
