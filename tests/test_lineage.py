"""Which trainings a ticket rests on, and how many of their steps its weights went through."""

from __future__ import annotations

from pathlib import Path

from benchmark.artifacts import ResultsDir
from benchmark.lineage import Stretch, lineage
from benchmark.schema.job import Job, MaskRecipe, Origin, PlannedJob, StartRecipe
from benchmark.schema.record import Resolved
from benchmark.schema.suite import Training
from benchmark.schema.training import Moment, Optimizer
from tests import tiny

COMPONENTS = ("generator", "discriminator")


def write(
    results: ResultsDir, name: str, steps: int, weights: Origin, *, begins: Moment = 0, mask: str | None = None
) -> None:
    job = Job(
        seed=0,
        dataset=Resolved(name="digits"),
        model=Resolved(name="dcgan"),
        objective=Resolved(name="gan"),
        mask=MaskRecipe() if mask is None else MaskRecipe(op="draw", origin=Origin(job=mask), fraction=0.2),
        start=StartRecipe(origins=dict.fromkeys(COMPONENTS, weights), start_step=begins),
        training=Training(steps=steps, batch_size=8, optimizers={"*": Optimizer(lr=0.1)}),
    )
    results.run(name).write_job(PlannedJob(id=name, job=job))


def test_a_training_from_initial_weights_rests_on_nothing(tmp_path: Path) -> None:
    results = ResultsDir(tmp_path)
    write(results, "dense", 12, Origin())
    assert lineage(results, "dense") == {"dense": Stretch(12, 12)}


def test_what_goes_on_from_an_end_went_through_all_of_it(tmp_path: Path) -> None:
    results = ResultsDir(tmp_path)
    write(results, "search", 30, Origin())
    write(results, "ticket", 100, Origin(job="search"), begins="end", mask="search")
    assert lineage(results, "ticket") == {"ticket": Stretch(70, 70), "search": Stretch(30, 30)}


def test_a_rewound_ticket_went_through_the_steps_before_the_rewinding(tmp_path: Path) -> None:
    results = ResultsDir(tmp_path)
    write(results, "dense", 100, Origin())
    write(results, "one", 100, Origin(job="dense", at=10), begins=10, mask="dense")
    write(results, "two", 100, Origin(job="dense", at=10), begins=10, mask="one")
    found = lineage(results, "two")
    assert found == {"two": Stretch(90, 90), "dense": Stretch(100, 10), "one": Stretch(90, 0)}
    assert sum(one.passed for one in found.values()) == 100  # as many as the dense network's


def test_weights_taken_before_a_training_began_anew_come_the_whole_way(tmp_path: Path) -> None:
    results = ResultsDir(tmp_path)
    write(results, "first", 40, Origin())
    write(results, "second", 50, Origin(job="first", at=20), begins=20)
    write(results, "third", 10, Origin(job="second", at=35))
    assert {name: one.passed for name, one in lineage(results, "third").items()} == {
        "third": 10,
        "second": 15,
        "first": 20,
    }


def test_a_long_chain_of_rounds_is_walked_once(tmp_path: Path) -> None:
    results = ResultsDir(tmp_path)
    write(results, "job0", 5, Origin())
    for level in range(1, 41):  # two components at each of 40 levels: 2^40 ways
        write(results, f"job{level}", 5, Origin(job=f"job{level - 1}"), mask=f"job{level - 1}")
    assert sum(one.passed for one in lineage(results, "job40").values()) == 41 * 5


def test_the_lineage_of_real_jobs(finished: Path) -> None:
    plan = tiny.planned()
    found = lineage(ResultsDir(finished), tiny.arm(plan, "gan_imp", 2).id)
    levels = [tiny.arm(plan, "gan_imp", level).id for level in (2, 0, 1)]
    assert list(found.items()) == list(zip(levels, [Stretch(8, 8), Stretch(12, 4), Stretch(8, 0)], strict=True))
