"""Batches of a training: epoch after epoch in random order, of one domain or of two that have nothing to do with it.

Which images a batch has is a function of its number and a seed alone. A batch of two domains is [2 N, C, H, W], N
images of the first and then N of the second: nothing is paired, and the smaller domain goes round more often.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmark.augmentation import augmented
from benchmark.errors import RunError
from benchmark.schema.training import Augmentation
from benchmark.sending import sent
from benchmark.streams import stream


def by_domain(pixels: Tensor, labels: Tensor | None, count: int) -> tuple[Tensor, ...]:
    """Return the pixels of each of so many domains, which the labels tell apart; one domain is everything."""
    if count == 1:
        return (pixels,)
    if labels is None:
        raise RunError(f"the training is on {count} domains, but the images have no labels that tell them apart")
    return tuple(pixels[(labels == domain).to(pixels.device)] for domain in range(count))


def by_class(labels: Tensor | None, count: int) -> Tensor | None:
    """Return the labels [N] of images for networks that are told so many classes; null where there is only one."""
    if count == 1:
        return None
    if labels is None:
        raise RunError(f"the networks are told {count} classes, but the images have no labels")
    if int(labels.max()) >= count:
        raise RunError(f"the networks are told {count} classes, but the images have {int(labels.max()) + 1}")
    return labels


@dataclass(eq=False)
class Batches:
    """`size` images of each domain at a time, uint8; each epoch is a permutation of its own, its leftovers dropped.

    Every domain has an order of its own, under `purpose`. `next` gives the batch of number `index`, then those after
    it. `labels` [N] are those of the images of the only domain, where networks are told them: batches of them are where
    the images are.
    """

    domains: Sequence[Tensor]
    size: int
    seed: int
    index: int = 0
    purpose: str = "data order"
    augmentation: Augmentation | None = None
    labels: Tensor | None = None

    def __post_init__(self) -> None:
        purposes = [self.purpose, *(f"{self.purpose}/{number}" for number in range(1, len(self.domains)))]
        told = zip(self.domains, purposes, strict=True)
        self._orders = [_Order(pixels, self.size, self.seed, purpose) for pixels, purpose in told]
        labels = None if self.labels is None else self.labels.to(self.domains[0].device)
        self._labels = None if labels is None else _Order(labels, self.size, self.seed, self.purpose)
        self._last = torch.empty(0)

    def next(self) -> Tensor:
        """Return the next batch."""
        self._last = self.at(self.index)
        self.index += 1
        return self._last

    def last(self) -> Tensor:
        """Return the batch that `next` returned last."""
        return self._last

    def at(self, index: int) -> Tensor:
        """Return the batch of a number."""
        parts = [order.at(index) for order in self._orders]
        pixels = parts[0] if len(parts) == 1 else torch.cat(parts)
        if self.augmentation is None:
            return pixels
        return augmented(pixels, self.augmentation, stream(self.seed, "augmentation", index))

    def last_labels(self) -> Tensor | None:
        """Return the labels of the batch that `next` returned last."""
        return self.labels_at(self.index - 1)

    def labels_at(self, index: int) -> Tensor | None:
        """Return the labels [size] of the batch of a number, if they are known."""
        return None if self._labels is None else self._labels.at(index)


class _Order:
    """The images of one domain in the random order of one epoch after another."""

    def __init__(self, pixels: Tensor, size: int, seed: int, purpose: str) -> None:
        if len(pixels) < size:
            raise RunError(f"the batch size {size} exceeds the {len(pixels)} training images")
        self._pixels, self._size, self._seed, self._purpose = pixels, size, seed, purpose
        self._epoch = -1
        self._order = torch.empty(0)

    def at(self, index: int) -> Tensor:
        epoch, place = divmod(index, len(self._pixels) // self._size)
        if epoch != self._epoch:
            order = torch.randperm(len(self._pixels), generator=stream(self._seed, self._purpose, epoch))
            self._order, self._epoch = sent(order, self._pixels.device), epoch
        return self._pixels[self._order[place * self._size : (place + 1) * self._size]]
