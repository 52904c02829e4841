"""Images of two domains: styles of the digits, photographs, and folders as CycleGAN has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from benchmark.datasets import DATASETS
from benchmark.datasets.digit_styles import is_second
from benchmark.datasets.options import DigitsOptions, DigitStylesOptions
from benchmark.errors import MissingAssetError
from benchmark.images import Images
from benchmark.schema.record import Selection
from benchmark.table import OptionError
from tests.datasets.formats import write_domains

SPLITS = ("train", "test")


def load(name: str, split: str, root: Path | None = None, **options: Any) -> Images:
    chosen = DATASETS.parse(DATASETS.resolve(Selection(name=name, **options)))
    images: Images = DATASETS[name].load()(chosen, split, root)
    assert tuple(images.pixels.shape[1:]) == DATASETS[name].facts["shape"](chosen)
    assert images.labels is not None
    assert images.labels.tolist() == sorted(images.labels.tolist()) or name == "digit_styles"
    assert sorted(set(images.labels.tolist())) == list(range(DATASETS[name].facts["domains"](chosen)))
    return images


@pytest.mark.parametrize("size", [8, 16])
@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("style", ["inverted", "thick"])
def test_each_digit_is_in_one_domain_and_the_classes_are_as_frequent_in_both(size: int, split: str, style: str) -> None:
    digits = DATASETS["digits"].load()(DigitsOptions.model_validate({"image_size": size}), split)
    styled = load("digit_styles", split, image_size=size, style=style)
    assert styled.labels is not None
    a, b = (styled.labels == domain for domain in (0, 1))
    assert torch.equal(styled.pixels[a], digits.pixels[a])
    assert torch.equal(styled.of("a").pixels, digits.pixels[a])
    counts = torch.stack([digits.labels[chosen].bincount(minlength=10) for chosen in (a, b)])
    assert (counts[0] - counts[1]).abs().max() <= 1
    for label in range(10):
        assert styled.labels[digits.labels == label].tolist() == [k % 2 for k in range(int(counts[:, label].sum()))]
    ours, plain = styled.of("b").pixels[:, 0].int().numpy(), digits.pixels[b][:, 0].int().numpy()
    if style == "inverted":
        assert np.array_equal(ours, 255 - plain)
    else:
        edged = np.pad(plain, ((0, 0), (1, 0), (1, 0)))
        shifted = [edged[:, i : i + size, j : j + size] for i in (0, 1) for j in (0, 1)]
        assert np.array_equal(ours, np.max(shifted, axis=0))
    if split == "train":
        assert len(styled) == DATASETS["digit_styles"].facts["train_images"](DigitStylesOptions())
    assert styled.of("b").preparation == f"{styled.preparation}; domain b"
    for domain in ("a", "b"):
        alone = DATASETS["digit_styles"].load()(
            DigitStylesOptions.model_validate({"image_size": size, "style": style, "domain": domain}), split
        )
        assert torch.equal(alone.pixels, styled.of(domain).pixels)
        if split == "train":
            options = DigitStylesOptions.model_validate({"domain": domain})
            assert len(alone) == DATASETS["digit_styles"].facts["train_images"](options)
            assert DATASETS["digit_styles"].facts["domains"](options) == 1


def test_the_second_of_each_class_is_told_one_by_one() -> None:
    assert is_second(torch.tensor([3, 1, 3, 3, 1, 3, 0])).tolist() == [False, False, True, False, True, True, False]


def test_the_photographs_are_two_domains_too() -> None:
    images = load("photographs", "test")
    assert len(images.of("a")) == len(images.of("b")) == 260
    assert load("photographs", "test", photograph="china").labels is not None


def test_images_without_labels_have_no_domains() -> None:
    with pytest.raises(ValueError, match="no labels"):
        Images(torch.zeros(1, 1, 2, 2, dtype=torch.uint8), None, "none").of("a")


@pytest.mark.parametrize("name", ["unpaired_folder", "horse2zebra"])
@pytest.mark.parametrize("color", [True, False])
@pytest.mark.parametrize("size", [20, 16])
@pytest.mark.parametrize(("split", "counts"), [("train", (3, 4)), ("test", (2, 3))])
def test_folders_are_read_in_the_order_of_names(
    tmp_path: Path, name: str, color: bool, size: int, split: str, counts: tuple[int, int]
) -> None:
    transforms = pytest.importorskip("torchvision.transforms")
    options = {"folder": "horse2zebra"} if name == "unpaired_folder" else {}
    root = write_domains(tmp_path, "horse2zebra")
    (root / "horse2zebra" / f"{split}A" / ".hidden").write_text("no image")
    images = load(name, split, root, image_size=size, color=color, **options)
    assert (len(images.of("a")), len(images.of("b"))) == counts
    prepare = transforms.Compose([transforms.Resize(size), transforms.CenterCrop(size)])
    wanted = []
    for domain, count in zip("AB", counts, strict=True):
        for number in range(count):
            with Image.open(root / "horse2zebra" / f"{split}{domain}" / f"{number}.png") as picture:
                wanted.append(np.asarray(prepare(picture.convert("RGB" if color else "L"))).reshape(size, size, -1))
    assert np.array_equal(images.pixels.numpy(), np.stack(wanted).transpose(0, 3, 1, 2))
    assert images.preparation.startswith(f"horse2zebra, {counts[0]} and {counts[1]} images, shorter side to {size}")
    assert ("gray" in images.preparation) is not color


@pytest.mark.parametrize("folder", ["trainA", "testB"])
def test_a_folder_that_is_not_there_or_empty_is_named(tmp_path: Path, folder: str) -> None:
    root = write_domains(tmp_path, "mine")
    split = folder[:-1]
    for file in (root / "mine" / folder).iterdir():
        file.unlink()
    with pytest.raises(MissingAssetError, match=f"mine/{folder}: has no images"):
        load("unpaired_folder", split, root, folder="mine")
    (root / "mine" / folder).rmdir()
    with pytest.raises(
        MissingAssetError, match=rf"mine/{folder}: not there.*trainA, trainB, testA and testB.*--data DIR"
    ):
        load("unpaired_folder", split, root, folder="mine")


def test_a_file_that_is_no_image_is_named(tmp_path: Path) -> None:
    root = write_domains(tmp_path, "mine")
    (root / "mine" / "trainB" / "notes.txt").write_text("no image")
    with pytest.raises(MissingAssetError, match=r"trainB/notes\.txt: cannot be read as an image"):
        load("unpaired_folder", "train", root, folder="mine")
    assert len(load("unpaired_folder", "test", root, folder="mine")) == 5


@pytest.mark.parametrize("folder", ["", "..", "../mine", "/mine", "a/b", ".hidden", "a\\b"])
def test_a_folder_is_a_name_below_the_folder_of_data_sets(folder: str) -> None:
    with pytest.raises(OptionError, match="should match pattern"):
        DATASETS.resolve(Selection.model_validate({"name": "unpaired_folder", "folder": folder}))
