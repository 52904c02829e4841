"""What each of several looks at growing data may cost: alpha spending (Lan and DeMets 1983), as plain levels.

A spending function says how much of the chance of error alpha is spent by the time that a share t of all seeds is
there: nothing at 0, all of alpha at 1. A look may spend what has been added since the look before, and is an ordinary
test at that level. The levels of all looks add up to alpha, so whatever is tested (t, ranks, shares), and however the
looks depend on each other, a false verdict is found at any of them with a chance of at most alpha (Boole). Lan and
DeMets get slightly wider levels from the dependence of looks at normal data with a known variance; with three seeds
their boundaries do not hold, and the difference is small.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from scipy.special import ndtr, ndtri

from benchmark.schema.top_up import Look, Spending


def _obrien_fleming(share: float, alpha: float) -> float:
    """Spend almost nothing early, as the boundaries of O'Brien and Fleming (1979) do."""
    return float(2.0 * ndtr(ndtri(alpha / 2.0) / math.sqrt(share)))


def _pocock(share: float, alpha: float) -> float:
    """Spend nearly evenly, a little more early, as the boundaries of Pocock (1977) do."""
    return alpha * math.log(1.0 + (math.e - 1.0) * share)


def _uniform(share: float, alpha: float) -> float:
    """Spend in proportion to the seeds."""
    return alpha * share


FUNCTIONS: Mapping[Spending, Callable[[float, float], float]] = {
    "obrien_fleming": _obrien_fleming,
    "pocock": _pocock,
    "uniform": _uniform,
}


def spent_by(look: Look, alpha: float) -> float:
    """Return how much of alpha, of one side, is spent when a look is over; the share of its seeds lies in (0, 1]."""
    return FUNCTIONS[look.spending](look.seeds / look.looks[-1], alpha)


def level(look: Look, whole: float) -> float:
    """Return the level of the two-sided interval at a look, where that of all looks together has the level `whole`.

    Half of what an interval leaves out is one side's chance of error: 0.90 for two tests at 5 %.
    """
    alpha = (1.0 - whole) / 2.0
    before = spent_by(look.model_copy(update={"number": look.number - 1}), alpha) if look.number > 1 else 0.0
    return 1.0 - 2.0 * (spent_by(look, alpha) - before)
