"""A job's recipe -> the real things: networks, initial weights, images, and the subject that metrics look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmark.activations import ACTIVATIONS
from benchmark.activations.activations import Activations
from benchmark.activations.sight import Sight
from benchmark.artifacts import RunDir
from benchmark.batches import Batches, by_class, by_domain
from benchmark.datasets import DATASETS
from benchmark.errors import RunError
from benchmark.features import EXTRACTORS
from benchmark.features.extractor import Extractor
from benchmark.found import as_computed, masks_at, searched
from benchmark.images import Images, to_pixels, to_values
from benchmark.metrics.subject import Subject
from benchmark.models import MODELS
from benchmark.models.construction import Shape, materialize
from benchmark.models.initialization import initialize
from benchmark.networks import Networks, section, with_shifts
from benchmark.objectives import OBJECTIVES
from benchmark.objectives.objective import Lesson, Objective
from benchmark.objectives.perception import perceptual_loss
from benchmark.pruning.shrink import remove_channels
from benchmark.schema.job import Job
from benchmark.schema.record import Options, Resolved
from benchmark.streams import stream

EVALUATION_BLOCK = 250
"""Latents are drawn, and networks evaluated, in blocks of this size whatever the number of images."""

TRANSLATION_BLOCK = 25
"""Images that are translated at a time: they may be large, and each is translated by itself."""


@dataclass(frozen=True)
class Workshop:
    """Builds what one job needs, on one device. `data` is the folder of data sets that are not embedded.

    `channels` are the masks of a job that shrinks (`removed_channels`); without them its networks are whole. `teacher`
    are frozen networks (`benchmark.tickets.with_teacher`); without it the objective is as if there were none. One that
    is `blind`, as all are on torch's meta device, needs neither weights nor images for its objective to see through.
    """

    job: Job
    device: str = "cpu"
    data: Path | None = None
    cache: Path | None = None
    channels: Mapping[str, Tensor] = field(default_factory=dict)
    teacher: nn.ModuleDict | None = None
    blind: bool = False

    @cached_property
    def objective(self) -> Objective:
        """The job's objective."""
        chosen = OBJECTIVES.parse(self.job.objective)
        lessons = () if self.lesson is None else (self.lesson,)
        views = () if self.sight is None else (self.sight,)
        objective: Objective = OBJECTIVES[self.job.objective.name].load()(chosen, *lessons, *views)
        return objective

    @cached_property
    def lesson(self) -> Lesson | None:
        """What the objective learns from the teacher, if there is one."""
        taught = self.job.training.teacher
        if self.teacher is None or taught is None:
            return None
        teachers = dict(self.teacher.items())
        if self.perception is None or taught.perception is None:
            return Lesson(teachers, taught.weight, taught.objective)
        return Lesson(teachers, taught.weight, taught.objective, perceptual_loss(self.perception, taught.perception))

    @cached_property
    def perception(self) -> Activations | None:
        """The frozen network that images are compared with a teacher's through, if they are."""
        taught = self.job.training.teacher
        if self.teacher is None or taught is None or taught.perception is None:
            return None
        return self._sight(ACTIVATIONS.resolve(taught.perception.activations)).activations

    @cached_property
    def sight(self) -> Sight | None:
        """What the objective sees images through, if it does."""
        chosen = OBJECTIVES[self.job.objective.name].facts.get("activations")
        return None if chosen is None else self._sight(chosen(OBJECTIVES.parse(self.job.objective)))

    def _sight(self, seen_through: Resolved) -> Sight:
        unseen = self.blind or self.device == "meta"
        batch_size, images = self.job.training.batch_size, None if unseen else lambda: self.training_images
        return Sight(seen_through, self._shape, batch_size, images, self.device, self.cache)

    @property
    def _shape(self) -> Shape:
        shape: Shape = DATASETS[self.job.dataset.name].facts["shape"](DATASETS.parse(self.job.dataset))
        return shape

    @cached_property
    def training_images(self) -> Images:
        """The images that are trained on: loaded once for the training and for what its objective has to know."""
        return self.images("train")

    def images(self, split: str) -> Images:
        """Return one split of the job's data set."""
        options = DATASETS.parse(self.job.dataset)
        images: Images = DATASETS[self.job.dataset.name].load()(options, split, self.data)
        return images

    def networks(self) -> Networks:
        """Return the job's networks on the device; their values are not set."""

        def build(options: Options, shape: Shape) -> Networks:
            networks: Networks = MODELS[self.job.model.name].load()(options, shape)
            remove_channels(networks, self.channels)
            return networks

        return materialize(build, MODELS.parse(self.job.model), self._shape, self.device)

    def initial(self, name: str) -> dict[str, Tensor]:
        """Return the initial weights and buffers of a named stream.

        Each component has a stream of its own, so its weights do not depend on which others the model has.
        """
        networks = Workshop(self.job).networks()
        scheme = str(self.job.model.options["init"])
        fan_kept = getattr(MODELS.parse(self.job.model), "fan_kept", 1.0)
        for component, module in networks.components.items():
            generator = stream(self.job.seed, f"weights/{name}/{component}")
            initialize(Networks({component: module}, networks.z_dim), scheme, generator, fan_kept)
        return networks.state()

    def losses(self, networks: Networks) -> Callable[[int], tuple[Tensor, ...]]:
        """Return the losses of the objective's updates, in order, as a function of a batch's number, for criteria.

        They depend on the parameters of `networks`, in training mode, but leave its buffers alone: each call works on
        buffers of its own, so a batch's losses do not depend on those before. All updates see the same images, each
        has noise of its own, and one that a step repeats counts once. The disjoint batches that an epoch is cut into
        have an order of their own, not training's.
        """
        batches, seed = cache(partial(self._batches, networks.classes)), self.job.seed

        def losses(index: int) -> tuple[Tensor, ...]:
            images = to_values(batches().at(index))
            own = replace(networks.with_own_buffers(), labels=batches().labels_at(index))
            own.train()
            return tuple(
                update.loss(own, images, stream(seed, f"criterion noise/{update.name}", index, self.device))
                for update in self.objective.updates
            )

        return losses

    def _batches(self, classes: int) -> Batches:
        images = self.images("train")
        domains = by_domain(images.pixels.to(self.device), images.labels, self.objective.domains)
        labels = by_class(images.labels, classes)
        size, seed = self.job.training.batch_size, self.job.seed
        return Batches(domains, size, seed, purpose="criterion data").with_labels(labels)

    def extractor(self, chosen: Resolved) -> Extractor:
        """Return a feature extractor on the device."""
        extractor: Extractor = EXTRACTORS[chosen.name].load()(EXTRACTORS.parse(chosen), self.device, self.cache)
        return extractor


