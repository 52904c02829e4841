"""The residual block, and the two halves of the ResNet GANs of Gulrajani et al. (2017) and Miyato et al. (2018).

Both papers describe nearly one network for CIFAR-10 (the latter in Table 4), each convolution with a bias. For
other sizes too the generator starts at 4x4, and the discriminator ends at 8x8, or at half the image if that is less.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from torch import Tensor, nn

from benchmark.models.sides import SMALLEST, halvings

Wrap = Callable[[nn.Conv2d], nn.Conv2d]
"""What is done to a convolution before it is used, such as spectral normalization."""


class Residual(nn.Module):
    """`body(x) + shortcut(x)`."""

    def __init__(self, body: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.body = body
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, C', H', W']."""
        out: Tensor = self.body(x) + self.shortcut(x)
        return out


class SpatialMean(nn.Module):
    """The mean over all positions; torch's adaptive pooling has no deterministic gradient on a GPU."""

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, C]."""
        return x.mean((2, 3))


def twice_as_large() -> nn.Upsample:
    """Return the upsampling of all residual generators: nearest neighbor."""
    return nn.Upsample(scale_factor=2, mode="nearest")


def generator(shape: tuple[int, int, int], channels: int, z_dim: int, *, affine: bool = True) -> nn.Sequential:
    """Return a network from latents [N, z_dim] to images [N, *shape] in -1..1; `affine` as in `growing_body`."""
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        linear=nn.Linear(z_dim, channels * SMALLEST**2), unflatten=nn.Unflatten(1, (channels, SMALLEST, SMALLEST))
    )
    for step in range(halvings(shape)):
        layers[f"block{step}"] = _growing(channels, affine=affine)
    layers["norm"] = nn.BatchNorm2d(channels, affine=affine)
    layers["act"] = nn.ReLU()
    layers["conv"] = nn.Conv2d(channels, shape[0], 3, padding=1)
    layers["tanh"] = nn.Tanh()
    return nn.Sequential(layers)


def trunk(shape: tuple[int, int, int], channels: int, wrap: Wrap) -> OrderedDict[str, nn.Module]:
    """Return the layers of a discriminator up to its last activation: [N, *shape] -> [N, channels, H, W]."""
    shrinking = max(1, halvings(shape) - 1)
    layers: OrderedDict[str, nn.Module] = OrderedDict(block0=first_shrinking(shape[0], channels, wrap))
    for step in range(1, shrinking):
        layers[f"block{step}"] = Residual(
            _body(channels, wrap, nn.AvgPool2d(2)),
            nn.Sequential(OrderedDict(conv=wrap(nn.Conv2d(channels, channels, 1)), pool=nn.AvgPool2d(2))),
        )
    for step in range(shrinking, shrinking + 2):
        layers[f"block{step}"] = Residual(_body(channels, wrap, nn.Identity()), nn.Identity())
    layers["act"] = nn.ReLU()
    return layers


def growing_body(inputs: int, outputs: int, *, affine: bool = True) -> nn.Sequential:
    """Return the body of a block that doubles the sides; `affine` norms have a scale and a shift."""
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        norm0=nn.BatchNorm2d(inputs, affine=affine),
        act0=nn.ReLU(),
        up=twice_as_large(),
        conv0=nn.Conv2d(inputs, outputs, 3, padding=1),
        norm1=nn.BatchNorm2d(outputs, affine=affine),
        act1=nn.ReLU(),
        conv1=nn.Conv2d(outputs, outputs, 3, padding=1),
    )
    return nn.Sequential(layers)


def _growing(channels: int, *, affine: bool) -> Residual:
    shortcut = OrderedDict(up=twice_as_large(), conv=nn.Conv2d(channels, channels, 1))
    return Residual(growing_body(channels, channels, affine=affine), nn.Sequential(shortcut))


def first_shrinking(inputs: int, channels: int, wrap: Wrap) -> Residual:
    """Return a discriminator's first block, which halves the sides."""
    # no activation before the image's own convolution, and the shortcut is pooled before it is convolved
    body = OrderedDict(
        conv0=wrap(nn.Conv2d(inputs, channels, 3, padding=1)),
        act0=nn.ReLU(),
        conv1=wrap(nn.Conv2d(channels, channels, 3, padding=1)),
        pool=nn.AvgPool2d(2),
    )
    shortcut = OrderedDict(pool=nn.AvgPool2d(2), conv=wrap(nn.Conv2d(inputs, channels, 1)))
    return Residual(nn.Sequential(body), nn.Sequential(shortcut))


def _body(channels: int, wrap: Wrap, last: nn.Module) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        act0=nn.ReLU(),
        conv0=wrap(nn.Conv2d(channels, channels, 3, padding=1)),
        act1=nn.ReLU(),
        conv1=wrap(nn.Conv2d(channels, channels, 3, padding=1)),
        pool=last,
    )
    return nn.Sequential(layers)
