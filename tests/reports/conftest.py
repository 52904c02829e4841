"""A synthetic results directory with every verdict state, written as a run would write it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmark.artifacts import ResultsDir
from benchmark.judge import judge
from benchmark.metrics.audit import AuditReport
from benchmark.metrics.sparsity import Count
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
from benchmark.schema.verdict import Verdicts
from reports.build import build
from reports.page import Report
from reports.render import render

SEEDS = 5
FID = {
    ("winning", 0): 24.0,
    ("winning", 1): 20.5,
    ("winning", 2): 24.5,
    ("winning", 3): 52.0,
    ("winning", 4): 91.0,
    ("random", 1): 48.0,
    ("random", 2): 46.0,
    ("random", 3): 79.0,
    ("random", 4): 95.0,
}
ERROR = {("ae_winning", 0): 0.021, ("ae_winning", 1): 0.0205, ("ae_winning", 2): 0.0216, ("ae_winning", 3): 0.027}
WOBBLE = (0.0, 1.0, -1.0, 0.5, -0.5)
"""A seed's deviation; the mean over the five seeds is the value itself."""

LAYERS = {
    "generator/0.weight": 1.1,
    "generator/3.weight": 1.0,
    "generator/6.weight": 0.6,
    "discriminator/0.weight": 0.9,
}

REFERENCES = """
format: 1
paper: kalibhat2021
read_from: a transcription
numbers:
  dcgan_cifar10_sparsity:
    value: 0.832
    printed: "83.2%"
    unit: fraction
    place: {table: "1", row: DCGAN, column: CIFAR-10}
    read: text
    source: arXiv 2010.02350v2
    runs: 5
    protocol: {metric: sparsity}
    cautions: [one printed cell covers two data sets]
  dcgan_fid:
    value: 37.71
    printed: "37.71"
    unit: FID
    place: {table: "2", row: Unpruned, column: FID}
    read: text
    source: arXiv 2010.02350v2
    protocol: {metric: fid}
  figure_3_curve:
    value: null
    unit: FID
    status: not sourced
    place: {figure: "3"}
  curve_at_level_5:
    value: null
    unit: FID
    status: not sourced
    place: {figure: "3"}
contradictions:
  - between: [Table 1, Appendix A.1]
    says: Table 1 prints 83.2 % for DCGAN, the appendix 80 % for CelebA.
    matters_for: [gan_sparsest]
"""

MARGIN = {"relative": 0.25, "because": "a quarter of the dense value is twice the seeds' spread"}


def claims() -> dict[str, Any]:
    """Return one claim for each verdict state, and one for most kinds."""
    source = {"paper": "kalibhat2021", "section": "4.3", "figure": "3"}
    fid = {"source": source, "metric": "fid", "references": ["kalibhat2021/dcgan_cifar10_sparsity"]}
    dense = "winning@0"
    return {
        "gan_matches": fid
        | {
            "kind": "matches",
            "says": "A DCGAN ticket with 64 % of its weights removed is no worse than its dense parent.",
            "compare": [{"arm": "winning@2", "baseline": dense}],
            "margin": MARGIN,
        },
        "gan_beats_random": fid
        | {
            "kind": "beats",
            "says": "The winning ticket beats the same mask with fresh weights.",
            "compare": [{"arm": f"winning@{level}", "baseline": f"random@{level}"} for level in (1, 2)],
            "by": {"absolute": 5.0, "because": "five FID are visible in the samples"},
        },
        "gan_sparsest": fid
        | {
            "kind": "sparsest",
            "says": "The sparsest matching DCGAN ticket lies at or above a sparsity of 0.832.",
            "compare": [{"arm": "winning", "baseline": dense}],
            "margin": MARGIN,
            "at_least": 0.832,
            "notes": ["levels are two and a half rounds apart"],
        },
        "gan_late": fid
        | {
            "kind": "beats",
            "says": "At 87 % the winning ticket still beats the random one.",
            "compare": [{"arm": "winning@4", "baseline": "random@4"}],
            "by": {"absolute": 4.0, "because": "four FID are visible in the samples"},
            "expect": "any",
            "contested": "chen2021 sees no difference here",
        },
        "ae_same": {
            "kind": "same",
            "says": "The autoencoder's ticket has the reconstruction error of its parent.",
            "source": source,
            "metric": "reconstruction_error",
            "compare": [{"arm": "ae_winning@2", "baseline": "ae_winning@0"}],
            "margin": {"absolute": 0.0006, "because": "a thirtieth of the dense error"},
        },
        "gan_equals_printed": fid
        | {
            "kind": "equals",
            "says": "The dense DCGAN has the FID that the paper prints.",
            "compare": [{"arm": dense, "reference": "kalibhat2021/dcgan_fid"}],
            "margin": {"absolute": 3.0, "because": "the spread that a follow-up saw"},
            "references": ["kalibhat2021/dcgan_cifar10_sparsity", "kalibhat2021/curve_at_level_5"],
            "assume": {"preparation": "the usual one for CIFAR-10"},
        },
        "gan_cheaper": {
            "kind": "reduces",
            "says": "The ticket needs at most half of the dense multiply-accumulates.",
            "source": source,
            "metric": "macs_effective",
            "compare": [{"arm": "winning@2", "baseline": dense}],
            "ratio": 0.5,
            "because": "what the paper's abstract claims for channels",
        },
        "ae_transfer": {
            "kind": "matches",
            "says": "A ticket that moves to another task matches its dense parent.",
            "source": source,
            "metric": "reconstruction_error",
            "compare": [{"arm": "ae_winning@3", "baseline": "ae_winning@0"}],
            "margin": {"absolute": 0.001, "because": "a twentieth of the dense error"},
        },
    }


