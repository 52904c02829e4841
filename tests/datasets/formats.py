"""Tiny data sets in the real formats of MNIST, CIFAR-10 (both versions), CelebA, STL-10 and CycleGAN."""

from __future__ import annotations

import gzip
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

CHANCE = np.random.default_rng(5)
GRAY = CHANCE.integers(0, 256, (13, 28, 28), dtype=np.uint8)
COLOR = CHANCE.integers(0, 256, (12, 3, 32, 32), dtype=np.uint8)
LABELS = CHANCE.integers(0, 10, 13)
MNIST_PARTS = {"train": slice(0, 9), "t10k": slice(9, 13)}
LARGE = np.random.default_rng(6).integers(0, 256, (5, 3, 96, 96), dtype=np.uint8)
STL10_PARTS = {"train": slice(0, 3), "test": slice(3, 5)}
PARTITIONS = (0, 0, 1, 2, 0, 0, 0, 0, 0, 2, 0)


def write_mnist(root: Path, compressed: bool = True) -> Path:
    """Write the four IDX files below `root`, 9 images to train on and 4 to test on."""
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for prefix, chosen in MNIST_PARTS.items():
        images, labels = GRAY[chosen], LABELS[chosen].astype(np.uint8)
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
    """Return which images each batch has: two of them."""
    batches = {f"data_batch_{number + 1}": slice(2 * number, 2 * number + 2) for number in range(5)}
    return batches | {"test_batch": slice(10, 12)}


def write_cifar_binary(root: Path) -> Path:
    """Write the binary version below `root`, 10 images to train on and 2 to test on."""
    (root / "cifar-10-batches-bin").mkdir(parents=True)
    for name, chosen in cifar_batches().items():
        records = [bytes([label]) + image.tobytes() for label, image in zip(LABELS[chosen], COLOR[chosen], strict=True)]
        (root / "cifar-10-batches-bin" / f"{name}.bin").write_bytes(b"".join(records))
    return root


def write_cifar_pickled(root: Path, protocol: int = 2) -> Path:
    """Write the same images as torchvision's archive has them."""
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
    """Write an image of 178x218 for each of `PARTITIONS`, and their list."""
    (root / "celeba" / "img_align_celeba").mkdir(parents=True)
    lines = []
    for number, partition in enumerate(PARTITIONS, start=1):
        smooth = CHANCE.integers(0, 256, (7, 6, 3), dtype=np.uint8)
        picture = Image.fromarray(smooth).resize((178, 218), Image.Resampling.BICUBIC)
        picture.save(root / "celeba" / "img_align_celeba" / f"{number:06}.jpg", quality=95)
        lines.append(f"{number:06}.jpg {partition}\n")
    (root / "celeba" / "list_eval_partition.txt").write_text("".join(lines))
    return root


def write_stl10(root: Path) -> Path:
    """Write 3 images to train on and 2 to test on, column after column, and their classes, which are counted from 1."""
    folder = root / "stl10_binary"
    folder.mkdir(parents=True)
    for split, chosen in STL10_PARTS.items():
        (folder / f"{split}_X.bin").write_bytes(LARGE[chosen].swapaxes(2, 3).tobytes())
        (folder / f"{split}_y.bin").write_bytes(bytes(int(label) + 1 for label in LABELS[chosen]))
    return root


def write_domains(root: Path, name: str, side: int = 20) -> Path:
    """Write 3 and 4 images to train on and 2 and 3 to test on, of two domains, in color and of unequal sides."""
    for folder, count in {"trainA": 3, "trainB": 4, "testA": 2, "testB": 3}.items():
        (root / name / folder).mkdir(parents=True)
        for number in range(count):
            smooth = Image.fromarray(CHANCE.integers(0, 256, (4, 4, 3), dtype=np.uint8))
            picture = smooth.resize((side + 2 * number, side), Image.Resampling.BICUBIC)
            picture.save(root / name / folder / f"{number}.png")
    return root


WRITERS: dict[str, Callable[[Path], Path]] = {
    "mnist": write_mnist,
    "cifar10": write_cifar_binary,
    "celeba": write_celeba,
    "stl10": write_stl10,
    "horse2zebra": lambda root: write_domains(root, "horse2zebra"),
}
"""How each data set is written below a folder, in the version that `prepare` makes."""
