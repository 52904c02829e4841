"""The options of the models, free of torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchmark.schema.record import Options, PositiveInt

Scheme = Literal["dcgan", "torch_default", "xavier", "normal"]
Activation = Literal["relu", "leaky_relu"]


class ModelOptions(Options):
    """What every model has: how its weights are first drawn (`benchmark.models.initialization`)."""

    init: Scheme = "torch_default"


class DcganOptions(ModelOptions):
    """Width, latent size, and the discriminator's activation (ReLU in the code of Kalibhat et al. 2021)."""

    base_channels: PositiveInt = 128
    z_dim: PositiveInt = 32
    activation: Activation = "relu"
    init: Scheme = "dcgan"


class ConvAutoencoderOptions(ModelOptions):
    """Width, and the number of values an image is encoded into."""

    base_channels: PositiveInt = 32
    code_channels: PositiveInt = 512


class LinearAutoencoderOptions(ModelOptions):
    """The encoder's layer widths, from the one after the pixels to the code; the decoder mirrors them."""

    widths: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (128, 64, 12, 3)


class ConvVaeOptions(ModelOptions):
    """Width and latent size; with those of a `dcgan` the decoder is its generator's twin."""

    base_channels: PositiveInt = 128
    z_dim: PositiveInt = 32


class PoolingAutoencoderOptions(ModelOptions):
    """Width: the channels after the first layer."""

    base_channels: PositiveInt = 32


class SpatialVaeOptions(ModelOptions):
    """Width, and the channels of the latent feature map."""

    base_channels: PositiveInt = 256
    latent_channels: PositiveInt = 32


class ResnetVaeOptions(ModelOptions):
    """Width after the first layer, and latent size."""

    base_channels: PositiveInt = 32
    z_dim: PositiveInt = 32


class SnganOptions(ModelOptions):
    """The two widths and the latent size."""

    generator_channels: PositiveInt = 256
    discriminator_channels: PositiveInt = 128
    z_dim: PositiveInt = 128
    init: Scheme = "xavier"


class ResnetDcganOptions(ModelOptions):
    """The width of both networks and the latent size."""

    base_channels: PositiveInt = 128
    z_dim: PositiveInt = 100
    init: Scheme = "xavier"


class SpectralDcganOptions(ModelOptions):
    """The discriminator's first width, latent size, and whether its layers are normalized by their spectral norm."""

    base_channels: PositiveInt = 64
    z_dim: PositiveInt = 128
    spectral: bool = True
    init: Scheme = "dcgan"


class CycleganOptions(ModelOptions):
    """The width after a network's first layer, and the residual blocks of a generator (9 for 256x256 images)."""

    base_channels: PositiveInt = 64
    blocks: PositiveInt = 9
    init: Scheme = "normal"
