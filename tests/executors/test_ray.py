"""Jobs on a Ray cluster, for real: several nodes on this machine, each with a pretended GPU; nodes and workers die."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from benchmark import environment
from benchmark.artifacts import ResultsDir
from benchmark.cli import app
from benchmark.errors import CampaignError, UsageError
from benchmark.executors.executor import Ended, Work
from benchmark.schema.job import CampaignSuite
from benchmark.schema.measurement import Progress, Stage
from benchmark.schema.settings import Settings
from tests import tiny
from tests.end_to_end.command import CODER, Started, log_lines, ticketbench
from tests.executors.clusters import REASON, add_node, cluster, parent, raylet, until, worker_of
from tests.tiny import Watch, contents, run

ray = pytest.importorskip("ray", reason=REASON)

from benchmark.executors import ray as on_ray  # noqa: E402 - where there is no Ray, this is skipped
from benchmark.executors.ray import RayExecutor, check_node  # noqa: E402

pytestmark = [pytest.mark.ray, pytest.mark.slow]

STAGES: tuple[Stage, ...] = ("mask", "train", "measure")
CODERS = frozenset({"auto", "auto_imp"})


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    """A cluster for the tests of this file."""
    with cluster() as started:
        yield started


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_ray, "POLL_SECONDS", 0.1)


@pytest.fixture(scope="module")
def longer() -> CampaignSuite:
    """The tiny suite with an autoencoder that trains long enough to be met at work."""
    return tiny.suite_of(overrides=["experiments.auto.training.steps=400"])


@pytest.fixture(scope="module")
def undisturbed(longer: CampaignSuite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of that autoencoder and its tickets from one process."""
    folder = tmp_path_factory.mktemp("undisturbed") / "results"
    run(folder, longer, only=CODERS)
    return folder


def test_a_cluster_gives_the_bytes_of_one_process(
    nodes: Any, tiny_suite: CampaignSuite, finished: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "results"
    ends = run(folder, tiny_suite, executor=RayExecutor(tiny.work(folder), nodes.address))
    assert set(ends.values()) == {"done"}
    assert contents(folder) == contents(finished)


class Striker(Watch):
    """Strikes at the worker of the first job that is seen training."""

    def __init__(self, strike: Callable[[int], None]) -> None:
        super().__init__()
        self.strike: Callable[[int], None] | None = strike

    def progress(self, progress: Progress) -> None:
        super().progress(progress)
        worker = worker_of(progress.job)
        if self.strike is not None and progress.stage == "train" and worker is not None:
            self.strike(worker)
            self.strike = None


def survives(strike: Callable[[int], None], nodes: Any, suite: CampaignSuite, folder: Path, undisturbed: Path) -> None:
    watch = Striker(strike)
    ends = run(folder, suite, watch, RayExecutor(tiny.work(folder), nodes.address), CODERS)
    assert watch.strike is None, "no job was met at work"
    assert set(ends.values()) == {"done"}
    assert contents(folder) == contents(undisturbed)


def test_a_killed_worker_loses_nothing(nodes: Any, longer: CampaignSuite, undisturbed: Path, tmp_path: Path) -> None:
    survives(lambda worker: os.kill(worker, signal.SIGKILL), nodes, longer, tmp_path / "results", undisturbed)


def test_a_lost_node_loses_nothing(nodes: Any, longer: CampaignSuite, undisturbed: Path, tmp_path: Path) -> None:
    def lose_node(worker: int) -> None:
        (node,) = [node for node in nodes.worker_nodes if raylet(node) == parent(worker)]
        nodes.remove_node(node, allow_graceful=False)

    survives(lose_node, nodes, longer, tmp_path / "results", undisturbed)
    add_node(nodes)


def test_what_is_told_to_stop_keeps_its_step(nodes: Any, tmp_path: Path) -> None:
    class Impatient(Watch):
        def progress(self, progress: Progress) -> None:
            if progress.step:
                raise KeyboardInterrupt

    endless = tiny.suite_of(overrides=["experiments.auto.training.steps=1000000"])
    executor = RayExecutor(Work(tmp_path, Settings("cpu", checkpoint_seconds=3600)), nodes.address)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, endless, Impatient(), executor, frozenset({"auto"}))
    (job,) = ResultsDir(tmp_path).runs()
    assert job.files.has(job.CHECKPOINT)


def test_a_stopped_or_killed_driver_loses_nothing(nodes: Any, tmp_path: Path) -> None:
    suite, folder, alone = tmp_path / "coder.yaml", tmp_path / "results", tmp_path / "alone"
    suite.write_text(CODER.replace("steps: 100", "steps: 400"))
    arguments = ["run", str(suite), "--device", "cpu", "--seeds", "1", "--checkpoint-every", "0", "--results"]
    place = ["--executor", "ray", "--address", nodes.address]
    for number, code in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)):
        driver = Started(tmp_path / f"talk{number}", *arguments, folder, *place)
        assert driver.wait_until(lambda: " jobs" in driver.said), driver.said  # noqa: B023 - called in this round
        before = log_lines(folder)
        assert driver.wait_until(lambda: log_lines(folder) > before), driver.said  # noqa: B023 - called in this round
        driver.send(number)
        assert driver.end(30) == code, driver.said
        assert not re.search("Traceback|Error|failed|ray", driver.said), driver.said
    assert driver.said.splitlines()[-1] == "ticketbench: stopped; the same command goes on from here"
    ended = ticketbench(*arguments, folder, *place)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.splitlines()[0].startswith("2 jobs, "), "Ray says nothing of its own"
    assert app.run([*arguments, str(alone), "--executor", "inline", "--quiet"]) == 0
    assert contents(folder) == contents(alone)


