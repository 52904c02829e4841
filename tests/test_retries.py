"""A lost place of work is made up for, with the same seed; what failed or diverged by itself is not tried again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmark import stages as stages_module
from benchmark.artifacts import ResultsDir
from benchmark.bench import Bench
from benchmark.executors.executor import Ended, Observer
from benchmark.executors.inline import InlineExecutor
from benchmark.schema.job import CampaignSuite
from benchmark.schema.measurement import Stage
from tests import tiny
from tests.tiny import DIVERGING, Watch, arm, contents, run

PLAN = tiny.planned()
AUTO, BELOW = arm(PLAN, "auto").id, arm(PLAN, "auto_imp", 1).id


class Losing(InlineExecutor):
    """Loses the place of one job some times: after its first stages, or before any."""

    def __init__(self, folder: Path, job: str, times: int, after: int = 1) -> None:
        super().__init__(tiny.work(folder))
        self._job, self._times, self._after = job, times, after
        self.started: list[tuple[str, tuple[Stage, ...]]] = []

    def start(self, job: str, stages: tuple[Stage, ...]) -> None:
        self.started.append((job, stages))
        losing = job == self._job and self._times > 0
        super().start(job, stages[: self._after] if losing else stages)

    def wait(self, observer: Observer) -> Ended:
        job = self._queue[0][0]
        ended = super().wait(observer)
        if job == self._job and self._times > 0:
            self._times -= 1
            return Ended(job, "failed", "its place burned down", lost=True)
        return ended

    def begun(self, job: str) -> list[tuple[Stage, ...]]:
        return [stages for started, stages in self.started if started == job]


@pytest.mark.parametrize(
    ("times", "after", "again"),
    [(2, 0, ("mask", "train", "measure")), (2, 1, ("train", "measure")), (1, 2, ("measure",))],
)
def test_a_lost_job_is_begun_again_from_what_is_there_and_has_the_same_bytes(
    tmp_path: Path, finished: Path, tiny_suite: CampaignSuite, times: int, after: int, again: tuple[Stage, ...]
) -> None:
    watch, executor = Watch(), Losing(tmp_path / "r", AUTO, times, after)
    ends = run(tmp_path / "r", tiny_suite, watch, executor, only=frozenset({"auto_imp"}))
    assert ends == {AUTO: "done", BELOW: "done"}
    assert watch.losses == [(AUTO, time) for time in range(1, times + 1)]
    assert executor.begun(AUTO)[0] == ("mask", "train", "measure")
    assert executor.begun(AUTO)[1] == again
    assert [end.job for end in watch.ends] == [AUTO, BELOW]
    for job in (AUTO, BELOW):
        assert contents(tmp_path / "r" / "runs" / job) == contents(finished / "runs" / job)


@pytest.mark.parametrize(("text", "name", "end"), [(tiny.SUITE, "auto", "done"), (DIVERGING, "gan", "diverged")])
def test_a_job_that_had_ended_when_its_place_was_lost_keeps_its_end(
    tmp_path: Path, text: str, name: str, end: str
) -> None:
    suite = tiny.suite_of(text)
    job, watch = arm(suite.plan, name).id, Watch()
    executor = Losing(tmp_path, job, 1, after=3)
    assert run(tmp_path, suite, watch, executor, only=frozenset({name}), retries=0) == {job: end}
    assert ResultsDir(tmp_path).run(job).outcome() == end
    assert len(executor.begun(job)) == 1
    assert [(one.job, one.outcome, one.reason, one.lost) for one in watch.ends] == [(job, end, "", False)]
    assert watch.losses == []


@pytest.mark.parametrize(("retries", "told"), [(0, ""), (1, " 2 times"), (2, " 3 times")])
def test_one_that_is_lost_each_time_has_failed_and_blocks_only_what_needs_it(
    tmp_path: Path, tiny_suite: CampaignSuite, retries: int, told: str
) -> None:
    watch, executor = Watch(), Losing(tmp_path, AUTO, 100, after=0)
    names = frozenset({"auto_imp", "gan"})
    ends = run(tmp_path, tiny_suite, watch, executor, only=names, retries=retries)
    assert ends == {AUTO: "failed", BELOW: "blocked", arm(PLAN, "gan").id: "done"}
    assert Counter(job for job, _ in executor.started) == {AUTO: retries + 1, arm(PLAN, "gan").id: 1}
    reason = f"its place burned down{told}; run the same command again"
    assert [end.reason for end in watch.ends if end.outcome == "failed"] == [reason]
    failure = (tmp_path / "runs" / AUTO / "failure.json").read_text()
    assert "WorkerLost" in failure
    assert reason in failure
    assert ResultsDir(tmp_path).outcomes(PLAN)[AUTO] == "failed"
    assert set(run(tmp_path, tiny_suite, only=names).values()) == {"done"}


def test_a_job_that_fails_is_not_tried_again(
    tmp_path: Path, tiny_suite: CampaignSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def fill_the_disk(bench: Bench) -> None:
        tried.append(bench.run.id)
        raise OSError(28, "No space left on device", "mask.safetensors")

    monkeypatch.setitem(stages_module.STAGES, "mask", fill_the_disk)
    watch = Watch()
    assert run(tmp_path, tiny_suite, watch, only=frozenset({"auto_imp"})) == {AUTO: "failed", BELOW: "blocked"}
    assert (tried, watch.losses) == ([AUTO], [])


def test_a_training_that_diverges_is_not_tried_again(tmp_path: Path) -> None:
    suite = tiny.suite_of(DIVERGING)
    job, watch = arm(suite.plan, "gan").id, Watch()
    executor = Losing(tmp_path, "none", 0)
    assert run(tmp_path, suite, watch, executor, only=frozenset({"gan"})) == {job: "diverged"}
    assert len(executor.begun(job)) == 1
    assert watch.losses == []


def test_where_slots_change_the_runner_looks_again(tmp_path: Path, tiny_suite: CampaignSuite) -> None:
    class Growing(InlineExecutor):
        def wait(self, observer: Observer) -> Ended | None:  # type: ignore[override]
            if self.slots == 1:
                self.slots = 2
                return None
            most.append(len(self._queue))
            return super().wait(observer)

    most: list[int] = []
    executor = Growing(tiny.work(tmp_path))
    assert set(run(tmp_path, tiny_suite, executor=executor, only=frozenset({"auto", "gan"})).values()) == {"done"}
    assert most == [2, 1]
