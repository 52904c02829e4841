"""Variational autoencoder (Kingma & Welling 2014, Appendix B), with beta of Higgins et al. (2017), Eq. 4.

As in the code of Kalibhat et al. (2021): per image the squared error is summed over pixels, plus beta times the KL
divergence, both averaged over the batch. Unlike it, samples come from the prior N(0, I) that the bound is written for.
"""

from __future__ import annotations

import torch
from torch import Tensor

from benchmark.networks import Networks
from benchmark.objectives.objective import Objective, Update, normal
from benchmark.objectives.options import VaeOptions


def build(options: VaeOptions) -> Objective:
    """Return the objective: one update of encoder and decoder together."""

    def loss(networks: Networks, images: Tensor, generator: torch.Generator) -> Tensor:
        mean, log_variance = posterior(networks, images)
        noise = normal(images.shape[0], networks, images, generator)
        decoded = generate(networks, mean + noise * torch.exp(0.5 * log_variance))
        squared = (decoded - images).square().flatten(1).sum(1)
        return (squared + options.beta * divergence(mean, log_variance)).mean()

    return Objective(updates=(Update("vae", ("encoder", "decoder"), loss),), generate=generate, reconstruct=reconstruct)


def posterior(networks: Networks, images: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and log variance of q(z|x), each [N, z_dim]."""
    mean, log_variance = networks["encoder"](images).chunk(2, dim=1)
    return mean, log_variance


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return KL(q(z|x) || N(0, I)) per image [N], in nats (Kingma & Welling 2014, Appendix B)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance).sum(1)


def generate(networks: Networks, latents: Tensor) -> Tensor:
    """Return decoded latents."""
    decoded: Tensor = networks["decoder"](latents)
    return decoded


def reconstruct(networks: Networks, images: Tensor) -> Tensor:
    """Return the decoded posterior means: nothing is drawn."""
    return generate(networks, posterior(networks, images)[0])
