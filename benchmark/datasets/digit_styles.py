"""Two styles of the digits without pairs: domain a as they are, domain b other digits, inverted or thick.

Of each class every second image, in the data set's own order, belongs to domain b: so the classes are as frequent in
both, and no image is in both. In the features of `digits_classifier` the distance of images made for domain b is a
proxy: that network has seen neither style, so the number orders networks trained on the same images and compares with
nothing else; for domain a it is what it is for the digits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d, pad

from benchmark.datasets import digits
from benchmark.datasets.options import DigitsOptions
from benchmark.images import Images

if TYPE_CHECKING:
    from benchmark.datasets.options import DigitStylesOptions

RULE = "of each class every second image in domain b"


def load(options: DigitStylesOptions, split: str, root: Path | None = None) -> Images:
    """Return one split in the data set's own order, labelled by domain, or of one domain alone; `root` is not used.

    Raises ValueError for a split other than `train` and `test`.
    """
    plain = digits.load(DigitsOptions(image_size=options.image_size), split)
    assert plain.labels is not None
    second = is_second(plain.labels)
    style, words = STYLES[options.style]
    pixels = torch.where(second[:, None, None, None], style(plain.pixels), plain.pixels)
    styled = Images(pixels, second.to(torch.int64), f"{plain.preparation}; {RULE}, {words}")
    return styled if options.domain == "both" else styled.of(options.domain)


def is_second(labels: Tensor) -> Tensor:
    """Tell which images [N] are in domain b: the second, fourth, ... of each class."""
    same = labels[:, None] == labels[None, :]
    return same.tril().sum(1) % 2 == 0


def _inverted(pixels: Tensor) -> Tensor:
    return 255 - pixels


def _thick(pixels: Tensor) -> Tensor:
    larger = max_pool2d(pad(pixels.to(torch.float32), (1, 0, 1, 0)), 2, stride=1)
    return larger.to(torch.uint8)


STYLES: Mapping[str, tuple[Callable[[Tensor], Tensor], str]] = {
    "inverted": (_inverted, "255 - v"),
    "thick": (_thick, "the largest of a pixel and its neighbors to the left, above and between"),
}
"""How the images of domain b are made of digits [N, 1, H, W], and the words for it."""
