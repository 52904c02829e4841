"""The options of the feature extractors, free of torch."""

from __future__ import annotations

from typing import ClassVar, Literal

from benchmark.published import PublishedOptions
from benchmark.schema.record import Options


class DigitsClassifierOptions(Options):
    """The shipped digits classifier has no options."""


class InceptionOptions(PublishedOptions):
    """Inception-v3 as clean-fid runs it (Parmar et al. 2022), in one of its modes."""

    mode: Literal["clean", "legacy_pytorch", "legacy_tensorflow"] = "clean"

    @property
    def asset(self) -> str:
        """The downloadable file that this mode needs."""
        return "inception_pytorch" if self.mode == "legacy_pytorch" else "inception_torchscript"


class TorchvisionInceptionOptions(PublishedOptions):
    """Inception-v3 as torchvision has it, with weights of ImageNet-1k."""

    asset: ClassVar[str] = "inception_torchvision"
