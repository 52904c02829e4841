"""How many reconstructions a classifier still reads as what they show: Kalibhat et al. (2021), Figures A.2 and A.3.

Their classifiers, ResNet-18 trained on CIFAR-10 and on CelebA, were never published, and a network with other classes
than the labels would say nothing: a suite can name only an extractor that classifies its very data set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.errors import RunError
from benchmark.images import to_pixels
from benchmark.metrics import METRICS
from benchmark.metrics.subject import Subject, Value
from benchmark.schema.protocol import Protocol

if TYPE_CHECKING:
    from torch import Tensor

    from benchmark.metrics.options import ClassifierAccuracyOptions


def measure(subject: Subject, options: ClassifierAccuracyOptions) -> Value:
    """Return the share of a split's images whose reconstruction gets the true label.

    `real_images` is the same share of the images themselves: what a perfect reconstruction would get.
    """
    images, extractor = subject.images(options.split), subject.extractor(options.extractor)
    labels = images.labels
    if labels is None:
        raise RunError(f"'{subject.dataset.name}' has no labels, so no answer of a classifier is right or wrong")

    def accuracy(pixels: Tensor) -> float:
        answers = extractor.probabilities(extractor(pixels)).argmax(dim=1).cpu()
        return float((answers == labels).double().mean())

    return Value(
        accuracy(to_pixels(subject.reconstruct(images.pixels, options.weights))),
        Protocol(
            metric="classifier_accuracy",
            version=METRICS["classifier_accuracy"].version,
            dataset=subject.dataset.name,
            split=options.split,
            preparation=images.preparation,
            real=len(images),
            extractor=extractor.name,
            extractor_sha256=extractor.sha256,
            resizer=extractor.resizer,
            quantization=extractor.quantization,
            weights=options.weights,
            selection="last",
        ),
        {"real_images": accuracy(images.pixels)},
    )
