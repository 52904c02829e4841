"""Random crops and mirror images against Pillow's, and the chance that they are drawn with."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from benchmark.augmentation import augmented
from benchmark.schema.training import Augmentation
from benchmark.streams import stream


def images(count: int, channels: int, height: int, width: int) -> Tensor:
    return torch.randint(
        0, 256, (count, channels, height, width), dtype=torch.uint8, generator=stream(0, "augmentation test")
    )


def enlarged(image: Tensor, side: int) -> Tensor:
    """An image as Pillow enlarges it, [C, side, side]."""
    values = image.permute(1, 2, 0).numpy()
    picture = Image.fromarray(values[:, :, 0] if len(image) == 1 else values)
    large = np.array(picture.resize((side, side), Image.Resampling.BICUBIC))
    return torch.from_numpy(large.reshape(side, side, -1)).permute(2, 0, 1)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("size", "side"), [(8, 9), (16, 18), (32, 36)])
def test_every_image_is_a_part_of_pillows_larger_one(channels: int, size: int, side: int) -> None:
    pixels = images(40, channels, size, size)
    made = augmented(pixels, Augmentation(enlarge=side, mirror=True), stream(0, "draws"))
    assert made.shape == pixels.shape
    assert made.dtype == torch.uint8
    found = set()
    for image, out in zip(pixels, made, strict=True):
        large = enlarged(image, side).int()
        places = [
            (top, left, flipped)
            for top in range(side - size + 1)
            for left in range(side - size + 1)
            for flipped in (False, True)
            if (_part(large, top, left, size, flipped) - out.int()).abs().max() <= 1  # a tie may round otherwise
        ]
        assert len(places) == 1
        found.add(places[0])
    assert {flipped for *_, flipped in found} == {False, True}
    assert {top for top, *_ in found} == {left for _, left, _ in found} == set(range(side - size + 1))


def _part(large: Tensor, top: int, left: int, size: int, flipped: bool) -> Tensor:
    part = large[:, top : top + size, left : left + size]
    return part.flip(2) if flipped else part


def test_without_a_rule_nothing_changes_and_a_mirror_alone_only_turns() -> None:
    pixels = images(30, 3, 8, 12)
    assert torch.equal(augmented(pixels, Augmentation(), stream(0, "draws")), pixels)
    turned = augmented(pixels, Augmentation(mirror=True), stream(0, "draws"))
    flips = [torch.equal(out, image.flip(2)) for image, out in zip(pixels, turned, strict=True)]
    same = [torch.equal(out, image) for image, out in zip(pixels, turned, strict=True)]
    assert all(one != other for one, other in zip(flips, same, strict=True))
    assert 5 < sum(flips) < 25


def test_the_draws_are_uniform() -> None:
    ramp = torch.arange(8, dtype=torch.uint8).repeat(8, 1)[None, None].expand(3000, 1, 8, 8)
    made = augmented(ramp.contiguous(), Augmentation(enlarge=9), stream(1, "draws"))
    starts = made[:, 0, 0, 0].bincount(minlength=2)
    assert abs(int(starts[0]) - 1500) < 4 * np.sqrt(3000 / 4)
