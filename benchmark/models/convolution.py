"""The two halves of the convolutional models, after DCGAN (Radford et al. 2016, section 3).

`downward` halves an image to 4x4 and ends in a vector; `upward` is its mirror. As in the code of Kalibhat et al.
(2021), every convolution has a bias and every hidden layer, the first one included, may be normalized.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from benchmark.models.options import Activation
from benchmark.models.sides import SMALLEST, halvings


def downward(
    shape: tuple[int, int, int], base: int, out: int, *, normalized: bool, activation: Activation = "relu"
) -> nn.Sequential:
    """Return a network from images [N, *shape] to vectors [N, out]; `base` channels after the first layer."""
    times = halvings(shape)
    widths = [shape[0], *(base << step for step in range(times))]
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for step in range(times):
        layers[f"conv{step}"] = nn.Conv2d(widths[step], widths[step + 1], 4, stride=2, padding=1)
        _add_hidden(layers, step, widths[step + 1], normalized, activation)
    layers[f"conv{times}"] = nn.Conv2d(widths[-1], out, SMALLEST)
    layers["flatten"] = nn.Flatten()
    return nn.Sequential(layers)


def upward(shape: tuple[int, int, int], base: int, z_dim: int, *, normalized: bool) -> nn.Sequential:
    """Return a network from vectors [N, z_dim] to images [N, *shape] in -1..1: `downward` mirrored."""
    times = halvings(shape)
    widths = [*(base << step for step in reversed(range(times))), shape[0]]
    layers: OrderedDict[str, nn.Module] = OrderedDict(unflatten=nn.Unflatten(1, (z_dim, 1, 1)))
    layers["conv0"] = nn.ConvTranspose2d(z_dim, widths[0], SMALLEST)
    for step in range(times):
        _add_hidden(layers, step, widths[step], normalized, "relu")
        layers[f"conv{step + 1}"] = nn.ConvTranspose2d(widths[step], widths[step + 1], 4, stride=2, padding=1)
    layers["tanh"] = nn.Tanh()
    return nn.Sequential(layers)


def _add_hidden(
    layers: OrderedDict[str, nn.Module], step: int, width: int, normalized: bool, activation: Activation
) -> None:
    if normalized:
        layers[f"norm{step}"] = nn.BatchNorm2d(width)
    layers[f"act{step}"] = nn.ReLU() if activation == "relu" else nn.LeakyReLU(0.2)
