"""The options of the objectives, free of torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchmark.schema.record import Options, PositiveInt


class AutoencoderOptions(Options):
    """Nothing to choose."""


class VaeOptions(Options):
    """`beta` weighs the KL term (Higgins et al. 2017); the reconstruction is the squared error summed per image."""

    beta: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    reconstruction: Literal["sum_mse"] = "sum_mse"


class GanOptions(Options):
    """The adversarial loss, and how many discriminator updates precede each generator update."""

    loss: Literal["non_saturating", "hinge"] = "non_saturating"
    n_dis: PositiveInt = 1
