"""Jobs in this process, one after another."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.executors.executor import Ended
from benchmark.executors.inline import InlineExecutor
from benchmark.schema.job import CampaignSuite
from benchmark.schema.measurement import Progress
from tests import tiny
from tests.tiny import Watch, run


def test_jobs_run_in_the_order_they_were_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    performed: list[str] = []

    def perform(work: object, job: str, stages: object, observer: object) -> Ended:
        performed.append(job)
        return Ended(job, "done")

    monkeypatch.setattr("benchmark.executors.work.perform", perform)
    executor = InlineExecutor(tiny.work(tmp_path))
    for job in ("b", "a", "c"):
        executor.start(job, ("mask",))
    assert performed == []
    assert [executor.wait(print).job for _ in range(2)] == ["b", "a"]
    executor.close()
    with pytest.raises(IndexError):
        executor.wait(print)
    assert performed == ["b", "a"]


def test_inputs_end_before_what_needs_them_begins(tmp_path: Path, tiny_suite: CampaignSuite) -> None:
    story: list[tuple[str, str]] = []

    class Story(Watch):
        def progress(self, progress: Progress) -> None:
            story.append(("begins", progress.job))

        def ended(self, ended: Ended) -> None:
            story.append(("ends", ended.job))

    run(tmp_path / "r", tiny_suite, Story())
    for planned in tiny_suite.plan.jobs:
        for needed in planned.job.inputs:
            assert story.index(("ends", needed)) < story.index(("begins", planned.id))


def test_progress_tells_stage_step_and_loss(tmp_path: Path, tiny_suite: CampaignSuite) -> None:
    watch = Watch()
    ends = run(tmp_path / "r", tiny_suite, watch, only=frozenset({"gan"}))
    (job,) = ends
    assert watch.began == [(job, "mask"), (job, "train"), (job, "measure")]
    trained = [told for told in watch.told if told.stage == "train" and told.step]
    assert [(told.step, told.steps) for told in trained] == [(12, 12)]
    assert trained[0].loss.keys() == {"discriminator", "generator"}
    assert watch.counts == [(1, 0)]
    assert watch.ends == [Ended(job, "done")]
