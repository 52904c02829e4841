"""The base of every hand-over type, and the small types shared by several."""

from __future__ import annotations

import json
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

Fraction = Annotated[float, Field(ge=0.0, lt=1.0, allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
PositiveInt = Annotated[int, Field(ge=1)]
Step = Annotated[int, Field(ge=0)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Record(BaseModel):
    """A frozen, strict value: unknown keys and wrong types are errors."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        ser_json_inf_nan="constants",
    )


class Options(Record):
    """The options of one member of a family (a model, a data set, a criterion, ...)."""


class Selection(BaseModel):
    """A member of a family by name, with options beside it: `{name: dcgan, z_dim: 32}`.

    The options are checked against the member's own `Options` when the suite is planned.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="allow")

    name: str

    @property
    def options(self) -> dict[str, JsonValue]:
        """The options as written."""
        return dict(self.__pydantic_extra__ or {})


class Resolved(Record):
    """A member of a family with every option explicit; `version` says which code made the numbers."""

    name: str
    version: PositiveInt = 1
    options: dict[str, JsonValue] = {}


class Margin(Record):
    """How much worse still counts as equal, declared before running, and why.

    `absolute` is in the metric's unit, `relative` a share of the baseline's value.
    """

    absolute: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] | None = None
    relative: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] | None = None
    because: Annotated[str, Field(min_length=10)]

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if (self.absolute is None) == (self.relative is None):
            raise ValueError("a margin is either 'absolute' or 'relative', exactly one of them")
        return self


def canonical(value: Any) -> str:
    """Return the one JSON text of a plain value: sorted keys, no spaces, exact floats."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
