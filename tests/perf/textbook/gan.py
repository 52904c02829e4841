"""A generator against a discriminator, after the loops of DCGAN's and SNGAN's public PyTorch code."""

# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, relu

from benchmark.objectives.options import GanOptions
from benchmark.schema.suite import Training


class GanTraining:
    """`train` makes so many steps: `n_dis` updates of the discriminator and one of the generator each."""

    def __init__(
        self, networks: nn.ModuleDict, z_dim: int, options: GanOptions, training: Training, batches: Iterator[Tensor]
    ) -> None:
        self.generator, self.discriminator = networks["generator"], networks["discriminator"]
        self.z_dim, self.options, self.training, self.batches = z_dim, options, training, batches
        self.device = next(self.generator.parameters()).device
        rule_g, rule_d = training.optimizers["generator"], training.optimizers["discriminator"]
        self.optimizer_g = torch.optim.Adam(
            self.generator.parameters(), rule_g.lr, rule_g.betas, weight_decay=rule_g.weight_decay
        )
        self.optimizer_d = torch.optim.Adam(
            self.discriminator.parameters(), rule_d.lr, rule_d.betas, weight_decay=rule_d.weight_decay
        )
        self.averages = [parameter.data.clone() for parameter in self.generator.parameters()]
        self.losses_d: list[float] = []
        self.losses_g: list[float] = []

    def train(self, steps: int) -> None:
        """Make so many steps."""
        self.generator.train()
        self.discriminator.train()
        for _ in range(steps):
            for made in range(1, self.options.n_dis + 1):
                images = next(self.batches).to(self.device)
                noise = torch.randn(len(images), self.z_dim, device=self.device)
                self.losses_d.append(self.discriminator_step(images, noise).item())
                if made == (self.options.generator_after or self.options.n_dis):
                    count = self.options.generator_batch or len(images)
                    noise = torch.randn(count, self.z_dim, device=self.device)
                    self.losses_g.append(self.generator_step(noise).item())
                    self.average()

    def discriminator_step(self, images: Tensor, noise: Tensor) -> Tensor:
        """Update the discriminator and return its loss."""
        fake = self.generator(noise).detach()
        real_logits, fake_logits = self.discriminator(images), self.discriminator(fake)
        if self.options.loss == "hinge":
            loss = relu(1.0 - real_logits).mean() + relu(1.0 + fake_logits).mean()
        else:
            loss_real = binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
            loss_fake = binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))
            loss = loss_real + loss_fake
        self.optimizer_d.zero_grad()
        loss.backward()
        self.optimizer_d.step()
        return loss

    def generator_step(self, noise: Tensor) -> Tensor:
        """Update the generator and return its loss."""
        logits = self.discriminator(self.generator(noise))
        if self.options.loss == "hinge":
            loss: Tensor = -logits.mean()
        else:
            loss = binary_cross_entropy_with_logits(logits, torch.ones_like(logits))
        self.optimizer_g.zero_grad()
        loss.backward()
        self.optimizer_g.step()
        return loss

    def average(self) -> None:
        """Move the averages of the generator's weights."""
        if self.training.ema is not None:
            for average, parameter in zip(self.averages, self.generator.parameters(), strict=True):
                average.mul_(self.training.ema).add_(parameter.data, alpha=1.0 - self.training.ema)