def removed_channels(run: RunDir, job: Job) -> dict[str, Tensor]:
    """Return the masks of the channels that a job's networks do without, once its mask is made: none without shrinking.

    They are over the scales of the whole networks.
    """
    return run.read_tensors(run.MASK) if job.shrink else {}


def training_masks(run: RunDir, job: Job) -> dict[str, Tensor]:
    """Return the masks of all that a job's training keeps at zero: nothing of it is left after shrinking."""
    return {} if job.shrink else with_shifts(run.read_tensors(run.MASK))


def make_subject(workshop: Workshop, run: RunDir, rewind: Mapping[str, Tensor], expected_kept: int) -> Subject:
    """Return a finished job as metrics see it; networks, images and extractors are made when first asked for."""
    end = run.read_tensors(run.WEIGHTS)
    evaluation = Evaluation(workshop, as_computed(run, workshop.job, end))
    return Subject(
        job_id=run.id,
        dataset=workshop.job.dataset,
        device=workshop.device,
        masks=masks_at(run, workshop.job, end),
        start=section(run.read_tensors(run.START), "raw"),
        rewind=rewind,
        expected_kept=expected_kept,
        end=section(end, "raw"),
        shrunken=workshop.job.shrink,
        networks_of=evaluation.networks_of,
        generate=evaluation.generate,
        reconstruct=evaluation.reconstruct,
        translate=evaluation.translate,
        images=evaluation.images,
        extractor=evaluation.extractor,
        store=run.write_statistics,
        recall=evaluation.recall,
        recall_data=evaluation.recall,
        log=run.read_log,
        event=run.read_event,
        searched=searched(workshop.job, workshop.networks(), end),
    )


