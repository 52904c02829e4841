"""What an objective is: the updates of one training step, in order, and what its networks can then do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from benchmark.networks import Networks

Loss = Callable[[Networks, Tensor, torch.Generator], Tensor]
"""(networks, images float [N, C, H, W] in -1..1, generator) -> scalar; noise is drawn from the generator alone."""


@dataclass(frozen=True)
class Update:
    """One kind of optimizer step: only the parameters of `components` are changed by the gradient of `loss`.

    It is done `repeats` times within a step, each time with a generator of its own, and with a batch of its own
    unless `fresh_batch` is false: then it sees the batch of the update before, and an epoch is counted without it. A
    loss may leave gradients on other components (the generator's passes through the discriminator): they are not to
    be used. An update `repeats_itself` if it does the same operations at every step, on tensors that stay in place:
    only then can it be recorded. `after` changes the networks once the optimizer has stepped and masked weights are
    zero; it must leave zeros as they are.
    """

    name: str
    components: tuple[str, ...]
    loss: Loss
    repeats: int = 1
    fresh_batch: bool = True
    after: Callable[[Networks], None] | None = None
    repeats_itself: bool = True


@dataclass(frozen=True)
class Lesson:
    """The frozen networks of another training that components are to agree with, by name, and how much that weighs.

    `objective` is what a component's own loss weighs beside it. With `differ`, a loss of two sets of images, it is
    images that are to agree; without it, answers, as the objective compares them.
    """

    teachers: Mapping[str, nn.Module]
    weight: float
    objective: float = 1.0
    differ: Callable[[Tensor, Tensor], Tensor] | None = None

    def images_apart(self, component: str, inputs: Tensor, images: Tensor) -> Tensor:
        """Return how far a component's images are from its teacher's of the same inputs; 0 where it has no teacher."""
        if self.differ is None or component not in self.teachers:
            return images.new_zeros(())
        with torch.no_grad():
            wanted = self.teachers[component](inputs)
        return self.differ(images, wanted)

    def taught(self, loss: Tensor, disagreement: Tensor) -> Tensor:
        """Return what is minimized: a component's own loss, and its disagreement with its teacher."""
        return self.objective * loss + self.weight * disagreement


@dataclass(frozen=True)
class Objective:
    """Updates in the order they are made within a step; `generate` and `reconstruct` are null where they make no sense.

    `generate` maps latents [N, z_dim], drawn from N(0, I), to images [N, C, H, W] in -1..1; `reconstruct` images to
    images. Both leave the networks' mode as it is. Where an update's repeats do not follow each other, `order` names
    the updates turn by turn.

    With two `domains` a batch holds as many images of the second after those of the first (`benchmark.batches`), and
    `translate` maps images to the other domain, in the direction `ab` or `ba`.
    """

    updates: tuple[Update, ...]
    generate: Callable[[Networks, Tensor], Tensor] | None = None
    reconstruct: Callable[[Networks, Tensor], Tensor] | None = None
    order: tuple[str, ...] = ()
    domains: int = 1
    translate: Callable[[Networks, Tensor, str], Tensor] | None = None

    @cached_property
    def turns(self) -> tuple[tuple[Update, int], ...]:
        """The optimizer steps of one step, in order: an update, and how often it was made before in the step."""
        known, made = {update.name: update for update in self.updates}, Counter[str]()
        turns = []
        for name in self.order or [update.name for update in self.updates for _ in range(update.repeats)]:
            turns.append((known[name], made[name]))
            made[name] += 1
        return tuple(turns)

    @property
    def batches(self) -> int:
        """How many batches of the data one step takes."""
        return sum(update.repeats for update in self.updates if update.fresh_batch)


def normal(count: int, networks: Networks, images: Tensor, generator: torch.Generator) -> Tensor:
    """Return latents [count, z_dim] from N(0, I): drawn on the generator's device, moved to the images'."""
    if networks.z_dim is None:
        raise ValueError("this objective draws latents, but the model has no z_dim")
    return torch.randn(count, networks.z_dim, generator=generator, device=generator.device).to(images.device)


def generate(networks: Networks, latents: Tensor) -> Tensor:
    """Return the generator's images."""
    images: Tensor = networks["generator"](latents)
    return images
