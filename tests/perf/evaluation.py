"""Generating images, embedding them and comparing them with others: ours against clean-fid's folder of PNG files.

Both sides have the same generator, latents and extractor, and take turns in one process. clean-fid's side is what its
documentation has people do: every image a file, `get_folder_features`, `np.mean`, `np.cov` and its own distance. What
both are compared with, the moments of another network's images, is there before. What is promised is of the whole way
of 10,000 images, generating included.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, nn

from benchmark.assembly import Workshop
from benchmark.environment import cpu_count, prepare_process
from benchmark.evaluation import EVALUATION_BLOCK, Evaluation
from benchmark.features.digits_classifier import shipped
from benchmark.features.extractor import Extractor
from benchmark.features.inception import BATCH_SIZE
from benchmark.features.resizing import clean
from benchmark.frechet import Moments
from benchmark.images import to_pixels, to_values
from benchmark.metrics.embedding import Features
from benchmark.plan import make_plan
from benchmark.streams import stream
from benchmark.suites import read_suite
from tests.perf import folder_of_images
from tests.perf.figure import Figure
from tests.perf.many_jobs import SMALL, Size
from tests.perf.rounds import untouched
from tests.perf.sides import now

SUITE = """\
format: 1
key: images
title: A DCGAN of 32-px images
seeds: 2
experiments:
  dcgan:
    dataset: {{name: cifar10}}
    model: {{name: dcgan, base_channels: {channels}}}
    objective: {{name: gan}}
    training: {{steps: 1, batch_size: 2, optimizers: {{"*": {{lr: 0.001}}}}}}
    metrics: {{sparsity: {{name: sparsity}}}}
claims: {{}}
scales: {{small: {{small: true}}}}
"""
SETTLING = 40
"""Batches after which batch norm has seen what its layers give, so that untrained networks make images of contrast."""

Network = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Task:
    """So many images in the features of a network, resized first by clean-fid's `mode` or not at all.

    Ours sees as many at a time as the extractors that come along do.
    """

    says: str
    count: int
    rounds: int
    network: Callable[[str], Network]
    mode: str | None
    dimensions: int
    batch_size: int


def digits_classifier(device: str) -> Network:
    """Return the shipped network on pixels 0..255 [B, 3, H, W]: the gray of some, 16 in a row.

    It takes next to nothing, so that what is measured is the way to it.
    """
    network, _ = shipped(device)

    def features(pixels: Tensor) -> Tensor:
        step = pixels.shape[-1] // 16 + (pixels.shape[-1] % 16 > 8)
        seen = pixels[..., step // 2 :: step, step // 2 :: step].float().mean(dim=1, keepdim=True)
        found: Tensor = network.features(to_values(seen))
        return found

    return features


def random_inception(device: str) -> Network:
    """Return clean-fid's Inception-v3, whose weights are drawn, of pixels 0..255 [B, 3, 299, 299]."""
    with folder_of_images.as_it_is():
        from cleanfid import inception_pytorch

        nothing = partial(dict[str, Tensor])
        with (
            patch.object(inception_pytorch, "load_state_dict_from_url", lambda *_, **__: nothing()),
            patch.object(nn.Module, "load_state_dict", lambda *_, **__: None),
        ):
            network: nn.Module = inception_pytorch.InceptionV3(output_blocks=[3], resize_input=False)
    chance = torch.Generator().manual_seed(0)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=chance)
    network.eval().to(device)

    def features(pixels: Tensor) -> Tensor:
        found: Tensor = network(pixels / 255.0)[0].flatten(1)
        return found

    return features


