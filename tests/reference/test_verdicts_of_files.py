"""Verdicts of whole results directories against those that `recomputed` reads out of the same files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.artifacts import ResultsDir
from benchmark.judge import judge
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
from benchmark.schema.measurement import Divergence, Failure, Measurement
from benchmark.schema.protocol import Protocol
from benchmark.schema.record import Resolved
from benchmark.schema.suite import Suite
from tests.reference.recomputed import recompute
from tests.reference.results_files import cases
from tests.reference.test_verdicts import BECAUSE, agree

METRICS = 4
LEVELS = {"ticket": (0, 1, 2, 3), "lossy": (1,), "failing": (1,), "foreign": (1,)}
REFERENCES = """
format: 1
paper: kalibhat2021
read_from: made up
numbers:
  rounded: {value: 10.3, printed: "10.3", unit: FID, place: {}, read: text, source: made up, runs: 5,
            protocol: {metric: fid, dataset: digits}}
  spread: {value: 10.25, printed: "10.25", unit: FID, place: {}, read: digitised, reading_error: 0.1, source: made up,
           runs: 4, spread: {value: 0.4, means: standard deviation over runs}, protocol: {metric: fid, dataset: digits}}
  other: {value: 10.0, unit: FID, place: {}, read: text, source: made up, runs: 5, protocol: {metric: fid}}
  unread: {value: null, status: not sourced, unit: FID, place: {}}
contradictions:
  - {between: [Table 2, Appendix B], says: "Table 2 has 10.3, the appendix 11.", matters_for: [rounded, claim_1]}
