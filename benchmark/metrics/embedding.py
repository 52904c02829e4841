"""Generated and real images in an extractor's features: what all metrics of both start from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from benchmark.errors import RunError
from benchmark.frechet import Moments, moments
from benchmark.metrics import METRICS
from benchmark.metrics.subject import Recall, Split, Subject, Weights
from benchmark.schema.protocol import Protocol

if TYPE_CHECKING:
    from benchmark.features.extractor import Extractor
    from benchmark.images import Images
    from benchmark.metrics.options import FeatureOptions
    from benchmark.schema.record import Resolved

OTHER: dict[Split, Split] = {"train": "test", "test": "train"}
BLOCK = 4096
"""Rows that moments are summed over at a time, whatever the extractor's batches are."""
TRANSLATED = "test images of domain {} translated to domain {}"


@dataclass(frozen=True)
class Features:
    """What an extractor sees in `count` images, made when it is asked for and only once.

    `all()` are the features [count, dimensions], `moments()` their mean and covariance: of features that are there, and
    where they are not kept of each batch as it comes. Both are on the extractor's device.
    """

    key: str
    count: int
    recall: Recall
    extractor: Extractor
    pixels: Callable[[], Tensor]
    keeps: bool

    def all(self) -> Tensor:
        """Return the features float32 [count, dimensions]."""
        features: Tensor = self.recall(self.key, lambda: self.extractor(self.pixels()))
        return features[: self.count]

    def moments(self) -> Moments[Any]:
        """Return mean and covariance in float64."""
        found: Moments[Any] = self.recall(f"moments of {self.count} {self.key}", self._summed)
        return found

    def _summed(self) -> Moments[Any]:
        batches = [self.all()] if self.keeps else self.extractor.batches(self.pixels())
        return moments(map(rows, in_blocks(batches, self.count)))


@dataclass(frozen=True)
class Embedded:
    """Generated images, the split they are held against, and `other()`, the other split, in an extractor's features."""

    generated: Features
    real: Features
    other: Callable[[], Features]
    protocol: Protocol


def embed(subject: Subject, options: FeatureOptions, metric: str, version: int) -> Embedded:
    """Return the features that a metric compares, and the protocol that says how they are made."""
    extractor, weights = subject.extractor(options.extractor), options.weights
    real = _real_images(subject, options, options.split)
    if options.real is not None and len(real) < options.real:
        raise RunError(f"{subject.job_id}: there are {len(real)} images to compare with, not {options.real}")
    protocol = Protocol(
        metric=metric,
        version=version,
        dataset=subject.dataset.name,
        split=options.split,
        preparation=real.preparation,
        generated=options.generated,
        real=len(real),
        extractor=extractor.name,
        extractor_sha256=extractor.sha256,
        resizer=extractor.resizer,
        quantization=extractor.quantization,
        weights=weights,
        selection="last",
        convention=None if options.direction is None else TRANSLATED.format(*options.direction),
    )
    return Embedded(
        generated=_made_features(subject, extractor, options),
        real=_real_features(subject, extractor, options, options.split),
        other=lambda: _real_features(subject, extractor, options, OTHER[options.split]),
        protocol=protocol,
    )


def generated_features(subject: Subject, extractor: Extractor, count: int, weights: Weights) -> Features:
    """Return the features of generated images."""
    key = _key(extractor, f"{count} {weights}")
    pixels = partial(subject.generate, count, weights)
    return Features(key, count, subject.recall, extractor, pixels, subject.keeps_features)


def _made_features(subject: Subject, extractor: Extractor, options: FeatureOptions) -> Features:
    count, direction, weights = options.generated, options.direction, options.weights
    if direction is None:
        return generated_features(subject, extractor, count, weights)
    assert subject.translate is not None, "a direction is planned only where images are translated"
    made = subject.translate(direction, weights)
    if len(made) < count:
        first, second = direction
        raise RunError(f"{subject.job_id}: {count} images of domain {second} cannot be made of {len(made)} of {first}")
    key = _key(extractor, f"{direction} {weights}")
    return Features(key, count, subject.recall, extractor, lambda: made, subject.keeps_features)


def _real_images(subject: Subject, options: FeatureOptions, split: Split) -> Images:
    images = subject.images(split)
    if options.direction is not None:
        images = images.of(options.direction[1])
    return images if options.real is None else images.first(options.real)


def _real_features(subject: Subject, extractor: Extractor, options: FeatureOptions, split: Split) -> Features:
    images, domain = _real_images(subject, options, split), None if options.direction is None else options.direction[1]
    key = _key(extractor, f"{split} {domain} {options.real}")
    return Features(key, len(images), subject.recall_data, extractor, lambda: images.pixels, subject.keeps_features)


def _key(extractor: Extractor, source: str) -> str:
    return f"{extractor.sha256}/{extractor.resizer}/{source}"


def keeps_features(metrics: Iterable[Resolved]) -> bool:
    """Tell whether one of the metrics asks for features themselves, which are then kept for all of them."""
    return any(METRICS[metric.name].facts.get("features") for metric in metrics)


def in_blocks(batches: Iterable[Tensor], count: int) -> Iterator[Tensor]:
    """Yield the first `count` rows of all batches [n, d] together, `BLOCK` at a time; the last block may be smaller."""
    held: Tensor | None = None
    for batch in batches:
        held = (batch if held is None else torch.cat([held, batch]))[:count]
        while len(held) >= BLOCK:
            yield held[:BLOCK]
            held, count = held[BLOCK:], count - BLOCK
    if held is not None:
        yield held


def rows(features: Tensor) -> Any:
    """Return features as what float64 is computed with: on the CPU numpy's arrays, whose products are the faster."""
    return features if features.is_cuda else features.numpy()
