"""The ResNet-VAE of the first author's code of Kalibhat et al. (2021): a thin ResNet-18 with one block per stage.

At 3x32x32 it has 2,821,251 parameters, the 2.8M of their Table 1, with 32 latents. The stages follow the image size;
at 32x32 they are that code's. Convolutions have no bias but those after an upsampling, as there.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from benchmark.models.options import ResnetVaeOptions
from benchmark.models.residual import Residual, SpatialMean, twice_as_large
from benchmark.models.sides import SMALLEST, halvings
from benchmark.networks import Networks


def build(options: ResnetVaeOptions, shape: tuple[int, int, int]) -> Networks:
    """Return encoder [N, *shape] -> [N, 2 z_dim] (means, then log variances) and decoder [N, z_dim] -> [N, *shape]."""
    return Networks(
        components={"encoder": _encoder(options, shape), "decoder": _decoder(options, shape)},
        z_dim=options.z_dim,
        inputs={"encoder": shape, "decoder": (options.z_dim,)},
    )


def _encoder(options: ResnetVaeOptions, shape: tuple[int, int, int]) -> nn.Sequential:
    times, base = halvings(shape), options.base_channels
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv=nn.Conv2d(shape[0], base, 3, stride=2, padding=1, bias=False), norm=nn.BatchNorm2d(base), act=nn.ReLU()
    )
    layers["block0"] = Residual(_body(base, base), nn.Identity())
    layers["act0"] = nn.ReLU()
    for step in range(times):
        before, after = base << step, base << (step + 1)
        shortcut = OrderedDict(
            conv=nn.Conv2d(before, after, 1, stride=2, bias=False),
            norm=nn.BatchNorm2d(after),
        )
        layers[f"block{step + 1}"] = Residual(_body(before, after, stride=2), nn.Sequential(shortcut))
        layers[f"act{step + 1}"] = nn.ReLU()
    layers["mean"] = SpatialMean()
    layers["linear"] = nn.Linear(base << times, 2 * options.z_dim)
    return nn.Sequential(layers)


def _decoder(options: ResnetVaeOptions, shape: tuple[int, int, int]) -> nn.Sequential:
    times, base = halvings(shape), options.base_channels
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        linear=nn.Linear(options.z_dim, base << times),
        unflatten=nn.Unflatten(1, (base << times, 1, 1)),
        up=nn.Upsample(scale_factor=SMALLEST, mode="nearest"),
    )
    for step in range(times):
        before, after = base << (times - step), base << (times - step - 1)
        layers[f"block{step}"] = _growing(before, after)
        layers[f"act{step}"] = nn.ReLU()
    layers[f"block{times}"] = Residual(_body(base, base), nn.Identity())
    layers[f"act{times}"] = nn.ReLU()
    layers["conv"] = nn.Conv2d(base, shape[0], 3, padding=1)
    layers["tanh"] = nn.Tanh()
    return nn.Sequential(layers)


def _body(before: int, after: int, stride: int = 1) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv0=nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False),
        norm0=nn.BatchNorm2d(after),
        act0=nn.ReLU(),
        conv1=nn.Conv2d(after, after, 3, padding=1, bias=False),
        norm1=nn.BatchNorm2d(after),
    )
    return nn.Sequential(layers)


def _growing(before: int, after: int) -> Residual:
    body: OrderedDict[str, nn.Module] = OrderedDict(
        conv0=nn.Conv2d(before, before, 3, padding=1, bias=False),
        norm0=nn.BatchNorm2d(before),
        act0=nn.ReLU(),
        up=twice_as_large(),
        conv1=nn.Conv2d(before, after, 3, padding=1),
        norm1=nn.BatchNorm2d(after),
    )
    shortcut: OrderedDict[str, nn.Module] = OrderedDict(
        up=twice_as_large(), conv=nn.Conv2d(before, after, 3, padding=1), norm=nn.BatchNorm2d(after)
    )
    return Residual(nn.Sequential(body), nn.Sequential(shortcut))
