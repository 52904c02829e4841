"""The family of models: `build(options, shape) -> Networks` for images of shape (channels, height, width).

Members are built by `benchmark.models.construction`, and their weights set by `benchmark.models.initialization`.
Facts: `components`, the names of the networks.
"""

from benchmark.models.options import (
    ConvAutoencoderOptions,
    ConvVaeOptions,
    DcganOptions,
    LinearAutoencoderOptions,
)
from benchmark.table import Entry, Table

MODELS = Table(
    "models",
    {
        "dcgan": Entry(
            "benchmark.models.dcgan:build",
            DcganOptions,
            "strided convolutions with batch normalization, generator against discriminator",
            facts={"components": ("generator", "discriminator")},
        ),
        "conv_autoencoder": Entry(
            "benchmark.models.conv_autoencoder:build",
            ConvAutoencoderOptions,
            "strided convolutions without normalization, to a code and back",
            facts={"components": ("encoder", "decoder")},
        ),
        "linear_autoencoder": Entry(
            "benchmark.models.linear_autoencoder:build",
            LinearAutoencoderOptions,
            "fully connected layers, to a code and back",
            facts={"components": ("encoder", "decoder")},
        ),
        "conv_vae": Entry(
            "benchmark.models.conv_vae:build",
            ConvVaeOptions,
            "convolutional encoder to a Gaussian, and the dcgan generator as decoder",
            facts={"components": ("encoder", "decoder")},
        ),
    },
)
