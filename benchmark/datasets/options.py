"""The options of the data sets, free of torch."""

from __future__ import annotations

from typing import Literal

from benchmark.schema.record import Options


class DigitsOptions(Options):
    """Handwritten digits at their own 8x8, or doubled to 16x16."""

    image_size: Literal[8, 16] = 8

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return (1, self.image_size, self.image_size)
