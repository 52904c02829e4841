"""A training of every kind, on a few steps: what any change of the loop has to leave as it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from benchmark.assembly import Workshop
from benchmark.networks import prunable_weights
from benchmark.pruning.edge_popup import first_scores
from benchmark.pruning.mask import apply
from benchmark.schema.job import Job
from benchmark.schema.suite import Training
from benchmark.training import Hooks, Loop, State, new_state
from tests.tiny import arm, planned

SUITE = """\
format: 1
key: every_training
title: A training of every kind
seeds: 1
experiments:
  gan:
    dataset: {name: digits, image_size: 8}
    model: {name: dcgan, base_channels: 4, z_dim: 4}
    objective: {name: gan, n_dis: 2}
    training: {steps: 6, batch_size: 8, ema: 0.9, optimizers: {"*": {lr: 0.002, betas: [0.5, 0.999]}}}
  gan_mirrored:
    extends: gan
    training:
      augmentation: {enlarge: 9, mirror: true}
      optimizers: {"*": {name: sgd, lr: 0.01, betas: [0.9, 0.999], momentum: 0.5}}
  gan_slim:
    extends: gan
    training: {penalty: {name: batch_norm_l1, weight: 0.001}}
  gan_slimming:
    extends: gan
    training: {penalty: {name: proximal_l1, weight: 0.01}}
  sngan:
    extends: gan
    model: {name: sngan, generator_channels: 4, discriminator_channels: 4, z_dim: 4}
    objective: {name: gan, loss: hinge, n_dis: 3, generator_batch: 12, generator_after: 1}
    training: {schedule: {name: linear, from: 0}}
  wgan:
    extends: gan
    objective: {name: gan, loss: wasserstein, clip: 0.05}
  wgan_gp:
    extends: gan
    model: {name: resnet_dcgan, base_channels: 4, z_dim: 4}
    objective: {name: gan, loss: wasserstein, gradient_penalty: 10.0}
  biggan:
    extends: gan
    model: {name: biggan, base_channels: 4, z_dim: 20, classes: 10}
    objective: {name: gan, loss: hinge}
  vae:
    extends: gan
    model: {name: resnet_vae, base_channels: 4, z_dim: 4}
    objective: {name: vae}
  auto:
    extends: gan
    model: {name: linear_autoencoder}
    objective: {name: autoencoder}
  gfmn:
    extends: gan
    model: {name: gfmn, base_channels: 4, z_dim: 4}
    objective: {name: moment_matching, activations: {name: digits_classifier}, average_period: 8}
    training: {ema: null, schedule: {name: cosine, period: 8}}
  gfmn_strong:
    extends: gfmn
    training: {scores: {kept: 0.3, biases: true}}
  cyclegan:
    dataset: {name: digit_styles, image_size: 8}
    model: {name: cyclegan, base_channels: 4, blocks: 1}
    objective: {name: cyclegan, replay: 3}
    training: {steps: 6, batch_size: 2, optimizers: {"*": {lr: 0.002, betas: [0.5, 0.999]}}}
claims: {}
scales:
  small: {small: true}
"""


@cache
def recipes() -> dict[str, Job]:
    """Return a job by the name of its experiment."""
    plan = planned(SUITE)
    return {one.experiment: arm(plan, one.experiment).job for one in plan.arms}


class Trained:
    """A job trained from its initial weights, half of them masked; `changes` are those of the training."""

    def __init__(self, name: str, device: str = "cpu", **changes: Any) -> None:
        recipe = recipes()[name]
        whole = Training.model_validate({**recipe.training.model_dump(by_alias=True), **changes})
        self.workshop = Workshop(recipe.model_copy(update={"training": whole}), device)
        self.training = whole
        self.lines: list[tuple[int, dict[str, float]]] = []
        self.snapshots: dict[int, dict[str, Tensor]] = {}

    def state(self, step: int = 0) -> State:
        """Return the state that the training begins with."""
        networks = self.workshop.networks()
        networks.load({name: tensor.to(self.workshop.device) for name, tensor in self.workshop.initial("init").items()})
        apply(self._masks(networks), self._weights(networks))
        state = new_state(networks, self.training, step)
        if self.training.scores is not None:
            first = first_scores(networks, self.training.scores, 0)
            with torch.no_grad():
                for score_name, score in state.scores.items():
                    score.copy_(first[score_name])
        return state

    def run(self, state: State, stepped: Callable[[], None] = lambda: None, **options: Any) -> Trained:
        """Train to the end; `options` are further ones of the loop."""
        images, job = self.workshop.training_images, self.workshop.job
        masks = self._masks(state.networks)
        pixels = images.pixels.to(self.workshop.device)
        hooks = Hooks(self._log, self._keep, frozenset(range(self.training.steps + 1)), stepped)
        Loop(self.workshop.objective, self.training, pixels, job.seed, masks, images.labels, **options).run(
            state, hooks
        )
        return self

    def _log(self, step: int, losses: dict[str, float]) -> None:
        self.lines.append((step, losses))

    def _keep(self, step: int, tensors: dict[str, Tensor]) -> None:
        self.snapshots[step] = {name: tensor.detach().clone() for name, tensor in tensors.items()}

    def _weights(self, networks: Any) -> dict[str, Any]:
        return {} if self.training.scores else prunable_weights(networks, ("conv", "conv_transpose", "linear"), ())

    def _masks(self, networks: Any) -> dict[str, Tensor]:
        chance = torch.Generator().manual_seed(1)
        return {name: torch.rand(one.shape, generator=chance) < 0.5 for name, one in self._weights(networks).items()}
