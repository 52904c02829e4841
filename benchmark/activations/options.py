"""The options of the activations, free of torch: which layers, whose weights, and how many values they give."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from benchmark.errors import did_you_mean
from benchmark.published import PublishedOptions
from benchmark.schema.record import Options

Shape = tuple[int, int, int]
"""Of an image: channels, height, width."""

WIDTHS = (64, 128, 256, 512, 512)
"""Channels of the five blocks of every VGG network; a pooling that halves the image comes after each."""


Layers = Annotated[tuple[str, ...], Field(min_length=1)]


class LayeredOptions(Options):
    """`layers` are given in the order of the network, whatever the order they are named in."""

    known: ClassVar[tuple[str, ...]] = ()
    layers: Layers

    @model_validator(mode="after")
    def _known_in_order(self) -> Self:
        for name in self.layers:
            if name not in self.known:
                raise ValueError(f"unknown layer '{name}'{did_you_mean(name, self.known)}")
        ordered = tuple(name for name in self.known if name in self.layers)
        if ordered != self.layers:
            raise ValueError(f"expected each once and in the order of the network: {', '.join(ordered)}")
        return self


DIGITS_SIZES = {"silu1": 16 * 16 * 16, "silu2": 32 * 8 * 8, "silu3": 64 * 4 * 4, "silu4": 64}
"""Values per layer of the classifier of the digits: channels, height and width of its three convolutions, and 64."""


class DigitsActivationsOptions(LayeredOptions):
    """The layers of the shipped classifier of the digits: three convolutions and a dense one, each after its SiLU.

    An image of 8x8 is enlarged to 16x16 by the rule that the digits are, but not rounded, so that it has a gradient.
    """

    known: ClassVar[tuple[str, ...]] = tuple(DIGITS_SIZES)
    layers: Layers = tuple(DIGITS_SIZES)

    def count(self, shape: Shape) -> int:
        """Return how many values there are for an image; ValueError unless it is gray, 8x8 or 16x16."""
        if shape not in {(1, 8, 8), (1, 16, 16)}:
            raise ValueError(f"'digits_classifier' reads images of 1x8x8 or 1x16x16, not {'x'.join(map(str, shape))}")
        return sum(DIGITS_SIZES[name] for name in self.layers)


def relus(blocks: Iterable[int]) -> tuple[str, ...]:
    """Return the names of the ReLUs after the convolutions of a VGG network, of so many a block: relu1_1, ..."""
    return tuple(f"relu{block}_{n}" for block, count in enumerate(blocks, 1) for n in range(1, count + 1))


class VggOptions(PublishedOptions, LayeredOptions):
    """A VGG network (Simonyan & Zisserman 2015) of torchvision, trained on ImageNet."""

    blocks: ClassVar[tuple[int, ...]]
    """Convolutions in each of the five blocks."""
    batch_norm: ClassVar[bool]

    @property
    def mixes_batch(self) -> bool:
        """Whether what is seen in an image depends on the others of its batch."""
        return False

    def count(self, shape: Shape) -> int:
        """Return how many values there are for an image; ValueError where the poolings leave nothing of it."""
        _, height, width = shape
        depths = [int(name.removeprefix("relu").partition("_")[0]) - 1 for name in self.layers]
        smallest = 2 ** max(depths)
        if min(height, width) < smallest:
            raise ValueError(f"'{self.layers[-1]}' needs images of {smallest}x{smallest} at least")
        return sum(WIDTHS[depth] * (height >> depth) * (width >> depth) for depth in depths)


class Vgg16Options(VggOptions):
    """VGG-16; by default the four layers of perceptual losses (Johnson et al. 2016, section 4.1)."""

    blocks: ClassVar[tuple[int, ...]] = (2, 2, 3, 3, 3)
    known: ClassVar[tuple[str, ...]] = relus(blocks)
    asset: ClassVar[str] = "vgg16"
    batch_norm: ClassVar[bool] = False
    layers: Layers = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")


class Vgg19BnOptions(VggOptions):
    """VGG-19 with batch norm; by default all 16 ReLUs after convolutions, as in GFMN (Santos et al. 2019).

    With `batch_statistics` each batch is normalized by its own mean and variance, which is what the code of Yeo et al.
    (2023) and that of Santos et al. come to by leaving the network in training mode.
    """

    blocks: ClassVar[tuple[int, ...]] = (2, 2, 4, 4, 4)
    known: ClassVar[tuple[str, ...]] = relus(blocks)
    asset: ClassVar[str] = "vgg19_bn"
    batch_norm: ClassVar[bool] = True
    layers: Layers = relus(blocks)
    batch_statistics: bool = True

    @property
    def mixes_batch(self) -> bool:
        """Whether what is seen in an image depends on the others of its batch."""
        return self.batch_statistics
