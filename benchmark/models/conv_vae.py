"""A convolutional VAE (Kingma & Welling 2014) whose decoder is the generator of `dcgan`, so that tickets can move."""

from __future__ import annotations

from benchmark.models.convolution import downward, upward
from benchmark.models.options import ConvVaeOptions
from benchmark.networks import Networks


def build(options: ConvVaeOptions, shape: tuple[int, int, int]) -> Networks:
    """Return encoder [N, *shape] -> [N, 2 z_dim] (means, then log variances) and decoder [N, z_dim] -> [N, *shape]."""
    return Networks(
        components={
            "encoder": downward(shape, options.base_channels, 2 * options.z_dim, normalized=True),
            "decoder": upward(shape, options.base_channels, options.z_dim, normalized=True),
        },
        z_dim=options.z_dim,
        inputs={"encoder": shape, "decoder": (options.z_dim,)},
    )
