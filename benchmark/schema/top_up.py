"""More seeds for claims that stay open: at which numbers of seeds one looks, and what each look costs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchmark.schema.record import PositiveInt, Record

Spending = Literal["obrien_fleming", "pocock", "uniform"]
"""How the chance of error is spread over the looks (Lan and DeMets 1983)."""


class TopUp(Record):
    """The schedule by which `run --top-up` adds seeds to inconclusive claims, declared before anything runs.

    `looks` are the numbers of seeds at which a claim is judged, the first of them the suite's `seeds`; a look of fewer
    than three seeds could settle nothing. A claim that is decided at one look never comes to the next.
    """

    looks: Annotated[tuple[Annotated[int, Field(ge=3)], ...], Field(min_length=2)]
    spending: Spending
    because: Annotated[str, Field(min_length=10)]

    def look(self, number: int) -> Look:
        """Return a look by its number, from 1 on."""
        return Look(number=number, looks=self.looks, spending=self.spending)


class Look(Record):
    """One look at a claim, and all that its level depends on."""

    number: PositiveInt
    looks: tuple[PositiveInt, ...]
    spending: Spending

    @property
    def seeds(self) -> int:
        """The number of seeds that this look is at."""
        return self.looks[self.number - 1]

    @property
    def next(self) -> Look | None:
        """The look after this one; null at the last."""
        return None if self.number == len(self.looks) else self.model_copy(update={"number": self.number + 1})

    def __str__(self) -> str:
        return f"look {self.number} of {len(self.looks)}"
