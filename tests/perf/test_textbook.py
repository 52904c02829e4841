"""The textbook's loops compute what ours computes: else a ratio of their times would say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from benchmark.batches import Batches, by_domain
from benchmark.images import to_values
from benchmark.networks import is_bias
from benchmark.streams import stream
from tests.perf.sides import Ours, TextbookTraining, textbook_training
from tests.perf.sides import ours as ours_of
from tests.perf.tasks import SMALL_TASKS
from tests.perf.textbook import pictures
from tests.perf.textbook.cyclegan import CycleganTraining
from tests.perf.textbook.gan import GanTraining
from tests.perf.textbook.moment_matching import MomentMatchingTraining
from tests.perf.textbook.vae import VaeTraining

Outcome = tuple[dict[str, float], dict[str, Tensor]]
"""The mean loss of each update over one step, and the gradients of each update's last turn by full name."""


@pytest.mark.parametrize("name", SMALL_TASKS)
def test_one_step_has_equal_losses_and_gradients(name: str, tmp_path: Path) -> None:
    ours = ours_of(SMALL_TASKS[name], "cpu", tmp_path)
    theirs = textbook_training(ours.workshop)
    if isinstance(theirs, MomentMatchingTraining):
        begin_alike(ours, theirs)
    losses, gradients = textbook_step(ours, theirs)
    ours.train(1)
    assert losses == pytest.approx(ours.losses, rel=1e-4)
    found = {key: parameter.grad for key, parameter in ours.state.networks.named_parameters()}
    assert found.keys() == gradients.keys()
    for key, gradient in gradients.items():
        mask, own = ours.workshop.masks.get(key), found[key]
        assert own is not None
        others = gradients.values() if is_bias(key) else [gradient]  # a bias before a norm has a gradient of zero
        scale = max(float(other.abs().max()) for other in others)
        assert float(((own if mask is None else own * mask) - gradient).abs().max()) < 1e-4 * scale, key


def textbook_step(ours: Ours, theirs: TextbookTraining) -> Outcome:
    """Make one step with the batches and the noise that ours will have."""
    inputs = Inputs(ours)
    if isinstance(theirs, GanTraining):
        return gan_step(inputs, theirs)
    if isinstance(theirs, CycleganTraining):
        a, b = inputs.images().chunk(2)
        names = ("generators", "discriminator_a", "discriminator_b")
        losses = dict(zip(names, (loss.item() for loss in theirs.step(a, b)), strict=True))
        gradients: dict[str, Tensor] = {}
        for component in ours.state.networks.components:
            gradients |= gradients_of(component, theirs.networks[component])
        # The generators' loss leaves gradients on the discriminators, which their own updates have set to zero since.
        return losses, gradients
    if isinstance(theirs, VaeTraining):
        loss = theirs.step(inputs.images(), inputs.noise("vae", 0)).item()
        return {"vae": loss}, gradients_of("encoder", theirs.encoder) | gradients_of("decoder", theirs.decoder)
    loss = theirs.step(inputs.noise("generator", 0)).item()
    return {"generator": loss}, gradients_of("generator", theirs.generator)


def gan_step(inputs: Inputs, theirs: GanTraining) -> Outcome:
    of_discriminator, gradients = list[float](), dict[str, Tensor]()
    options = theirs.options
    for made in range(options.n_dis):
        of_discriminator.append(theirs.discriminator_step(inputs.images(), inputs.noise("discriminator", made)).item())
        gradients |= gradients_of("discriminator", theirs.discriminator)
        if made + 1 == (options.generator_after or options.n_dis):
            loss = theirs.generator_step(inputs.noise("generator", 0, options.generator_batch)).item()
            gradients |= gradients_of("generator", theirs.generator)
    return {"discriminator": sum(of_discriminator) / len(of_discriminator), "generator": loss}, gradients


class Inputs:
    """The images and the noise of our first step, taken anew from their streams."""

    def __init__(self, ours: Ours) -> None:
        job, objective = ours.workshop.job, ours.workshop.objective
        self.seed, self.z_dim, self.size = job.seed, ours.state.networks.z_dim, job.training.batch_size
        self.batches = Batches(by_domain(ours.pixels, ours.labels, objective.domains), self.size, self.seed)

    def images(self) -> Tensor:
        return to_values(self.batches.next())

    def noise(self, update: str, repeat: int, count: int | None = None) -> Tensor:
        assert self.z_dim is not None
        chance = stream(self.seed, f"noise/{update}/{repeat}", 0)
        return torch.randn(count or self.size, self.z_dim, generator=chance)


def begin_alike(ours: Ours, theirs: MomentMatchingTraining) -> None:
    """Let our moving averages begin with the values that the textbook's layers were drawn with."""
    memory = ours.state.networks.memory
    for name, layer in (("mean", theirs.average_mean.layer), ("variance", theirs.average_variance.layer)):
        drawn = layer.weight.detach()[0].clone()
        memory |= {f"{name}/average": drawn, f"{name}/first": torch.zeros_like(drawn)}
        memory |= {f"{name}/second": torch.zeros_like(drawn), f"{name}/step": torch.zeros((), dtype=torch.float64)}


def gradients_of(component: str, network: nn.Module) -> dict[str, Tensor]:
    found: Mapping[str, Tensor | None] = {name: parameter.grad for name, parameter in network.named_parameters()}
    return {
        f"{component}/{name.removesuffix('_orig')}": gradient.clone()
        for name, gradient in found.items()
        if gradient is not None
    }


def test_a_masked_weight_stays_zero_in_a_textbook_pass(tmp_path: Path) -> None:
    ours = ours_of(SMALL_TASKS["dcgan"], "cpu", tmp_path)
    theirs = textbook_training(ours.workshop)
    assert isinstance(theirs, GanTraining)
    theirs.train(2)
    masks = {name: mask for name, mask in theirs.generator.named_buffers() if name.endswith(".weight_mask")}
    assert masks
    for name, mask in masks.items():
        weight = theirs.generator.get_submodule(name.removesuffix(".weight_mask")).weight
        assert isinstance(weight, Tensor)
        assert not weight[mask == 0].any()


def test_pictures_are_the_values_that_ours_come_from() -> None:
    pixels = torch.randint(0, 256, (5, 3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    loaded = pictures.Pictures(pixels)
    assert torch.allclose(torch.stack([loaded[index] for index in range(5)]), to_values(pixels), atol=1e-6)
