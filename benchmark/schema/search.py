"""What a mask may cover, and how a training finds a mask over weights that stay as they are."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchmark.schema.record import Record


class Prunable(Record):
    """Which parameters a mask may cover: weights of these layer kinds, but for modules named here."""

    kinds: tuple[Literal["conv", "conv_transpose", "linear"], ...] = ("conv", "conv_transpose", "linear")
    exclude: tuple[str, ...] = ()


class Search(Record):
    """Train a score for each prunable weight of `components` (null: all of them) and none of their parameters.

    Edge-popup (Ramanujan et al. 2020), with which Yeo et al. (2023) find strong lottery tickets: in every pass a layer
    has the weights whose scores are largest in absolute value, of each layer a fraction `kept`, or of all layers
    together (`scope: global`). With `biases` those of the layers have scores as well, and as many of them are kept,
    apart from the weights; else they are whole. The first scores are drawn from U(-0.1, 0.1), or with
    `kaiming_uniform` from U(-b, b), b = 1 / sqrt(fan_in), and those of biases from U(-1, 1), as in the code of Yeo et
    al. Components without scores are trained as ever.
    """

    kept: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
    scope: Literal["layer", "global"] = "layer"
    biases: bool = False
    components: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    prunable: Prunable = Prunable()
    init: Literal["uniform", "kaiming_uniform"] = "uniform"
