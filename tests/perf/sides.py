"""The two sides of the benchmark: our training loop as a job runs it, and a textbook's, on the same task."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from benchmark.cuda_graphs import WARM_UP, CudaGraph
from benchmark.environment import prepare_process
from benchmark.objectives import OBJECTIVES
from benchmark.objectives.options import CycleganOptions, GanOptions, MomentMatchingOptions, VaeOptions
from benchmark.pruning.mask import apply
from benchmark.pruning.shrink import remove_channels
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
    """Something that trains on, on a device; several live in one process and take turns."""

    device: str

    @abstractmethod
    def prepare(self) -> None:
        """Set torch as this side has it."""

    @abstractmethod
    def train(self, steps: int) -> None:
        """Make so many steps."""

    def seconds(self, steps: int) -> float:
        """Return how long so many steps take."""
        begun = now(self.device)
        self.train(steps)
        return now(self.device) - begun


def now(device: str) -> float:
    """Return the time once the device has done all that it was asked for."""
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


class Ours(Side):
    """`Loop.run` as the training stage of a job has it, from initial weights, without the channels that are gone.

    With `graphs` a GPU's steps are recorded and replayed (`benchmark.cuda_graphs`), which a training does once.
    """

    def __init__(self, stocked: Stocked, masks: Mapping[str, Tensor], threads: int = 1, graphs: bool = False) -> None:
        self.graph = CudaGraph if graphs else None
        self.workshop, self.masks, self.threads, self.device = stocked, masks, threads, stocked.device
        self.prepare()
        networks = replace(stocked, channels={}).networks()
        networks.load(stocked.initial("init"))
        weights = dict(networks.named_parameters())
        apply(masks, {name: weights[name].detach() for name in masks})
        remove_channels(networks, stocked.channels)
        images = stocked.training_images
        self.pixels, self.labels = images.pixels.to(self.device), images.labels
        self.state = new_state(networks, stocked.job.training)
        self.losses: dict[str, float] = {}
        """The mean of each loss over the last steps that the log was told of."""

    def prepare(self) -> None:
        """Set torch as `prepare_process` does for a job, but for the threads."""
        prepare_process(self.device)
        torch.set_num_threads(self.threads)

    def train(self, steps: int) -> None:
        """Make so many steps."""
        self._run(steps, lambda: None)

    def seconds(self, steps: int) -> float:
        """Return how long so many steps take, once those are made that a recording comes after."""
        before = 0 if self.graph is None else WARM_UP + 1
        begun, last = now(self.device), self.state.step + before

        def stepped() -> None:
            nonlocal begun
            if self.state.step == last:
                begun = now(self.device)

        self._run(before + steps, stepped)
        return now(self.device) - begun

    def _run(self, steps: int, stepped: Callable[[], None]) -> None:
        job = self.workshop.job
        training = job.training.model_copy(update={"steps": self.state.step + steps})
        loop = Loop(self.workshop.objective, training, self.pixels, job.seed, self.masks, self.labels, self.graph)
        loop.run(self.state, Hooks(self._log, lambda step, tensors: None, stepped=stepped))

    def _log(self, step: int, losses: dict[str, float]) -> None:
        self.losses = losses


def ours(task: Task, device: str, place: Path, threads: int = 1, *, graphs: bool = False, **changes: Any) -> Ours:
    """Return our side of a task, with changes of its training."""
    stocked = workshop(task, device, place, **changes)
    return Ours(stocked, stocked.masks, threads, graphs)


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
        dataset: Dataset[Any] = pictures.Pictures(images.pixels, changes)
    else:
        dataset = pictures.Unpaired(images.of("a").pixels, images.of("b").pixels, changes)
    return pictures.endless(dataset, training.batch_size, workers, pinned=stocked.device == "cuda")
