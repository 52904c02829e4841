"""The tickets of Chen et al. (2021) at the paper's widths, trained for a step on tiny files in real formats.

The experiments are the suite's own at scale `paper`, made short, without the metrics that need the Inception network.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ruamel.yaml import YAML
from torch import Tensor, nn
from torch.nn.utils import prune

from benchmark import catalog
from benchmark.activations.options import Vgg16Options
from benchmark.activations.vgg import build as vgg
from benchmark.artifacts import ResultsDir, RunDir
from benchmark.assembly import Workshop
from benchmark.cli import app
from benchmark.models.spectral_norm import sigma
from benchmark.networks import section
from benchmark.schema.job import Plan
from tests.datasets.formats import write_cifar_binary, write_domains

SHORT = {"steps": 1, "batch_size": 2}
SCHEDULED = SHORT | {"schedule": {"name": "linear", "from": 0}}
LEVELS = {
    "sngan": [0],
    "sngan_impgd": [0, 1],
    "sngan_impgd_kd": [1],
    "stl10_impgd": [1],
    "channels_stage": [1],
    "channels_ticket": [1],
    "cyclegan_imp": [0, 1],
}
"""What is trained of the suite: both networks, each kind of ticket, a teacher of answers and one of images."""

MEASURED = (
    "weights_generator",
    "weights_discriminator",
    "parameters_generator",
    "parameters_discriminator",
    "macs_generator",
)

SIDE = 32
"""Of CycleGAN's images: at the paper's 256 a step takes a slow processor a minute."""

SNGAN_KEPT = (2_993_971, 841_933)
"""Convolution weights of the generator and of the discriminator after a round of the authors' code."""
CYCLEGAN_KEPT = 9_098_342
"""Of each generator."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with random images in the formats of CIFAR-10, STL-10 and the horses and zebras."""
    folder = write_domains(write_cifar_binary(tmp_path_factory.mktemp("data")), "horse2zebra")
    (folder / "stl10_binary").mkdir()
    for split in ("train", "test"):
        pixels = np.random.default_rng(8).integers(0, 256, (4, 3, 96, 96), dtype=np.uint8)
        (folder / f"stl10_binary/{split}_X.bin").write_bytes(pixels.tobytes())
        (folder / f"stl10_binary/{split}_y.bin").write_bytes(bytes([1, 2, 3, 4]))
    return folder


@pytest.fixture(scope="module")
def seen_by(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """VGG-16 with random weights in a file of one's own."""
    network = vgg(Vgg16Options()).to_empty(device="cpu")
    chance = torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.05, generator=chance)
    path = tmp_path_factory.mktemp("weights") / "mine.pth"
    torch.save(network.state_dict(), path)
    return {"name": "vgg16", "weights": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def shortened(seen_by: dict[str, str]) -> dict[str, Any]:
    """Return the suite's experiments as it has them, but for lengths, batches and the metrics of Inception."""
    tree = YAML(typ="safe").load(catalog.find_suite("chen2021"))["experiments"]
    for name in ("sngan", "cyclegan"):
        metrics = tree[name]["metrics"]
        tree[name]["metrics"] = {key: metric for key, metric in metrics.items() if key in MEASURED}
    tree["sngan"]["objective"]["generator_batch"] = 4
    for name in ("sngan", "stl10"):
        tree[name]["training"] |= SHORT
    tree["cyclegan"]["dataset"]["image_size"] = SIDE
    tree["cyclegan"]["training"]["augmentation"]["enlarge"] = SIDE + 8
    for name in ("channels_stage", "cyclegan"):
        tree[name]["training"] |= SCHEDULED
    tree["channels_stage"]["training"]["teacher"]["perception"] |= {"activations": seen_by, "enlarge": 2 * SIDE}
    for name, levels in LEVELS.items():
        tree[name]["levels"] = levels
    tree["stl10_impgd"] = tree["stl10"] | tree["stl10_impgd"] | {"extends": "sngan"}
    return {name: tree[name] for name in (*LEVELS, "cyclegan")}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, data: Path, seen_by: dict[str, str]) -> ResultsDir:
    """The results of all of them, one seed."""
    folder = tmp_path_factory.mktemp("results")
    head = {"format": 1, "key": "tickets", "title": "Each ticket for a step", "seeds": 1, "claims": {}}
    (folder / "tickets.yaml").write_text(
        json.dumps(head | {"experiments": shortened(seen_by), "scales": {"paper": {}}})
    )
    arguments = ["run", folder / "tickets.yaml", "--results", folder / "r", "--executor", "inline", "--data", data]
    assert app.run([*map(str, arguments), "--device", "cpu", "--quiet"]) == 0
    return ResultsDir(folder / "r")


