"""Tickets of the SNGAN of Chen et al. (2021): survivors at full size, and a masked discriminator's spectral norms."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from benchmark.models.construction import materialize
from benchmark.models.initialization import initialize
from benchmark.models.options import SnganOptions
from benchmark.models.sngan import build
from benchmark.models.spectral_norm import sigma
from benchmark.networks import Networks, prunable_weights
from benchmark.objectives.gan import build as objective
from benchmark.objectives.options import GanOptions
from benchmark.pruning.allocate import draw, quotas
from benchmark.pruning.count import Target
from benchmark.pruning.mask import apply
from benchmark.schema.suite import Training
from benchmark.schema.training import Optimizer
from benchmark.streams import stream
from benchmark.training import Hooks, Loop, new_state

# by the authors' code: convolution weights of the generator after each round of 20 %
SURVIVORS = (2_993_971, 2_395_177, 1_916_142, 1_532_914, 1_226_331, 981_065, 784_852, 627_882, 502_306, 401_845)
FIFTH = Target(0.2, 1, None)
FROM_MASK: Any = prune.custom_from_mask  # torch leaves it untyped


def convolutions(networks: Networks, component: str) -> dict[str, nn.Parameter]:
    weights = prunable_weights(networks, ("conv",), ())
    return {name: weight for name, weight in weights.items() if name.startswith(component)}


def test_the_generators_survivors_are_those_of_the_paper_at_every_level() -> None:
    weights = convolutions(materialize(build, SnganOptions(), (3, 32, 32), "meta"), "generator")
    remaining = {name: torch.ones((), dtype=torch.bool).expand(weight.shape) for name, weight in weights.items()}
    counts = [
        quotas(remaining, list(weights), Target(0.2, rounds, None), "component")["generator"] for rounds in range(1, 11)
    ]
    assert sum(weight.numel() for weight in weights.values()) == 3_742_464
    assert tuple(counts) == SURVIVORS


def test_masks_at_full_size_are_those_of_torch() -> None:
    networks = materialize(build, SnganOptions(), (3, 32, 32), "cpu")
    initialize(networks, "xavier", stream(0, "test"))
    weights = convolutions(networks, "generator")
    masks = {name: torch.ones(weight.shape, dtype=torch.bool) for name, weight in weights.items()}
    layers = {
        name: networks["generator"].get_submodule(name.removesuffix(".weight").partition("/")[2]) for name in weights
    }
    values = {name: weight.detach().clone() for name, weight in weights.items()}
    for survivors in SURVIVORS[:2]:
        masks = draw({name: value.abs() for name, value in values.items()}, masks, FIFTH, "component")
        prune.global_unstructured(
            [(layer, "weight") for layer in layers.values()], pruning_method=prune.L1Unstructured, amount=0.2
        )
        for name, layer in layers.items():
            assert torch.equal(masks[name], layer.weight_mask.bool()), name  # type: ignore[operator]
        assert sum(int(mask.sum()) for mask in masks.values()) == survivors


def theirs(values: Tensor) -> Tensor:
    """The rule of the authors' code (train_impgd.py): of the weights left, those above the one at a fifth are kept."""
    left = int(values.abs().gt(0).sum())
    threshold = values.abs().sort().values[len(values) - left + int(left * 0.2)]
    return values.abs() > threshold


def test_a_discriminators_masks_are_the_authors_but_for_the_weight_at_their_threshold() -> None:
    networks = materialize(build, SnganOptions(), (3, 32, 32), "cpu")
    initialize(networks, "xavier", stream(0, "test"))
    weights = convolutions(networks, "discriminator")
    masks = {name: torch.ones(weight.shape, dtype=torch.bool) for name, weight in weights.items()}
    values = torch.cat([weight.detach().flatten() for weight in weights.values()])
    assert len(values) == 1_052_416
    for _ in range(10):
        masks = draw({name: weight.detach().abs() for name, weight in weights.items()}, masks, FIFTH, "component")
        values *= theirs(values)
    ours = torch.cat([mask.flatten() for mask in masks.values()])
    assert (int(values.count_nonzero()), int(ours.sum())) == (112_999, 113_002)
    assert ours[values != 0].all()


