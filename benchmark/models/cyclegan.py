"""CycleGAN (Zhu et al. 2017, section 7.2) as Chen et al. (2021) trained it: two generators, two discriminators.

A generator is two halvings by convolution, residual blocks, two doublings by transposed convolution, and tanh, with
instance normalization and reflections at the borders. Unlike the original, whose norms learn nothing, the norms in
their code scale and shift, but for those at the full width that blocks are added to: the second halving's and each
block's last. A discriminator judges patches of 70x70 and averages its answers to one; its norms scale and shift.

At 3 channels, whatever the size, a generator has 11,383,555 parameters, 11,372,928 of them weights of convolutions,
and a discriminator 2,766,529. A discriminator of images smaller than 32x32 halves them less often: down to 4x4.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from benchmark.models.options import CycleganOptions
from benchmark.models.residual import Residual, SpatialMean
from benchmark.models.sides import patch_halvings
from benchmark.networks import Networks

Shape = tuple[int, int, int]


def build(options: CycleganOptions, shape: Shape) -> Networks:
    """Return generators [N, *shape] -> [N, *shape] in -1..1 and discriminators [N, *shape] -> [N, 1].

    ValueError for a shape that the layers do not fit.
    """
    components: dict[str, nn.Module] = {}
    for name in ("generator_ab", "generator_ba"):
        components[name] = generator(shape[0], options)
    for name in ("discriminator_a", "discriminator_b"):
        components[name] = discriminator(shape, options.base_channels)
    return Networks(components, inputs=dict.fromkeys(components, shape))


class Reflection(nn.Module):
    """As many pixels beyond each border as reflections."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, C, H + 2 size, W + 2 size]."""
        if not x.is_cuda:
            return pad(x, (self.size,) * 4, mode="reflect")
        for axis in (2, 3):  # there the gradient of torch's own is not deterministic
            before = x.narrow(axis, 1, self.size).flip(axis)
            after = x.narrow(axis, x.shape[axis] - 1 - self.size, self.size).flip(axis)
            x = torch.cat([before, x, after], axis)
        return x


def generator(channels: int, options: CycleganOptions) -> nn.Sequential:
    """Return a network from images to images [N, channels, H, W] in -1..1."""
    base = options.base_channels
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        reflection=Reflection(3),
        conv0=nn.Conv2d(channels, base, 7),
        norm0=nn.InstanceNorm2d(base, affine=True),
        act0=nn.ReLU(),
        conv1=nn.Conv2d(base, 2 * base, 3, stride=2, padding=1),
        norm1=nn.InstanceNorm2d(2 * base, affine=True),
        act1=nn.ReLU(),
        conv2=nn.Conv2d(2 * base, 4 * base, 3, stride=2, padding=1),
        norm2=nn.InstanceNorm2d(4 * base),
        act2=nn.ReLU(),
    )
    for number in range(options.blocks):
        layers[f"block{number}"] = _block(4 * base)
    for number, width in ((3, 2 * base), (4, base)):
        layers[f"conv{number}"] = nn.ConvTranspose2d(2 * width, width, 3, stride=2, padding=1, output_padding=1)
        layers[f"norm{number}"] = nn.InstanceNorm2d(width, affine=True)
        layers[f"act{number}"] = nn.ReLU()
    layers["last_reflection"] = Reflection(3)
    layers["conv5"] = nn.Conv2d(base, channels, 7)
    layers["tanh"] = nn.Tanh()
    return nn.Sequential(layers)


def discriminator(shape: Shape, base: int) -> nn.Sequential:
    """Return a network from images [N, *shape] to one answer [N, 1], the mean of those to its patches."""
    times = patch_halvings(shape)
    widths = [shape[0], *(base << step for step in range(times + 1))]
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for step in range(times + 1):
        stride = 2 if step < times else 1
        layers[f"conv{step}"] = nn.Conv2d(widths[step], widths[step + 1], 4, stride=stride, padding=1)
        if step:
            layers[f"norm{step}"] = nn.InstanceNorm2d(widths[step + 1], affine=True)
        layers[f"act{step}"] = nn.LeakyReLU(0.2)
    layers[f"conv{times + 1}"] = nn.Conv2d(widths[-1], 1, 4, padding=1)
    layers["mean"] = SpatialMean()
    return nn.Sequential(layers)


def _block(width: int) -> Residual:
    body: OrderedDict[str, nn.Module] = OrderedDict(
        reflection0=Reflection(1),
        conv0=nn.Conv2d(width, width, 3),
        norm0=nn.InstanceNorm2d(width, affine=True),
        act0=nn.ReLU(),
        reflection1=Reflection(1),
        conv1=nn.Conv2d(width, width, 3),
        norm1=nn.InstanceNorm2d(width),
    )
    return Residual(nn.Sequential(body), nn.Identity())
