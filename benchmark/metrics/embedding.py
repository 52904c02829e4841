"""Generated and real images in an extractor's features: what fid and kid both start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from benchmark.frechet import Moments, moments
from benchmark.metrics.subject import Split, Subject, Weights
from benchmark.schema.protocol import Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.features.extractor import Extractor
    from benchmark.metrics.options import FeatureOptions

OTHER: dict[Split, Split] = {"train": "test", "test": "train"}
BLOCK = 4096


@dataclass(frozen=True)
class Embedded:
    """Features [N, d] of generated images, of the split they are held against, and of the other split."""

    generated: Tensor
    real: Tensor
    other: Tensor
    protocol: Protocol


def embed(subject: Subject, options: FeatureOptions, metric: str, version: int) -> Embedded:
    """Return the features that a metric compares, and the protocol that says how they were made."""
    extractor, weights = subject.extractor(options.extractor), options.weights
    real = subject.images(options.split)
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
    )

    other = OTHER[options.split]
    return Embedded(
        generated=generated_features(subject, extractor, options.generated, weights),
        real=_real_features(subject, extractor, options.split, lambda: real.pixels),
        other=_real_features(subject, extractor, other, lambda: subject.images(other).pixels),
        protocol=protocol,
    )


def generated_features(subject: Subject, extractor: Extractor, count: int, weights: Weights) -> Tensor:
    """Return the features [count, d] of generated images, made once for all metrics that ask for them."""
    key = _key(extractor, f"{count} {weights}")
    return subject.recall(key, lambda: extractor(subject.generate(count, weights)))


def _real_features(subject: Subject, extractor: Extractor, split: Split, pixels: Callable[[], Tensor]) -> Tensor:
    return subject.recall_data(_key(extractor, split), lambda: extractor(pixels()))


def _key(extractor: Extractor, source: str) -> str:
    return f"{extractor.sha256}/{extractor.resizer}/{source}"


def feature_moments(features: Tensor) -> Moments:
    """Return mean and covariance of features [N, d] in float64, block by block."""
    return moments(_blocks(features))


def _blocks(features: Tensor) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(features), BLOCK):
        yield features[start : start + BLOCK].numpy()
