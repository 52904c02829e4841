"""Critics of bounded slope in the training loop: clipping, gradient penalty, spectral norms; with masks and resumed."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from benchmark.models.construction import materialize
from benchmark.models.initialization import initialize
from benchmark.models.options import SnganOptions
from benchmark.models.sngan import build
from benchmark.networks import Networks, prunable_weights, section
from benchmark.objectives.gan import build as gan
from benchmark.objectives.options import GanOptions
from benchmark.schema.suite import Training
from benchmark.schema.training import Optimizer
from benchmark.streams import stream
from benchmark.training import Hooks, Loop, new_state

SHAPE = (1, 8, 8)
PIXELS = torch.randint(0, 256, (30, *SHAPE), generator=torch.Generator().manual_seed(3), dtype=torch.uint8)
ADAM = Optimizer(lr=0.01, betas=(0.0, 0.9))
TRAINING = Training(steps=6, batch_size=8, optimizers={"generator": ADAM, "discriminator": ADAM})
CHOICES = (
    GanOptions(loss="hinge", n_dis=2),
    GanOptions(loss="wasserstein", n_dis=2, clip=0.03),
    GanOptions(loss="wasserstein", gradient_penalty=10.0),
)


def networks() -> Networks:
    made = materialize(build, SnganOptions(generator_channels=4, discriminator_channels=4, z_dim=3), SHAPE, "cpu")
    initialize(made, "xavier", stream(0, "test"))
    return made


def masks_of(made: Networks) -> dict[str, Tensor]:
    chance = torch.Generator().manual_seed(1)
    weights = prunable_weights(made, ("conv",), ())
    return {name: torch.rand(weight.shape, generator=chance) < 0.5 for name, weight in weights.items()}


def trained(options: GanOptions, start: dict[str, Tensor] | None = None, step: int = 0) -> dict[int, dict[str, Tensor]]:
    made = networks()
    state = new_state(made, TRAINING, step)
    if start is not None:
        state.restore(start)
    kept: dict[int, dict[str, Tensor]] = {}

    def keep(at: int, tensors: dict[str, Tensor]) -> None:
        kept[at] = {name: tensor.detach().clone() for name, tensor in tensors.items()}

    hooks = Hooks(lambda _step, _losses: None, keep, frozenset({0, 3, 6}))
    Loop(gan(options), TRAINING, PIXELS, 5, masks_of(made)).run(state, hooks)
    return kept


@pytest.mark.parametrize("options", CHOICES)
def test_a_training_resumes_to_the_same_bytes_under_masks(options: GanOptions) -> None:
    whole = trained(options)
    resumed = trained(options, whole[3], 3)
    assert whole[6].keys() == resumed[6].keys()
    assert all(torch.equal(whole[6][name], tensor) for name, tensor in resumed[6].items())
    for name, mask in masks_of(networks()).items():
        assert not whole[6][f"raw/{name}"][~mask].any()
        assert whole[6][f"raw/{name}"][mask].any()


def test_clipping_holds_after_every_update_and_for_the_critic_alone() -> None:
    made = networks()
    end = section(trained(CHOICES[1])[6], "raw")
    largest = {name: end[name].abs().max().item() for name, _ in made.named_parameters()}
    bound = torch.tensor(0.03).item()
    assert max(value for name, value in largest.items() if name.startswith("discriminator/")) == bound
    assert max(value for name, value in largest.items() if name.startswith("generator/")) > bound


def test_the_vectors_of_the_spectral_norms_are_part_of_the_state_and_move() -> None:
    kept = trained(CHOICES[0])
    names = [name for name in kept[0] if name.endswith("conv0.u")]
    assert names
    assert not any(torch.equal(kept[3][name], kept[6][name]) for name in names)
