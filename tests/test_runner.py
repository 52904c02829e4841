"""From a plan to files and back: what is done is left alone, what is lost or damaged is made again to the byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from benchmark import stages as stages_module
from benchmark import training
from benchmark.artifacts import ResultsDir, RunDir
from benchmark.bench import Bench
from benchmark.errors import CampaignError, RunError
from benchmark.executors.executor import Ended
from benchmark.executors.inline import InlineExecutor
from benchmark.runner import pending_stages, wanted_jobs
from benchmark.schedule import Schedule
from benchmark.schema.job import CampaignSuite, Plan
from benchmark.schema.measurement import Divergence, Failure, Outcome, Progress
from tests import tiny
from tests.tiny import DIVERGING, SUITE, Watch, arm, contents, delete, flip, run

PLAN = tiny.planned()
DENSE = arm(PLAN, "gan").id
WINNER = arm(PLAN, "gan_imp", 1).id


def times(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and path.name != "lock"}


def test_a_second_run_does_nothing(results: Path, tiny_suite: CampaignSuite) -> None:
    before, watch = times(results), Watch()
    assert set(run(results, tiny_suite, watch).values()) == {"done"}
    assert times(results) == before
    assert (watch.counts, watch.told, watch.ends, watch.files) == ([(6, 6)], [], [], [])


def failing(monkeypatch: pytest.MonkeyPatch, stage: str, job: str, error: Exception) -> None:
    """Make a stage of a job fail."""
    stages = dict(stages_module.STAGES)
    real = stages[stage]  # type: ignore[index]

    def act(bench: Bench) -> None:
        if bench.planned.id == job:
            raise error
        real(bench)

    monkeypatch.setitem(stages_module.STAGES, stage, act)  # type: ignore[misc]


def test_a_failure_is_recorded_blocks_only_what_needs_it_and_is_not_cached(
    tmp_path: Path, finished: Path, tiny_suite: CampaignSuite
) -> None:
    folder, watch = tmp_path / "results", Watch()
    with pytest.MonkeyPatch.context() as patch:
        failing(patch, "mask", WINNER, RunError("this ticket has a hole"))
        ends = run(folder, tiny_suite, watch)
    below = {arm(PLAN, "gan_imp", 2).id, arm(PLAN, "gan_random", 2).id}
    assert ends == {job.id: outcome(job.id, below) for job in PLAN.jobs}
    assert Ended(WINNER, "failed", "mask: this ticket has a hole") in watch.ends
    assert {end.job for end in watch.ends if end.outcome == "blocked"} == below
    failure = ResultsDir(folder).run(WINNER).read_record(RunDir.FAILURE, Failure)
    assert (failure.stage, failure.kind, failure.trace) == ("mask", "RunError", "")
    assert ResultsDir(folder).outcomes(PLAN) == ends
    assert set(run(folder, tiny_suite).values()) == {"done"}
    assert contents(folder) == contents(finished)


def outcome(job: str, below: set[str]) -> Outcome:
    if job in below:
        return "blocked"
    return "failed" if job == WINNER else "done"


def test_an_unexpected_failure_keeps_its_trace(results: Path, tiny_suite: CampaignSuite) -> None:
    delete(results / "runs" / WINNER / "audit.json")
    with pytest.MonkeyPatch.context() as patch:
        failing(patch, "measure", WINNER, ZeroDivisionError("no pixels"))
        assert run(results, tiny_suite)[WINNER] == "failed"
    failure = ResultsDir(results).run(WINNER).read_record(RunDir.FAILURE, Failure)
    assert failure.message == "ZeroDivisionError: no pixels"
    assert "Traceback" in failure.trace
    assert "no pixels" in failure.trace


def test_a_failed_measurement_costs_no_training(finished: Path, results: Path, tiny_suite: CampaignSuite) -> None:
    delete(results / "runs" / DENSE / "audit.json")
    with pytest.MonkeyPatch.context() as patch:
        failing(patch, "measure", DENSE, RunError("later"))
        ends = run(results, tiny_suite)
    assert [job for job, end in ends.items() if end != "done"] == [DENSE]
    watch = Watch()
    run(results, tiny_suite, watch)
    assert watch.began == [(DENSE, "measure")]
    assert contents(results) == contents(finished)


def test_a_training_that_diverges_is_an_outcome_and_stops_only_what_needs_it(tmp_path: Path) -> None:
    suite, watch, again = tiny.suite_of(DIVERGING), Watch(), Watch()
    ends = run(tmp_path / "r", suite, watch)
    below = {one.job for one in suite.plan.arms if one.experiment.startswith("gan")}
    assert {job for job, end in ends.items() if end == "diverged"} == below
    assert {job for job, end in ends.items() if end == "done"} == ends.keys() - below
    assert [job for job, stage in watch.began if stage == "train" and job in below] == [arm(suite.plan, "gan").id]
    divergence = ResultsDir(tmp_path / "r").run(arm(suite.plan, "gan").id).read_record(RunDir.DIVERGED, Divergence)
    assert divergence.step == 12
    before = times(tmp_path / "r")
    assert run(tmp_path / "r", suite, again) == ends
    assert (again.began, times(tmp_path / "r")) == ([], before)
    assert ResultsDir(tmp_path / "r").outcomes(suite.plan) == ends


def test_what_diverged_before_is_counted_first_and_then_told_of(tmp_path: Path) -> None:
    class Counting(Watch):
        def ended(self, ended: Ended) -> None:
            assert self.counts, "how many there are is said first"
            super().ended(ended)

    suite = tiny.suite_of(DIVERGING)
    run(tmp_path, suite)
    again = Counting()
    ends = run(tmp_path, suite, again)
    done = sum(end == "done" for end in ends.values())
    assert again.counts == [(6, done + 1)]
    assert {one.job for one in again.ends} == {
        arm(suite.plan, *place).id for place in (("gan_imp", 1), ("gan_imp", 2), ("gan_random", 2))
    }
    assert done + 1 + len(again.ends) == len(ends) == 6


def test_a_ticket_that_is_not_what_its_job_says_fails(results: Path, tiny_suite: CampaignSuite) -> None:
    ticket = ResultsDir(results).run(WINNER)
    start = ticket.read_tensors(ticket.START)
    name, mask = next(iter(sorted(ticket.read_tensors(ticket.MASK).items())))
    start[f"raw/{name}"][mask] += 0.25
    ticket.write_tensors(ticket.START, start)
    ticket.files.remove(ticket.AUDIT)
    for _ in range(2):
        watch = Watch()
        assert run(results, tiny_suite, watch)[WINNER] == "failed"
        assert watch.ends[0].reason == f"measure: {name}: the training did not start from the rewind weights"


def test_weights_under_the_mask_fail_the_audit(results: Path, tiny_suite: CampaignSuite) -> None:
    ticket = ResultsDir(results).run(WINNER)
    end, masks = ticket.read_tensors(ticket.WEIGHTS), ticket.read_tensors(ticket.MASK)
    name = next(name for name, mask in sorted(masks.items()) if not mask.all())
    end[f"raw/{name}"][~masks[name]] = 1e-30
    ticket.write_tensors(ticket.WEIGHTS, end)
    ticket.files.remove(ticket.AUDIT)
    watch = Watch()
    run(results, tiny_suite, watch)
    assert "masked weights are not zero after training" in watch.ends[0].reason


class Stopped(BaseException):
    """What Ctrl-C would be."""


TWO_LEVELS = (
    SUITE.partition("  gan_random:")[0].replace("last: 2", "last: 1").partition("      fid:")[0]
    + "  gan_imp:"
    + SUITE.partition("  gan_imp:")[2].partition("  gan_random:")[0].replace("last: 2", "last: 1")
    + "claims: {}\nscales: {small: {small: true}}\n"
)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "LOG_EVERY", 3)
        folder = tmp_path_factory.mktemp("whole") / "results"
        run(folder, tiny.suite_of(TWO_LEVELS))
    return contents(folder)


@pytest.mark.parametrize(("lines", "next_step"), [(1, 6), (3, 12), (4, 12), (5, 9), (6, 12)])
def test_a_run_that_is_stopped_goes_on_from_its_last_checkpoint_to_the_same_bytes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    uninterrupted: dict[str, bytes],
    lines: int,
    next_step: int,
) -> None:
    monkeypatch.setattr(training, "LOG_EVERY", 3)
    suite = tiny.suite_of(TWO_LEVELS)

    class Stopping(Watch):
        def progress(self, progress: Progress) -> None:
            super().progress(progress)
            if sum(told.step > 0 and told.stage == "train" for told in self.told) >= lines:
                raise Stopped

    with pytest.raises(Stopped):
        run(tmp_path / "r", suite, Stopping())
    watch = Watch()
    assert set(run(tmp_path / "r", suite, watch).values()) == {"done"}
    assert next(told.step for told in watch.told if told.stage == "train" and told.step > 0) == next_step
    assert contents(tmp_path / "r") == uninterrupted


@pytest.mark.parametrize("lost", ["snapshots/00000004.safetensors", "train.jsonl", "checkpoint/state.safetensors"])
def test_a_checkpoint_counts_only_with_all_that_was_written_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uninterrupted: dict[str, bytes], lost: str
) -> None:
    monkeypatch.setattr(training, "LOG_EVERY", 3)

    class Stopping(Watch):
        def progress(self, progress: Progress) -> None:
            if progress.step == 6:
                raise Stopped

    suite, watch = tiny.suite_of(TWO_LEVELS), Watch()
    with pytest.raises(Stopped):
        run(tmp_path / "r", suite, Stopping())
    flip(tmp_path / "r" / "runs" / DENSE / lost)
    assert set(run(tmp_path / "r", suite, watch).values()) == {"done"}
    assert [told.step for told in watch.told if told.job == DENSE and told.stage == "train"][:2] == [0, 3]
    assert contents(tmp_path / "r") == uninterrupted


def test_a_longer_curve_and_another_metric_use_what_is_there(results: Path, tmp_path: Path) -> None:
    text = SUITE.replace("last: 2}", "last: 3}").replace("key: small_networks", "key: longer")
    text = text.replace(
        "      sparsity: {name: sparsity}\n", "      sparsity: {name: sparsity}\n      audit: {name: audit}\n"
    )
    suite, watch = tiny.suite_of(text), Watch()
    assert set(run(results, suite, watch).values()) == {"done"}
    new = arm(suite.plan, "gan_imp", 3).id
    assert {job for job, stage in watch.began if stage == "train"} == {new}
    assert {stage for job, stage in watch.began if job != new} == {"measure"}


def test_a_snapshot_asked_for_later_is_replayed(tmp_path: Path) -> None:
    alone = SUITE.partition("  gan_imp:")[0] + "claims: {}\nscales: {small: {small: true}}\n"
    first = tiny.suite_of(alone.replace("key: small_networks", "key: first"))
    second, watch = (
        tiny.suite_of(SUITE.partition("  auto:")[0] + "claims: {}\nscales: {small: {small: true}}\n"),
        Watch(),
    )
    run(tmp_path / "r", first)
    before = (tmp_path / "r" / "runs" / DENSE / "weights.safetensors").read_bytes()
    assert set(run(tmp_path / "r", second, watch).values()) == {"done"}
    assert watch.began[:2] == [(DENSE, "train"), (DENSE, "measure")]
    assert (tmp_path / "r" / "runs" / DENSE / "weights.safetensors").read_bytes() == before


def test_only_what_is_named_is_run(tmp_path: Path, tiny_suite: CampaignSuite) -> None:
    ends = run(tmp_path / "r", tiny_suite, only=frozenset({"auto_imp"}))
    assert ends.keys() == {arm(PLAN, "auto").id, arm(PLAN, "auto_imp", 1).id}
    assert {one.id for one in ResultsDir(tmp_path / "r").runs()} == ends.keys()


def test_a_second_process_is_refused_and_changes_nothing(results: Path, tiny_suite: CampaignSuite) -> None:
    before = times(results)
    with FileLock(results / "lock"), pytest.raises(CampaignError, match="another `ticketbench run` is at work here"):
        run(results, tiny_suite)
    assert times(results) == before


def test_a_directory_is_held_until_its_workers_have_ended(results: Path, tiny_suite: CampaignSuite) -> None:
    class Lasting(InlineExecutor):
        def close(self) -> None:
            with pytest.raises(Timeout), FileLock(results / "lock", timeout=0):
                pass
            closed.append(True)

    closed: list[bool] = []
    run(results, tiny_suite, executor=Lasting(tiny.work(results)))
    assert closed == [True]


def test_suites_that_share_a_job_ask_for_all_it_should_give() -> None:
    other = tiny.planned(SUITE.replace("at: 4", "at: 7").replace("fid: {name", "other: {name"))
    joined = wanted_jobs([PLAN, other], frozenset())[DENSE]
    assert joined.snapshots == (4, 7)
    assert [request.name for request in joined.metrics] == ["fid", "other", "sparsity"]
    assert list(wanted_jobs([PLAN], frozenset())) == [job.id for job in PLAN.jobs]


def test_the_longest_chain_goes_first() -> None:
    jobs = {job.id: job for job in PLAN.jobs}
    schedule = Schedule(jobs, dict.fromkeys(jobs, ("mask", "train", "measure")))
    order = []
    while (job := schedule.next()) is not None:
        order.append(job)
        schedule.running.add(job)
        assert schedule.settle(job, "done") == []
    assert order[:3] == [DENSE, WINNER, arm(PLAN, "gan_imp", 2).id]  # 48, 36, 24 and then 24 steps to go
    assert sorted(order) == sorted(jobs)
    assert all(order.index(needed) < order.index(job.id) for job in PLAN.jobs for needed in job.job.inputs)


def test_a_job_without_a_folder_needs_every_stage(tmp_path: Path) -> None:
    assert pending_stages(RunDir(tmp_path / "none"), PLAN.jobs[0]) == ("mask", "train", "measure")


def test_every_arm_ends_with_whole_files(finished: Path) -> None:
    plan: Plan = PLAN
    for job in plan.jobs:
        folder = ResultsDir(finished).run(job.id)
        assert folder.read_job() == job
        assert pending_stages(folder, job) == ()
        assert folder.read_document("environment.json")
        assert not folder.files.has(folder.CHECKPOINT)
        assert all(folder.read_measurement(request) is not None for request in job.metrics)
