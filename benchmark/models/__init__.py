"""The family of models: `build(options, shape) -> Networks` for images of shape (channels, height, width).

Members are built by `benchmark.models.construction`, and their weights set by `benchmark.models.initialization`.
Facts: `components`, the names of the networks; `check_shape(shape)`, where not every image fits the layers: it raises
ValueError for those that do not.
"""

from benchmark.models.options import (
    BigganOptions,
    ConvAutoencoderOptions,
    ConvVaeOptions,
    CycleganOptions,
    DcganOptions,
    GfmnOptions,
    LinearAutoencoderOptions,
    PoolingAutoencoderOptions,
    ResnetDcganOptions,
    ResnetVaeOptions,
    SnganGeneratorOptions,
    SnganOptions,
    SpatialVaeOptions,
    SpectralDcganOptions,
)
from benchmark.models.sides import check_pooled, halvings, latent_side, patch_halvings
from benchmark.table import Entry, Table

MODELS = Table(
    "models",
    {
        "dcgan": Entry(
            "benchmark.models.dcgan:build",
            DcganOptions,
            "strided convolutions with batch normalization, generator against discriminator",
            facts={"components": ("generator", "discriminator"), "check_shape": halvings},
        ),
        "conv_autoencoder": Entry(
            "benchmark.models.conv_autoencoder:build",
            ConvAutoencoderOptions,
            "strided convolutions without normalization, to a code and back",
            facts={"components": ("encoder", "decoder"), "check_shape": halvings},
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
            facts={"components": ("encoder", "decoder"), "check_shape": halvings},
        ),
        "pooling_autoencoder": Entry(
            "benchmark.models.pooling_autoencoder:build",
            PoolingAutoencoderOptions,
            "the autoencoder of the code of Kalibhat et al. (2021), for 32x32 images alone",
            facts={"components": ("encoder", "decoder"), "check_shape": check_pooled},
        ),
        "spatial_vae": Entry(
            "benchmark.models.spatial_vae:build",
            SpatialVaeOptions,
            "convolutional VAE whose latent is a small feature map",
            facts={"components": ("encoder", "decoder"), "check_shape": latent_side},
        ),
        "resnet_vae": Entry(
            "benchmark.models.resnet_vae:build",
            ResnetVaeOptions,
            "residual encoder to a Gaussian, and its mirror image as decoder",
            facts={"components": ("encoder", "decoder"), "check_shape": halvings},
        ),
        "sngan": Entry(
            "benchmark.models.sngan:build",
            SnganOptions,
            "residual blocks, the discriminator under spectral normalization",
            version=2,
            facts={"components": ("generator", "discriminator"), "check_shape": halvings},
        ),
        "resnet_dcgan": Entry(
            "benchmark.models.resnet_dcgan:build",
            ResnetDcganOptions,
            "residual blocks, the discriminator without any normalization",
            facts={"components": ("generator", "discriminator"), "check_shape": halvings},
        ),
        "cyclegan": Entry(
            "benchmark.models.cyclegan:build",
            CycleganOptions,
            "two generators between two domains, residual, against two discriminators of patches",
            version=2,
            facts={
                "components": ("generator_ab", "generator_ba", "discriminator_a", "discriminator_b"),
                "check_shape": patch_halvings,
            },
        ),
        "spectral_dcgan": Entry(
            "benchmark.models.spectral_dcgan:build",
            SpectralDcganOptions,
            "strided convolutions, the discriminator under spectral normalization",
            version=2,
            facts={"components": ("generator", "discriminator"), "check_shape": halvings},
        ),
        "gfmn": Entry(
            "benchmark.models.gfmn:build",
            GfmnOptions,
            "residual generator of Yeo et al. (2023), without a discriminator",
            facts={"components": ("generator",), "check_shape": halvings},
        ),
        "sngan_generator": Entry(
            "benchmark.models.sngan:build_generator",
            SnganGeneratorOptions,
            "the generator of sngan, without a discriminator",
            facts={"components": ("generator",), "check_shape": halvings},
        ),
        "biggan": Entry(
            "benchmark.models.biggan:build",
            BigganOptions,
            "class-conditional residual blocks with attention, both networks under spectral normalization",
            version=2,
            facts={"components": ("generator", "discriminator"), "check_shape": halvings},
        ),
        "biggan_generator": Entry(
            "benchmark.models.biggan:build_generator",
            BigganOptions,
            "the generator of biggan, without a discriminator",
            version=2,
            facts={"components": ("generator",), "check_shape": halvings},
        ),
    },
)
