"""How alike generated and real images are, and how varied, by neighborhoods in an extractor's features.

Precision and recall of Kynkäänniemi et al. (2019), density and coverage of Naeem et al. (2020), as the `prdc` package
of the latter computes them (`benchmark.metrics.neighborhoods`): four metrics, all four computed where one is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from benchmark.errors import RunError
from benchmark.metrics import METRICS
from benchmark.metrics.embedding import Embedded, embed
from benchmark.metrics.neighborhoods import compared, radii
from benchmark.metrics.subject import Subject, Value

if TYPE_CHECKING:
    from benchmark.metrics.options import NeighborOptions

FOUR = ("precision", "recall", "density", "coverage")
"""In the order in which they are computed."""


def precision(subject: Subject, options: NeighborOptions) -> Value:
    """Return the share of generated images that lie in the neighborhood of a real one."""
    return _measured(subject, options, "precision")


def recall(subject: Subject, options: NeighborOptions) -> Value:
    """Return the share of real images that lie in the neighborhood of a generated one."""
    return _measured(subject, options, "recall")


def density(subject: Subject, options: NeighborOptions) -> Value:
    """Return in how many neighborhoods of real images a generated one lies on average, over `nearest_k`."""
    return _measured(subject, options, "density")


def coverage(subject: Subject, options: NeighborOptions) -> Value:
    """Return the share of real images that have a generated one in their neighborhood."""
    return _measured(subject, options, "coverage")


def _measured(subject: Subject, options: NeighborOptions, name: str) -> Value:
    found = embed(subject, options, name, METRICS[name].version)
    parts = (f"neighborhoods of nearest_k = {options.nearest_k}", found.protocol.convention)
    values = subject.recall(_key("prdc", options), lambda: _four(subject, options, found))
    return Value(
        float(values[FOUR.index(name)]),
        found.protocol.model_copy(update={"convention": "; ".join(part for part in parts if part is not None)}),
        {"dimensions": found.real.extractor.dimensions},
        chosen_by=_judge(subject, options, found),
    )


def _four(subject: Subject, options: NeighborOptions, found: Embedded) -> Tensor:
    if found.real.count <= options.nearest_k:
        raise RunError(f"{subject.job_id}: {found.real.count} real images have no {options.nearest_k} nearest others")
    real, generated = (part.all().double() for part in (found.real, found.generated))
    around = subject.recall_data(
        f"{found.real.key} nearest {options.nearest_k}", lambda: radii(real, options.nearest_k)
    )
    return compared(real, generated, options.nearest_k, around).cpu()


def _judge(subject: Subject, options: NeighborOptions, found: Embedded) -> tuple[str, float] | None:
    """Return the FID that the moment is chosen by, once for all four; null where the value itself chooses."""
    if options.selection == "last" or options.selection.by is None:
        return None

    def distance() -> float:
        return found.generated.moments().distance(found.real.moments())

    return "fid", subject.recall(_key("fid", options), distance)


def _key(what: str, options: NeighborOptions) -> str:
    return f"{what} {options.model_dump_json(exclude={'selection'})}"
