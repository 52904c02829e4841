"""Results directories judged from their files, and the exit code of what was found."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from benchmark.artifacts import ResultsDir
from benchmark.errors import ArtifactError
from benchmark.judge import exit_code, judge
from benchmark.schema.claim import Claim
from benchmark.schema.job import (
    Arm,
    Campaign,
    CampaignSuite,
    Job,
    MaskRecipe,
    MetricRequest,
    Origin,
    Plan,
    PlannedJob,
    StartRecipe,
)
from benchmark.schema.measurement import Failure, Measurement, Outcome
from benchmark.schema.protocol import Protocol
from benchmark.schema.record import Resolved
from benchmark.schema.suite import Suite, Training
from benchmark.schema.training import Optimizer
from benchmark.schema.verdict import Verdicts

SEEDS = 3
REFERENCES = """
format: 1
paper: kalibhat2021
read_from: the paper
numbers:
  dense_fid:
    value: 37.71
    printed: "37.71"
    unit: fid
    place: {table: "2", row: Unpruned, column: FID}
    read: text
    source: Table 2
    runs: 5
    protocol: {metric: fid}
"""


def request(name: str) -> MetricRequest:
    return MetricRequest(name=name, metric=Resolved(name=name), key=f"{name}-1")


def planned(level: int, seed: int) -> PlannedJob:
    resolved = Resolved(name="any")
    training = Training(steps=1, batch_size=1, optimizers={"*": Optimizer(lr=0.1)})
    parent = Origin(job=job_id(level - 1, seed)) if level else Origin()
    job = Job(
        seed=seed,
        dataset=resolved,
        model=resolved,
        objective=resolved,
        mask=MaskRecipe(origin=parent),
        start=StartRecipe(origins={}),
        training=training,
    )
    return PlannedJob(id=job_id(level, seed), job=job, metrics=(request("fid"), request("sparsity")))


def job_id(level: int, seed: int) -> str:
    return f"imp-{level}-{seed}"


def claim(kind: str = "matches", **more: Any) -> Claim:
    written = {
        "kind": kind,
        "says": "A sentence of ours.",
        "source": {"paper": "kalibhat2021"},
        "metric": "fid",
        "compare": [{"arm": "imp" if kind == "sparsest" else "imp@1", "baseline": "imp@0"}],
        "margin": {"absolute": 1.0, "because": "chosen before running"},
    }
    found: Claim = TypeAdapter(Claim).validate_python(written | more, strict=False)
    return found


class Case:
    """A campaign of one experiment with three levels, measured as told."""

    def __init__(self, path: Path, claims: dict[str, Claim], *, small: bool = False) -> None:
        self.results = ResultsDir(path)
        levels = [(level, seed) for level in range(3) for seed in range(SEEDS)]
        suite = Suite(
            key="demo",
            title="A demo",
            scale="small" if small else "paper",
            small=small,
            seeds=SEEDS,
            experiments={},
            claims=claims,
        )
        self.plan = Plan(
            suite=suite,
            jobs=tuple(planned(*one) for one in levels),
            arms=tuple(Arm(experiment="imp", level=le, seed=se, job=job_id(le, se)) for le, se in reversed(levels)),
        )
        stored = CampaignSuite(text="", references={"kalibhat2021": REFERENCES}, plan=self.plan)
        self.results.write_campaign(Campaign(device="cpu", suites={"demo": stored}))
        self.measure(0, (37.6, 37.7, 37.8))
        self.measure(1, (37.8, 37.75, 37.85), sparsity=0.36)
        self.measure(2, (57.8, 57.7, 57.9), sparsity=0.488)

    def measure(self, level: int, values: Sequence[float], sparsity: float = 0.0) -> None:
        for seed, value in enumerate(values):
            run = self.results.run(job_id(level, seed))
            run.files.write(run.WEIGHTS, b"")
            run.write_document(run.AUDIT, {})
            for name, number in (("fid", value), ("sparsity", sparsity)):
                run.write_measurement(
                    request(name),
                    Measurement(
                        job=run.id,
                        name=name,
                        value=number,
                        unit="fid" if name == "fid" else "fraction",
                        lower_is_better=True,
                        protocol=Protocol(metric=name),
                    ),
                )

    def verdicts(self) -> Verdicts:
        return judge(self.results)

    def code(self) -> int:
        return exit_code(self.verdicts(), self.results.outcomes(self.plan).values())


def test_every_claim_of_the_scale_gets_a_verdict_and_no_other(tmp_path: Path) -> None:
    claims = {"a": claim(), "b": claim(only_at=("small",)), "c": claim(only_at=("paper",))}
    assert [one.claim_id for one in Case(tmp_path, claims).verdicts().verdicts] == ["a", "c"]


def test_a_whole_campaign_is_judged_seed_by_seed(tmp_path: Path) -> None:
    case = Case(tmp_path, {"c": claim()})
    (found,) = case.verdicts().verdicts
    assert (found.suite, found.scale, found.status) == ("demo", "paper", "reproduced")
    part = found.parts[0]
    assert [(one.seed, one.job, one.value) for one in part.arm.observations] == [
        (0, "imp-1-0", 37.8),
        (1, "imp-1-1", 37.75),
        (2, "imp-1-2", 37.85),
    ]
    assert (part.arm.sparsity, part.baseline.sparsity) == (0.36, 0.0)
    assert part.effect is not None
    assert part.effect.unit == "fid"
    assert case.code() == 0


def test_the_sparsest_level_is_found_among_all_levels_of_an_experiment(tmp_path: Path) -> None:
    (found,) = Case(tmp_path, {"c": claim("sparsest", at_least=0.36)}).verdicts().verdicts
    assert (found.status, found.sparsest, len(found.parts)) == ("reproduced", 0.36, 2)


def test_printed_numbers_are_read_from_the_references_of_the_campaign(tmp_path: Path) -> None:
    compare = [{"arm": "imp@0", "reference": "kalibhat2021/dense_fid"}]
    claims = {"c": claim("equals", compare=compare)}
    (found,) = Case(tmp_path / "paper", claims).verdicts().verdicts
    assert found.status == "reproduced"
    assert found.parts[0].baseline.mean == 37.71
    small = Case(tmp_path / "small", claims, small=True)
    assert [one.status for one in small.verdicts().verdicts] == ["not comparable"]
    assert small.code() == 3


def test_a_metric_that_nobody_measures_is_not_run(tmp_path: Path) -> None:
    case = Case(tmp_path, {"c": claim(metric="kid")})
    assert [one.status for one in case.verdicts().verdicts] == ["not run"]
    assert case.code() == 4


def test_a_divergence_is_an_outcome_of_its_arm_and_of_what_needs_it(tmp_path: Path) -> None:
    claims = {"c": claim(), "deeper": claim(compare=[{"arm": "imp@2", "baseline": "imp@0"}])}
    case = Case(tmp_path, claims)
    run = case.results.run(job_id(1, 2))
    run.files.write(run.DIVERGED, b"{}")
    found = case.verdicts().verdicts
    assert [one.status for one in found] == ["inconclusive", "inconclusive"]
    assert [one.parts[0].arm.observations[2].outcome for one in found] == ["diverged", "diverged"]
    assert case.code() == 3


def test_a_job_that_failed_its_audit_has_no_numbers(tmp_path: Path) -> None:
    case = Case(tmp_path, {"c": claim(), "dense": claim(compare=[{"arm": "imp@0", "baseline": "imp@0"}])})
    run = case.results.run(job_id(1, 0))
    run.write_record(run.FAILURE, Failure(stage="measure", kind="AuditError", message="a masked weight is not zero"))
    found = case.verdicts().verdicts
    assert [one.status for one in found] == ["not run", "reproduced"]
    assert "imp@1 seed 0 (failed)" in found[0].reason
    assert case.code() == 4


def test_a_damaged_measurement_is_noticed(tmp_path: Path) -> None:
    case = Case(tmp_path, {"c": claim()})
    path = tmp_path / "runs" / job_id(1, 0) / "measurements" / "fid-1.json"
    path.write_text(path.read_text().replace("37.8", "36.8"))
    with pytest.raises(ArtifactError, match="damaged"):
        case.verdicts()


def test_judging_again_gives_the_same(tmp_path: Path) -> None:
    case = Case(tmp_path, {"c": claim(), "s": claim("sparsest", at_least=0.8)})
    case.results.write_verdicts(case.verdicts())
    written = (tmp_path / "verdicts.json").read_bytes()
    assert Verdicts.model_validate_json(written) == case.verdicts()


@pytest.mark.parametrize(
    ("level", "expect", "outcome", "code"),
    [
        (1, "reproduced", "done", 0),
        (1, "any", "done", 0),
        (1, "not reproduced", "done", 1),
        (2, "reproduced", "done", 1),
        (2, "not reproduced", "done", 0),
        (2, "any", "done", 0),
        (1, "reproduced", "diverged", 0),
        (1, "reproduced", "failed", 4),
        (1, "reproduced", "blocked", 4),
        (2, "reproduced", "missing", 4),
    ],
)
def test_the_exit_code_is_the_first_that_applies(
    tmp_path: Path, level: int, expect: str, outcome: Outcome, code: int
) -> None:
    case = Case(tmp_path, {"c": claim(compare=[{"arm": f"imp@{level}", "baseline": "imp@0"}], expect=expect)})
    assert exit_code(case.verdicts(), ["done", outcome]) == code


@pytest.mark.parametrize(("expect", "code"), [("reproduced", 3), ("not reproduced", 3), ("any", 0)])
def test_an_undecided_claim_gives_three_unless_any_verdict_will_do(tmp_path: Path, expect: str, code: int) -> None:
    case = Case(tmp_path, {"fine": claim(), "open": claim(expect=expect)})
    case.measure(1, (37.0, 38.0, 40.0), sparsity=0.36)
    assert [one.status for one in case.verdicts().verdicts] == ["inconclusive", "inconclusive"]
    fine = case.verdicts().verdicts[0].model_copy(update={"status": "reproduced", "as_expected": True})
    both = Verdicts(verdicts=(fine, case.verdicts().verdicts[1]))
    assert exit_code(both, ["done"]) == code


def test_a_contradiction_outweighs_an_open_claim(tmp_path: Path) -> None:
    wrong = claim(compare=[{"arm": "imp@2", "baseline": "imp@0"}])
    open_ = claim("sparsest", at_least=0.45)
    case = Case(tmp_path, {"open": open_, "wrong": wrong})
    assert [one.status for one in case.verdicts().verdicts] == ["inconclusive", "not reproduced"]
    assert case.code() == 1


def test_judging_needs_no_torch_and_no_scipy_stats() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import benchmark.judge, benchmark.suites\n"
        "assert 'scipy.stats' not in sys.modules and 'pandas' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
