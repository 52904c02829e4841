"""Patches of the two photographs that scikit-learn carries, `china.jpg` and `flower.jpg`, 427x640 in color.

They are a second kind of images that needs no download: other data for a ticket found on the digits, and, one
photograph each, two domains without pairs.

Of gray patches `digits_classifier` gives features, and a FID in these is a proxy. That network has learned to tell
digits apart, so the number says how far two sets of patches lie from each other in the edges and strokes it goes by:
enough to hold a ticket against its dense parent on the same patches. It does not say how real a patch looks, overlooks
what digits do not differ in (noise of ten gray levels moves it less than another draw of patches does), and can be
compared neither with a FID of digits nor with one of Inception.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

from benchmark.datasets import files
from benchmark.images import Images

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.datasets.options import PhotographsOptions

PHOTOGRAPHS = ("china", "flower")
SIDE = 16
TEST_SHARE = 4
RULE = "16x16 patches side by side, along each row every fourth to test on"
GRAY = "gray as Pillow weighs the colors (ITU-R 601)"
HALVED = "16x16 to 8x8 by the mean of 2x2, half up"


def load(options: PhotographsOptions, split: str, root: Path | None = None) -> Images:
    """Return one split, row after row of a photograph; `root` is not used, the photographs come with scikit-learn.

    A label tells the photograph by its place in `PHOTOGRAPHS`. ValueError for a split other than `train` and `test`.
    """
    files.check_split("photographs", split)
    scenes = _scenes()
    numbers = [number for number, name in enumerate(PHOTOGRAPHS) if options.photograph in ("both", name)]
    parts = [_of_split(patches(scenes[PHOTOGRAPHS[number]], options.color), split) for number in numbers]
    pixels, labels = np.concatenate(parts), np.repeat(numbers, [len(part) for part in parts])
    said = [" and ".join(PHOTOGRAPHS[number] for number in numbers), RULE, *([] if options.color else [GRAY])]
    if options.image_size < SIDE:
        pixels, said = halved(pixels), [*said, HALVED]
    return Images(torch.from_numpy(pixels), torch.from_numpy(labels.astype(np.int64)), "; ".join(said))


def patches(scene: NDArray[np.uint8], color: bool) -> NDArray[np.uint8]:
    """Cut a photograph [H, W, 3] into patches [rows, columns, C, 16, 16]; what is left over is lost."""
    values = scene if color else np.asarray(Image.fromarray(scene).convert("L"))[..., None]
    rows, columns = values.shape[0] // SIDE, values.shape[1] // SIDE
    whole = values[: rows * SIDE, : columns * SIDE].reshape(rows, SIDE, columns, SIDE, -1)
    return whole.transpose(0, 2, 4, 1, 3)


def is_test(rows: int, columns: int) -> NDArray[np.bool_]:
    """Tell which patches [rows, columns] are tested on: every fourth of a row, one further to the left in the next."""
    row, column = np.indices((rows, columns))
    chosen: NDArray[np.bool_] = (row + column) % TEST_SHARE == 0
    return chosen


def halved(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return [N, C, H/2, W/2] by `HALVED`, in integers."""
    count, channels, height, width = pixels.shape
    fours = pixels.astype(np.int64).reshape(count, channels, height // 2, 2, width // 2, 2)
    means: NDArray[np.uint8] = ((fours.sum(axis=(3, 5)) + 2) // 4).astype(np.uint8)
    return means


def _scenes() -> dict[str, NDArray[np.uint8]]:
    from sklearn.datasets import load_sample_images

    bunch = load_sample_images()
    return {Path(file).stem: image for file, image in zip(bunch.filenames, bunch.images, strict=True)}


def _of_split(cut: NDArray[np.uint8], split: str) -> NDArray[np.uint8]:
    part: NDArray[np.uint8] = cut[is_test(*cut.shape[:2]) == (split == "test")]
    return part
