"""The parts of a training: optimizers, learning rates, crops and mirrors, and what is asked beside the loss."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from benchmark.schema.record import Fraction, PositiveInt, Record, Selection, Step

Moment = Annotated[int, Field(ge=0)] | Literal["end"]
"""A point of a training: after so many steps, or at its end."""


class Optimizer(Record):
    """One network's optimizer, by torch's names."""

    name: Literal["adam", "sgd"] = "adam"
    lr: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    betas: tuple[Fraction, Fraction] = (0.9, 0.999)
    momentum: Fraction = 0.0
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0


class Schedule(Record):
    """How all learning rates change: at their own size up to step `start`, from there to zero at the last step.

    They change every `every` steps: in the code of Chen et al. (2021) for CycleGAN, with those of an epoch.
    """

    name: Literal["linear"]
    start: Annotated[Step, Field(alias="from")]
    every: PositiveInt = 1


class Cosine(Record):
    """All learning rates go from their own size to zero and back along a cosine, in `period` steps, again and again.

    torch's `CosineAnnealingLR` stepped at every step does this with twice its `T_max`, which is 10 in the code of Yeo
    et al. (2023).
    """

    name: Literal["cosine"]
    period: PositiveInt


class Augmentation(Record):
    """What is done to every image that is trained on, drawn anew each time; nothing else looks at the outcome.

    It is enlarged to `enlarge` x `enlarge` pixels, of which a random part of its own size is taken, and with `mirror`
    it is turned left to right half the time. The code of Chen et al. (2021) for CycleGAN makes 286x286 of 256x256.
    """

    enlarge: PositiveInt | None = None
    mirror: bool = False


class Penalty(Record):
    """What is asked of the scales of norms beside the loss: that the sum of their absolute values is small.

    With `batch_norm_l1`, `weight` times that sum is added to the loss of every update of their component: network
    slimming (Liu et al. 2017), which You et al. (2020) train early-bird tickets with, weight 1e-4. With `proximal_l1`
    each scale moves towards zero, and no further, by `weight` times its learning rate after every optimizer step of its
    component: GAN Slimming (Wang et al. 2020), after which the scales of superfluous channels are exactly zero.

    Meant are the scales of `components` (null: all of them) but for those of `exclude`, which holds
    `component/module.path` or `component`. With `optimizer` they have one of their own beside their component's.
    """

    name: Literal["batch_norm_l1", "proximal_l1"]
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    components: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    optimizer: Optimizer | None = None


class Perception(Record):
    """How the images of two generators are compared: in `activations`, what a frozen network of that family sees.

    It is the mean `difference` of the layers of `content`, plus `style` times the mean squared difference of the Gram
    matrices, over all layers of the activations (`benchmark.objectives.perception`). Images are first enlarged to
    `enlarge` x `enlarge`, by nearest neighbors.
    """

    activations: Selection
    content: Annotated[tuple[str, ...], Field(min_length=1)]
    difference: Literal["squared", "absolute"] = "squared"
    style: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    enlarge: PositiveInt | None = None


class Teacher(Record):
    """The network of `EXPERIMENT@LEVEL` that a component learns from, beside what its objective asks of it.

    `weight` times its disagreement with the teacher is added to the component's loss, and that loss itself is taken
    times `objective`. For `kl` it is the divergence of its answers from the teacher's, as the objective defines it; for
    `perceptual` that of its images from those that the teacher makes of the same inputs, by `perception`, and two
    generators, named in a list, may learn from those of one training. The teacher is frozen and in evaluation mode,
    with its weights or (`values: ema`) their moving averages. In a job, `source` is the id of another job.
    """

    source: Annotated[str, Field(alias="from")]
    component: str | tuple[str, ...]
    at: Moment = "end"
    values: Literal["raw", "ema"] = "raw"
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    objective: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    loss: Literal["kl", "perceptual"] = "kl"
    perception: Perception | None = None

    @model_validator(mode="after")
    def _perceives(self) -> Self:
        if (self.loss == "perceptual") != (self.perception is not None):
            raise ValueError("'perception' says how a 'perceptual' loss is computed, and no other: expected both")
        return self

    @property
    def components(self) -> tuple[str, ...]:
        """The components that learn."""
        return (self.component,) if isinstance(self.component, str) else self.component
