"""BigGAN (Brock et al. 2019) in the settings of StudioGAN for Baby ImageNet: 64x64 images, width 80, 100 latents.

The latents come in chunks: the first makes the first map, each of the others is, beside what stands for the class, the
condition of one block's batch norms. All layers but the class embedding are under spectral normalization, so how large
their first weights are has no effect. At 3x64x64 the generator has 17,309,732 parameters with one class, the 17.31M
that Yeo et al. (2023) print for CelebA, and 17,322,404 with Baby ImageNet's 100 classes.

A latent [z_dim + classes] is all normal noise: its class is that of the largest of the last values, so that every
class is drawn equally often, and a one-hot code asks for one. With a single class there are no such values.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise

import torch
from torch import Tensor, nn

from benchmark.models.attention import SelfAttention
from benchmark.models.options import BigganOptions
from benchmark.models.residual import Residual, first_shrinking, twice_as_large
from benchmark.models.sides import SMALLEST, halvings
from benchmark.models.spectral_norm import spectral_norm
from benchmark.networks import Networks

EPSILON = 1e-4  # of the batch norms


class ConditionalBatchNorm(nn.Module):
    """Batch norm whose scales and shifts are linear in a condition, around 1 and 0."""

    def __init__(self, channels: int, conditions: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, eps=EPSILON, affine=False)
        self.scale = spectral_norm(nn.Linear(conditions, channels, bias=False))
        self.shift = spectral_norm(nn.Linear(conditions, channels, bias=False))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Map [N, C, H, W] and conditions [N, K] to [N, C, H, W]."""
        scale, shift = self.scale(condition)[..., None, None], self.shift(condition)[..., None, None]
        out: Tensor = self.norm(x) * (1.0 + scale) + shift
        return out


