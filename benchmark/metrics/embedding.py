"""Generated and real images in an extractor's features: what all metrics of both start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from benchmark.errors import RunError
from benchmark.frechet import Moments, moments
from benchmark.metrics.subject import Split, Subject, Weights
from benchmark.schema.protocol import Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.features.extractor import Extractor
    from benchmark.images import Images
    from benchmark.metrics.options import FeatureOptions

OTHER: dict[Split, Split] = {"train": "test", "test": "train"}
BLOCK = 4096
TRANSLATED = "test images of domain {} translated to domain {}"


@dataclass(frozen=True)
class Embedded:
    """Features [N, d] of generated images, of the split they are held against, and `other()`, of the other split."""

    generated: Tensor
    real: Tensor
    other: Callable[[], Tensor]
    protocol: Protocol


def embed(subject: Subject, options: FeatureOptions, metric: str, version: int) -> Embedded:
    """Return the features that a metric compares, and the protocol that says how they were made."""
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


def generated_features(subject: Subject, extractor: Extractor, count: int, weights: Weights) -> Tensor:
    """Return the features [count, d] of generated images, made once for all metrics that ask for them."""
    key = _key(extractor, f"{count} {weights}")
    return subject.recall(key, lambda: extractor(subject.generate(count, weights)))


def _made_features(subject: Subject, extractor: Extractor, options: FeatureOptions) -> Tensor:
    count, direction, weights = options.generated, options.direction, options.weights
    if direction is None:
        return generated_features(subject, extractor, count, weights)
    assert subject.translate is not None, "a direction is planned only where images are translated"
    made = subject.translate(direction, weights)
    if len(made) < count:
        first, second = direction
        raise RunError(f"{subject.job_id}: {count} images of domain {second} cannot be made of {len(made)} of {first}")
    return subject.recall(_key(extractor, f"{direction} {weights}"), lambda: extractor(made))[:count]


def _real_images(subject: Subject, options: FeatureOptions, split: Split) -> Images:
    images = subject.images(split)
    if options.direction is not None:
        images = images.of(options.direction[1])
    return images if options.real is None else images.first(options.real)


def _real_features(subject: Subject, extractor: Extractor, options: FeatureOptions, split: Split) -> Tensor:
    key = real_key(extractor, options, split)
    return subject.recall_data(key, lambda: extractor(_real_images(subject, options, split).pixels))


def real_key(extractor: Extractor, options: FeatureOptions, split: Split) -> str:
    """Return what the features of a split's images are recalled by."""
    domain = None if options.direction is None else options.direction[1]
    return _key(extractor, f"{split} {domain} {options.real}")


def _key(extractor: Extractor, source: str) -> str:
    return f"{extractor.sha256}/{extractor.resizer}/{source}"


def feature_moments(features: Tensor) -> Moments:
    """Return mean and covariance of features [N, d] in float64, block by block."""
    return moments(_blocks(features))


def _blocks(features: Tensor) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(features), BLOCK):
        yield features[start : start + BLOCK].numpy()
