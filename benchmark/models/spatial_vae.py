"""A VAE whose latent is a small feature map, as in the first author's code of Kalibhat et al. (2021).

At 3x32x32 it has 5,624,515 parameters, the 5.6M of their Table 1, and 32 latent channels at 2x2 positions: 128 latents
in all. A later state of that code has 5,713,731 with twice the layers; this one fits the paper's digits better.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from benchmark.models.options import SpatialVaeOptions
from benchmark.models.sides import latent_side
from benchmark.networks import Networks


def build(options: SpatialVaeOptions, shape: tuple[int, int, int]) -> Networks:
    """Return encoder [N, *shape] -> [N, 2 z_dim] (means, then log variances) and decoder [N, z_dim] -> [N, *shape].

    `z_dim` counts channels times positions. ValueError for images that the layers do not fit.
    """
    side = latent_side(shape)
    z_dim = options.latent_channels * side**2
    return Networks(
        components={"encoder": _encoder(options, shape), "decoder": _decoder(options, shape, side)},
        z_dim=z_dim,
        inputs={"encoder": shape, "decoder": (z_dim,)},
    )


def _encoder(options: SpatialVaeOptions, shape: tuple[int, int, int]) -> nn.Sequential:
    channels, out = options.base_channels, 2 * options.latent_channels
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv0=nn.Conv2d(shape[0], channels, 4, stride=2, padding=1),
        norm0=nn.BatchNorm2d(channels),
        act0=nn.ReLU(),
        conv1=nn.Conv2d(channels, channels, 4, stride=2, padding=1),
        norm1=nn.BatchNorm2d(channels),
        act1=nn.ReLU(),
        conv2=nn.Conv2d(channels, channels, 5),
        norm2=nn.BatchNorm2d(channels),
        act2=nn.ReLU(),
        conv3=nn.Conv2d(channels, out, 3),
        norm3=nn.BatchNorm2d(out),
        flatten=nn.Flatten(),
    )
    return nn.Sequential(layers)


def _decoder(options: SpatialVaeOptions, shape: tuple[int, int, int], side: int) -> nn.Sequential:
    channels = options.base_channels
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        unflatten=nn.Unflatten(1, (options.latent_channels, side, side)),
        conv0=nn.ConvTranspose2d(options.latent_channels, channels, 3),
        norm0=nn.BatchNorm2d(channels),
        act0=nn.ReLU(),
        conv1=nn.ConvTranspose2d(channels, channels, 5),
        norm1=nn.BatchNorm2d(channels),
        act1=nn.ReLU(),
        conv2=nn.ConvTranspose2d(channels, channels, 4, stride=2, padding=1),
        norm2=nn.BatchNorm2d(channels),
        act2=nn.ReLU(),
        conv3=nn.ConvTranspose2d(channels, shape[0], 4, stride=2, padding=1),
        tanh=nn.Tanh(),
    )
    return nn.Sequential(layers)
