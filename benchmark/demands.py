"""What metrics demand of the experiments that they are measured on, and of the claims that are made with them."""

from __future__ import annotations

from collections.abc import Iterator

from benchmark.datasets import DATASETS
from benchmark.errors import did_you_mean
from benchmark.features import EXTRACTORS
from benchmark.metrics import METRICS
from benchmark.metrics.selection import looks
from benchmark.objectives import OBJECTIVES
from benchmark.schema.record import Resolved
from benchmark.schema.suite import Training

DIRECTED = frozenset({"matches", "beats", "sparsest", "reduces"})
"""The kinds of claim in which one side of a metric is the better one."""

Misfit = tuple[str, str]
"""A key of the metric, and what is wrong there."""


def misfits(metric: Resolved, dataset: Resolved, objective: Resolved, training: Training) -> Iterator[Misfit]:
    """Yield what keeps a metric from being measured on an experiment, as far as its options and facts tell."""
    facts = METRICS[metric.name].facts
    if facts.get("waits") and training.stop is None:
        yield "name", f"'{metric.name}' needs a training that stops at an event; set 'stop' in it"
    if looks(metric) > 1 and training.stop is not None:
        yield "selection", "moments are spread up to the last step, which is not known where the training may 'stop'"
    update, known = metric.options.get("update"), OBJECTIVES[objective.name].facts.get("updates", ())
    if update is not None and known and update not in known:
        yield "update", f"'{objective.name}' has no update '{update}'{did_you_mean(str(update), known)}"
    yield from _undirected(metric, objective)
    yield from _too_few(metric, dataset)
    chosen = metric.options.get("extractor")
    if isinstance(chosen, dict):
        yield from _unread(str(chosen["name"]), metric, dataset)


def unspread(metric: Resolved, steps: int, known: bool) -> str | None:
    """Return why the moments of a metric cannot be spread over a training of so many steps, or null."""
    count = looks(metric)
    if count > 1 and not known:
        return "moments are spread over a training, but where this one begins is told by the end of another"
    return f"{count} moments are more than the {steps} steps of the training" if 1 < count > steps else None


def undirected(kind: str, metric: Resolved) -> str | None:
    """Return why a metric cannot be claimed to be better, or null."""
    if kind not in DIRECTED or METRICS[metric.name].facts["lower_is_better"] is not None:
        return None
    return f"no side of '{metric.name}' is the better one; expected a claim of the kind 'same' or 'differs'"


def _undirected(metric: Resolved, objective: Resolved) -> Iterator[Misfit]:
    """Yield a direction that an objective does not translate in, or one that is missing."""
    facts = OBJECTIVES[objective.name].facts
    known, options = facts.get("directions", ()), metric.options
    if "direction" in options and options["direction"] not in (known or (None,)):
        expected = f"expected {' or '.join(known)}" if known else "leave it out"
        yield "direction", f"'{objective.name}' translates {'between two domains' if known else 'nothing'}: {expected}"


def _too_few(metric: Resolved, dataset: Resolved) -> Iterator[Misfit]:
    """Yield a split that is known to have fewer images than a metric compares with."""
    wanted, split = metric.options.get("real"), metric.options.get("split")
    counted = DATASETS[dataset.name].facts.get(f"{split}_images")
    if isinstance(wanted, int) and counted is not None and wanted > (there := counted(DATASETS.parse(dataset))):
        yield "real", f"the {split} split of '{dataset.name}' has {there} images, not {wanted}; null takes all of them"


def _unread(extractor: str, metric: Resolved, dataset: Resolved) -> Iterator[Misfit]:
    """Yield what an extractor cannot do with a data set: take its images, or know its labels."""
    shape = DATASETS[dataset.name].facts["shape"](DATASETS.parse(dataset))
    shapes = EXTRACTORS[extractor].facts.get("shapes")
    if shapes is not None and shape not in shapes:
        sizes = " or ".join("x".join(map(str, one)) for one in shapes)
        yield "extractor", f"'{extractor}' reads images of {sizes}, not {'x'.join(map(str, shape))}"
    if METRICS[metric.name].facts.get("classifies") and not _knows(extractor, dataset):
        able = [name for name in EXTRACTORS if _knows(name, dataset)]
        instead = f"expected {' or '.join(able)}" if able else "and no other extractor does"
        yield "extractor", f"'{extractor}' does not tell the classes of '{dataset.name}', {instead}"


def _knows(extractor: str, dataset: Resolved) -> bool:
    return dataset.name in EXTRACTORS[extractor].facts.get("labels", ())
