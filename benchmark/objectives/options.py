"""The options of the objectives, free of torch."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from benchmark.activations import ACTIVATIONS
from benchmark.schema.record import Fraction, Options, PositiveInt, Resolved


def _chosen(value: Any) -> Any:
    found = ACTIVATIONS.choice(value)
    if found is value:
        return value
    # Of a job's identity, which a default that comes later must not change.
    return found.model_copy(update={"options": ACTIVATIONS.non_defaults(found)})


ActivationsChoice = Annotated[Resolved, BeforeValidator(_chosen)]
"""Activations as a suite names them, `{name: vgg19_bn}`: checked, with the options that are not the default ones."""


class AutoencoderOptions(Options):
    """Nothing to choose."""


class VaeOptions(Options):
    """`beta` weighs the KL term (Higgins et al. 2017); the reconstruction is the squared error summed per image."""

    beta: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    reconstruction: Literal["sum_mse"] = "sum_mse"


Weight = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class CycleganOptions(Options):
    """The weights of the cycle and identity losses, and how many generated images a discriminator's pool keeps.

    The defaults are those of the code of Chen et al. (2021). Weight 0 leaves a loss out, a pool of 0 shows new images.
    """

    cycle: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 10.0
    identity: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 5.0
    replay: Annotated[int, Field(ge=0)] = 50


class GanOptions(Options):
    """The adversarial loss, and how many discriminator updates precede each generator update.

    The Wasserstein loss needs a critic of bounded slope: by `clip`, the bound of every parameter of the discriminator
    after each update (Arjovsky et al. 2017 take 0.01), by the weight of a `gradient_penalty` (Gulrajani et al. 2017
    take 10), or by its spectral norms. Kalibhat et al. (2021) do not say which of them their WGAN has.

    The generator is updated with `generator_batch` images (null: as many as the discriminator), after
    `generator_after` of a step's discriminator updates (null: after all). The code of Chen et al. (2021) takes 128 of
    them to 64, after the first of five.
    """

    loss: Literal["non_saturating", "hinge", "wasserstein"] = "non_saturating"
    n_dis: PositiveInt = 1
    clip: Weight | None = None
    gradient_penalty: Weight | None = None
    generator_batch: PositiveInt | None = None
    generator_after: PositiveInt | None = None

    @model_validator(mode="after")
    def _within_the_step(self) -> Self:
        if self.generator_after is not None and self.generator_after > self.n_dis:
            raise ValueError(f"none comes after {self.generator_after} of a step's {self.n_dis} discriminator updates")
        return self


class MomentMatchingOptions(Options):
    """In which activations what moments are matched, and the Adam that makes moving averages of their differences.

    Santos et al. (2019) write of means; their code and that of Yeo et al. (2023) match variances too, and the defaults
    are theirs. With `average_period` the averages' learning rate goes to zero and back along a cosine in so many steps
    (as the schedule `cosine` of a training does for its own), 20 in the code of Yeo et al.
    """

    activations: ActivationsChoice
    moments: Literal["mean", "mean_and_variance"] = "mean_and_variance"
    average_lr: Weight = 1e-5
    average_betas: tuple[Fraction, Fraction] = (0.5, 0.999)
    average_period: PositiveInt | None = None
