"""A paper's printed numbers, each with the place and the manner of its reading."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from benchmark.schema.protocol import Protocol
from benchmark.schema.record import Finite, Name, PositiveInt, Record

How = Literal["text", "code", "page", "digitised", "derived", "third party"]
"""`code` is what the authors' code says or has when it is run; `third party` what others measured and published."""

_PRINTED = r"^[-+]?[0-9][0-9,]*(\.[0-9]+)?(e[-+]?[0-9]{1,3})?[%KMx]?$"
_SUFFIX = {"%": -2, "K": 3, "M": 6, "x": 0}


class Place(Record):
    """Where a number stands in the paper."""

    table: str | None = None
    row: str | None = None
    column: str | None = None
    figure: str | None = None
    section: str | None = None


class Spread(Record):
    """A printed ± and what it means."""

    value: Annotated[Finite, Field(ge=0)]
    means: str


class Ribbon(Record):
    """The band that a figure draws around a value, each limit read with the same error, and what it means."""

    low: Finite
    high: Finite
    reading_error: Annotated[Finite, Field(ge=0)] = 0.0
    means: str

    @model_validator(mode="after")
    def _low_below_high(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"a ribbon goes from 'low' to 'high', {self.low:g} is above {self.high:g}")
        return self


class Number(Record):
    """One printed number. `printed` is its digits as printed, so that its rounding is known: 89.2%, 5.6M, 1.12e16.

    A number nobody could read has `status: not sourced` and the value null. One of a curve says `at` which values of
    other metrics it stands, such as a sparsity.
    """

    value: Finite | None
    printed: Annotated[str, Field(pattern=_PRINTED)] | None = None
    unit: str
    status: Literal["sourced", "not sourced"] = "sourced"
    place: Place
    at: dict[Name, Finite] = {}
    read: How | None = None
    reading_error: Annotated[Finite, Field(ge=0)] = 0.0
    source: str | None = None
    spread: Spread | None = None
    ribbon: Ribbon | None = None
    runs: PositiveInt | None = None
    protocol: Protocol = Protocol()
    cautions: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _traced_or_null(self) -> Self:
        sourced = self.status == "sourced"
        if sourced and (self.value is None or self.read is None or self.source is None):
            raise ValueError("a sourced number has 'value', 'read' (how) and 'source' (where it was read)")
        if not sourced and (self.value is not None or self.printed is not None):
            raise ValueError("a number that is not sourced has the value null and nothing printed")
        return self

    @property
    def rounding(self) -> float:
        """Half a unit of the last printed digit, in the value's unit; 0 where the printed text is unknown."""
        if self.printed is None:
            return 0.0
        mantissa, _, exponent = self.printed.rstrip("%KMx").partition("e")
        power = 0 if self.printed[-1] == "%" and self.unit == "%" else _SUFFIX.get(self.printed[-1], 0)
        return 0.5 * 10.0 ** (int(exponent or 0) + power - len(mantissa.partition(".")[2]))


class Contradiction(Record):
    """Two sources, or two places of one, that say different things."""

    between: tuple[str, ...]
    says: str
    matters_for: tuple[str, ...] = ()


class References(Record):
    """`reference_results/<key>.yaml`: one paper's numbers and the contradictions among them."""

    format: Literal[1] = 1
    paper: Name
    read_from: str
    numbers: dict[Name, Number]
    contradictions: tuple[Contradiction, ...] = ()