def subject_at(subject: Subject, workshop: Workshop, run: RunDir, step: int) -> Subject:
    """Return a finished job as it was at an earlier step, of which there is a snapshot; its data are the subject's."""
    weights = run.read_tensors(run.snapshot(step))
    evaluation = Evaluation(workshop, as_computed(run, workshop.job, weights))
    return replace(
        subject,
        masks=masks_at(run, workshop.job, weights),
        end=section(weights, "raw"),
        networks_of=evaluation.networks_of,
        generate=evaluation.generate,
        reconstruct=evaluation.reconstruct,
        translate=evaluation.translate,
        store=lambda key, arrays: run.write_statistics(f"{key}_step{step:08d}", arrays),
        recall=evaluation.recall,
    )


class Evaluation:
    """Trained networks in evaluation mode; what is asked for twice is made once."""

    def __init__(self, workshop: Workshop, end: Mapping[str, Tensor]) -> None:
        self._workshop = workshop
        self._end = end
        self._networks: dict[str, Networks] = {}
        self._generated: dict[str, Tensor] = {}
        self._images: dict[str, Images] = {}
        self._extractors: dict[str, Extractor] = {}
        self._recalled: dict[str, Tensor] = {}

    def networks_of(self, weights: str) -> Networks:
        """Return the networks with raw or averaged weights; the buffers are the trained ones in both."""
        if weights not in self._networks:
            networks = self._workshop.networks()
            networks.load(section(self._end, "raw") | (section(self._end, "ema") if weights == "ema" else {}))
            networks.train(False)
            self._networks[weights] = networks
        return self._networks[weights]

    @torch.no_grad()
    def generate(self, count: int, weights: str) -> Tensor:
        """Return the first `count` images of this seed's evaluation latents, uint8 [N, C, H, W]."""
        if len(self._generated.get(weights, ())) < count:
            networks = self.networks_of(weights)
            blocks = range(-(-count // EVALUATION_BLOCK))
            generate = self._workshop.objective.generate
            if generate is None:
                raise RunError(f"objective '{self._workshop.job.objective.name}' generates no images to measure")
            made = [to_pixels(generate(networks, self._latents(block, networks))) for block in blocks]
            self._generated[weights] = torch.cat(made)
        return self._generated[weights][:count]

    @torch.no_grad()
    def reconstruct(self, pixels: Tensor, weights: str) -> Tensor:
        """Return reconstructions of uint8 images as values in -1..1."""
        networks = self.networks_of(weights)
        values = to_values(pixels.to(self._workshop.device))
        reconstruct = self._workshop.objective.reconstruct
        if reconstruct is None:
            raise RunError(f"objective '{self._workshop.job.objective.name}' reconstructs no images to measure")
        return torch.cat([reconstruct(networks, part) for part in torch.split(values, EVALUATION_BLOCK)])

    @torch.no_grad()
    def translate(self, direction: str, weights: str) -> Tensor:
        """Return the test images of a direction's first domain as those of its second, uint8 [N, C, H, W]."""
        key = f"{direction} {weights}"
        if key not in self._generated:
            networks, translate = self.networks_of(weights), self._workshop.objective.translate
            if translate is None:
                raise RunError(f"objective '{self._workshop.job.objective.name}' translates no images to measure")
            given = self.images("test").of(direction[0]).pixels.to(self._workshop.device)
            parts = torch.split(to_values(given), TRANSLATION_BLOCK)
            self._generated[key] = torch.cat([to_pixels(translate(networks, part, direction)) for part in parts])
        return self._generated[key]

    def images(self, split: str) -> Images:
        """Return one split of the job's data set."""
        if split not in self._images:
            self._images[split] = self._workshop.images(split)
        return self._images[split]

    def extractor(self, chosen: Resolved) -> Extractor:
        """Return a feature extractor."""
        key = chosen.model_dump_json()
        if key not in self._extractors:
            self._extractors[key] = self._workshop.extractor(chosen)
        return self._extractors[key]

    def recall(self, key: str, make: Callable[[], Tensor]) -> Tensor:
        """Return what was made under a key, making it the first time."""
        if key not in self._recalled:
            self._recalled[key] = make()
        return self._recalled[key]

    def _latents(self, block: int, networks: Networks) -> Tensor:
        assert networks.z_dim is not None
        generator = stream(self._workshop.job.seed, "evaluation latents", block)
        return torch.randn(EVALUATION_BLOCK, networks.z_dim, generator=generator).to(self._workshop.device)
