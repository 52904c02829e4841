"""The two sides of the benchmark: our training loop as a job runs it, and a textbook's, on the same task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from benchmark.environment import prepare_process
from benchmark.objectives import OBJECTIVES
from benchmark.objectives.options import CycleganOptions, GanOptions, MomentMatchingOptions, VaeOptions
from benchmark.pruning.mask import apply
from benchmark.training import Hooks, Loop, new_state
from tests.perf.tasks import Stocked, Task, workshop
from tests.perf.textbook import pictures
from tests.perf.textbook.cyclegan import CycleganTraining
from tests.perf.textbook.gan import GanTraining
from tests.perf.textbook.moment_matching import MomentMatchingTraining
from tests.perf.textbook.networks import textbook_networks
from tests.perf.textbook.vae import VaeTraining

TextbookTraining = GanTraining | VaeTraining | CycleganTraining | MomentMatchingTraining


class Side(ABC):
    """Something that trains on; several live in one process and take turns."""

    @abstractmethod
    def prepare(self) -> None:
        """Set torch as this side has it."""

    @abstractmethod
    def train(self, steps: int) -> None:
        """Make so many steps."""


class Ours(Side):
    """`Loop.run` as the training stage of a job has it."""

    def __init__(self, task: Task, device: str, place: Path, **changes: Any) -> None:
        self.device = device
        self.prepare()
        self.workshop = workshop(task, device, place, **changes)
        networks = self.workshop.networks()
        networks.load(self.workshop.initial("init"))
        weights = dict(networks.named_parameters())
        apply(self.workshop.masks, {name: weights[name].detach() for name in self.workshop.masks})
        images = self.workshop.training_images
        self.pixels, self.labels = images.pixels.to(device), images.labels
        self.state = new_state(networks, self.workshop.job.training)
        self.losses: dict[str, float] = {}
        """The mean of each loss over the last steps that the log was told of."""

    def prepare(self) -> None:
        """Set torch as `prepare_process` does for a job."""
        prepare_process(self.device)

    def train(self, steps: int) -> None:
        """Make so many steps."""
        job = self.workshop.job
        training = job.training.model_copy(update={"steps": self.state.step + steps})
        loop = Loop(self.workshop.objective, training, self.pixels, job.seed, self.workshop.masks, self.labels)
        loop.run(self.state, Hooks(self._log, lambda step, tensors: None))

    def _log(self, step: int, losses: dict[str, float]) -> None:
        self.losses = losses


class Textbook(Side):
    """A textbook's loop with so many threads and workers that load images."""

    def __init__(self, task: Task, device: str, place: Path, threads: int = 1, workers: int = 0) -> None:
        self.device, self.threads = device, threads
        self.prepare()
        torch.manual_seed(0)
        self.training = textbook_training(workshop(task, device, place), workers)

    def prepare(self) -> None:
        """Set torch as it comes, but for choosing convolutions by trying them on a GPU, as the papers' code does."""
        torch.use_deterministic_algorithms(False)
        torch.set_num_threads(self.threads)
        torch.backends.cudnn.benchmark = True

    def train(self, steps: int) -> None:
        """Make so many steps."""
        self.training.train(steps)


def textbook_training(stocked: Stocked, workers: int = 0) -> TextbookTraining:
    """Return a textbook's training of a job, from the same start weights and under the same masks."""
    job, ours = stocked.job, stocked.networks()
    ours.load(stocked.initial("init"))
    networks, options, z_dim = textbook_networks(ours, stocked.masks), OBJECTIVES.parse(job.objective), ours.z_dim or 0
    match options:
        case GanOptions():
            return GanTraining(networks, z_dim, options, job.training, _batches(stocked, workers))
        case VaeOptions():
            return VaeTraining(networks, z_dim, options, job.training, _batches(stocked, workers))
        case CycleganOptions():
            return CycleganTraining(networks, options, job.training, _batches(stocked, workers))
        case MomentMatchingOptions():
            assert stocked.sight is not None
            see, real = stocked.sight.activations, stocked.sight.real_moments
            return MomentMatchingTraining(networks["generator"], z_dim, options, job.training, see, real)
    raise ValueError(f"no textbook's loop for {job.objective.name}")


def _batches(stocked: Stocked, workers: int) -> Iterator[Any]:
    images, training = stocked.training_images, stocked.job.training
    changes = pictures.changes(training.augmentation, images.pixels.shape[-1])
    if stocked.objective.domains == 1:
        return pictures.endless(pictures.Pictures(images.pixels, changes), training.batch_size, workers)
    both = images.of("a").pixels, images.of("b").pixels
    return pictures.endless(pictures.Unpaired(*both, changes), training.batch_size, workers)
