"""Networks whose weights are published: which file they are read from, checked, and what ImageNet's see of an image."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from benchmark.prepare import ASSETS, check, require
from benchmark.schema.record import Options

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
"""Of the pixels of ImageNet in 0..1, by channel, as torchvision's weights expect them."""


class PublishedOptions(Options):
    """A network whose weights are published.

    `weights` names a local file to use in place of the cached download; its `sha256` is then stated beside it
    where it is not the published one.
    """

    weights: str | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None

    @model_validator(mode="after")
    def _hash_of_a_file(self) -> Self:
        if self.sha256 is not None and self.weights is None:
            raise ValueError("'sha256' goes with 'weights', a file of one's own")
        return self

    @property
    @abstractmethod
    def asset(self) -> str:
        """The downloadable file."""

    @property
    def assets(self) -> tuple[str, ...]:
        """The downloads this choice needs: none where a file is given."""
        return () if self.weights is not None else (self.asset,)


def weights_of(options: PublishedOptions, cache: Path | None) -> tuple[Path, str]:
    """Return the file of a network's weights and its SHA-256; raise `MissingAssetError` unless it is the one meant."""
    path = require(options.asset, cache) if options.weights is None else Path(options.weights)
    expected = options.sha256 or ASSETS[options.asset].sha256
    return path, check(path, expected, "if this is the file you mean, state its hash as 'sha256' beside 'weights'")
