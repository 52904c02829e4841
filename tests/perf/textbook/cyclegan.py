"""CycleGAN, after its public PyTorch code: each image through each network by itself, a buffer of 50 earlier images."""

# mypy: allow-untyped-calls

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import chain

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss, mse_loss

from benchmark.objectives.options import CycleganOptions
from benchmark.schema.suite import Training


class ReplayBuffer:
    """Earlier images, one of which is shown half the time in place of a new one."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.data: list[Tensor] = []

    def push_and_pop(self, images: Tensor) -> Tensor:
        """Return what a discriminator is shown for these images."""
        shown = []
        for image in images:
            if len(self.data) < self.size:
                self.data.append(image.clone())
                shown.append(image)
            elif random.random() > 0.5:
                place = random.randrange(self.size)
                shown.append(self.data[place].clone())
                self.data[place] = image.clone()
            else:
                shown.append(image)
        return torch.stack(shown)


class CycleganTraining:
    """`train` makes so many steps: both generators together, then each discriminator."""

    def __init__(
        self,
        networks: nn.ModuleDict,
        options: CycleganOptions,
        training: Training,
        batches: Iterator[tuple[Tensor, Tensor]],
    ) -> None:
        self.networks, self.options, self.batches = networks, options, batches
        self.device = next(networks.parameters()).device
        rule = training.optimizers["generator_ab"]
        generators = chain(networks["generator_ab"].parameters(), networks["generator_ba"].parameters())
        self.optimizer_g = torch.optim.Adam(generators, rule.lr, rule.betas)
        rule = training.optimizers["discriminator_a"]
        self.optimizer_a = torch.optim.Adam(networks["discriminator_a"].parameters(), rule.lr, rule.betas)
        self.optimizer_b = torch.optim.Adam(networks["discriminator_b"].parameters(), rule.lr, rule.betas)
        self.buffer_a, self.buffer_b = ReplayBuffer(options.replay), ReplayBuffer(options.replay)
        self.losses: list[tuple[float, float, float]] = []

    def train(self, steps: int) -> None:
        """Make so many steps."""
        self.networks.train()
        for _ in range(steps):
            a, b = next(self.batches)
            losses = self.step(a.to(self.device), b.to(self.device))
            self.losses.append((losses[0].item(), losses[1].item(), losses[2].item()))

    def step(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Update all four networks and return the losses of the generators and of each discriminator."""
        ab, ba = self.networks["generator_ab"], self.networks["generator_ba"]
        judge_a, judge_b = self.networks["discriminator_a"], self.networks["discriminator_b"]

        self.optimizer_g.zero_grad()
        loss_identity = l1_loss(ab(b), b) + l1_loss(ba(a), a)
        fake_b = ab(a)
        answer_b = judge_b(fake_b)
        fake_a = ba(b)
        answer_a = judge_a(fake_a)
        loss_gan = mse_loss(answer_b, torch.ones_like(answer_b)) + mse_loss(answer_a, torch.ones_like(answer_a))
        loss_cycle = l1_loss(ba(fake_b), a) + l1_loss(ab(fake_a), b)
        loss_g = loss_gan + self.options.cycle * loss_cycle + self.options.identity * loss_identity
        loss_g.backward()
        self.optimizer_g.step()

        loss_a = self.judge_step(judge_a, self.optimizer_a, a, self.buffer_a.push_and_pop(fake_a.detach()))
        loss_b = self.judge_step(judge_b, self.optimizer_b, b, self.buffer_b.push_and_pop(fake_b.detach()))
        return loss_g, loss_a, loss_b

    def judge_step(self, judge: nn.Module, optimizer: torch.optim.Optimizer, real: Tensor, shown: Tensor) -> Tensor:
        """Update one discriminator and return its loss."""
        optimizer.zero_grad()
        real_answer, shown_answer = judge(real), judge(shown)
        loss_real = mse_loss(real_answer, torch.ones_like(real_answer))
        loss_shown = mse_loss(shown_answer, torch.zeros_like(shown_answer))
        loss: Tensor = (loss_real + loss_shown) * 0.5
        loss.backward()
        optimizer.step()
        return loss
