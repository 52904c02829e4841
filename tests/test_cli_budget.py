"""How many workers a budget reckons with: those that the run will have."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark import environment
from benchmark.cli.budget import affordable
from benchmark.cli.places import Place
from benchmark.executors.executor import Work
from benchmark.forecast import budget, kinds
from benchmark.forecast.budget import Choice
from benchmark.schema.settings import Settings
from tests import tiny

GIB = 1024**3


class Room:
    """An executor that is asked for its slots alone."""

    slots = 3

    def close(self) -> None:
        """Nothing was begun."""


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of workers that were reckoned with."""
    found: list[int] = []

    def within(limit: float, *given: object) -> Choice:
        found.append(int(str(given[3])))
        return Choice(claims=("some",), seconds=limit, left_out={})

    monkeypatch.setattr(budget, "within", within)
    return found


@pytest.mark.parametrize(("peak", "fitting"), [(None, 1), (10 * GIB, 2), (GIB, 8)])
def test_as_many_jobs_share_a_gpu_as_their_memory_allows(
    tmp_path: Path, workers: list[int], monkeypatch: pytest.MonkeyPatch, peak: int | None, fitting: int
) -> None:
    monkeypatch.setattr(environment, "visible_gpus", lambda: ("0",))
    monkeypatch.setattr(environment, "gpu_bytes", lambda: 24 * GIB)
    monkeypatch.setattr(environment, "cpu_count", lambda: 8)
    monkeypatch.setattr("benchmark.forecast.speeds.device_name", lambda device: device)
    monkeypatch.setattr(kinds, "peaks", lambda jobs, device: [peak for _ in jobs])
    work, place = Work(tmp_path, Settings("cuda")), Place("pool", "auto", "auto")
    affordable(1.0, work, place, [tiny.suite_of()], frozenset(), quiet=True)
    assert workers == [fitting]


@pytest.mark.parametrize(("executor", "reckoned"), [("pool", 3), ("ray", 2)])
def test_a_cluster_works_at_one_job_less_than_it_is_handed(
    tmp_path: Path, workers: list[int], monkeypatch: pytest.MonkeyPatch, executor: str, reckoned: int
) -> None:
    monkeypatch.setattr(Place, "open", lambda self, work, jobs=(): Room())
    work, place = Work(tmp_path, Settings("cpu")), Place(executor, "auto", "auto")
    affordable(1.0, work, place, [tiny.suite_of()], frozenset(), quiet=True)
    assert workers == [reckoned]
