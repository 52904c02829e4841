"""What cannot go together with a training of scores, since all parameters of the components searched are frozen."""

from __future__ import annotations

from collections.abc import Iterator

from benchmark.errors import did_you_mean
from benchmark.schema.record import Resolved
from benchmark.schema.suite import Experiment, Training

Conflict = tuple[tuple[str, ...], str]
"""A key of the experiment, and what is wrong there."""


def conflicts(experiment: Experiment, objective: Resolved, components: tuple[str, ...]) -> Iterator[Conflict]:
    """Yield what an experiment asks of frozen parameters; nothing where no scores are trained."""
    rule = experiment.training.scores
    if rule is None:
        return
    for name in rule.components or ():
        if name not in components:
            yield ("training", "scores", "components"), f"unknown component '{name}'{did_you_mean(name, components)}"
    if experiment.mask is not None and experiment.mask.source != "ones":
        yield ("mask", "from"), "scores find the mask: expected no mask, or 'ones'"
    if experiment.shrink:
        yield ("shrink",), "scores are of weights, and which of them are kept is known only after the training"
    if experiment.weights.optimizer == "restored":
        yield ("weights", "optimizer"), "scores begin anew, and no optimizer was at them before; expected fresh"
    frozen = frozenset(rule.components or components)
    yield from _unmoved(experiment.training, frozen)
    if objective.options.get("clip") is not None and "discriminator" in frozen:
        yield ("objective", "clip"), "the discriminator has scores: its parameters are frozen and cannot be clipped"


def _unmoved(training: Training, frozen: frozenset[str]) -> Iterator[Conflict]:
    """Yield what a training does with parameters that here do not move."""
    penalty = training.penalty
    if training.ema is not None:
        yield ("training", "ema"), "no averages are kept of scores; expected null"
    if training.stop is not None:
        yield ("training", "stop"), "the scales of norms are frozen, so that their mask never changes; expected null"
    if penalty is not None and (penalty.components is None or not frozen.isdisjoint(penalty.components)):
        yield ("training", "penalty"), "scales are frozen with weights: expected 'components' without scores, or null"
