"""How the objective of one training sees images: a frozen network, and the moments of the training images in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch

from benchmark.activations import ACTIVATIONS
from benchmark.activations.activations import Activations
from benchmark.activations.moments import Moments, kept_moments
from benchmark.images import Images
from benchmark.layout import lay_out
from benchmark.schema.numerics import Layout
from benchmark.schema.record import Resolved


@dataclass(frozen=True)
class Sight:
    """Activations and moments on one device, each made when it is first looked at.

    `shape` is that of an image, `batch_size` that of the training. Without `images` neither weights nor data have to be
    there, all values are zero: enough for whoever counts or times what a step computes.
    """

    chosen: Resolved
    shape: tuple[int, int, int]
    batch_size: int
    images: Callable[[], Images] | None
    device: str = "cpu"
    cache: Path | None = None
    layout: Layout = "channels_first"

    @cached_property
    def activations(self) -> Activations:
        """The frozen network."""
        options, load = ACTIVATIONS.parse(self.chosen), ACTIVATIONS[self.chosen.name].load()
        activations: Activations = load(options, "meta" if self.images is None else self.device, self.cache)
        if self.images is None:
            activations.network.to_empty(device=self.device)
            for tensor in activations.network.state_dict().values():
                tensor.zero_()
        lay_out([activations.network], self.layout)
        return replace(activations, layout=self.layout)

    @cached_property
    def real_moments(self) -> Moments:
        """The moments of the training images."""
        if self.images is None:
            count = ACTIVATIONS[self.chosen.name].facts["count"](ACTIVATIONS.parse(self.chosen), self.shape)
            return Moments(torch.zeros(count, device=self.device), torch.zeros(count, device=self.device))
        return kept_moments(self.activations, self.images(), self.batch_size, self.device, self.cache)
