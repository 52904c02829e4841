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


class PhotographsOptions(Options):
    """Patches of 16x16, or made 8x8, of scikit-learn's two photographs or of one of them; gray, or in color."""

    image_size: Literal[8, 16] = 8
    color: bool = False
    photograph: Literal["both", "china", "flower"] = "both"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return (3 if self.color else 1, self.image_size, self.image_size)

    @property
    def train_images(self) -> int:
        """How many patches there are to train on: three quarters of a photograph's 26 rows of 40."""
        return 1560 if self.photograph == "both" else 780


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
    """CelebA: scaled to `image_size`, `fit` says how images higher than wide become squares.

    `crop` scales the shorter side and keeps the middle square. The first author's code of Kalibhat et al. (2021)
    scales so too, and cuts a square at a random height that is drawn anew for every epoch (`Resize(32)`,
    `RandomCrop(32)`: 32x39 to 32x32); the middle one is its fixed counterpart. `squash` scales both sides, as a
    folder of images made 32x32 beforehand would have it.

    With `crop: N` a square of N pixels around the middle is taken first, which leaves more of the face: 160 in the
    GFMN paper (dos Santos et al. 2019), none in the code of Yeo et al. (2023), which evaluates on the first 10,000
    images of the test partition: `test_images`.
    """

    image_size: PositiveInt = 32
    crop: Annotated[int, Field(ge=1, le=178)] | None = None
    fit: Literal["crop", "squash"] = "crop"
    test_images: PositiveInt | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return (3, self.image_size, self.image_size)


class Stl10Options(Options):
    """STL-10 at its own 96x96, or resized: to 32x32 in the code of Chen et al. (2021)."""

    image_size: PositiveInt = 96

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return (3, self.image_size, self.image_size)


class HeldOutOptions(Options):
    """Color images, the shorter side brought to `image_size` and the middle square taken.

    Of all images, in the order of their files, the first `test_images` are tested on. The others are trained on, or
    only `train_images` of them: all are on the device while a network is trained, at 64x64 12 KB each.
    """

    image_size: PositiveInt = 64
    test_images: PositiveInt = 10_000
    train_images: PositiveInt | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return (3, self.image_size, self.image_size)


class LsunBedroomOptions(HeldOutOptions):
    """LSUN Bedroom, whose 3,033,042 images take 37 GB at 64x64; `train_images` takes less."""


class FfhqOptions(HeldOutOptions):
    """FFHQ's thumbnails of 128x128, resized."""


class BabyImagenetOptions(Options):
    """Baby ImageNet at its own 64x64, or resized."""

    image_size: PositiveInt = 64

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return (3, self.image_size, self.image_size)


class DigitStylesOptions(Options):
    """Digits at their own 8x8, or doubled to 16x16, and the style that those of the second domain are brought into.

    Of one `domain` alone they are a data set of one domain, as any other.
    """

    style: Literal["inverted", "thick"] = "inverted"
    image_size: Literal[8, 16] = 16
    domain: Literal["both", "a", "b"] = "both"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return (1, self.image_size, self.image_size)


class UnpairedOptions(Options):
    """Images of two domains, the shorter side brought to `image_size` and the middle square taken; color or gray."""

    image_size: PositiveInt = 256
    color: bool = True

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return (3 if self.color else 1, self.image_size, self.image_size)


class Horse2zebraOptions(UnpairedOptions):
    """Horses and zebras at their own 256x256, or resized."""


class UnpairedFolderOptions(UnpairedOptions):
    """Images in `folder`, below the folder of data sets."""

    folder: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
