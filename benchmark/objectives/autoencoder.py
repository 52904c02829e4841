"""Autoencoder: the mean squared error over all pixels."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.networks import Networks
from benchmark.objectives.objective import Objective, Update
from benchmark.objectives.options import AutoencoderOptions


def build(options: AutoencoderOptions) -> Objective:
    """Return the objective: one update of encoder and decoder together."""
    return Objective(updates=(Update("autoencoder", ("encoder", "decoder"), loss),), reconstruct=reconstruct)


def loss(networks: Networks, images: Tensor, generator: torch.Generator) -> Tensor:
    """Return the mean squared error per pixel; nothing is drawn from the generator."""
    return functional.mse_loss(reconstruct(networks, images), images)


def reconstruct(networks: Networks, images: Tensor) -> Tensor:
    """Return the images encoded and decoded."""
    decoded: Tensor = networks["decoder"](networks["encoder"](images))
    return decoded