COUNT = 10_000
AT_LEAST = 5.0
HELPERS = min(12, cpu_count())
"""Processes that load images: clean-fid has twelve where nobody asks for another number."""
DIGITS = Task("the digits classifier as they are", COUNT, 3, digits_classifier, None, 64, 256)
"""Nothing is resized, so that what is left is the way by files; generating, the same for both, is most of ours."""
RESIZED = Task("the digits classifier behind 'clean' to 299 px", COUNT, 2, digits_classifier, "clean", 64, BATCH_SIZE)
INCEPTION = Task("Inception of random weights", COUNT, 2, random_inception, "clean", 2048, BATCH_SIZE)
FEW = replace(INCEPTION, count=40, rounds=1)
"""What a CPU bears: the network takes nearly all of the time, and of so few images the distance."""


def measure(place: Path, size: Size, device: str = "cpu") -> Iterator[Figure]:
    """Yield the figures of each task; on a GPU the generator is as wide as that of Kalibhat et al. (2021)."""
    tasks = (DIGITS, RESIZED, FEW) if device == "cpu" else (DIGITS, RESIZED, INCEPTION)
    with untouched():
        prepare_process(device)
        for task in tasks[:2] if size == SMALL else tasks:
            count, rounds = (300, 1) if size == SMALL else (task.count, task.rounds)
            yield from compare(Sides(task, count, device, place), rounds)


def compare(sides: Sides, rounds: int) -> Iterator[Figure]:
    """Yield ratios of times, the times and their parts, and how far the distances are from each other."""
    turns = [[side() for side in (sides.ours, sides.alone, sides.helped)] for _ in range(rounds + (rounds > 1))]
    ours, alone, helped = zip(*turns[-rounds:], strict=True)  # where there are several, the first one warms up
    yield from promised(f"{sides.count} images of 32 px, {sides.task.says}", sides.task.count, (ours, alone, helped))
    yield Figure("  but for generating", "x", ratios(alone, ours, "rest"))
    yield Figure("  ours", "s", tuple(one.whole for one in ours))
    yield Figure("    of it generating", "s", tuple(one.generating for one in ours))
    yield Figure("  clean-fid's folder", "s", tuple(one.whole for one in alone))
    yield Figure("    of it generating", "s", tuple(one.generating for one in alone))
    yield Figure(f"  clean-fid's folder, {HELPERS} processes that load", "s", tuple(one.whole for one in helped))
    off = tuple(max(abs(own.value - other.value) for other in others) for own, *others in turns)
    yield Figure("  the two distances: off by at most", "", off, target=1e-4)


def promised(says: str, count: int, sides: tuple[Sequence[Took], ...]) -> Iterator[Figure]:
    """Yield how many times as fast ours is as each of the others; of fewer than 10,000 images, as it would be of those.

    A distance takes its time once, and all that comes before it as often as there are images.
    """
    ours, *others = sides
    folder = "clean-fid's folder"
    named = (f"{says}: {folder} / ours", f"  {folder} with {HELPERS} processes that load / ours")
    for other, whole in zip(others, named, strict=True):
        if count == COUNT:
            yield Figure(whole, "x", ratios(other, ours, "whole"), at_least=AT_LEAST)
            continue
        yield Figure(whole, "x", ratios(other, ours, "whole"))
        reckoned = tuple(one.of(COUNT / count) / own.of(COUNT / count) for one, own in zip(other, ours, strict=True))
        yield Figure(f"    the same, reckoned for {COUNT} images", "x", reckoned, at_least=AT_LEAST)


def ratios(slow: Sequence[Took], fast: Sequence[Took], part: str) -> tuple[float, ...]:
    """Return how many times as fast the second was, round by round."""
    return tuple(getattr(one, part) / getattr(other, part) for one, other in zip(slow, fast, strict=True))


@dataclass(frozen=True)
class Took:
    """The distance that a side found, its seconds, and those of them in which it generated images and compared."""

    value: float
    whole: float
    generating: float
    comparing: float

    @property
    def rest(self) -> float:
        """The seconds of all that came after generating."""
        return self.whole - self.generating

    def of(self, times: float) -> float:
        """Return the seconds of so many times the images."""
        return times * (self.whole - self.comparing) + self.comparing


