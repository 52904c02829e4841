"""A fully connected autoencoder, ReLU and Tanh, as in the code of Kalibhat et al. (2021): 784-128-64-12-3 on MNIST."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from benchmark.models.options import LinearAutoencoderOptions
from benchmark.networks import Networks


def build(options: LinearAutoencoderOptions, shape: tuple[int, int, int]) -> Networks:
    """Return encoder [N, *shape] -> [N, widths[-1]] and decoder back to images in -1..1."""
    widths = (math.prod(shape), *options.widths)
    decoder = _chain(widths[::-1])
    decoder["tanh"] = nn.Tanh()
    decoder["unflatten"] = nn.Unflatten(1, shape)
    return Networks(
        components={
            "encoder": nn.Sequential(OrderedDict(flatten=nn.Flatten(), **_chain(widths))),
            "decoder": nn.Sequential(decoder),
        },
        inputs={"encoder": shape, "decoder": (widths[-1],)},
    )


def _chain(widths: Sequence[int]) -> OrderedDict[str, nn.Module]:
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for step, (before, after) in enumerate(pairwise(widths)):
        if step:
            layers[f"act{step - 1}"] = nn.ReLU()
        layers[f"linear{step}"] = nn.Linear(before, after)
    return layers
