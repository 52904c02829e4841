"""The convolutional autoencoder of the first author's code of Kalibhat et al. (2021), for 32x32 images alone.

It has 2,937,507 parameters with 3 channels (the 3M of their Table 1) and 2,936,673 with one. The feature maps have the
sides 32, 16, 10, 10, 5, 3, 2 and, on the way back, 5, 10, 18, 20, 32. `conv_autoencoder` is its like for every size.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from benchmark.models.options import PoolingAutoencoderOptions
from benchmark.models.sides import check_pooled
from benchmark.networks import Networks

CODE_SIDE = 2


def build(options: PoolingAutoencoderOptions, shape: tuple[int, int, int]) -> Networks:
    """Return encoder [N, *shape] -> [N, 64 base_channels] and decoder back to images in -1..1; ValueError but at 32."""
    check_pooled(shape)
    channels, base = shape[0], options.base_channels
    return Networks(
        components={"encoder": _encoder(channels, base), "decoder": _decoder(channels, base)},
        inputs={"encoder": shape, "decoder": (16 * base * CODE_SIDE**2,)},
    )


def _encoder(channels: int, base: int) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv0=nn.Conv2d(channels, base, 3, padding=1),
        act0=nn.ReLU(),
        conv1=nn.Conv2d(base, 2 * base, 4, stride=2, padding=1),
        act1=nn.ReLU(),
        conv2=nn.Conv2d(2 * base, 4 * base, 2, stride=2, padding=2),
        act2=nn.ReLU(),
        conv3=nn.Conv2d(4 * base, 8 * base, 3, padding=1),
        act3=nn.ReLU(),
        pool3=nn.MaxPool2d(2),
        conv4=nn.Conv2d(8 * base, 16 * base, 3, stride=2, padding=1),
        act4=nn.ReLU(),
        pool4=nn.MaxPool2d(2, stride=1),
        flatten=nn.Flatten(),
    )
    return nn.Sequential(layers)


def _decoder(channels: int, base: int) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        unflatten=nn.Unflatten(1, (16 * base, CODE_SIDE, CODE_SIDE)),
        conv0=nn.ConvTranspose2d(16 * base, 8 * base, 3, stride=2),
        act0=nn.ReLU(),
        conv1=nn.ConvTranspose2d(8 * base, 4 * base, 2, stride=2),
        act1=nn.ReLU(),
        conv2=nn.ConvTranspose2d(4 * base, 2 * base, 2, stride=2, padding=1),
        act2=nn.ReLU(),
        conv3=nn.ConvTranspose2d(2 * base, base, 5, padding=1),
        act3=nn.ReLU(),
        conv4=nn.ConvTranspose2d(base, channels, 2, stride=2, padding=4),
        tanh=nn.Tanh(),
    )
    return nn.Sequential(layers)