def occupied(place: Path, wanted: int) -> Callable[..., Ended]:
    """Return what a task does instead of a job: note who is on its GPU, until as many are as wanted."""

    def occupy(work: Work, job: str, *_: object) -> Ended:
        import os
        import time

        gpu = os.environ["CUDA_VISIBLE_DEVICES"]
        on_gpu = f"{ray.get_runtime_context().get_node_id()}.{gpu}"
        mark, most = place / f"{on_gpu}.{job}", 0
        mark.touch()
        end = time.monotonic() + (30 if wanted > 1 else 0.3)
        while time.monotonic() < end and most < max(wanted, 2):
            most = max(most, len(list(place.glob(f"{on_gpu}.*"))))
            time.sleep(0.01)
        time.sleep(0.1)
        mark.unlink()
        return Ended(job, "done", f"{most} {gpu} {os.getpid()}")

    return occupy


@pytest.mark.parametrize("jobs_per_gpu", [1, 2])
def test_a_gpu_is_shared_by_as_many_jobs_as_asked_for(
    nodes: Any, tiny_suite: CampaignSuite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs_per_gpu: int
) -> None:
    work, place = Work(tmp_path / "results", Settings("cuda")), tmp_path / "place"
    place.mkdir()
    monkeypatch.setattr(on_ray, "_perform", occupied(place, jobs_per_gpu))
    executor = RayExecutor(work, nodes.address, jobs_per_gpu)
    try:
        assert executor.slots == 2 * jobs_per_gpu + 1
        for planned in tiny_suite.plan.jobs[:4]:
            ResultsDir(work.results).run(planned.id).write_job(planned)
            executor.start(planned.id, STAGES)
        ends = [next_end(executor).reason.split() for _ in range(4)]
    finally:
        executor.close()
    assert [most for most, _, _ in ends] == [str(jobs_per_gpu)] * 4
    assert {gpu for _, gpu, _ in ends} <= {"0", "1"}
    assert len({process for _, _, process in ends}) == 4, "a process gives a GPU's memory back when it ends"


def next_end(executor: RayExecutor) -> Ended:
    while (ended := executor.wait(lambda _: None)) is None:
        pass
    return ended


def test_room_grows_with_the_cluster_and_closing_takes_a_moment(
    nodes: Any, tiny_suite: CampaignSuite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(*_: object) -> None:
        import time

        while True:
            time.sleep(0.01)

    monkeypatch.setattr(on_ray, "_perform", sleep)
    executor, planned = RayExecutor(tiny.work(tmp_path), nodes.address), tiny_suite.plan.jobs[0]
    try:
        ResultsDir(tmp_path).run(planned.id).write_job(planned)
        executor.start(planned.id, STAGES)
        assert until(lambda: worker_of(planned.id) is not None)
        before = executor.slots
        add_node(nodes)
        assert executor.wait(lambda _: None) is None
        assert executor.slots >= before + 2, "a node that another test has lost may be told of late"
    finally:
        since = time.monotonic()
        executor.close()
    assert time.monotonic() - since < 10
    assert (executor.slots >= before + 2, ray.is_initialized()) == (True, False)
    assert until(lambda: worker_of(planned.id) is None)


def test_a_run_that_does_not_hold_its_lock_is_stopped_by_the_nodes(
    nodes: Any, tiny_suite: CampaignSuite, tmp_path: Path
) -> None:
    executor, planned = RayExecutor(tiny.work(tmp_path), nodes.address), tiny_suite.plan.jobs[0]
    ResultsDir(tmp_path).run(planned.id).write_job(planned)
    executor.start(planned.id, STAGES)
    try:
        with pytest.raises(CampaignError, match=r"^node .* could take the lock of"):
            next_end(executor)
    finally:
        executor.close()


def test_a_node_must_have_the_files_and_the_software_of_the_run(results: Path, tiny_suite: CampaignSuite) -> None:
    directory, job, own = ResultsDir(results), tiny_suite.plan.jobs[0].id, environment.versions()
    with FileLock(directory.lock):
        check_node(directory, job, own)
        with pytest.raises(CampaignError, match=r"has torch .* instead of 1\.0; every node"):
            check_node(directory, job, own | {"torch": "1.0"})
        with pytest.raises(CampaignError, match=r"does not see .*; every node must share it"):
            check_node(ResultsDir(results / "elsewhere"), job, own)


def test_a_task_on_processors_sees_no_gpu_and_has_the_variables_of_the_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TICKETBENCH_DATA", "/data")
    assert (
        on_ray._wishes(tiny.work(tmp_path)).items() >= {"TICKETBENCH_DATA": "/data", "CUDA_VISIBLE_DEVICES": ""}.items()
    )
    assert "CUDA_VISIBLE_DEVICES" not in on_ray._wishes(Work(tmp_path, Settings("cuda")))


def test_a_device_is_that_of_the_cluster(nodes: Any) -> None:
    try:
        assert [on_ray.resolve_device(wanted, nodes.address) for wanted in ("auto", "cpu", "cuda")] == [
            "cuda",
            "cpu",
            "cuda",
        ]
        with pytest.raises(UsageError, match="--device tpu: expected auto, cpu or cuda"):
            on_ray.resolve_device("tpu", nodes.address)
    finally:
        ray.shutdown()


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("127.0.0.1:1", "Connection refused; `ray start --head` starts a cluster here"),
        ("nonsense", "Invalid address format: nonsense; `ray start --head` starts a cluster here"),
        ("ray://127.0.0.1:1", "start the run on a node of the cluster, with auto or HOST:PORT"),
    ],
)
def test_where_no_cluster_answers_one_line_says_so(address: str, reason: str) -> None:
    with pytest.raises(UsageError) as error:
        on_ray.connect(address)
    assert str(error.value) == f"--address {address}: {reason}"
