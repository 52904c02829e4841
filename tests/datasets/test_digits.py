import hashlib

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch.nn import functional

from benchmark.datasets import DATASETS
from benchmark.datasets.digits import is_test, load, scaled
from benchmark.datasets.options import DigitsOptions
from benchmark.schema.record import Selection
from benchmark.table import OptionError

TRAIN_SHA256 = "f9e6881cb1614b8651ad85402404ff62a7e6da021db1d448eaa8742fc181caeb"
TEST_SHA256 = "bc487c9f012cfb95fa644690c40b2811b6db4bed7f6b1ff93cd480da322dba85"


@pytest.mark.parametrize(("split", "count", "sha256"), [("train", 1297, TRAIN_SHA256), ("test", 500, TEST_SHA256)])
def test_each_split_is_pinned_byte_for_byte(split: str, count: int, sha256: str) -> None:
    images = load(DigitsOptions(), split)
    assert images.labels is not None
    assert images.pixels.shape == (count, 1, 8, 8)
    content = images.pixels.numpy().tobytes() + images.labels.numpy().tobytes()
    assert hashlib.sha256(content).hexdigest() == sha256


def test_the_splits_share_no_image_and_hold_all_of_them() -> None:
    splits = [{image.numpy().tobytes() for image in load(DigitsOptions(), split).pixels} for split in ("train", "test")]
    assert not splits[0] & splits[1]
    assert len(splits[0] | splits[1]) == 1797


def test_every_class_gives_its_share_to_the_test_split() -> None:
    train, test = (load(DigitsOptions(), split).labels for split in ("train", "test"))
    assert train is not None
    assert test is not None
    exact = torch.bincount(torch.cat([train, test])) * 500 / 1797
    assert (torch.bincount(test) - exact).abs().max() < 1


def test_the_split_depends_on_the_images_and_not_on_their_order() -> None:
    bunch = load_digits()
    levels, labels = bunch.images.astype(np.uint8), bunch.target.astype(np.int64)
    order = np.random.default_rng(0).permutation(len(levels))
    assert np.array_equal(is_test(levels[order], labels[order]), is_test(levels, labels)[order])


def test_gray_levels_are_scaled_by_the_stated_rule() -> None:
    levels = np.arange(17, dtype=np.uint8)
    assert scaled(levels).tolist() == [int(np.floor(255 * value / 16 + 0.5)) for value in range(17)]


def test_sixteen_is_the_bilinear_doubling_of_eight() -> None:
    small, large = (load(DigitsOptions(image_size=size), "test") for size in (8, 16))
    expected = functional.interpolate(small.pixels.double(), size=(16, 16), mode="bilinear", align_corners=False)
    assert torch.equal(large.pixels, expected.round().to(torch.uint8))
    assert "bilinear" in large.preparation
    assert "bilinear" not in small.preparation


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(ValueError, match="'valid'"):
        load(DigitsOptions(), "valid")


def test_the_table_knows_the_shape_and_that_nothing_is_downloaded() -> None:
    entry = DATASETS["digits"]
    options = DATASETS.parse(DATASETS.resolve(Selection.model_validate({"name": "digits", "image_size": 16})))
    assert entry.facts["shape"](options) == entry.load()(options, "test", None).pixels.shape[1:]
    assert entry.facts["embedded"]


def test_another_image_size_is_refused() -> None:
    with pytest.raises(OptionError, match="8 or 16"):
        DATASETS.resolve(Selection.model_validate({"name": "digits", "image_size": 32}))
