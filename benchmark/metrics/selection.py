"""At which moments of a training a metric looks: its last step, or several of them, of which the best one counts.

Papers that evaluate a network now and then, and print the smallest FID, choose their checkpoint on the evaluation set.
So the choice is part of the protocol, and every value is kept beside the one chosen.
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


def _told(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    try:
        return check(value)
    except ValidationError:
        reason = "expected last, or {best_of: N} with N of 2 or more"
        raise PydanticCustomError("selection", "{reason}", {"reason": reason}) from None


Moments = Annotated[Literal["last"] | BestOf, WrapValidator(_told)]
"""What a metric of networks looks at: `last`, or `{best_of: 16}`."""


def looks(metric: Resolved) -> int:
    """Return at how many moments of a training a metric looks."""
    chosen = metric.options.get("selection")
    return BestOf.model_validate(chosen).best_of if isinstance(chosen, dict) else 1


def moments(metric: Resolved, first: int, last: int) -> tuple[int, ...]:
    """Return the steps at which a metric looks at a training from step `first` on, in order; the last one is `last`."""
    count = looks(metric)
    return tuple(first + (last - first) * number // count for number in range(1, count + 1))


def best(curve: Sequence[tuple[int, Value]], lower_is_better: bool) -> Value:
    """Return the best of several values with their steps, the earliest of equal ones.

    `step` is where it was found, `evaluations` are all of them in order, so that the last is the network's at its end.
    """
    step, found = min(curve, key=lambda look: look[1].value if lower_is_better else -look[1].value)
    return replace(
        found,
        protocol=found.protocol.model_copy(
            update={"selection": f"best of {len(curve)} evaluations on the evaluation set"}
        ),
        details={
            **found.details,
            "step": step,
            "evaluations": [{"step": at, "value": value.value} for at, value in curve],
        },
    )