SHAPE = (1, 8, 8)
PIXELS = torch.randint(0, 256, (24, *SHAPE), generator=torch.Generator().manual_seed(3), dtype=torch.uint8)
GAN = GanOptions(loss="hinge", n_dis=3, generator_batch=12, generator_after=1)
SGD = Optimizer(name="sgd", lr=0.05, momentum=0.5)
ADAM = Optimizer(lr=0.01, betas=(0.0, 0.9))


def small() -> Networks:
    networks = materialize(build, SnganOptions(generator_channels=4, discriminator_channels=6, z_dim=3), SHAPE, "cpu")
    initialize(networks, "xavier", stream(0, "test"))
    return networks


def sparse(networks: Networks) -> dict[str, Tensor]:
    chance = torch.Generator().manual_seed(1)
    weights = prunable_weights(networks, ("conv",), ())
    return {name: torch.rand(weight.shape, generator=chance) < 0.5 for name, weight in weights.items()}


def trained(networks: Networks, masks: dict[str, Tensor], optimizer: Optimizer, steps: int) -> None:
    training = Training(steps=steps, batch_size=8, optimizers=dict.fromkeys(networks.components, optimizer))
    apply(masks, prunable_weights(networks, ("conv",), ()))
    state = new_state(networks, training)
    Loop(objective(GAN), training, PIXELS, 5, masks).run(state, Hooks(lambda *_: None, lambda *_: None))


def by_hand(networks: Networks, masks: dict[str, Tensor], steps: int) -> None:
    """As in the authors' code: weights are masked once, then gradients before every update."""
    parameters = dict(networks.named_parameters())
    apply(masks, {name: parameters[name] for name in masks})
    networks.train()
    parts = {name: list(networks[name].parameters()) for name in ("generator", "discriminator")}
    optimizers = {name: torch.optim.SGD(part, lr=0.05, momentum=0.5) for name, part in parts.items()}
    generator, discriminator = networks["generator"], networks["discriminator"]

    def update(name: str, loss: Tensor) -> None:
        optimizers[name].zero_grad()
        torch.autograd.backward(loss)
        for full, mask in masks.items():
            if full.startswith(name):
                gradient = parameters[full].grad
                assert gradient is not None
                gradient.mul_(mask)
        optimizers[name].step()

    for batch in range(3 * steps):
        step, repeat = divmod(batch, 3)
        order = torch.randperm(24, generator=stream(5, "data order", step))
        real = PIXELS[order[8 * repeat :][:8]].float() / 127.5 - 1
        fake = generator(torch.randn(8, 3, generator=stream(5, f"noise/discriminator/{repeat}", step))).detach()
        update("discriminator", (1 - discriminator(real)).relu().mean() + (1 + discriminator(fake)).relu().mean())
        if batch % 3 == 0:
            latents = torch.randn(12, 3, generator=stream(5, "noise/generator/0", step))
            update("generator", -discriminator(generator(latents)).mean())


def test_a_masked_training_is_one_with_masked_gradients_in_the_authors_order() -> None:
    ours, theirs = small(), small()
    masks = sparse(ours)
    # Not Adam: it makes full steps of the rounding noise that is the gradient of a bias before batch normalization.
    trained(ours, masks, SGD, 4)
    by_hand(theirs, masks, 4)
    for name, tensor in theirs.state().items():
        torch.testing.assert_close(ours.state()[name], tensor, rtol=1e-3, atol=1e-5, msg=name)


@pytest.mark.parametrize("optimizer", [ADAM, SGD])
def test_the_norms_of_a_trained_masked_discriminator_are_those_of_its_masked_weights(optimizer: Optimizer) -> None:
    networks = small()
    masks = sparse(networks)
    trained(networks, masks, optimizer, 5)
    for name, mask in masks.items():
        layer = networks[name.partition("/")[0]].get_submodule(name.removesuffix(".weight").partition("/")[2])
        weight = layer.weight
        assert isinstance(weight, Tensor)
        assert not weight.detach()[~mask].any(), name
        if name.startswith("discriminator"):
            layer.train()
            for _ in range(500):  # until the power iteration has settled
                sigma(layer)
            singular = torch.linalg.svdvals(weight.detach().double().flatten(1))
            assert sigma(layer).item() == pytest.approx(singular[0].item(), rel=1e-4), name
