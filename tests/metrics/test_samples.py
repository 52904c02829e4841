import io

import numpy as np
import pytest
import torch
from PIL import Image

from benchmark.metrics.samples import LEGIBLE, grid
from benchmark.streams import stream


def drawn(count: int, channels: int, size: int) -> torch.Tensor:
    return torch.randint(0, 255, (count, channels, size, size), dtype=torch.uint8, generator=stream(0, "grid"))


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_every_image_stands_in_its_cell_and_empty_cells_are_white(channels: int, mode: str) -> None:
    pixels = drawn(5, channels, 64)
    picture = Image.open(io.BytesIO(grid(pixels, 3)))
    assert (picture.mode, picture.size) == (mode, (3 * 65 - 1, 2 * 65 - 1))
    sheet = np.asarray(picture).reshape(2 * 65 - 1, 3 * 65 - 1, channels)
    for index, image in enumerate(pixels):
        top, left = 65 * (index // 3), 65 * (index % 3)
        cell = sheet[top : top + 64, left : left + 64]
        assert np.array_equal(cell, image.permute(1, 2, 0).numpy())
    assert (sheet[65:, 130:] == 255).all()
    assert (sheet[64] == 255).all()


def test_small_images_are_enlarged_by_repeating_pixels() -> None:
    pixels = drawn(1, 1, 8)
    sheet = np.asarray(Image.open(io.BytesIO(grid(pixels, 1))))
    assert sheet.shape == (LEGIBLE, LEGIBLE)
    assert np.array_equal(sheet[::6, ::6], pixels[0, 0].numpy())
    assert np.array_equal(sheet[5::6, 5::6], pixels[0, 0].numpy())


def test_the_same_pixels_give_the_same_bytes() -> None:
    assert grid(drawn(7, 1, 16), 4) == grid(drawn(7, 1, 16), 4)


@pytest.mark.parametrize("shape", [(0, 1, 8, 8), (2, 2, 8, 8)])
def test_what_cannot_be_shown_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="grid"):
        grid(torch.zeros(shape, dtype=torch.uint8), 2)