def plan_of(results: ResultsDir) -> Plan:
    return results.read_campaign().suites["tickets"].plan


def arm(results: ResultsDir, experiment: str, level: int) -> RunDir:
    jobs = [one.job for one in plan_of(results).arms if (one.experiment, one.level) == (experiment, level)]
    return results.run(jobs[0])


def measured(results: ResultsDir, experiment: str, level: int, name: str) -> float:
    run = arm(results, experiment, level)
    request = next(one for one in plan_of(results).job(run.path.name).metrics if one.name == name)
    found = run.read_measurement(request)
    assert found is not None
    assert found.value is not None
    return found.value


def pruned_by_torch(weights: dict[str, Tensor], fraction: float) -> dict[str, Tensor]:
    """Return the masks that `prune.global_unstructured` draws on weights of one network, as the authors' code does."""
    layers = {name: nn.Module() for name in weights}
    for name, layer in layers.items():
        layer.weight = nn.Parameter(weights[name].clone())
    draw: Any = prune.global_unstructured
    draw([(layer, "weight") for layer in layers.values()], pruning_method=prune.L1Unstructured, amount=fraction)
    return {name: layer.weight_mask.bool() for name, layer in layers.items()}  # type: ignore[operator]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dense", "ticket", "parts"),
    [
        ("sngan", "sngan_impgd", ("generator", "discriminator")),
        ("cyclegan_imp", "cyclegan_imp", ("generator_ab", "generator_ba")),
    ],
)
def test_masks_of_trained_networks_are_torchs(
    finished: ResultsDir, dense: str, ticket: str, parts: tuple[str, ...]
) -> None:
    run = arm(finished, dense, 0)
    trained, masks = section(run.read_tensors(run.WEIGHTS), "raw"), arm(finished, ticket, 1).read_ticket()
    assert {name.partition("/")[0] for name in masks} == set(parts)
    for part in parts:
        drawn = pruned_by_torch({name: trained[name] for name in masks if name.startswith(f"{part}/")}, 0.2)
        assert all(torch.equal(masks[name], mask) for name, mask in drawn.items()), part


@pytest.mark.slow
def test_survivors_are_those_of_the_authors_code(finished: ResultsDir) -> None:
    for name in ("sngan_impgd", "sngan_impgd_kd", "stl10_impgd"):
        kept = tuple(measured(finished, name, 1, f"weights_{part}") for part in ("generator", "discriminator"))
        assert kept == SNGAN_KEPT, name
    assert measured(finished, "cyclegan_imp", 1, "weights_generator") == CYCLEGAN_KEPT
    assert measured(finished, "sngan", 0, "parameters_generator") == 4_276_739
    assert measured(finished, "sngan", 0, "parameters_discriminator") == 1_053_824
    assert measured(finished, "cyclegan", 0, "parameters_generator") == 11_383_555


@pytest.mark.slow
@pytest.mark.parametrize("name", LEVELS)
def test_every_ticket_has_moved_and_is_finite(finished: ResultsDir, name: str) -> None:
    run = arm(finished, name, LEVELS[name][-1])
    start, end = run.read_tensors(run.START), section(run.read_tensors(run.WEIGHTS), "raw")
    assert all(bool(tensor.isfinite().all()) for tensor in end.values())
    parts = {key.partition("/")[0] for key in end}
    assert parts >= {"generator", "discriminator"} or len(parts) == 4
    for part in parts:
        weights = [key for key in end if key.startswith(f"{part}/") and key.endswith(".weight")]
        assert any(not torch.equal(start[f"raw/{key}"], end[key]) for key in weights), part


@pytest.mark.slow
def test_a_masked_discriminators_norms_are_those_of_its_masked_weights(finished: ResultsDir) -> None:
    run = arm(finished, "sngan_impgd", 1)
    workshop = Workshop(run.read_job().job)
    networks = workshop.networks()
    networks.load(section(run.read_tensors(run.WEIGHTS), "raw"))
    for name, mask in section(run.read_ticket(), "discriminator").items():
        layer = networks["discriminator"].get_submodule(name.removesuffix(".weight"))
        assert not layer.weight.detach()[~mask].any()  # type: ignore[operator]
        layer.train()
        for _ in range(3000):  # until the power iteration has settled
            norm = sigma(layer).item()
        largest = torch.linalg.svdvals(layer.weight.detach().flatten(1))[0]  # type: ignore[operator]
        assert norm == pytest.approx(largest.item(), rel=1e-3), name


@pytest.mark.slow
def test_half_the_inner_channels_take_half_of_what_is_inside_the_blocks(finished: ResultsDir) -> None:
    whole = measured(finished, "sngan", 0, "macs_generator")
    assert 0.4 < measured(finished, "channels_ticket", 1, "macs_generator") / whole < 0.6
