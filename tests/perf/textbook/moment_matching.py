"""Moment matching, after GFMN's public code: moving averages are weights of a layer that an Adam of its own moves."""

# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from benchmark.activations.moments import Moments
from benchmark.objectives.options import MomentMatchingOptions
from benchmark.schema.suite import Training


class MovingAverage(nn.Module):
    """A vector that follows a difference by Adam."""

    def __init__(self, features: int, options: MomentMatchingOptions, device: torch.device) -> None:
        super().__init__()
        self.layer = nn.Linear(features, 1, bias=False, device=device)
        self.optimizer = torch.optim.Adam(self.layer.parameters(), options.average_lr, options.average_betas)

    def forward(self, difference: Tensor) -> Tensor:
        """Move towards the difference [F] and return the product with it."""
        loss = mse_loss(self.layer.weight, difference.detach().view(1, -1))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return (self.layer.weight.detach() * difference).sum()


class MomentMatchingTraining:
    """`train` makes so many steps of one update: `see` gives the layers of a frozen network [N, ...]."""

    def __init__(
        self,
        generator: nn.Module,
        z_dim: int,
        options: MomentMatchingOptions,
        training: Training,
        see: Callable[[Tensor], list[Tensor]],
        real: Moments,
    ) -> None:
        self.generator, self.z_dim, self.see, self.real = generator, z_dim, see, real
        self.batch_size, self.device = training.batch_size, real.mean.device
        rule = training.optimizers["generator"]
        self.optimizer = torch.optim.Adam(generator.parameters(), rule.lr, rule.betas, weight_decay=rule.weight_decay)
        self.average_mean = MovingAverage(len(real.mean), options, self.device)
        self.average_variance = MovingAverage(len(real.variance), options, self.device)
        self.losses: list[float] = []

    def train(self, steps: int) -> None:
        """Make so many steps; the real images' moments were taken before the first, and no image is needed."""
        self.generator.train()
        for _ in range(steps):
            noise = torch.randn(self.batch_size, self.z_dim, device=self.device)
            self.losses.append(self.step(noise).item())

    def step(self, noise: Tensor) -> Tensor:
        """Update the generator and return its loss."""
        features = torch.cat([layer.flatten(1) for layer in self.see(self.generator(noise))], dim=1)
        loss_mean = self.average_mean(self.real.mean - features.mean(0))
        loss_variance = self.average_variance(self.real.variance - features.var(0))
        loss: Tensor = loss_mean + loss_variance
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss
