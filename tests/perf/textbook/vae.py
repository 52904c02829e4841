"""A variational autoencoder, encoder and decoder under one optimizer."""

# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from benchmark.objectives.options import VaeOptions
from benchmark.schema.suite import Training


class VaeTraining:
    """`train` makes so many steps of one update."""

    def __init__(
        self, networks: nn.ModuleDict, z_dim: int, options: VaeOptions, training: Training, batches: Iterator[Tensor]
    ) -> None:
        self.networks, self.encoder, self.decoder = networks, networks["encoder"], networks["decoder"]
        self.z_dim, self.options, self.batches = z_dim, options, batches
        self.device = next(networks.parameters()).device
        rule = training.optimizers["encoder"]
        self.optimizer = torch.optim.Adam(networks.parameters(), rule.lr, rule.betas, weight_decay=rule.weight_decay)
        self.losses: list[float] = []

    def train(self, steps: int) -> None:
        """Make so many steps."""
        self.networks.train()
        for _ in range(steps):
            images = next(self.batches).to(self.device)
            noise = torch.randn(len(images), self.z_dim, device=self.device)
            self.losses.append(self.step(images, noise).item())

    def step(self, images: Tensor, noise: Tensor) -> Tensor:
        """Update both networks and return the loss."""
        mean, log_variance = self.encoder(images).chunk(2, dim=1)
        decoded = self.decoder(mean + noise * torch.exp(0.5 * log_variance))
        reconstruction = ((decoded - images) ** 2).sum() / len(images)
        divergence = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum() / len(images)
        loss: Tensor = reconstruction + self.options.beta * divergence
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss
