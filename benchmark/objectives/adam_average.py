"""Moving averages that Adam makes (Santos et al. 2019, section 3.2): a vector that learns to be the latest difference.

It descends the mean squared error to the difference, so that its step is at most about the learning rate whatever the
size of the difference. As in the code of Santos et al. and of Yeo et al. (2023) it begins as the weights of a linear
layer do, uniform in +-1/sqrt(F). Written out here since the number of steps is on the device: nothing waits for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

EPSILON = 1e-8
"""Adam's default (Kingma & Ba 2015). The mean over F features makes gradients small, so that it is felt."""


@dataclass(frozen=True)
class Rule:
    """Adam's learning rate and decays; with a `period` the rate goes to zero and back in so many steps."""

    lr: float
    betas: tuple[float, float]
    period: int | None

    def rate(self, step: Tensor) -> Tensor | float:
        """Return the learning rate after so many steps."""
        if self.period is None:
            return self.lr
        return self.lr * (1.0 + torch.cos(2.0 * math.pi / self.period * step)) / 2.0


@torch.no_grad()
def follow(memory: dict[str, Tensor], name: str, difference: Tensor, rule: Rule, chance: torch.Generator) -> Tensor:
    """Take one step of an average towards a difference [F] and return it; the memory holds it under `name`."""
    if f"{name}/average" not in memory:
        bound = 1.0 / math.sqrt(len(difference))
        drawn = torch.rand(len(difference), generator=chance, device=chance.device).to(difference)
        memory[f"{name}/average"] = (2.0 * drawn - 1.0) * bound
        memory[f"{name}/first"] = torch.zeros_like(difference)
        memory[f"{name}/second"] = torch.zeros_like(difference)
        memory[f"{name}/step"] = torch.zeros((), dtype=torch.float64, device=difference.device)
    average, first, second, step = (memory[f"{name}/{part}"] for part in ("average", "first", "second", "step"))
    rate = rule.rate(step)
    step += 1.0
    slow, fast = rule.betas
    gradient = (average - difference) * (2.0 / len(difference))  # of the mean of the squares
    first.lerp_(gradient, 1.0 - slow)
    second.mul_(fast).addcmul_(gradient, gradient, value=1.0 - fast)
    spread = (second / (1.0 - fast**step)).sqrt() + EPSILON
    average -= rate / (1.0 - slow**step) * first / spread
    return average
