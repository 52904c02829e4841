"""The ResNet SNGAN of Miyato et al. (2018, Table 4): spectral normalization on every layer of the discriminator.

The widths are those that Chen et al. (2021) trained on CIFAR-10: 256 channels in the generator, 128 in the
discriminator, a sum over positions and a last layer without bias. At 3x32x32 the generator has 4,276,739 parameters,
3,742,464 of them in convolutions, and the discriminator 1,053,824. That is 5.3M together: the 6.7M that Kalibhat et
al. (2021, Table 1) print for their SNGAN are those of the paper's other network, which is `spectral_dcgan` here.

At 3x64x64 the generator has 5,511,936 weights and 5,523,715 parameters, as in the code of Yeo et al. (2023), who print
5.7M. Their code has its own discriminator for 64x64, but uses none.
"""

from __future__ import annotations

from torch import Tensor, nn

from benchmark.models.options import SnganGeneratorOptions, SnganOptions
from benchmark.models.residual import generator, trunk
from benchmark.models.spectral_norm import spectral_norm
from benchmark.networks import Networks


class SpatialSum(nn.Module):
    """The sum over all positions."""

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, C]."""
        return x.sum((2, 3))


def build(options: SnganOptions, shape: tuple[int, int, int]) -> Networks:
    """Return generator [N, z_dim] -> [N, *shape] and discriminator [N, *shape] -> [N, 1]."""
    layers = trunk(shape, options.discriminator_channels, spectral_norm)
    layers["sum"] = SpatialSum()
    layers["linear"] = spectral_norm(nn.Linear(options.discriminator_channels, 1, bias=False))
    return Networks(
        components={
            "generator": generator(shape, options.generator_channels, options.z_dim),
            "discriminator": nn.Sequential(layers),
        },
        z_dim=options.z_dim,
        inputs={"generator": (options.z_dim,), "discriminator": shape},
    )


def build_generator(options: SnganGeneratorOptions, shape: tuple[int, int, int]) -> Networks:
    """Return the generator of `build` alone, for objectives without a discriminator."""
    return Networks(
        components={"generator": generator(shape, options.generator_channels, options.z_dim, affine=options.affine)},
        z_dim=options.z_dim,
        inputs={"generator": (options.z_dim,)},
    )
