"""Tiny LSUN Bedroom (both of its forms), FFHQ and Baby ImageNet, as their authors publish them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

CHANCE = np.random.default_rng(7)
BEDROOMS, FACES, CLASSES = 7, 6, 100


def picture(width: int, height: int) -> Image.Image:
    """Return a smooth picture in color."""
    smooth = Image.fromarray(CHANCE.integers(0, 256, (5, 4, 3), dtype=np.uint8))
    return smooth.resize((width, height), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str) -> bytes:
    """Return the bytes of an image file."""
    buffer = io.BytesIO()
    image.save(buffer, format=kind)
    return buffer.getvalue()


def keys(count: int = BEDROOMS) -> list[str]:
    """Return the keys of the database in its order: hexadecimal digits, as LSUN's are."""
    return sorted(f"{number * 0x1F3D5B79 % 2**32:08x}{number:032x}" for number in range(count))


def bedrooms(count: int = BEDROOMS) -> dict[str, bytes]:
    """Return one WebP image for each key, of unequal sides."""
    return {key: encoded(picture(40 + 3 * place, 33), "WEBP") for place, key in enumerate(keys(count))}


def write_database(folder: Path, entries: dict[str, bytes]) -> Path:
    """Write an LMDB database as LSUN's authors did, its lock file included."""
    import lmdb

    folder.mkdir(parents=True)
    with lmdb.open(str(folder), map_size=1 << 22) as environment, environment.begin(write=True) as transaction:
        for key, value in entries.items():
            transaction.put(key.encode(), value)
    return folder


def write_export(folder: Path, entries: dict[str, bytes], flat: bool = False) -> Path:
    """Write the images as LSUN's `data.py export` does: a folder for each of a key's first six digits, or `--flat`."""
    for key, value in entries.items():
        place = folder if flat else folder.joinpath(*key[:6])
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{key}.webp").write_bytes(value)
    return folder


def write_ffhq(root: Path, flat: bool = False, count: int = FACES) -> Path:
    """Write thumbnails, those from 3 on in a second folder, and the license that lies beside them."""
    for number in range(count):
        place = root / "ffhq" / "thumbnails128x128" / ("" if flat else f"{number // 3 * 1000:05d}")
        place.mkdir(parents=True, exist_ok=True)
        picture(128, 128).save(place / f"{number:05d}.png")
    (root / "ffhq" / "thumbnails128x128" / "LICENSE.txt").write_text("CC BY-NC-SA 4.0")
    return root


def write_baby_imagenet(root: Path) -> Path:
    """Write two images of each class to train on, three of the first, and one to test on; red tells the class."""
    for split, count in (("train", 2), ("valid", 1)):
        for label in range(CLASSES):
            place = root / "baby_imagenet" / split / f"n{1000 + 7 * label}"
            place.mkdir(parents=True)
            for number in range(count + (label == 0 and split == "train")):
                Image.new("RGB", (8, 8), (label, count, number)).save(place / f"{split}{number}.png")
    return root
