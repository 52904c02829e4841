"""What is trained in the benchmark: jobs of the suites that come with ticketbench, at half of their weights.

Where a data set cannot be had, random bytes of its shape stand in for it: how long a step takes does not depend on
what is in the images. Likewise VGG-19 has random values here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmark.activations import ACTIVATIONS
from benchmark.activations.vgg import build
from benchmark.assembly import Workshop
from benchmark.catalog import find_suite
from benchmark.images import Images
from benchmark.networks import prunable_weights
from benchmark.plan import make_plan
from benchmark.schema.job import Job
from benchmark.schema.record import Selection
from benchmark.suites import read_suite

SPARSITY = 0.5


@dataclass(frozen=True)
class Task:
    """The dense training of an experiment; `steps` are those of a round, after which the clock is read.

    `images` is the number of random ones that stand in for the data set, by shape; `masked` the components whose
    weights are masked (null: all). `at_least` is what ours should be faster by than the textbook's.
    """

    says: str
    suite: str
    scale: str
    experiment: str
    steps: int
    overrides: tuple[str, ...] = ()
    images: tuple[int, ...] | None = None
    masked: tuple[str, ...] | None = None
    at_least: float | None = None
    rounds: int = 7
    sees_by_vgg: bool = False

    def job(self, place: Path, **changes: Any) -> Job:
        """Return the recipe of its training, with changes of the training; learning rates stay as they are."""
        text, file = find_suite(self.suite).read_text(), f"{self.suite}.yaml"
        seen = (random_vgg(place),) if self.sees_by_vgg else ()
        plan = make_plan(read_suite(text, file, self.scale, ("seeds=1", *self.overrides, *seen)))
        named = next(one.job for one in plan.arms if (one.experiment, one.level) == (self.experiment, 0))
        found = plan.job(named).job
        update = {"schedule": None, **changes}
        return found.model_copy(update={"training": found.training.model_copy(update=update)})


SMALL_TASKS = {
    "dcgan": Task("DCGAN of the demo, 8 px", "demo", "small", "dcgan", 50, at_least=1.5),
    "resnet_vae": Task("small ResNet-VAE of kalibhat2021", "kalibhat2021", "small", "resnet_vae", 20, at_least=1.5),
    "sngan": Task(
        "small SNGAN of chen2021, 8 px", "chen2021", "small", "sngan", 15, masked=("generator",), at_least=1.5
    ),
    "cyclegan": Task("small CycleGAN of chen2021, 8 px", "chen2021", "small", "cyclegan", 15, at_least=1.5),
    "gfmn": Task("small GFMN of the demo, 8 px", "demo", "small", "gfmn", 15, at_least=1.5),
}
"""What trains on a processor in minutes. Chen et al. (2021) prune the generator, so SNGAN's is masked."""

SMALL_CYCLEGAN = (
    "experiments.cyclegan.dataset.image_size=128",
    "experiments.cyclegan.training.augmentation.enlarge=143",
)
FEW_IMAGES = ("experiments.sngan.training.batch_size=4", "experiments.sngan.objective.generator_batch=8")
LARGE_TASKS = {
    "sngan": Task(
        "SNGAN of chen2021 at full size, batches of 4 and 8 in place of 64 and 128",
        *("chen2021", "paper", "sngan", 1),
        FEW_IMAGES,
        (1024, 3, 32, 32),
        ("generator",),
        rounds=3,
    ),
    "cyclegan": Task(
        "CycleGAN of chen2021 at full size, 128 px", "chen2021", "paper", "cyclegan", 1, SMALL_CYCLEGAN,
        (64, 3, 128, 128), rounds=2,
    ),
}  # fmt: skip
"""Full size, in so few steps that a processor bears it."""

GPU_TASKS = {
    "dcgan": Task(
        "DCGAN of kalibhat2021, 32 px", "kalibhat2021", "paper", "dcgan", 200, (), (50_000, 3, 32, 32), at_least=5.0
    ),
    "resnet_vae": Task(
        "ResNet-VAE of kalibhat2021, 32 px", "kalibhat2021", "paper", "resnet_vae", 200, (), (50_000, 3, 32, 32)
    ),
    "sngan": Task(
        "SNGAN of chen2021, 32 px", "chen2021", "paper", "sngan", 30, (), (50_000, 3, 32, 32), ("generator",), 3.0
    ),
    "cyclegan": Task(
        "CycleGAN of chen2021, 128 px", "chen2021", "paper", "cyclegan", 30, SMALL_CYCLEGAN, (2_400, 3, 128, 128)
    ),
    "gfmn": Task(
        "GFMN of yeo2023, 64 px",
        *("yeo2023", "paper", "gfmn", 20),
        ("experiments.gfmn.objective.average_period=null",),
        (2_048, 3, 64, 64),
        sees_by_vgg=True,
    ),
}
"""The networks of the papers as they were trained."""


@dataclass(frozen=True)
class Stocked(Workshop):
    """A workshop with images of its own in place of the data set's, where they are given."""

    task: Task | None = None
    stock: Images | None = None

    def images(self, split: str) -> Images:
        """Return one split of the job's data set, or what stands in for all of them."""
        return super().images(split) if self.stock is None else self.stock

    @cached_property
    def masks(self) -> dict[str, Tensor]:
        """Masks that leave out half of the convolutions' weights at random, by full name."""
        weights, chance = prunable_weights(self.networks(), ("conv", "conv_transpose"), ()), torch.Generator()
        chance.manual_seed(0)
        masked = None if self.task is None else self.task.masked
        return {
            name: torch.rand(weight.shape, generator=chance) >= SPARSITY
            for name, weight in weights.items()
            if masked is None or name.partition("/")[0] in masked
        }


def workshop(task: Task, device: str, place: Path, **changes: Any) -> Stocked:
    """Return what a task's training needs, with changes of the training; `place` is for what has to be a file."""
    job = task.job(place, **changes)
    domains = 2 if job.objective.name == "cyclegan" else 1
    stock = None if task.images is None else random_images(task.images, domains)
    return Stocked(job, device, cache=place, task=task, stock=stock)


def random_images(shape: tuple[int, ...], domains: int) -> Images:
    """Return random bytes [N, C, H, W], the labels telling so many domains in turn."""
    pixels = torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    return Images(pixels, torch.arange(shape[0]) % domains, "random bytes")


def random_vgg(place: Path) -> str:
    """Return the override that has GFMN see through a VGG-19 of random values, which is put into a file."""
    path = place / "vgg19_bn.pth"
    if not path.exists():
        options = ACTIVATIONS.parse(ACTIVATIONS.resolve(Selection(name="vgg19_bn")))
        network, chance = build(options).to_empty(device="cpu"), torch.Generator().manual_seed(0)  # type: ignore[arg-type]
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, generator=chance)
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
            elif isinstance(layer, nn.BatchNorm2d):
                nn.init.ones_(layer.weight)
                nn.init.zeros_(layer.bias)
        torch.save(network.state_dict(), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"experiments.gfmn.objective.activations={{name: vgg19_bn, weights: {path}, sha256: {digest}}}"
