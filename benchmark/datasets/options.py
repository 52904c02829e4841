"""The options of the data sets, free of torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchmark.schema.record import Options, PositiveInt


class DigitsOptions(Options):
    """Handwritten digits at their own 8x8, or doubled to 16x16."""

    image_size: Literal[8, 16] = 8

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return (1, self.image_size, self.image_size)


class MnistOptions(Options):
    """MNIST at its own 28x28, or resized."""

    image_size: PositiveInt = 28

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return (1, self.image_size, self.image_size)


class Cifar10Options(Options):
    """CIFAR-10 at its own 32x32, or resized."""

    image_size: PositiveInt = 32

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return (3, self.image_size, self.image_size)


class CelebaOptions(Options):
    """CelebA: the shorter side is scaled to `image_size` and the middle square kept.

    Kalibhat et al. (2021), in their code, take a random square at 32; the middle one is its fixed counterpart. `crop`
    takes a square of so many pixels around the middle first, which leaves more of the face: 160 in the GFMN paper
    (dos Santos et al. 2019), none in the code of Yeo et al. (2023).
    """

    image_size: PositiveInt = 32
    crop: Annotated[int, Field(ge=1, le=178)] | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return (3, self.image_size, self.image_size)