def figures() -> dict[str, Any]:
    """Return a curve that the claims on FID share, one over a cost, and grids of samples."""
    source = {"paper": "kalibhat2021", "figure": "3"}
    return {
        "distance": {
            "says": "FID of winning and random tickets over sparsity.",
            "source": source,
            "y": "fid",
            "experiments": ["winning", "random"],
            "references": ["kalibhat2021/figure_3_curve"],
            "notes": ["The model of this figure is not named."],
        },
        "cost": {
            "says": "FID over what the generator costs.",
            "source": source | {"figure": "7"},
            "y": "fid",
            "x": "macs_effective",
            "experiments": ["winning"],
        },
        "pictures": {
            "says": "Samples of winning and random tickets.",
            "source": source | {"figure": "A.6"},
            "y": "samples",
            "experiments": ["winning", "random"],
            "levels": [0, 2, 4],
        },
    }


def suite() -> Suite:
    """Return the synthetic suite."""
    training = {"steps": 600, "batch_size": 64, "optimizers": {"*": {"lr": 5e-4}}}
    gan = {
        "dataset": {"name": "digits", "image_size": 16},
        "model": {"name": "dcgan"},
        "objective": {"name": "gan"},
        "training": training,
        "mask": {"from": "self@previous", "fraction": 0.4},
        "metrics": {"fid": {"name": "fid"}, "sparsity": {"name": "sparsity"}, "macs_effective": {"name": "macs"}},
    }
    autoencoder = gan | {
        "model": {"name": "conv_autoencoder"},
        "objective": {"name": "autoencoder"},
        "metrics": {"reconstruction_error": {"name": "reconstruction_error"}, "sparsity": {"name": "sparsity"}},
        "levels": [0, 1, 2, 3],
    }
    experiments = {
        "winning": gan | {"levels": [0, 1, 2, 3, 4]},
        "random": gan | {"levels": [1, 2, 3, 4]},
        "ae_winning": autoencoder,
    }
    return Suite.model_validate_json(
        json.dumps(
            {
                "key": "demo",
                "title": "Winning tickets on handwritten digits",
                "scale": "small",
                "small": True,
                "paper": {
                    "title": "Winning Lottery Tickets in Deep Generative Models",
                    "authors": ["N. M. Kalibhat", "Y. Balaji", "S. Feizi"],
                    "venue": "AAAI",
                    "year": 2021,
                    "links": ["https://arxiv.org/abs/2010.02350", "javascript:alert(1)"],
                },
                "notes": [
                    {
                        "unsaid": "How many steps late rewinding goes back to.",
                        "chosen": "Step 30 of 600.",
                        "because": "The paper names only iteration 10 in a caption; 5 % is usual elsewhere.",
                    }
                ],
                "seeds": SEEDS,
                "budget": {"minutes": 5, "machine": "two cores"},
                "experiments": experiments,
                "claims": claims(),
                "figures": figures(),
            }
        )
    )


def sparsity(level: int) -> float:
    """Return the sparsity after so many rounds of removing 40 %."""
    return round(1.0 - 0.6**level, 6)


def job_id(experiment: str, level: int, seed: int) -> str:
    """Return the id of a synthetic job; what the random tickets' masks come from is the winning ticket."""
    return f"{experiment}-{level}-s{seed}"


def value_of(experiment: str, level: int, seed: int) -> float:
    """Return a job's metric: the level's value and the seed's deviation."""
    if experiment.startswith("ae"):
        return ERROR[experiment, level] + 0.0008 * WOBBLE[(seed * (level + 1)) % SEEDS]
    stride, size = (2 if experiment == "random" else 1), (4.0 if level == 4 else 2.0)
    return FID[experiment, level] + size * WOBBLE[(seed * stride + level) % SEEDS]


def plan() -> Plan:
    """Return the plan of the synthetic suite."""
    found = suite()
    arms = [
        Arm(experiment=name, level=level, seed=seed, job=job_id(name, level, seed))
        for name, experiment in found.experiments.items()
        for level in experiment.level_numbers()
        for seed in range(SEEDS)
    ]
    jobs = [_planned(found, arm) for arm in arms]
    return Plan(suite=found, jobs=tuple(jobs), arms=tuple(arms))


