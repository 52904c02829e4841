"""Generator against discriminator (Goodfellow et al. 2014) on logits: non-saturating or hinge loss.

Batch normalization sees real and generated images in separate passes, as in DCGAN, so each batch is normalized by its
own statistics. Generated images are detached in the discriminator's loss; the generator's pass there is in its
current mode, so its running statistics move in both updates, and so do the discriminator's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, relu

from benchmark.networks import Networks
from benchmark.objectives.objective import Objective, Update, normal
from benchmark.objectives.options import GanOptions


@dataclass(frozen=True)
class AdversarialLoss:
    """What is minimized, from logits [N, 1]: the discriminator's `real` + `fake`, and the generator's `generator`."""

    real: Callable[[Tensor], Tensor]
    fake: Callable[[Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]


LOSSES = {
    # Goodfellow et al. 2014, section 3: -log D(x), -log(1 - D(G(z))), -log D(G(z))
    "non_saturating": AdversarialLoss(
        real=lambda logits: -logsigmoid(logits).mean(),
        fake=lambda logits: -logsigmoid(-logits).mean(),
        generator=lambda logits: -logsigmoid(logits).mean(),
    ),
    # Miyato et al. 2018, Eq. 16 and 17
    "hinge": AdversarialLoss(
        real=lambda logits: relu(1.0 - logits).mean(),
        fake=lambda logits: relu(1.0 + logits).mean(),
        generator=lambda logits: -logits.mean(),
    ),
}


def build(options: GanOptions) -> Objective:
    """Return the objective: `n_dis` discriminator updates, then one of the generator, with as many images each."""
    chosen = LOSSES[options.loss]

    def discriminate(networks: Networks, images: Tensor, generator: torch.Generator) -> Tensor:
        with torch.no_grad():
            fakes = generate(networks, normal(images.shape[0], networks, images, generator))
        discriminator = networks["discriminator"]
        return chosen.real(discriminator(images)) + chosen.fake(discriminator(fakes))

    def deceive(networks: Networks, images: Tensor, generator: torch.Generator) -> Tensor:
        fakes = generate(networks, normal(images.shape[0], networks, images, generator))
        return chosen.generator(networks["discriminator"](fakes))

    return Objective(
        updates=(
            Update("discriminator", ("discriminator",), discriminate, repeats=options.n_dis),
            Update("generator", ("generator",), deceive, fresh_batch=False),
        ),
        generate=generate,
    )


def generate(networks: Networks, latents: Tensor) -> Tensor:
    """Return the generator's images."""
    images: Tensor = networks["generator"](latents)
    return images
