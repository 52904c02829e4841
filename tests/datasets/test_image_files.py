"""MNIST, CIFAR-10 and CelebA read from tiny files in their real formats (`tests.datasets.formats`)."""

from __future__ import annotations

import gzip
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmark.datasets import DATASETS, resizing
from benchmark.errors import MissingAssetError
from benchmark.images import Images
from benchmark.schema.record import Selection
from tests.datasets.formats import (
    COLOR,
    GRAY,
    LABELS,
    WRITERS,
    write_celeba,
    write_cifar_binary,
    write_cifar_pickled,
    write_mnist,
)


def load(name: str, split: str, root: Path | None, **options: Any) -> Images:
    chosen = DATASETS.parse(DATASETS.resolve(Selection(name=name, **options)))
    images: Images = DATASETS[name].load()(chosen, split, root)
    assert tuple(images.pixels.shape[1:]) == DATASETS[name].facts["shape"](chosen)
    assert not DATASETS[name].facts["embedded"]
    return images


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize(("split", "chosen"), [("train", slice(0, 9)), ("test", slice(9, 13))])
def test_mnist_is_read_from_its_idx_files(tmp_path: Path, compressed: bool, split: str, chosen: slice) -> None:
    images = load("mnist", split, write_mnist(tmp_path, compressed))
    assert np.array_equal(images.pixels[:, 0].numpy(), GRAY[chosen])
    assert images.labels is not None
    assert images.labels.tolist() == LABELS[chosen].tolist()
    assert images.preparation.startswith("28x28; ")


@pytest.mark.parametrize("write", [write_cifar_binary, write_cifar_pickled])
@pytest.mark.parametrize(("split", "chosen"), [("train", slice(0, 10)), ("test", slice(10, 12))])
def test_cifar10_is_read_from_either_of_its_versions(
    tmp_path: Path, write: Callable[[Path], Path], split: str, chosen: slice
) -> None:
    images = load("cifar10", split, write(tmp_path))
    assert np.array_equal(images.pixels.numpy(), COLOR[chosen])
    assert images.labels is not None
    assert images.labels.tolist() == LABELS[chosen].tolist()


@pytest.mark.parametrize("protocol", range(2, 6))
def test_every_pickle_protocol_of_arrays_is_read(tmp_path: Path, protocol: int) -> None:
    assert np.array_equal(load("cifar10", "test", write_cifar_pickled(tmp_path, protocol)).pixels.numpy(), COLOR[10:])


def test_our_readers_agree_with_torchvisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("torchvision.datasets")
    monkeypatch.setattr(datasets.CIFAR10, "_check_integrity", lambda _self: True)
    monkeypatch.setattr(datasets.CIFAR10, "_load_meta", lambda _self: None)
    theirs = datasets.CIFAR10(write_cifar_pickled(tmp_path), train=True)
    ours = load("cifar10", "train", tmp_path)
    assert np.array_equal(ours.pixels.numpy(), theirs.data.transpose(0, 3, 1, 2))
    digits = datasets.MNIST(write_mnist(tmp_path, compressed=False), train=False)
    assert torch.equal(load("mnist", "test", tmp_path).pixels[:, 0], digits.data)


class Harmful:
    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("harm",)


