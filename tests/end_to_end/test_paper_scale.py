"""Every model of Kalibhat et al. (2021) at the paper's widths, trained for some steps on tiny files in real formats.

The experiments are the suite's own at scale `paper`, each model and objective on each data set once, dense and short.
"""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmark import catalog
from benchmark.artifacts import ResultsDir
from benchmark.schema.record import Selection
from benchmark.schema.suite import Suite
from benchmark.suites import read_suite
from tests.datasets.formats import WRITERS, write_cifar_pickled
from tests.end_to_end.conftest import Call

STEPS, BATCH = 2, 8
CODER = {"name": "autoencoder"}
LEAST = {
    ("linear_autoencoder", "mnist"),
    *itertools.product(
        ("pooling_autoencoder", "spatial_vae", "resnet_vae", "dcgan", "spectral_dcgan", "resnet_dcgan"),
        ("cifar10", "celeba"),
    ),
}
"""The models of the paper's Table 1 and the data sets that it has them on."""

PARAMETERS = {
    "linear_autoencoder": {219_891},
    "pooling_autoencoder": {2_937_507},
    "spatial_vae": {5_624_515},
    "resnet_vae": {2_821_251},
    "dcgan": {5_530_884},
    "spectral_dcgan": {6_748_228, 6_518_852},
    "resnet_dcgan": {2_200_964},
}
"""What each has at the paper's size by its description in `benchmark.models`; WGAN has 100 latents, SNGAN 128."""

BUFFERS = ("running_mean", "running_var", "num_batches_tracked", ".u")

Experiments = dict[str, dict[str, Any]]


def experiment(dataset: dict[str, Any], model: dict[str, Any], objective: dict[str, Any], **training: Any) -> Any:
    shortened = {"optimizers": {"*": {"lr": 0.001}}, **training, "steps": STEPS, "batch_size": BATCH}
    return {"dataset": dataset, "model": model, "objective": objective, "training": shortened}


def plain(selection: Selection) -> dict[str, Any]:
    return {"name": selection.name, **selection.options}


def taken(suite: Suite) -> Experiments:
    """Return each model of a suite on each of its data sets and with each of its objectives, made short and dense."""
    found: Experiments = {}
    met: set[str] = set()
    for name, one in suite.experiments.items():
        dataset, model, objective = plain(one.dataset), plain(one.model), plain(one.objective)
        pairs = {json.dumps([model, other]) for other in (dataset, objective)}
        if not pairs <= met:
            training = one.training.model_dump(mode="json", exclude={"steps", "batch_size", "stop"})
            found[f"e{len(found)}_{name.partition('[')[0]}"] = experiment(dataset, model, objective, **training)
            met |= pairs
    return found


def written(folder: Path, experiments: Experiments) -> Path:
    suite = {"format": 1, "key": "paper_scale", "title": "Each model for some steps", "seeds": 1}
    tree = {**suite, "experiments": experiments, "claims": {}, "scales": {"paper": {}}}
    (folder / "paper_scale.yaml").write_text(json.dumps(tree))
    return folder / "paper_scale.yaml"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every data set in the version that `prepare` makes."""
    folder = tmp_path_factory.mktemp("data")
    for write in WRITERS.values():
        write(folder)
    return folder


def trained(call: Call, suite: Path, folder: Path, data: Path) -> ResultsDir:
    """Run a suite and return its results; every job must have trained to its end."""
    code, _, err = call("run", suite, "--results", folder, "--executor", "inline", "--device", "cpu", "--data", data)
    assert code == 0, err
    assert "diverged" not in err
    return ResultsDir(folder)


def count_trained(results: ResultsDir, job: str) -> int:
    """Return how many trainable values a job has; its weights must be finite and have moved."""
    run = results.run(job)
    start, end = run.read_tensors(run.START), run.read_tensors(run.WEIGHTS)
    assert all(bool(torch.isfinite(tensor).all()) for tensor in end.values()), job
    raw = [name for name in end if name.startswith("raw/") and not name.endswith(BUFFERS)]
    assert any(not torch.equal(start[name], end[name]) for name in raw), job
    return sum(end[name].numel() for name in raw)


@pytest.mark.slow
def test_every_model_of_the_suite_trains_at_scale_paper(call: Call, tmp_path: Path, data: Path) -> None:
    path = catalog.find_suite("kalibhat2021")
    suite = read_suite(path.read_text(encoding="utf-8"), str(path), "paper").suite
    experiments = taken(suite)
    pairs = {(one["model"]["name"], one["dataset"]["name"]) for one in experiments.values()}
    assert pairs >= LEAST
    assert {4.0, 1.0} <= {one["objective"].get("beta", 1.0) for one in experiments.values()}
    assert any(one["objective"].get("loss") == "wasserstein" for one in experiments.values())
    results = trained(call, written(tmp_path, experiments), tmp_path / "results", data)
    plan = results.read_campaign().suites["paper_scale"].plan
    assert [arm.experiment for arm in plan.arms] == list(experiments)
    sizes = defaultdict(set)
    for arm in plan.arms:
        sizes[experiments[arm.experiment]["model"]["name"]].add(count_trained(results, arm.job))
    assert {model: sizes[model] for model in PARAMETERS} == PARAMETERS


def test_both_versions_of_cifar10_train_to_the_same_bytes(call: Call, tmp_path: Path, data: Path) -> None:
    task = {"name": "cifar10"}, {"name": "linear_autoencoder"}, CODER
    suite = written(tmp_path, {"coder": experiment(*task)})
    weights: list[bytes] = []
    for folder in (data, write_cifar_pickled(tmp_path / "pickled")):
        results = trained(call, suite, tmp_path / f"results{len(weights)}", folder)
        run = next(iter(results.runs()))
        weights.append((run.path / run.WEIGHTS).read_bytes())
    assert weights[0] == weights[1]


def test_without_its_data_nothing_is_begun(call: Call, tmp_path: Path) -> None:
    suite = written(tmp_path, {"coder": experiment({"name": "cifar10"}, {"name": "pooling_autoencoder"}, CODER)})
    code, out, err = call("run", suite, "--results", tmp_path / "results", "--data", tmp_path / "none")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"{tmp_path / 'none/cifar-10-batches-bin/data_batch_1.bin'} is not there" in err
    assert not (tmp_path / "results").exists()