class Sides:
    """A generator, an extractor, what its images are compared with, and both ways to do that."""

    def __init__(self, task: Task, count: int, device: str, place: Path) -> None:
        self.task, self.count, self.device, self.place = task, count, device, place
        one, another = made_jobs(128 if device == "cuda" else 16)
        self.workshop = Workshop(one, device)
        self.weights = settled(self.workshop)
        self.network = task.network(device)
        self.extractor = Extractor(
            task.says, "", task.dimensions, str(task.mode), "", self._embed, batch_size=task.batch_size, device=device
        )
        other = Workshop(another, device)
        evaluation = Evaluation(other, settled(other))
        self.reference = self._features(evaluation).moments()

    def ours(self) -> Took:
        """Measure the distance as a job does where FID alone is asked for."""
        begun = now(self.device)
        features = self._features(Evaluation(self.workshop, self.weights))
        features.pixels()
        made = now(self.device)
        found = features.moments()
        embedded = now(self.device)
        value = found.distance(self.reference)
        ended = now(self.device)
        return Took(value, ended - begun, made - begun, ended - embedded)

    def alone(self) -> Took:
        """Measure the distance by way of files, which the process loads itself."""
        return self._by_files(workers=0)

    def helped(self) -> Took:
        """Measure the distance by way of files, which more processes load."""
        return self._by_files(HELPERS)

    def _by_files(self, workers: int) -> Took:
        begun = now(self.device)
        with TemporaryDirectory(dir=self.place) as name:
            generating = self._save(Path(name))
            found = folder_of_images.features(Path(name), self.network, self.task.mode, self.device, workers)
        mean, covariance = np.mean(found, axis=0), np.cov(found, rowvar=False)
        embedded = now(self.device)
        value = folder_of_images.distance((mean, covariance), on_host(self.reference))
        ended = now(self.device)
        return Took(value, ended - begun, generating, ended - embedded)

    @torch.no_grad()
    def _save(self, folder: Path) -> float:
        """Write the images as files; return the seconds in which they were generated."""
        networks, seconds = Evaluation(self.workshop, self.weights).networks_of("raw"), 0.0
        for first in range(0, self.count, EVALUATION_BLOCK):
            begun = now(self.device)
            chance = stream(self.workshop.job.seed, "evaluation latents", first // EVALUATION_BLOCK)
            latents = torch.randn(EVALUATION_BLOCK, networks.z_dim or 0, generator=chance).to(self.device)
            images = to_pixels(networks["generator"](latents))
            seconds += now(self.device) - begun
            folder_of_images.save(images[: self.count - first], folder, first)
        return seconds

    def _features(self, evaluation: Evaluation) -> Features:
        pixels = partial(evaluation.generate, self.count, "raw")
        return Features("features", self.count, evaluation.recall, self.extractor, pixels, keeps=False)

    def _embed(self, pixels: Tensor) -> Tensor:
        on_device = pixels.to(self.device)
        return self.network(on_device if self.task.mode is None else clean(on_device))


def made_jobs(channels: int) -> tuple[Any, Any]:
    """Return the jobs of two seeds of a DCGAN of so many channels."""
    one, another = make_plan(read_suite(SUITE.format(channels=channels), "images.yaml", "small")).jobs
    return one.job, another.job


@torch.no_grad()
def settled(workshop: Workshop) -> dict[str, Tensor]:
    """Return the weights of a generator at its initialization, with running statistics of its own."""
    networks = workshop.networks()
    networks.load(workshop.initial("init"))
    networks.train()
    for number in range(SETTLING):
        chance = stream(workshop.job.seed, "settling", number)
        networks["generator"](torch.randn(64, networks.z_dim or 0, generator=chance).to(workshop.device))
    return {f"raw/{name}": copy.deepcopy(tensor) for name, tensor in networks.state().items()}


def on_host(moments: Moments[Any]) -> tuple[Any, Any]:
    """Return mean and covariance as numpy's arrays."""
    return tuple(np.asarray(torch.as_tensor(each).cpu()) for each in (moments.mean, moments.covariance))  # type: ignore[return-value]
