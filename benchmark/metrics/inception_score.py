"""Inception score (Salimans et al. 2016, Section 4): how sure a classifier is of each image, and how varied over all.

exp of the mean KL divergence of the class probabilities of each image from their mean over the images. As in the
authors' code, it is the mean over `splits` parts of the images in their order, and the class probabilities of Inception
are the softmax over all 1008 outputs, without their bias. With another classifier it is the same formula and another
number, which only values of that classifier compare with: its unit names it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import xlogy

from benchmark.metrics import METRICS
from benchmark.metrics.embedding import generated_features
from benchmark.metrics.subject import Subject, Value
from benchmark.schema.protocol import Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.metrics.options import InceptionScoreOptions


def measure(subject: Subject, options: InceptionScoreOptions) -> Value:
    """Return the mean score of the parts; `sd` is over the parts (n in the denominator, as the authors print it)."""
    extractor = subject.extractor(options.extractor)
    features = generated_features(subject, extractor, options.generated, options.weights).all()
    scores = split_scores(extractor.probabilities(features).double().cpu().numpy(), options.splits)
    return Value(
        float(scores.mean()),
        Protocol(
            metric="inception_score",
            version=METRICS["inception_score"].version,
            dataset=subject.dataset.name,
            generated=options.generated,
            extractor=extractor.name,
            extractor_sha256=extractor.sha256,
            resizer=extractor.resizer,
            quantization=extractor.quantization,
            weights=options.weights,
            selection="last",
            convention=f"mean over {options.splits} parts; {extractor.classes}",
        ),
        {"sd": float(scores.std()), "parts": scores.tolist()},
        unit=f"score by {extractor.name}",
    )


def split_scores(probabilities: NDArray[np.float64], splits: int) -> NDArray[np.float64]:
    """Return the score [splits] of each of so many consecutive parts of class probabilities [N, classes]."""
    ends = [part * len(probabilities) // splits for part in range(splits + 1)]
    return np.array([score(probabilities[start:end]) for start, end in pairwise(ends)])


def score(probabilities: NDArray[np.float64]) -> float:
    """Return exp(E[KL(p(y|x) || p(y))]) of class probabilities [N, classes]; 0 log 0 is 0."""
    divergence = xlogy(probabilities, probabilities) - xlogy(probabilities, probabilities.mean(axis=0))
    return float(np.exp(divergence.sum(axis=1).mean()))