"""


def claims() -> dict[str, Any]:
    """Return claims of every kind, absolute and relative, joined, printed, lossy and failing, over four metrics."""
    ones: list[dict[str, Any]] = []
    sizes = ({"absolute": 0.6, "because": BECAUSE}, {"relative": 0.05, "because": BECAUSE})
    dense = [{"arm": "ticket@1", "baseline": "ticket@0"}]
    joined = [*dense, {"arm": "ticket@2", "baseline": "ticket@0"}]
    for margin in sizes:
        ones += [{"kind": kind, "margin": margin, "compare": dense} for kind in ("matches", "same", "differs")]
        ones += [{"kind": "beats", "by": margin, "compare": joined}]
        ones += [{"kind": "matches", "margin": margin, "compare": joined, "paired": False}]
        ones += [{"kind": "matches", "margin": margin, "compare": [{"arm": "lossy@1", "baseline": "ticket@0"}]}]
        ones += [{"kind": "beats", "by": margin, "compare": [{"arm": "ticket@1", "baseline": "lossy@1"}]}]
        walk = [{"arm": "ticket", "baseline": "ticket@0"}]
        ones += [{"kind": "sparsest", "margin": margin, "compare": walk, "at_least": 0.36}]
        printed = ({"arm": "ticket@1", "reference": f"kalibhat2021/{name}"} for name in ("rounded", "spread"))
        ones += [{"kind": "equals", "margin": margin, "compare": [one]} for one in printed]
    for name in ("other", "unread"):
        reference = [{"arm": "ticket@1", "reference": f"kalibhat2021/{name}"}]
        ones += [{"kind": "matches", "margin": sizes[0], "compare": reference}]
    failing = [{"arm": "failing@1", "baseline": "ticket@0"}]
    ones += [{"kind": "reduces", "ratio": ratio, "compare": dense} for ratio in (0.9, 1.0, 1.1)]
    ones += [{"kind": "found_by", "latest": 10.4, "share": share, "compare": dense[:1]} for share in (0.2, 0.5)]
    foreign = [{"arm": "foreign@1", "baseline": "ticket@0"}]
    ones += [{"kind": "same", "margin": sizes[0], "compare": one} for one in (failing, foreign)]
    source = {"says": "A sentence of ours.", "source": {"paper": "kalibhat2021"}}
    because = {"because": BECAUSE}
    return {
        f"claim_{index}": source
        | {"metric": f"m{index % METRICS}"}
        | one
        | (because if one["kind"] in ("reduces", "found_by") else {})
        | ({"compare": [{"arm": "ticket@1"}]} if one["kind"] == "found_by" else {})
        | ({"contested": "Others see none of this."} if index == 2 else {})
        for index, one in enumerate(ones)
    }


def write(path: Path, seeds: int, small: bool, top_up: dict[str, Any] | None) -> ResultsDir:
    """Write a campaign with random measurements, one training diverged and one failed."""
    results, random = ResultsDir(path), np.random.default_rng([seeds, small])
    plan = _plan(seeds, small, top_up)
    suite = CampaignSuite(text="key: demo", references={"kalibhat2021": REFERENCES}, overrides=(), plan=plan)
    results.write_campaign(Campaign(device="cpu", suites={"demo": suite}))
    around = random.normal(10.0, 0.3, (seeds, METRICS + 1))
    for planned, arm in zip(plan.jobs, plan.arms, strict=True):
        run = results.run(planned.id)
        run.write_job(planned)
        if (arm.experiment, arm.seed) == ("lossy", 1):
            run.write_record(run.DIVERGED, Divergence(step=7, what="not finite"))
        elif (arm.experiment, arm.seed) == ("failing", 1):
            run.write_record(run.FAILURE, Failure(stage="train", kind="OSError", message="no space left"))
        else:
            run.files.write(run.WEIGHTS, b"weights")
            run.write_document(run.AUDIT, {})
            for index, request in enumerate(planned.metrics):
                run.write_measurement(request, _measurement(planned, request, arm, around[arm.seed], random, index))
    return results


def _measurement(
    planned: PlannedJob, request: MetricRequest, arm: Arm, around: np.ndarray, random: np.random.Generator, index: int
) -> Measurement:
    if request.name == "sparsity":
        value, unit, protocol = 1 - 0.8**arm.level, "fraction", Protocol(metric="sparsity")
    else:
        offset = (-0.5, 0.0, 0.3, 1.5, 0.0)[index] * (arm.level + (arm.experiment == "lossy"))
        value = float(around[index]) + offset + float(random.normal(0.0, 0.2))
        dataset = "faces" if arm.experiment == "foreign" else "digits"
        unit, protocol = "FID", Protocol(metric="fid", dataset=dataset)
    lower = index != 2 or request.name == "sparsity"
    return Measurement(
        job=planned.id, name=request.name, value=value, unit=unit, lower_is_better=lower, protocol=protocol
    )


def _plan(seeds: int, small: bool, top_up: dict[str, Any] | None) -> Plan:
    made = claims()
    metrics = {claim["metric"]: {"name": "fid"} for claim in made.values()} | {"sparsity": {"name": "sparsity"}}
    experiment = {
        "dataset": {"name": "digits"},
        "model": {"name": "dcgan"},
        "objective": {"name": "gan"},
        "training": {"steps": 60, "batch_size": 64, "optimizers": {"*": {"lr": 5e-4}}},
        "mask": {"from": "self@previous", "fraction": 0.2},
        "metrics": metrics,
    }
    written: dict[str, Any] = {
        "key": "demo",
        "title": "Made up",
        "scale": "small" if small else "paper",
        "small": small,
        "seeds": seeds,
        "experiments": {name: experiment | {"levels": levels} for name, levels in LEVELS.items()},
        "claims": made,
    } | ({"top_up": top_up} if top_up else {})
    suite = Suite.model_validate_json(json.dumps(written))
    arms = [
        Arm(experiment=name, level=level, seed=seed, job=f"{name}-{level}-s{seed}")
        for name, levels in LEVELS.items()
        for level in levels
        for seed in range(seeds)
    ]
    return Plan(suite=suite, jobs=tuple(_planned(suite, arm) for arm in arms), arms=tuple(arms))


def _planned(suite: Suite, arm: Arm) -> PlannedJob:
    requests = suite.experiments[arm.experiment].metrics.items()
    job = Job(
        seed=arm.seed,
        dataset=Resolved(name="digits"),
        model=Resolved(name="dcgan"),
        objective=Resolved(name="gan"),
        mask=MaskRecipe(),
        start=StartRecipe(origins={"generator": Origin()}),
        training=suite.experiments[arm.experiment].training,
    )
    metrics = tuple(
        MetricRequest(name=name, metric=Resolved(name=chosen.name), key=f"{name}-0123") for name, chosen in requests
    )
    return PlannedJob(id=arm.job, job=job, metrics=metrics)


LOOKS = {"looks": [5, 8], "spending": "pocock", "because": BECAUSE}


@pytest.mark.parametrize(("seeds", "small", "top_up"), [(3, True, None), (5, False, None), (5, True, LOOKS)])
def test_every_verdict_of_a_directory(tmp_path: Path, seeds: int, small: bool, top_up: dict[str, Any] | None) -> None:
    results = write(tmp_path / "demo", seeds, small, top_up)
    found, expected = {one.claim_id: one for one in judge(results).verdicts}, cases(results.path)
    assert list(found) == list(expected) == list(claims())
    for name, verdict in found.items():
        agree(verdict, recompute(expected[name]))
    assert len({verdict.status for verdict in found.values()}) == 5
