"""A job's recipe -> the real things: networks, initial weights, images, objectives and extractors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from pathlib import Path

from torch import Tensor, nn

from benchmark.activations import ACTIVATIONS
from benchmark.activations.activations import Activations
from benchmark.activations.sight import Sight
from benchmark.artifacts import RunDir
from benchmark.batches import Batches, by_class, by_domain
from benchmark.datasets import DATASETS
from benchmark.features import EXTRACTORS
from benchmark.features.extractor import Extractor
from benchmark.images import Images, to_values
from benchmark.models import MODELS
from benchmark.models.construction import Shape, materialize
from benchmark.models.initialization import initialize
from benchmark.networks import Networks, with_shifts
from benchmark.objectives import OBJECTIVES
from benchmark.objectives.objective import Lesson, Objective
from benchmark.objectives.perception import perceptual_loss
from benchmark.pruning.shrink import remove_channels
from benchmark.schema.job import Job
from benchmark.schema.record import Options, Resolved
from benchmark.streams import stream


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
        training, images = self.job.training, None if unseen else lambda: self.training_images
        places = self.device, self.cache
        return Sight(seen_through, self._shape, training.batch_size, images, *places, layout=training.layout)

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
        return Batches(domains, size, seed, purpose="criterion data", labels=labels)

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
