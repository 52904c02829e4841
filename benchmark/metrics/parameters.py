"""Parameters of networks, with or without masked ones, and the weights that masks cover; what is removed is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import JsonValue

from benchmark.metrics import METRICS
from benchmark.metrics.sparsity import count
from benchmark.metrics.subject import Subject, Value
from benchmark.networks import section
from benchmark.schema.protocol import Protocol

if TYPE_CHECKING:
    from benchmark.metrics.options import ComponentOptions


def measure(subject: Subject, options: ComponentOptions) -> Value:
    """Return the number of parameters of one component or of all, biases and normalization included.

    `details` give it per component, with how many of the weights (or channels) that a mask covers it keeps.
    """
    components = _components(subject, options)
    total = sum(row["parameters"] for row in components.values())
    convention = f"all parameters of {_whose(options)} as trained, masked ones included"
    return _counted("parameters", total, convention, components)


def measure_kept(subject: Subject, options: ComponentOptions) -> Value:
    """Return the number of parameters that are neither removed with their channel nor masked.

    So it is the one size in which tickets of weights and of channels can stand on one axis.
    """
    components, own = _components(subject, options), subject.networks_of("raw").state()
    # A removed channel's mask is of the whole network's shape, and what it masks is no parameter any more.
    fitting = [
        mask
        for name, mask in subject.masks.items()
        if mask.shape == own[name].shape and _is_counted(name.partition("/")[0], options)
    ]
    masked = sum(mask.numel() - int(mask.sum()) for mask in fitting)
    total = sum(row["parameters"] for row in components.values()) - masked
    convention = f"all parameters of {_whose(options)} as trained, but for masked weights"
    return _counted("kept_parameters", total, convention, components)


def measure_weights(subject: Subject, options: ComponentOptions) -> Value:
    """Return how many of the weights (or channels) that a mask covers it keeps: in dense networks all prunable ones."""
    components = _components(subject, options)
    total = sum(row["kept"] for row in components.values())
    convention = f"what a mask covers of {_whose(options)}: biases and normalization are not counted"
    return _counted("weights", total, convention, components)


def _counted(metric: str, total: int, convention: str, components: dict[str, dict[str, int]]) -> Value:
    protocol = Protocol(metric=metric, version=METRICS[metric].version, convention=convention)
    rows: dict[str, JsonValue] = {name: dict[str, JsonValue](row) for name, row in components.items()}
    return Value(float(total), protocol, {"components": rows})


def _whose(options: ComponentOptions) -> str:
    return "the networks" if options.component is None else f"the {options.component}"


def _is_counted(component: str, options: ComponentOptions) -> bool:
    return options.component in (None, component)


def _components(subject: Subject, options: ComponentOptions) -> dict[str, dict[str, int]]:
    rows = {}
    networks = subject.networks_of("raw").components
    for name, network in sorted((n, module) for n, module in networks.items() if _is_counted(n, options)):
        masked = count(section(subject.masks, name))
        parameters = sum(parameter.numel() for parameter in network.parameters())
        rows[name] = {"parameters": parameters, "prunable": masked.prunable, "kept": masked.kept}
    return rows
