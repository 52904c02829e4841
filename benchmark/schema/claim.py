"""The kinds of claim a suite can make, each with what its judgement needs."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from benchmark.schema.record import Margin, Name, PositiveInt, Record

Expect = Literal["reproduced", "not reproduced", "any"]


class Comparison(Record):
    """One effect: `arm` against `baseline` (both `EXPERIMENT@LEVEL`; `sparsest` names an experiment as arm).

    `reference` (`PAPER/NUMBER`) stands in for the baseline where a printed number is compared. `found_by` looks at an
    arm alone.
    """

    arm: str
    baseline: str | None = None
    reference: str | None = None

    @model_validator(mode="after")
    def _against_one(self) -> Self:
        if self.baseline is not None and self.reference is not None:
            raise ValueError("a comparison is against a 'baseline' or a 'reference', not both")
        return self


class Source(Record):
    """Where the paper says it."""

    paper: str
    section: str | None = None
    table: str | None = None
    figure: str | None = None
    page: str | None = None


class BaseClaim(Record):
    """What every claim has. All its comparisons must hold (statistics.md, R7)."""

    version: PositiveInt = 1
    says: Annotated[str, Field(min_length=10)]
    source: Source
    metric: Name
    compare: Annotated[tuple[Comparison, ...], Field(min_length=1)]
    paired: bool = True
    timing: Name | None = None
    """The suite's timing that the metric is read from: `training_seconds` or `step_seconds`."""
    expect: Expect = "reproduced"
    references: tuple[str, ...] = ()
    contested: str | None = None
    nightly: bool = False
    only_at: tuple[Name, ...] = ()
    assume: dict[str, str] = {}
    notes: tuple[str, ...] = ()


class Matches(BaseClaim):
    """The arm is no worse than its baseline, or than a printed number, by the margin (non-inferiority)."""

    kind: Literal["matches"]
    margin: Margin


class Beats(BaseClaim):
    """The arm is better than its baseline by more than `by` (superiority)."""

    kind: Literal["beats"]
    by: Margin


class Equals(BaseClaim):
    """The arm equals a printed number within the margin (equivalence)."""

    kind: Literal["equals"]
    margin: Margin


class Reduces(BaseClaim):
    """A cost of the arm is at most `ratio` times the baseline's."""

    kind: Literal["reduces"]
    ratio: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    because: Annotated[str, Field(min_length=10)]


class Sparsest(BaseClaim):
    """The sparsest level that still matches the baseline is at or above the sparsity `at_least`."""

    kind: Literal["sparsest"]
    margin: Margin
    at_least: Annotated[float, Field(gt=0, lt=1)]


class Differs(BaseClaim):
    """The arms differ by more than the margin, in either direction."""

    kind: Literal["differs"]
    margin: Margin


class Same(BaseClaim):
    """The arms differ by less than the margin (equivalence between two arms)."""

    kind: Literal["same"]
    margin: Margin


class FoundBy(BaseClaim):
    """The metric of most runs, `share` of them at least, lies from `earliest` to `latest` (an epoch, a step)."""

    kind: Literal["found_by"]
    earliest: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    latest: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    share: Annotated[float, Field(gt=0, lt=1)]
    because: Annotated[str, Field(min_length=10)]


Claim = Annotated[
    Matches | Beats | Equals | Reduces | Sparsest | Differs | Same | FoundBy,
    Field(discriminator="kind"),
]
