"""GFMN's residual generator (dos Santos et al. 2019), as Yeo et al. (2023) prune it: a generator without opponent.

Widths double back from the output: 1024-512-256-128-64 for 64x64 images, 512-256-128-64 for 32x32. As in both papers'
code the first layer has no bias, the shortcut is convolved before it is enlarged (which gives what the other order
gives, for a quarter of the work), and only the body is normalized. At 3x64x64 with 128 latents that are 12,195,520
weights in convolutions and 12,204,291 parameters. Yeo et al. print 11.0M: of the counts that their code allows only
that with 100 latents and without the shortcuts, 11,040,448, comes to as much.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise

from torch import nn

from benchmark.models.options import GfmnOptions
from benchmark.models.residual import Residual, growing_body, twice_as_large
from benchmark.models.sides import SMALLEST, halvings
from benchmark.networks import Networks


def build(options: GfmnOptions, shape: tuple[int, int, int]) -> Networks:
    """Return the generator [N, z_dim] -> [N, *shape] alone."""
    widths = [options.base_channels << step for step in reversed(range(halvings(shape) + 1))]
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        unflatten=nn.Unflatten(1, (options.z_dim, 1, 1)),
        first=nn.ConvTranspose2d(options.z_dim, widths[0], SMALLEST, bias=False),
    )
    for step, (inputs, outputs) in enumerate(pairwise(widths)):
        shortcut = OrderedDict(conv=nn.Conv2d(inputs, outputs, 1), up=twice_as_large())
        layers[f"block{step}"] = Residual(growing_body(inputs, outputs, affine=options.affine), nn.Sequential(shortcut))
    layers["norm"] = nn.BatchNorm2d(widths[-1], affine=options.affine)
    layers["act"] = nn.ReLU()
    layers["conv"] = nn.Conv2d(widths[-1], shape[0], 3, padding=1)
    layers["tanh"] = nn.Tanh()
    return Networks(
        components={"generator": nn.Sequential(layers)},
        z_dim=options.z_dim,
        inputs={"generator": (options.z_dim,)},
    )