def _planned(found: Suite, arm: Arm) -> PlannedJob:
    experiment = found.experiments[arm.experiment]
    before = job_id(arm.experiment, arm.level - 1, arm.seed) if arm.level and arm.experiment != "random" else None
    job = Job(
        seed=arm.seed,
        dataset=Resolved(name="digits"),
        model=Resolved(name=experiment.model.name),
        objective=Resolved(name=experiment.objective.name),
        mask=MaskRecipe() if before is None else MaskRecipe(op="draw", origin=Origin(job=before), fraction=0.4),
        start=StartRecipe(origins={"generator": Origin()}),
        training=experiment.training,
    )
    requests = tuple(
        MetricRequest(name=name, metric=Resolved(name=chosen.name), key=f"{name}-0123")
        for name, chosen in experiment.metrics.items()
    )
    return PlannedJob(id=arm.job, job=job, metrics=requests)


def write_results(path: Path) -> ResultsDir:
    """Write the synthetic campaign: one training diverged, one autoencoder's failed."""
    results, found = ResultsDir(path), plan()
    campaign = CampaignSuite(
        text="key: demo", references={"kalibhat2021": REFERENCES}, overrides=("seeds=5",), plan=found
    )
    results.write_campaign(Campaign(device="cpu", suites={"demo": campaign}))
    for planned, arm in zip(found.jobs, found.arms, strict=True):
        _write_run(results, planned, arm)
    return results


def _write_run(results: ResultsDir, planned: PlannedJob, arm: Arm) -> None:
    run = results.run(planned.id)
    run.write_job(planned)
    if (arm.experiment, arm.level, arm.seed) == ("random", 4, 2):
        run.write_record(run.DIVERGED, Divergence(step=212, what="the generator's loss is not finite"))
        return
    if (arm.experiment, arm.level, arm.seed) == ("ae_winning", 3, 4):
        run.write_record(run.FAILURE, Failure(stage="train", kind="OSError", message="no space left"))
        return
    run.files.write(run.WEIGHTS, b"weights")
    run.write_document("environment.json", {"python": "3.11.9", "device": "cpu", "version_torch": "2.15.0"})
    run.write_document("timings/train.json", {"from_step": 0, "to_step": 600, "seconds": 12.0})
    run.write_document("audit.json", audit(arm.level).as_document())
    for request in planned.metrics:
        run.write_measurement(request, _measurement(planned.id, request, arm))
    name = "reconstructions" if arm.experiment.startswith("ae") else "samples"
    if arm.seed == 0:
        run.files.write(run.sample_grid(name), grid(arm.level))


def audit(level: int) -> AuditReport:
    """What the ticket audit says of a level, in the very type that a run writes."""
    kept = round(1000 * 0.6**level)
    return AuditReport({}, Count(prunable=1000, kept=kept), "ab" * 32, kept)


def _measurement(job: str, request: MetricRequest, arm: Arm) -> Measurement:
    value, unit = value_of(arm.experiment, arm.level, arm.seed), "FID"
    details: dict[str, Any] = {}
    protocol = Protocol(metric=request.metric.name, version=1)
    if request.name == "sparsity":
        value, unit = sparsity(arm.level), "fraction"
        details = {
            "layers": {
                name: {"prunable": 1000, "kept": 400, "sparsity": min(1.0, sparsity(arm.level) * share)}
                for name, share in LAYERS.items()
            }
        }
    elif request.name == "macs_effective":
        value, unit = 1_000_000.0 * 0.6**arm.level, "MAC"
    else:
        unit = "MSE" if request.name == "reconstruction_error" else "FID"
        details = {} if unit == "MSE" else {"floor": 6.1, "rank_deficient": True}
        protocol = Protocol(
            metric=request.name,
            version=1,
            dataset="digits",
            split="train",
            preparation="bilinear to 16x16",
            generated=1297,
            real=1297,
            extractor="digits_classifier",
            extractor_sha256="cd" * 32,
            weights="raw",
            selection="last",
        )
    return Measurement(
        job=job, name=request.name, value=value, unit=unit, lower_is_better=True, protocol=protocol, details=details
    )


def grid(level: int) -> bytes:
    """Return a small PNG whose texture depends on the level."""
    image = Image.new("L", (196, 98))
    image.putdata([(x * y * (level + 3) // 7 + 40 * level) % 256 for y in range(98) for x in range(196)])
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> ResultsDir:
    """Return the synthetic results directory; tests only read it."""
    return write_results(tmp_path_factory.mktemp("results") / "demo")


@pytest.fixture(scope="session")
def verdicts(results: ResultsDir) -> Verdicts:
    """Return the verdicts on the synthetic results."""
    return judge(results)


@pytest.fixture(scope="session")
def report(results: ResultsDir, verdicts: Verdicts) -> Report:
    """Return the page model of the synthetic results."""
    return build([results], [verdicts])


@pytest.fixture(scope="session")
def page(report: Report) -> str:
    """Return the rendered page."""
    return render(report)
