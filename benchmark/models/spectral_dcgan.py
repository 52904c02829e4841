"""The convolutional SNGAN of Miyato et al. (2018, Table 3), with or without its spectral normalization.

At 3x32x32 it has 6,748,228 parameters with their 128 latents and 6,518,852 with 100, as DCGAN has. Kalibhat et al.
(2021, Table 1) print 6.7M for SNGAN and 6.5M for DCGAN and WGAN without describing them: this network explains all
three, though that it is theirs is our inference. The first author's public DCGAN has 5,530,884 (`dcgan`), and their
Table 2 says 5,651,584.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from benchmark.models.options import SpectralDcganOptions
from benchmark.models.sides import SMALLEST, halvings
from benchmark.models.spectral_norm import Layer, spectral_norm
from benchmark.networks import Networks

SLOPE = 0.1


def build(options: SpectralDcganOptions, shape: tuple[int, int, int]) -> Networks:
    """Return generator [N, z_dim] -> [N, *shape] and discriminator [N, *shape] -> [N, 1]."""
    return Networks(
        components={"generator": _generator(options, shape), "discriminator": _discriminator(options, shape)},
        z_dim=options.z_dim,
        inputs={"generator": (options.z_dim,), "discriminator": shape},
    )


def _generator(options: SpectralDcganOptions, shape: tuple[int, int, int]) -> nn.Sequential:
    times = halvings(shape)
    widths = [options.base_channels << step for step in reversed(range(times + 1))]
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        linear=nn.Linear(options.z_dim, widths[0] * SMALLEST**2),
        unflatten=nn.Unflatten(1, (widths[0], SMALLEST, SMALLEST)),
    )
    for step in range(times):
        layers[f"conv{step}"] = nn.ConvTranspose2d(widths[step], widths[step + 1], 4, stride=2, padding=1)
        layers[f"norm{step}"] = nn.BatchNorm2d(widths[step + 1])
        layers[f"act{step}"] = nn.ReLU()
    layers[f"conv{times}"] = nn.Conv2d(widths[-1], shape[0], 3, padding=1)
    layers["tanh"] = nn.Tanh()
    return nn.Sequential(layers)


def _discriminator(options: SpectralDcganOptions, shape: tuple[int, int, int]) -> nn.Sequential:
    def wrap(layer: Layer) -> Layer:
        return spectral_norm(layer) if options.spectral else layer

    times = halvings(shape)
    widths = [shape[0], *(options.base_channels << step for step in range(times + 1))]
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for step in range(times):
        before, after = widths[step : step + 2]
        layers[f"conv{step}"] = wrap(nn.Conv2d(before, after, 3, padding=1))
        layers[f"act{step}"] = nn.LeakyReLU(SLOPE)
        layers[f"shrink{step}"] = wrap(nn.Conv2d(after, after, 4, stride=2, padding=1))
        layers[f"shrink_act{step}"] = nn.LeakyReLU(SLOPE)
    layers[f"conv{times}"] = wrap(nn.Conv2d(widths[-2], widths[-1], 3, padding=1))
    layers[f"act{times}"] = nn.LeakyReLU(SLOPE)
    layers["flatten"] = nn.Flatten()
    layers["linear"] = wrap(nn.Linear(widths[-1] * SMALLEST**2, 1))
    return nn.Sequential(layers)
