"""A ResNet GAN without spectral normalization: the CIFAR-10 networks of Gulrajani et al. (2017).

Kalibhat et al. (2021) name a ResNet-DCGAN with 2.2M parameters (Table 1) and neither describe it nor cite its source.
This network has 2,200,964 at 3x32x32 with the 100 latents of DCGAN (2,258,308 with 128, as in Gulrajani et al.), the
nearest published one that we found. The discriminator has no normalization, and ends in the mean over positions and
one linear layer.
"""

from __future__ import annotations

from torch import nn

from benchmark.models.options import ResnetDcganOptions
from benchmark.models.residual import SpatialMean, generator, trunk
from benchmark.networks import Networks


def build(options: ResnetDcganOptions, shape: tuple[int, int, int]) -> Networks:
    """Return generator [N, z_dim] -> [N, *shape] and discriminator [N, *shape] -> [N, 1]."""
    layers = trunk(shape, options.base_channels, lambda layer: layer)
    layers["mean"] = SpatialMean()
    layers["linear"] = nn.Linear(options.base_channels, 1)
    return Networks(
        components={
            "generator": generator(shape, options.base_channels, options.z_dim),
            "discriminator": nn.Sequential(layers),
        },
        z_dim=options.z_dim,
        inputs={"generator": (options.z_dim,), "discriminator": shape},
    )