def test_a_pickle_that_names_more_than_arrays_is_refused_unrun(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_cifar_pickled(tmp_path)
    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(pickle.dumps({"data": Harmful(), "labels": []}))
    with pytest.raises(MissingAssetError, match=r"test_batch.*print"):
        load("cifar10", "test", tmp_path)
    assert "harm" not in capsys.readouterr().out


@pytest.mark.parametrize(("split", "numbers"), [("train", [1, 2, 5, 6, 7, 8, 9, 11]), ("test", [4, 10])])
@pytest.mark.parametrize(("size", "crop"), [(32, None), (64, 160), (8, 178)])
def test_celeba_is_prepared_as_torchvision_would(
    tmp_path: Path, split: str, numbers: list[int], size: int, crop: int | None
) -> None:
    transforms = pytest.importorskip("torchvision.transforms")
    images = load("celeba", split, write_celeba(tmp_path), image_size=size, crop=crop)
    steps = [transforms.CenterCrop(crop)] if crop else []
    prepare = transforms.Compose([*steps, transforms.Resize(size), transforms.CenterCrop(size)])
    pictures = [Image.open(tmp_path / "celeba" / "img_align_celeba" / f"{number:06}.jpg") for number in numbers]
    wanted = np.stack([np.asarray(prepare(picture)) for picture in pictures]).transpose(0, 3, 1, 2)
    for picture in pictures:
        picture.close()
    assert np.array_equal(images.pixels.numpy(), wanted)
    assert images.labels is None
    assert f"shorter side to {size}" in images.preparation
    assert (crop is not None) == (f"{crop}x{crop} around the middle" in images.preparation)


def test_celeba_may_be_squashed_as_an_image_folder_resized_beforehand_would_be(tmp_path: Path) -> None:
    transforms = pytest.importorskip("torchvision.transforms")
    images = load("celeba", "test", write_celeba(tmp_path), fit="squash")
    for pixels, number in zip(images.pixels, (4, 10), strict=True):
        with Image.open(tmp_path / "celeba" / "img_align_celeba" / f"{number:06}.jpg") as picture:
            wanted = np.asarray(transforms.Resize((32, 32))(picture)).transpose(2, 0, 1)
        assert np.array_equal(pixels.numpy(), wanted)
    assert images.preparation.startswith("both sides to 32, Pillow bilinear")
    assert not torch.equal(images.pixels, load("celeba", "test", tmp_path).pixels)


def test_of_celebas_test_partition_the_first_may_be_enough(tmp_path: Path) -> None:
    whole = load("celeba", "test", write_celeba(tmp_path))
    first = load("celeba", "test", tmp_path, test_images=1)
    assert torch.equal(first.pixels, whole.pixels[:1])
    assert first.preparation == f"{whole.preparation}; the first 1"
    assert len(load("celeba", "train", tmp_path, test_images=1)) == 8
    with pytest.raises(MissingAssetError, match="lists 2 test images, and `test_images` is 3"):
        load("celeba", "test", tmp_path, test_images=3)


def test_celebas_fixed_square_is_one_of_those_that_the_authors_code_may_draw(tmp_path: Path) -> None:
    transforms = pytest.importorskip("torchvision.transforms")
    ours = load("celeba", "test", write_celeba(tmp_path)).pixels[0].numpy().transpose(1, 2, 0)
    with Image.open(tmp_path / "celeba" / "img_align_celeba" / "000004.jpg") as picture:
        resized = transforms.Resize(32)(picture)
    assert resized.size == (32, 39)
    squares = [np.asarray(resized.crop((0, top, 32, top + 32))) for top in range(8)]
    assert [bool(np.array_equal(ours, square)) for square in squares].count(True) == 1


@pytest.mark.parametrize(
    ("name", "pixels"), [("mnist", GRAY[9:, :, :, None]), ("cifar10", COLOR[10:].transpose(0, 2, 3, 1))]
)
def test_another_size_is_that_of_torchvisions_resize(tmp_path: Path, name: str, pixels: NDArray[np.uint8]) -> None:
    transforms = pytest.importorskip("torchvision.transforms")
    images = load(name, "test", WRITERS[name](tmp_path), image_size=16)
    wanted = [np.asarray(transforms.Resize(16)(Image.fromarray(image.squeeze()))) for image in pixels]
    assert np.array_equal(
        images.pixels.numpy(), np.stack(wanted).reshape(len(pixels), 16, 16, -1).transpose(0, 3, 1, 2)
    )
    assert "to 16x16" in images.preparation


@pytest.mark.parametrize("name", WRITERS)
def test_a_part_of_a_data_set_says_so(tmp_path: Path, name: str) -> None:
    assert "images where the data set has" in load(name, "test", WRITERS[name](tmp_path)).preparation


@pytest.mark.parametrize("name", WRITERS)
def test_absent_files_are_named_with_the_folder_and_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("TICKETBENCH_DATA", str(tmp_path / "usual"))
    first = {
        "mnist": "MNIST/raw/train-images-idx3-ubyte.gz",
        "cifar10": "cifar-10-batches-bin/data_batch_1.bin",
        "celeba": "celeba/list_eval_partition.txt",
        "stl10": "stl10_binary/train_X.bin",
        "horse2zebra": "horse2zebra/trainA",
    }
    for root, folder in ((None, tmp_path / "usual"), (tmp_path / "nowhere", tmp_path / "nowhere")):
        with pytest.raises(MissingAssetError, match=rf"--data DIR.*`ticketbench prepare --asset {name}`.*http") as told:
            load(name, "train", root)
        assert str(told.value).startswith(f"{folder / first[name]}: not there; ")
        assert f"in {folder};" in str(told.value)


@pytest.mark.parametrize("name", WRITERS)
def test_the_usual_folder_is_read_where_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("TICKETBENCH_DATA", str(WRITERS[name](tmp_path)))
    assert torch.equal(load(name, "test", None).pixels, load(name, "test", tmp_path).pixels)


def test_of_two_versions_the_one_of_which_more_is_there_is_asked_for(tmp_path: Path) -> None:
    (write_cifar_pickled(tmp_path) / "cifar-10-batches-py" / "data_batch_3").unlink()
    with pytest.raises(MissingAssetError, match="cifar-10-batches-py/data_batch_3: not there"):
        load("cifar10", "train", tmp_path)
    assert len(load("cifar10", "test", tmp_path).pixels) == 2


@pytest.mark.parametrize("name", WRITERS)
def test_an_unknown_split_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="'valid'"):
        load(name, "valid", tmp_path)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("mnist", "MNIST/raw/t10k-images-idx3-ubyte.gz"),
        ("mnist", "MNIST/raw/t10k-labels-idx1-ubyte.gz"),
        ("cifar10", "cifar-10-batches-bin/test_batch.bin"),
        ("celeba", "celeba/img_align_celeba/000004.jpg"),
        ("celeba", "celeba/list_eval_partition.txt"),
        ("stl10", "stl10_binary/test_X.bin"),
        ("horse2zebra", "horse2zebra/testB/1.png"),
    ],
)
@pytest.mark.parametrize("kept", [0, 1, 20, -1])
def test_a_file_that_was_cut_off_is_named(tmp_path: Path, name: str, path: str, kept: int) -> None:
    WRITERS[name](tmp_path)
    damaged = tmp_path / path
    if path.endswith(".txt") and kept == -1:
        kept = -2  # the partition's digit; the line's end alone is no loss
    if path.endswith((".jpg", ".png")) and kept == -1:
        kept = -100  # the last bytes of a PNG hold checksums and a mark of the end, and no pixel
    damaged.write_bytes(damaged.read_bytes()[:kept])
    with pytest.raises(MissingAssetError, match=Path(path).name.split(".")[0]):
        load(name, "test", tmp_path)


def test_a_pickle_that_was_cut_off_or_lacks_its_parts_is_named(tmp_path: Path) -> None:
    path = write_cifar_pickled(tmp_path) / "cifar-10-batches-py" / "test_batch"
    whole = path.read_bytes()
    for content in (b"", whole[:50], whole[:-1], pickle.dumps([1]), pickle.dumps({"data": 1, "labels": [1]})):
        path.write_bytes(content)
        with pytest.raises(MissingAssetError, match="test_batch"):
            load("cifar10", "test", tmp_path)


def test_images_without_a_label_each_are_refused(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    labels = tmp_path / "MNIST" / "raw" / "t10k-labels-idx1-ubyte.gz"
    labels.write_bytes(gzip.compress(struct.pack(">II", 2049, 1) + b"\0"))
    with pytest.raises(MissingAssetError, match="do not fit 1 labels"):
        load("mnist", "test", tmp_path)


def test_images_of_the_right_size_are_left_alone() -> None:
    pixels = GRAY[..., None]
    assert resizing.resized(pixels, 28) is pixels
    image = Image.fromarray(GRAY[0])
    assert np.array_equal(np.asarray(resizing.fitted(image, 28)), GRAY[0])
