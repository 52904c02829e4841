"""How a number was measured, field by field, so that like is compared with like (design: comparability)."""

from __future__ import annotations

import hashlib
from typing import ClassVar, Literal

from benchmark.schema.record import Record, canonical


class Protocol(Record):
    """The measuring protocol of a measurement or of a printed number.

    In a measurement, null means that the field does not apply; in a reference, that nobody stated it.
    """

    metric: str | None = None
    version: int | None = None
    dataset: str | None = None
    split: str | None = None
    preparation: str | None = None
    generated: int | None = None
    real: int | None = None
    extractor: str | None = None
    extractor_sha256: str | None = None
    resizer: str | None = None
    quantization: str | None = None
    weights: Literal["raw", "ema"] | None = None
    selection: str | None = None
    counter: str | None = None
    convention: str | None = None
    device: str | None = None

    informative: ClassVar[frozenset[str]] = frozenset({"version"})
    """Fields that do not block a comparison with a printed number."""

    @property
    def key(self) -> str:
        """Sixteen hexadecimal digits of SHA-256 that tell it from other protocols."""
        return hashlib.sha256(canonical(self.model_dump(mode="json")).encode()).hexdigest()[:16]
