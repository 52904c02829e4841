"""MNIST, CIFAR-10 and CelebA read from tiny files in their real formats, written here."""

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

CHANCE = np.random.default_rng(5)
GRAY = CHANCE.integers(0, 256, (7, 28, 28), dtype=np.uint8)
COLOR = CHANCE.integers(0, 256, (12, 3, 32, 32), dtype=np.uint8)
LABELS = CHANCE.integers(0, 10, 12)


def load(name: str, split: str, root: Path | None, **options: Any) -> Images:
    chosen = DATASETS.parse(DATASETS.resolve(Selection(name=name, **options)))
    images: Images = DATASETS[name].load()(chosen, split, root)
    assert tuple(images.pixels.shape[1:]) == DATASETS[name].facts["shape"](chosen)
    assert not DATASETS[name].facts["embedded"]
    return images


def write_mnist(root: Path, compressed: bool = True) -> Path:
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for prefix, chosen in (("train", slice(0, 5)), ("t10k", slice(5, 7))):
        images, labels = GRAY[chosen], LABELS[:7][chosen].astype(np.uint8)
        contents = {
            f"{prefix}-images-idx3-ubyte": struct.pack(">IIII", 2051, *images.shape) + images.tobytes(),
            f"{prefix}-labels-idx1-ubyte": struct.pack(">II", 2049, len(labels)) + labels.tobytes(),
        }
        for name, content in contents.items():
            if compressed:
                (folder / f"{name}.gz").write_bytes(gzip.compress(content))
            else:
                (folder / name).write_bytes(content)
    return root


def cifar_batches() -> dict[str, slice]:
    batches = {f"data_batch_{number + 1}": slice(2 * number, 2 * number + 2) for number in range(5)}
    return batches | {"test_batch": slice(10, 12)}


def write_cifar_binary(root: Path) -> Path:
    (root / "cifar-10-batches-bin").mkdir(parents=True)
    for name, chosen in cifar_batches().items():
        records = [bytes([label]) + image.tobytes() for label, image in zip(LABELS[chosen], COLOR[chosen], strict=True)]
        (root / "cifar-10-batches-bin" / f"{name}.bin").write_bytes(b"".join(records))
    return root


def write_cifar_pickled(root: Path, protocol: int = 2) -> Path:
    (root / "cifar-10-batches-py").mkdir(parents=True)
    for name, chosen in cifar_batches().items():
        batch = {
            "batch_label": name,
            "data": COLOR[chosen].reshape(2, 3072),
            "labels": LABELS[chosen].tolist(),
            "filenames": ["a.png", "b.png"],
        }
        (root / "cifar-10-batches-py" / name).write_bytes(pickle.dumps(batch, protocol))
    return root


def write_celeba(root: Path) -> Path:
    (root / "celeba" / "img_align_celeba").mkdir(parents=True)
    lines = []
    for number, partition in enumerate([0, 0, 1, 2, 0], start=1):
        smooth = CHANCE.integers(0, 256, (7, 6, 3), dtype=np.uint8)
        picture = Image.fromarray(smooth).resize((178, 218), Image.Resampling.BICUBIC)
        picture.save(root / "celeba" / "img_align_celeba" / f"{number:06}.jpg", quality=95)
        lines.append(f"{number:06}.jpg {partition}\n")
    (root / "celeba" / "list_eval_partition.txt").write_text("".join(lines))
    return root


WRITERS: dict[str, Callable[[Path], Path]] = {
    "mnist": write_mnist,
    "cifar10": write_cifar_binary,
    "celeba": write_celeba,
}


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize(("split", "chosen"), [("train", slice(0, 5)), ("test", slice(5, 7))])
def test_mnist_is_read_from_its_idx_files(tmp_path: Path, compressed: bool, split: str, chosen: slice) -> None:
    images = load("mnist", split, write_mnist(tmp_path, compressed))
    assert np.array_equal(images.pixels[:, 0].numpy(), GRAY[chosen])
    assert images.labels is not None
    assert images.labels.tolist() == LABELS[:7][chosen].tolist()
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


@pytest.mark.parametrize(("split", "numbers"), [("train", [1, 2, 5]), ("test", [4])])
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


@pytest.mark.parametrize(
    ("name", "pixels"), [("mnist", GRAY[5:7, :, :, None]), ("cifar10", COLOR[10:].transpose(0, 2, 3, 1))]
)
def test_another_size_is_that_of_torchvisions_resize(tmp_path: Path, name: str, pixels: NDArray[np.uint8]) -> None:
    transforms = pytest.importorskip("torchvision.transforms")
    images = load(name, "test", WRITERS[name](tmp_path), image_size=16)
    wanted = [np.asarray(transforms.Resize(16)(Image.fromarray(image.squeeze()))) for image in pixels]
    assert np.array_equal(images.pixels.numpy(), np.stack(wanted).reshape(2, 16, 16, -1).transpose(0, 3, 1, 2))
    assert "to 16x16" in images.preparation


@pytest.mark.parametrize("name", WRITERS)
def test_a_part_of_a_data_set_says_so(tmp_path: Path, name: str) -> None:
    assert "images where the data set has" in load(name, "test", WRITERS[name](tmp_path)).preparation


@pytest.mark.parametrize("name", WRITERS)
def test_absent_files_are_named_with_the_remedy(tmp_path: Path, name: str) -> None:
    for root in (None, tmp_path / "nowhere"):
        with pytest.raises(MissingAssetError, match=r"--data DIR.*http") as caught:
            load(name, "train", root)
        assert str(root) in str(caught.value) if root else "no folder" in str(caught.value)
    expected = {"mnist": "train-images-idx3-ubyte", "cifar10": "data_batch_5.bin", "celeba": "list_eval_partition.txt"}
    assert expected[name] in str(caught.value)


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
    ],
)
@pytest.mark.parametrize("kept", [0, 1, 20, -1])
def test_a_file_that_was_cut_off_is_named(tmp_path: Path, name: str, path: str, kept: int) -> None:
    WRITERS[name](tmp_path)
    damaged = tmp_path / path
    if path.endswith(".txt") and kept == -1:
        kept = -2  # the partition's digit; the line's end alone is no loss
    if path.endswith(".jpg") and kept == -1:
        kept = -100
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
