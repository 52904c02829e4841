"""At which moments of a training a metric looks: its last step, or several of them, of which the best one counts.

Papers that evaluate a network now and then, and print the smallest FID, choose their checkpoint on the evaluation set.
So the choice is part of the protocol, and every value is kept beside the one chosen. Yeo et al. (2023) keep the
network with the smallest FID, whatever else they measure of it: another choice than each metric's own best value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError

from benchmark.metrics.subject import Value
from benchmark.schema.record import Options, Resolved


class BestOf(Options):
    """The best value of so many moments, equally far from each other, the last step among them."""

    best_of: Annotated[int, Field(ge=2)]


class BestBy(BestOf):
    """The same; `by: fid` takes the moment with the smallest FID of the very images that the metric looks at."""

    by: Literal["fid"] | None = None


def _told(expected: str) -> WrapValidator:
    def told(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
        try:
            return check(value)
        except ValidationError:
            reason = f"expected last, or {expected} with N of 2 or more"
            raise PydanticCustomError("selection", "{reason}", {"reason": reason}) from None

    return WrapValidator(told)


Moments = Annotated[Literal["last"] | BestOf, _told("{best_of: N}")]
"""What a metric of networks looks at: `last`, or `{best_of: 16}`."""

MomentsBy = Annotated[Literal["last"] | BestBy, _told("{best_of: N}, or {best_of: N, by: fid},")]
"""The same, or `{best_of: 16, by: fid}`."""


def looks(metric: Resolved) -> int:
    """Return at how many moments of a training a metric looks."""
    chosen = metric.options.get("selection")
    return BestBy.model_validate(chosen).best_of if isinstance(chosen, dict) else 1


def moments(metric: Resolved, first: int, last: int) -> tuple[int, ...]:
    """Return the steps at which a metric looks at a training from step `first` on, in order; the last one is `last`."""
    count = looks(metric)
    return tuple(first + (last - first) * number // count for number in range(1, count + 1))


def best(curve: Sequence[tuple[int, Value]], lower_is_better: bool) -> Value:
    """Return the best of several values with their steps, the earliest of equal ones.

    `step` is where it was found, `evaluations` are all of them in order, so that the last is the network's at its end.
    Where the values say what they are `chosen_by`, that decides, and stands beside each of them.
    """
    step, found = min(curve, key=lambda look: _rank(look[1], lower_is_better))
    judge = "" if found.chosen_by is None else f", by {found.chosen_by[0]}"
    return replace(
        found,
        protocol=found.protocol.model_copy(
            update={"selection": f"best of {len(curve)} evaluations on the evaluation set{judge}"}
        ),
        details={
            **found.details,
            "step": step,
            "evaluations": [
                {"step": at, "value": value.value, **dict([value.chosen_by] if value.chosen_by else ())}
                for at, value in curve
            ],
        },
    )


def _rank(value: Value, lower_is_better: bool) -> float:
    if value.chosen_by is not None:
        return value.chosen_by[1]
    return value.value if lower_is_better else -value.value
