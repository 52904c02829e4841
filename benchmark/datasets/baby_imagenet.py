"""Baby ImageNet (Kang et al. 2023, StudioGAN): 100 classes of ImageNet, 64x64, a folder each.

The images lie as StudioGAN wants them, `baby_imagenet/{train,valid}/<class>/*`; `valid` is tested on. The label of a
class is its place among the names of `train`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from benchmark.datasets import files, resizing
from benchmark.datasets.folder_layouts import BABY_IMAGENET
from benchmark.datasets.mapped import mapped
from benchmark.datasets.pictures import Folder
from benchmark.errors import MissingAssetError
from benchmark.images import Images

if TYPE_CHECKING:
    from benchmark.datasets.options import BabyImagenetOptions

CLASSES = 100


def load(options: BabyImagenetOptions, split: str, root: Path | None = None) -> Images:
    """Return one split, class after class; `MissingAssetError` where a folder is absent or a file is no image."""
    files.check_split("baby_imagenet", split)
    places = dict(zip(("train", "test"), BABY_IMAGENET.require(root, split), strict=True))
    classes, size = _classes(places["train"]), options.image_size
    pictures = Folder(places[split])
    owners = [Path(name).parts[0] for name in pictures.names]
    if set(owners) != set(classes):
        raise MissingAssetError(f"{places[split]}: its classes with images are not those of {places['train']}")
    places_of = {name: place for place, name in enumerate(classes)}
    return Images(
        mapped("baby_imagenet", pictures, range(len(pictures)), size),
        torch.tensor([places_of[owner] for owner in owners]),
        f"{len(pictures)} images, {resizing.fitted_rule(size)}",
    )


def _classes(folder: Path) -> list[str]:
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    if len(names) != CLASSES:
        raise MissingAssetError(f"{folder}: has {len(names)} folders, and the data set has {CLASSES} classes")
    return names
