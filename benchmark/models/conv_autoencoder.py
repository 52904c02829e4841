"""A convolutional autoencoder without normalization, ReLU and Tanh, as in the code of Kalibhat et al. (2021).

Their layers fit 32x32 images alone; here the number of halvings follows from the image size.
"""

from __future__ import annotations

from benchmark.models.convolution import downward, upward
from benchmark.models.options import ConvAutoencoderOptions
from benchmark.networks import Networks


def build(options: ConvAutoencoderOptions, shape: tuple[int, int, int]) -> Networks:
    """Return encoder [N, *shape] -> [N, code_channels] and decoder back to images in -1..1."""
    return Networks(
        components={
            "encoder": downward(shape, options.base_channels, options.code_channels, normalized=False),
            "decoder": upward(shape, options.base_channels, options.code_channels, normalized=False),
        },
        inputs={"encoder": shape, "decoder": (options.code_channels,)},
    )
