"""Which experiments a claim's chart joins, and which figure of the suite shows them already."""

from __future__ import annotations

from collections.abc import Iterable

from benchmark.schema.claim import Claim
from benchmark.schema.suite import PICTURES, Experiment, Figure, Suite
from reports.curve import MOST_LINES, Lines

MOST_BESIDE = 6
"""As many lines a claim's chart has where its own experiments are fewer: the others are there to compare with."""


def figure_lines(suite: Suite, figure: Figure) -> Lines:
    """Return the lines of a figure, in its own order."""
    return {name: suite.line(name) for name in figure.experiments}


def claim_lines(suite: Suite, claim: Claim) -> Lines:
    """Return the experiments that a claim names, then others of the same task that have the metric."""
    named = [name for name in experiments_of(claim) if name in suite.experiments]
    tasks = [task(suite.experiments[name]) for name in named]
    beside = [
        name for name, other in suite.experiments.items() if claim.metric in other.metrics and task(other) in tasks
    ]
    own, others = _lines(suite, named), _lines(suite, beside)
    left = [name for name in others if name not in own][: max(0, MOST_BESIDE - len(own))]
    return {**own, **{name: others[name] for name in left}}


def experiments_of(claim: Claim) -> tuple[str, ...]:
    """Return the experiments that a claim joins, in the order it names them."""
    arms = (arm for comparison in claim.compare for arm in (comparison.arm, comparison.baseline) if arm)
    return tuple(dict.fromkeys(arm.partition("@")[0] for arm in arms))


def covering(suite: Suite, claim: Claim) -> str | None:
    """Return the figure that shows a claim's metric of all its experiments over their sparsity, or null."""
    named = set(experiments_of(claim))
    for name, figure in suite.figures.items():
        same = figure.y not in PICTURES and (figure.y, figure.x, figure.timing) == (
            claim.metric,
            "sparsity",
            claim.timing,
        )
        drawn = figure.experiments[:MOST_LINES]
        if same and named <= {one for line in drawn for one in suite.line(line)}:
            return name
    return None


def _lines(suite: Suite, experiments: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Join the experiments of one matrix to one line."""
    names = dict.fromkeys(name.partition("[")[0] for name in experiments)
    return {name: suite.line(name) for name in names}


def task(experiment: Experiment) -> tuple[object, ...]:
    """Return what makes experiments comparable: data, networks and objective."""
    return experiment.dataset, experiment.model, experiment.objective
