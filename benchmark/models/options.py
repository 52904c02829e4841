"""The options of the models, free of torch."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from benchmark.schema.record import Options, PositiveInt

Scheme = Literal[
    "dcgan", "torch_default", "xavier", "normal", "signed_constant", "kaiming_normal", "normal_0_02", "orthogonal"
]
KAIMING = ("signed_constant", "kaiming_normal")
"""The schemes whose values come from a layer's fan-in."""
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


class FrozenOptions(ModelOptions):
    """What the generators have whose weights may stay as they were drawn, after Ramanujan et al. (2020).

    `fan_kept` is the fraction of a layer's inputs that a ticket keeps: the Kaiming schemes draw for so many of them.
    """

    init: Scheme = "signed_constant"
    fan_kept: Annotated[float, Field(gt=0, le=1)] = 1.0

    @model_validator(mode="after")
    def _scales(self) -> Self:
        if self.fan_kept != 1.0 and self.init not in KAIMING:
            raise ValueError(f"'fan_kept' is for {' and '.join(KAIMING)}: '{self.init}' does not go by the fan-in")
        return self


class SnganOptions(FrozenOptions):
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


class GfmnOptions(FrozenOptions):
    """The width at the output, latent size, and whether batch norms have a scale and a shift."""

    base_channels: PositiveInt = 64
    z_dim: PositiveInt = 128
    affine: bool = True


class SnganGeneratorOptions(FrozenOptions):
    """The width and latent size of `sngan`'s generator, and whether batch norms have a scale and a shift."""

    generator_channels: PositiveInt = 256
    z_dim: PositiveInt = 128
    affine: bool = True


class BigganOptions(FrozenOptions):
    """The width of both networks, the latent sizes and the classes: the settings of StudioGAN's Baby ImageNet BigGAN.

    `shared_dim` values stand for the class in all blocks. Images without classes are of one class.
    """

    base_channels: PositiveInt = 80
    z_dim: PositiveInt = 100
    shared_dim: PositiveInt = 128
    classes: PositiveInt = 1
    attention: bool = True
    init: Scheme = "orthogonal"
