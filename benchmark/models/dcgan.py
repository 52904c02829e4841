"""DCGAN (Radford et al. 2016) in the shape of Kalibhat et al. (2021): the discriminator gives one logit, no sigmoid."""

from __future__ import annotations

from benchmark.models.convolution import downward, upward
from benchmark.models.options import DcganOptions
from benchmark.networks import Networks


def build(options: DcganOptions, shape: tuple[int, int, int]) -> Networks:
    """Return generator [N, z_dim] -> [N, *shape] and discriminator [N, *shape] -> [N, 1]."""
    return Networks(
        components={
            "generator": upward(shape, options.base_channels, options.z_dim, normalized=True),
            "discriminator": downward(shape, options.base_channels, 1, normalized=True, activation=options.activation),
        },
        z_dim=options.z_dim,
        inputs={"generator": (options.z_dim,), "discriminator": shape},
    )
