"""STL-10 read from tiny files in its real format (`tests.datasets.formats`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.datasets.options import Stl10Options
from benchmark.datasets.stl10 import load
from benchmark.errors import MissingAssetError
from tests.datasets.formats import LABELS, LARGE, STL10_PARTS, write_stl10


@pytest.mark.parametrize(("split", "chosen"), STL10_PARTS.items())
def test_pixels_and_labels_are_those_that_were_written(tmp_path: Path, split: str, chosen: slice) -> None:
    images = load(Stl10Options(), split, write_stl10(tmp_path))
    assert np.array_equal(images.pixels.numpy(), LARGE[chosen])
    assert images.labels is not None
    assert images.labels.tolist() == LABELS[chosen].tolist()
    assert images.preparation.startswith("96x96; ")


@pytest.mark.parametrize("split", STL10_PARTS)
def test_our_reader_agrees_with_torchvisions(tmp_path: Path, split: str, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("torchvision.datasets")
    monkeypatch.setattr(datasets.STL10, "_check_integrity", lambda _self: True)
    theirs = datasets.STL10(write_stl10(tmp_path), split=split)
    ours = load(Stl10Options(), split, tmp_path)
    assert ours.labels is not None
    assert np.array_equal(ours.pixels.numpy(), theirs.data)
    assert ours.labels.tolist() == theirs.labels.tolist()


def test_32x32_is_torchvisions_resize_of_the_pictures(tmp_path: Path) -> None:
    transforms = pytest.importorskip("torchvision.transforms")
    images = load(Stl10Options(image_size=32), "train", write_stl10(tmp_path))
    pictures = [Image.fromarray(image.transpose(1, 2, 0)) for image in LARGE[STL10_PARTS["train"]]]
    wanted = np.stack([np.asarray(transforms.Resize(32)(picture)) for picture in pictures])
    assert np.array_equal(images.pixels.numpy(), wanted.transpose(0, 3, 1, 2))
    assert images.preparation.startswith("96x96 to 32x32, Pillow bilinear")


@pytest.mark.parametrize("labels", [b"", b"\x01", b"\x01\x02\x03"])
def test_images_without_a_label_each_are_refused(tmp_path: Path, labels: bytes) -> None:
    (write_stl10(tmp_path) / "stl10_binary" / "test_y.bin").write_bytes(labels)
    with pytest.raises(MissingAssetError, match=rf"test_X.bin: .* fit the {len(labels)} labels of test_y.bin"):
        load(Stl10Options(), "test", tmp_path)


@pytest.mark.parametrize("labels", [b"\x00\x01", b"\x0b\x01"])
def test_classes_that_there_are_not_are_refused(tmp_path: Path, labels: bytes) -> None:
    (write_stl10(tmp_path) / "stl10_binary" / "test_y.bin").write_bytes(labels)
    with pytest.raises(MissingAssetError, match=r"test_y.bin: has labels other than 1 to 10"):
        load(Stl10Options(), "test", tmp_path)


def test_two_empty_files_are_no_data_set(tmp_path: Path) -> None:
    folder = write_stl10(tmp_path) / "stl10_binary"
    for name in ("test_X.bin", "test_y.bin"):
        (folder / name).write_bytes(b"")
    with pytest.raises(MissingAssetError, match="0 bytes do not fit the 0 labels"):
        load(Stl10Options(), "test", tmp_path)
