"""What a training computes in: both change its numbers, and are part of its identity."""

from __future__ import annotations

from typing import Literal

Precision = Literal["float32", "bfloat16", "float16"]
"""Of the forward and backward passes; weights and optimizers stay in single precision."""

Layout = Literal["channels_first", "channels_last"]
"""How images and the weights of convolutions lie in memory."""
