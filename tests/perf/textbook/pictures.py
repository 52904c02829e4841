"""Data as the code of a paper has it: one image at a time through PIL and transforms, collected by a `DataLoader`."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from benchmark.schema.training import Augmentation


class Pictures(Dataset[Tensor]):
    """Images in memory, as torchvision's CIFAR-10 keeps them."""

    def __init__(self, pixels: Tensor, changes: Sequence[Any] = ()) -> None:
        self.arrays = pixels.cpu().permute(0, 2, 3, 1).numpy()
        self.transform = transforms.Compose([*changes, transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])

    def __len__(self) -> int:
        return len(self.arrays)

    def __getitem__(self, index: int) -> Tensor:
        array = self.arrays[index]
        values: Tensor = self.transform(Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array))
        return values


class Unpaired(Dataset[tuple[Tensor, Tensor]]):
    """An image of one domain in turn, and a random one of the other."""

    def __init__(self, first: Tensor, second: Tensor, changes: Sequence[Any] = ()) -> None:
        self.first, self.second = Pictures(first, changes), Pictures(second, changes)

    def __len__(self) -> int:
        return max(len(self.first), len(self.second))

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        other = random.randrange(len(self.second))
        return self.first[index % len(self.first)], self.second[other]


def changes(rule: Augmentation | None, side: int) -> list[Any]:
    """Return the transforms of random crops and mirror images."""
    if rule is None:
        return []
    enlarged = [] if rule.enlarge is None else [transforms.Resize(rule.enlarge, transforms.InterpolationMode.BICUBIC)]
    mirrored = [transforms.RandomHorizontalFlip()] if rule.mirror else []
    return [*enlarged, transforms.RandomCrop(side), *mirrored]


def endless(dataset: Dataset[Any], batch_size: int, workers: int, pinned: bool = False) -> Iterator[Any]:
    """Yield batches, epoch after epoch; worker processes live on from one to the next. For a GPU they are `pinned`."""
    loader = DataLoader(
        dataset,
        batch_size,
        shuffle=True,
        drop_last=True,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=pinned,
    )
    while True:
        yield from loader