class GrowingBlock(nn.Module):
    """The residual block that doubles the sides, its norms under a condition."""

    def __init__(self, inputs: int, outputs: int, conditions: int) -> None:
        super().__init__()
        self.norm0 = ConditionalBatchNorm(inputs, conditions)
        self.conv0 = _conv(inputs, outputs, 3)
        self.norm1 = ConditionalBatchNorm(outputs, conditions)
        self.conv1 = _conv(outputs, outputs, 3)
        self.shortcut = _conv(inputs, outputs, 1)
        self.act = nn.ReLU()
        self.up = twice_as_large()

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Map [N, C, H, W] and conditions [N, K] to [N, C', 2 H, 2 W]."""
        inner = self.conv0(self.up(self.act(self.norm0(x, condition))))
        out: Tensor = self.conv1(self.act(self.norm1(inner, condition))) + self.shortcut(self.up(x))
        return out


class Generator(nn.Module):
    """Latents [N, z_dim], with values for the class where there are several, to images [N, *shape] in -1..1."""

    def __init__(self, options: BigganOptions, shape: tuple[int, int, int]) -> None:
        super().__init__()
        widths = generator_widths(shape, options.base_channels)
        blocks = len(widths) - 1
        chunk = options.z_dim // (blocks + 1)
        self.classes = options.classes
        self.chunks = [options.z_dim - blocks * chunk, *[chunk] * blocks]
        self.embedding = nn.Linear(options.classes, options.shared_dim, bias=False)
        self.linear = spectral_norm(nn.Linear(self.chunks[0], widths[0] * SMALLEST**2))
        self.unflatten = nn.Unflatten(1, (widths[0], SMALLEST, SMALLEST))
        self.blocks = nn.ModuleList(
            GrowingBlock(inputs, outputs, options.shared_dim + chunk) for inputs, outputs in pairwise(widths)
        )
        attends = options.attention and blocks > 1
        self.attention = SelfAttention(widths[-2], spectral_norm) if attends else nn.Identity()
        self.norm = nn.BatchNorm2d(widths[-1], eps=EPSILON)
        self.act = nn.ReLU()
        self.conv = _conv(widths[-1], shape[0], 3)
        self.tanh = nn.Tanh()

    def forward(self, latents: Tensor) -> Tensor:
        """Map latents to images."""
        first, *others = torch.split(latents[:, : sum(self.chunks)], self.chunks, dim=1)
        said = self.embedding(membership(latents, self.classes))
        x = self.unflatten(self.linear(first))
        for step, (block, chunk) in enumerate(zip(self.blocks, others, strict=True)):
            if step == len(others) - 1:
                x = self.attention(x)
            x = block(x, torch.cat([said, chunk], dim=1))
        out: Tensor = self.tanh(self.conv(self.act(self.norm(x))))
        return out


class Discriminator(nn.Module):
    """Images [N, *shape] to logits [N, 1], by projection on their class (Miyato & Koyama 2018)."""

    def __init__(self, options: BigganOptions, shape: tuple[int, int, int]) -> None:
        super().__init__()
        widths, shrinking = discriminator_widths(shape, options.base_channels)
        self.classes = options.classes
        layers: OrderedDict[str, nn.Module] = OrderedDict(block0=first_shrinking(shape[0], widths[0], spectral_norm))
        if options.attention:
            layers["attention"] = SelfAttention(widths[0], spectral_norm)
        for step, (inputs, outputs) in enumerate(pairwise(widths), start=1):
            layers[f"block{step}"] = _shrinking(inputs, outputs, step < shrinking)
        self.trunk = nn.Sequential(layers)
        self.act = nn.ReLU()
        self.linear = spectral_norm(nn.Linear(widths[-1], 1))
        self.embedding = spectral_norm(nn.Linear(options.classes, widths[-1], bias=False))

    def forward(self, images: Tensor, said: Tensor | None = None) -> Tensor:
        """Map images to logits; the last values of `said` [N, ...] tell the class as those of a latent do.

        An image of which nothing is said is of every class alike.
        """
        features = self.act(self.trunk(images)).sum((2, 3))
        shares = features.new_ones(len(features), self.classes) / self.classes
        code = self.embedding(shares if said is None else membership(said, self.classes))
        out: Tensor = self.linear(features) + (code * features).sum(1, keepdim=True)
        return out


def build(options: BigganOptions, shape: tuple[int, int, int]) -> Networks:
    """Return generator [N, z_dim] -> [N, *shape] and discriminator [N, *shape] -> [N, 1]."""
    alone = build_generator(options, shape)
    return Networks(
        components={"generator": alone["generator"], "discriminator": Discriminator(options, shape)},
        z_dim=alone.z_dim,
        inputs={**alone.inputs, "discriminator": shape},
        classes=options.classes,
    )


def build_generator(options: BigganOptions, shape: tuple[int, int, int]) -> Networks:
    """Return the generator of `build` alone, for objectives without a discriminator, which ask for no labels."""
    z_dim = options.z_dim + (options.classes if options.classes > 1 else 0)
    return Networks(components={"generator": Generator(options, shape)}, z_dim=z_dim, inputs={"generator": (z_dim,)})


def membership(values: Tensor, classes: int) -> Tensor:
    """Return [N, classes] with a one at the largest of each row's last values, which is the only one of a single class.

    A one-hot code is returned as it is.
    """
    if classes == 1:
        return values.new_ones(len(values), 1)
    chosen = values[:, -classes:].argmax(1, keepdim=True)
    return (chosen == torch.arange(classes, device=values.device)).to(values.dtype)


def generator_widths(shape: tuple[int, int, int], base: int) -> list[int]:
    """Return the widths of the generator's maps, from 4x4 to the image: StudioGAN's for 32, 64 and 128.

    Smaller images have the equal widths of 32, larger ones go on as 128 does, where StudioGAN's repeat another width.
    """
    times = halvings(shape)
    if times < 4:
        return [4 * base] * (times + 1)
    return [base * min(16, 1 << step) for step in reversed(range(times + 1))]


def discriminator_widths(shape: tuple[int, int, int], base: int) -> tuple[list[int], int]:
    """Return the widths after each of the discriminator's blocks, and how many of them halve the sides."""
    times = halvings(shape)
    if times < 4:
        shrinking = max(1, times - 1)
        return [2 * base] * (shrinking + 2), shrinking
    return [base * min(16, 1 << step) for step in range(times + 1)], times


def _conv(inputs: int, outputs: int, side: int) -> nn.Conv2d:
    return spectral_norm(nn.Conv2d(inputs, outputs, side, padding=side // 2))


def _shrinking(inputs: int, outputs: int, halves: bool) -> nn.Sequential:
    """Return a block of the discriminator: in StudioGAN its activation works in place, so the shortcut has it too."""
    body = nn.Sequential(_conv(inputs, outputs, 3), nn.ReLU(), _conv(outputs, outputs, 3))
    shortcut = nn.Sequential()
    if halves or inputs != outputs:
        shortcut.append(_conv(inputs, outputs, 1))
    if halves:
        body.append(nn.AvgPool2d(2))
        shortcut.append(nn.AvgPool2d(2))
    return nn.Sequential(nn.ReLU(), Residual(body, shortcut))
