"""Patches of scikit-learn's photographs, against a loop over the photographs as scikit-learn gives them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_sample_image

from benchmark.datasets import DATASETS
from benchmark.datasets.options import PhotographsOptions
from benchmark.datasets.photographs import PHOTOGRAPHS, halved, is_test, load
from benchmark.errors import UsageError
from benchmark.features import EXTRACTORS
from benchmark.frechet import Moments, frechet_distance, moments
from benchmark.images import Images
from benchmark.schema.record import Selection
from benchmark.table import OptionError

SPLITS = ("train", "test")


def patches(split: str, name: str = "photographs", **options: Any) -> Images:
    chosen = DATASETS.parse(DATASETS.resolve(Selection(name=name, **options)))
    images: Images = DATASETS[name].load()(chosen, split, None)
    assert tuple(images.pixels.shape[1:]) == DATASETS[name].facts["shape"](chosen)
    assert DATASETS[name].facts["embedded"]
    if split == "train":
        assert len(images) == DATASETS[name].facts["train_images"](chosen)
    return images


def by_hand(photograph: str, split: str, color: bool) -> NDArray[np.uint8]:
    picture = Image.fromarray(load_sample_image(f"{photograph}.jpg"))
    picture = picture if color else picture.convert("L")
    found = []
    for row in range(picture.height // 16):
        for column in range(picture.width // 16):
            if ((row + column) % 4 == 0) == (split == "test"):
                box = (16 * column, 16 * row, 16 * column + 16, 16 * row + 16)
                found.append(np.atleast_3d(np.asarray(picture.crop(box))).transpose(2, 0, 1))
    return np.stack(found)


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize(("split", "count"), [("train", 780), ("test", 260)])
def test_the_patches_are_cut_as_stated(split: str, count: int, color: bool) -> None:
    wanted = [by_hand(photograph, split, color) for photograph in ("china", "flower")]
    both = patches(split, image_size=16, color=color)
    assert np.array_equal(both.pixels.numpy(), np.concatenate(wanted))
    assert both.labels is not None
    assert both.labels.tolist() == [0] * count + [1] * count


@pytest.mark.parametrize("split", ["train", "test"])
def test_one_photograph_is_its_share_of_both(split: str) -> None:
    both = patches(split, color=True)
    assert both.labels is not None
    for number, photograph in enumerate(PHOTOGRAPHS):
        one = patches(split, color=True, photograph=photograph)
        assert one.labels is not None
        assert torch.equal(one.pixels, both.pixels[both.labels == number])
        assert set(one.labels.tolist()) == {number}


def test_eight_is_the_mean_of_two_by_two_pixels_of_sixteen() -> None:
    small, large = patches("test"), patches("test", image_size=16)
    means = torch.nn.functional.avg_pool2d(large.pixels.double(), 2)
    assert torch.equal(small.pixels, (means + 0.5).floor().to(torch.uint8))
    assert "mean of 2x2" in small.preparation
    assert "mean of 2x2" not in large.preparation
    assert halved(np.full((1, 1, 2, 2), 255, dtype=np.uint8)).tolist() == [[[[255]]]]


def test_the_splits_share_no_place_and_no_patch() -> None:
    for size in (8, 16):
        seen = [{patch.numpy().tobytes() for patch in patches(split, image_size=size).pixels} for split in SPLITS]
        assert not seen[0] & seen[1]
        assert [len(each) for each in seen] == [1560, 520]


def test_test_patches_lie_all_over_a_photograph() -> None:
    chosen = is_test(26, 40)
    assert chosen.sum(axis=1).tolist() == [10] * 26
    assert set(chosen.sum(axis=0).tolist()) == {6, 7}
    assert not (chosen & np.roll(chosen, 1, axis=0))[1:].any()


def test_what_was_done_says_which_photograph_and_whether_gray() -> None:
    said = {
        patches("test", color=color, photograph=photograph).preparation
        for color in (False, True)
        for photograph in ("both", "china", "flower")
    }
    assert len(said) == 6
    assert all(("gray" in text) == ("ITU-R 601" in text) for text in said)


def test_what_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'valid'"):
        load(PhotographsOptions(), "valid", tmp_path)
    with pytest.raises(OptionError, match="8 or 16"):
        patches("train", image_size=32)
    with pytest.raises(OptionError, match="'both', 'china' or 'flower'"):
        patches("train", photograph="cat")


class TestFidOfPatches:
    """What the proxy tells apart, and what it overlooks."""

    extractor = EXTRACTORS["digits_classifier"].load()(EXTRACTORS["digits_classifier"].options(), "cpu", None)

    def moments(self, pixels: torch.Tensor) -> Moments[NDArray[Any]]:
        return moments([self.extractor(pixels).numpy()])

    def distance(self, one: torch.Tensor, other: torch.Tensor) -> float:
        a, b = self.moments(one), self.moments(other)
        return frechet_distance(a.mean, a.covariance, b.mean, b.covariance)

    @pytest.mark.parametrize("size", [8, 16])
    def test_it_orders_what_is_more_and_less_alike(self, size: int) -> None:
        train, test = (patches(split, image_size=size).pixels for split in SPLITS)
        flat = train.float().mean(dim=(2, 3), keepdim=True).round().to(torch.uint8).expand_as(train)
        near = self.distance(train, test)
        assert near < 1
        assert 10 * near < self.distance(train, flat)
        assert self.distance(train, flat) < self.distance(train, patches("train", "digits", image_size=size).pixels)

    @pytest.mark.parametrize("size", [8, 16])
    def test_it_overlooks_noise_of_ten_gray_levels(self, size: int) -> None:
        train, test = (patches(split, image_size=size).pixels for split in SPLITS)
        noise = 10 * torch.randn(train.shape, generator=torch.Generator().manual_seed(0))
        noisy = (train + noise).round().clamp(0, 255).to(torch.uint8)
        assert self.distance(train, noisy) < self.distance(train, test)

    def test_it_is_not_to_be_had_of_patches_in_color(self) -> None:
        with pytest.raises(UsageError, match="1x8x8 or 1x16x16, not 3x8x8"):
            self.extractor(patches("test", color=True).pixels)
