"""How far reconstructions are from the images they reconstruct."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.images import to_values
from benchmark.metrics import METRICS
from benchmark.metrics.subject import Subject, Value
from benchmark.schema.protocol import Protocol

if TYPE_CHECKING:
    from benchmark.metrics.options import ReconstructionOptions


def measure(subject: Subject, options: ReconstructionOptions) -> Value:
    """Return the squared error on the scale -1..1, averaged over pixels and images of a split, in float64.

    `mean_image_error` is that of the split's own mean image: what a constant answer would get.
    """
    images = subject.images(options.split)
    values = to_values(images.pixels).double()
    rebuilt = subject.reconstruct(images.pixels, options.weights).cpu().double()
    return Value(
        float((rebuilt - values).square().mean()),
        Protocol(
            metric="reconstruction_error",
            version=METRICS["reconstruction_error"].version,
            dataset=subject.dataset.name,
            split=options.split,
            preparation=images.preparation,
            real=len(images),
            quantization="none: values in -1..1 as the network gives them",
            weights=options.weights,
            selection="last",
        ),
        {"mean_image_error": float((values - values.mean(dim=0)).square().mean())},
    )
