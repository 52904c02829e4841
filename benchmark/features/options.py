"""The options of the feature extractors, free of torch."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from benchmark.schema.record import Options


class DigitsClassifierOptions(Options):
    """The shipped digits classifier has no options."""


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


class InceptionOptions(PublishedOptions):
    """Inception-v3 as clean-fid runs it (Parmar et al. 2022), in one of its modes."""

    mode: Literal["clean", "legacy_pytorch", "legacy_tensorflow"] = "clean"

    @property
    def asset(self) -> str:
        """The downloadable file that this mode needs."""
        return "inception_pytorch" if self.mode == "legacy_pytorch" else "inception_torchscript"

    @property
    def assets(self) -> tuple[str, ...]:
        """The downloads this choice needs: none where a file is given."""
        return () if self.weights is not None else (self.asset,)


class TorchvisionInceptionOptions(PublishedOptions):
    """Inception-v3 as torchvision has it, with weights of ImageNet-1k."""

    asset: ClassVar[str] = "inception_torchvision"

    @property
    def assets(self) -> tuple[str, ...]:
        """The downloads this choice needs: none where a file is given."""
        return () if self.weights is not None else (self.asset,)
