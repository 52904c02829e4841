"""Campaigns without training: measurements, times and machines written straight into results directories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

from pydantic import TypeAdapter

from benchmark.accounts import accounts
from benchmark.artifacts import ResultsDir
from benchmark.schema.account import Account, ArmAccount, Pace, Series
from benchmark.schema.claim import Claim
from benchmark.schema.job import Arm, Campaign, CampaignSuite, Job, MaskRecipe, MetricRequest, Origin, Plan, PlannedJob
from benchmark.schema.job import StartRecipe as Start
from benchmark.schema.measurement import Failure, Measurement
from benchmark.schema.protocol import Protocol
from benchmark.schema.record import Resolved
from benchmark.schema.suite import Suite, Training
from benchmark.schema.training import Optimizer

LEVELS = (0, 1, 2)
MACHINE = {"cpu": "a processor", "cpu_capability": "AVX2", "threads": "1", "version_torch": "2.9.1", "commit": "abc"}
SIDES = {"fid": True, "accuracy": False, "distance": None, "size": True}
"""The metrics of the made-up jobs; whether lower is better."""
MIDDLE = {"fid": 40.0, "accuracy": 0.9, "distance": 1.0, "size": 100.0}

Value = Callable[[str, str, int], float]
"""What is measured of (arm, metric, seed)."""


def claim(kind: str = "matches", arm: str = "imp@1", metric: str = "fid", **more: Any) -> Claim:
    """Return a claim on an arm against the dense one, with a margin of 1."""
    margin = {"absolute": 1.0, "because": "chosen before running"}
    written: dict[str, Any] = {
        "kind": kind,
        "says": "A sentence of ours.",
        "source": {"paper": "kalibhat2021"},
        "metric": metric,
        "compare": [{"arm": arm, "baseline": "imp@0"}],
        "expect": "any",
    }
    declared: dict[str, dict[str, Any]] = {
        "reduces": {"ratio": 2.0, "because": "a made-up ratio"},
        "found_by": {"latest": 2.0, "share": 0.5, "because": "a made-up share"},
        "beats": {"by": margin},
    }
    own = declared.get(kind, {"margin": margin})
    found: Claim = TypeAdapter(Claim).validate_python(written | own | more, strict=False)
    return found


def as_planned(arm: str, metric: str, seed: int) -> float:
    """Return a value that depends on all three, as real ones do."""
    return MIDDLE[metric] * (1.0 + 0.01 * Random(f"{arm} {metric} {seed}").gauss(0.0, 1.0))


def moved(values: Value, by: Mapping[tuple[str, str], float]) -> Value:
    """Return values shifted for some (arm, metric)."""
    return lambda arm, metric, seed: values(arm, metric, seed) + by.get((arm, metric), 0.0)


class Made:
    """A results directory of one experiment, two objectives and three levels."""

    def __init__(
        self,
        path: Path,
        claims: Mapping[str, Claim] | None = None,
        *,
        seeds: range = range(5),
        version: int = 1,
        text: str = "a suite",
    ) -> None:
        self.results, self.seeds, self.version = ResultsDir(path), seeds, version
        suite = Suite(
            key="demo",
            title="A demo",
            scale="small",
            small=True,
            seeds=len(seeds),
            first_seed=seeds.start,
            experiments={},
            claims=dict(claims if claims is not None else {"matches": claim()}),
        )
        places = [(level, seed) for level in LEVELS for seed in seeds]
        arms = tuple(Arm(experiment="imp", level=level, seed=seed, job=self.job(level, seed)) for level, seed in places)
        self.plan = Plan(suite=suite, jobs=tuple(self._planned(*place) for place in places), arms=arms)
        stored = CampaignSuite(text=text, plan=self.plan)
        self.results.write_campaign(Campaign(device="cpu", suites={"demo": stored}))

    def job(self, level: int, seed: int) -> str:
        """Return the id of a job."""
        return f"imp-{level}-{seed}-v{self.version}"

    def measure(self, values: Value = as_planned, slower: float = 1.0, without: frozenset[str] = frozenset()) -> Made:
        """Write what every job measured, on the same machine; times vary by a few percent."""
        for planned in self.plan.jobs:
            level, seed = planned.job.mask.rounds - 1, planned.job.seed
            run = self.results.run(planned.id)
            run.files.write(run.START, f"{level} {seed}".encode())
            run.files.write(run.WEIGHTS, b"")
            run.write_document(run.AUDIT, {})
            run.write_document("environment.json", dict(MACHINE))
            seconds = slower * 2.0 * (1.0 + 0.02 * Random(f"{planned.id} {self.results.path}").gauss(0.0, 1.0))
            run.write_document("timings/train.json", {"from_step": 0, "to_step": 100, "seconds": seconds})
            for one in planned.metrics:
                if one.name not in without:
                    self._write(planned, one, values(f"imp@{level}", one.name, seed))
        return self

    def fail(self, level: int, seed: int) -> None:
        """Let a job have failed."""
        run = self.results.run(self.job(level, seed))
        run.write_record(
            run.FAILURE, Failure(stage="measure", kind="AuditError", message="a masked weight is not zero")
        )

    def account(self) -> Account:
        """Return what the directory says."""
        (found,) = accounts(self.results)
        return found

    def _planned(self, level: int, seed: int) -> PlannedJob:
        objective = Resolved(name="gan" if level else "autoencoder")
        job = Job(
            seed=seed,
            dataset=Resolved(name="any"),
            model=Resolved(name="any"),
            objective=objective,
            mask=MaskRecipe(origin=Origin(job=self.job(level - 1, seed)) if level else Origin(), rounds=level + 1),
            start=Start(origins={}),
            training=Training(steps=100, batch_size=1, optimizers={"*": Optimizer(lr=0.1)}),
        )
        metrics = tuple(MetricRequest(name=name, metric=Resolved(name=name), key=f"{name}-1") for name in SIDES)
        return PlannedJob(id=self.job(level, seed), job=job, metrics=metrics)

    def _write(self, planned: PlannedJob, request: MetricRequest, value: float) -> None:
        made = Measurement(
            job=planned.id,
            name=request.name,
            value=value,
            unit=request.name,
            lower_is_better=SIDES[request.name],
            protocol=Protocol(metric=request.name),
        )
        self.results.run(planned.id).write_measurement(request, made)


def redrawn(account: Account, values: Value, pace: Callable[[str], float] | None = None) -> Account:
    """Return an account with other values on the same seeds, and times drawn by `pace` of a kind."""
    arms = {name: arm.model_copy(update={"series": _series(name, arm, values)}) for name, arm in account.arms.items()}
    paces = account.paces
    if pace is not None:
        paces = {kind: Pace(seconds=tuple(pace(kind) for _ in one.seconds)) for kind, one in paces.items()}
    return account.model_copy(update={"arms": arms, "paces": paces})


def reseeded(account: Account, seeds: range) -> Account:
    """Return an account of as many other seeds, with the values of the old ones, to be redrawn."""
    arms = {}
    for name, arm in account.arms.items():
        names = dict(zip(arm.jobs, seeds, strict=True))
        series = {
            metric: one.model_copy(update={"values": {names[seed]: value for seed, value in one.values.items()}})
            for metric, one in arm.series.items()
        }
        jobs = {names[seed]: f"{job}-fresh" for seed, job in arm.jobs.items()}
        ends = {names[seed]: end for seed, end in arm.ends.items()}
        arms[name] = ArmAccount(jobs=jobs, ends=ends, series=series)
    return account.model_copy(update={"arms": arms, "seeds": tuple(seeds)})


def first(account: Account, seeds: int) -> Account:
    """Return an account with the first seeds alone, but the times of all."""
    kept = account.seeds[:seeds]
    arms = {}
    for name, arm in account.arms.items():
        series = {
            metric: one.model_copy(update={"values": {seed: one.values[seed] for seed in kept}})
            for metric, one in arm.series.items()
        }
        jobs, ends = {seed: arm.jobs[seed] for seed in kept}, {seed: arm.ends[seed] for seed in kept}
        arms[name] = ArmAccount(jobs=jobs, ends=ends, series=series)
    return account.model_copy(update={"arms": arms, "seeds": kept})


def _series(name: str, arm: ArmAccount, values: Value) -> dict[str, Series]:
    return {
        metric: one.model_copy(update={"values": {seed: values(name, metric, seed) for seed in one.values}})
        for metric, one in arm.series.items()
    }
