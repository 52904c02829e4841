"""Parameters of the networks as they are: removed channels are gone, while a mask changes nothing here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import JsonValue

from benchmark.metrics import METRICS
from benchmark.metrics.sparsity import count
from benchmark.metrics.subject import Subject, Value
from benchmark.networks import section
from benchmark.schema.protocol import Protocol

if TYPE_CHECKING:
    from benchmark.schema.record import Options


def measure(subject: Subject, options: Options) -> Value:
    """Return the number of parameters of all networks, biases and normalization included.

    `details` give it per component, with how many of the weights (or channels) that a mask covers it keeps.
    """
    components = _components(subject)
    return Value(
        float(sum(row["parameters"] for row in components.values())),
        Protocol(
            metric="parameters",
            version=METRICS["parameters"].version,
            convention="all parameters of the networks as trained, masked ones included",
        ),
        {"components": {name: dict[str, JsonValue](row) for name, row in components.items()}},
    )


def measure_kept(subject: Subject, options: Options) -> Value:
    """Return the number of parameters that are neither removed with their channel nor masked.

    So it is the one size in which tickets of weights and of channels can stand on one axis.
    """
    found = measure(subject, options)
    own = subject.networks_of("raw").state()
    # A removed channel's mask is of the whole network's shape, and what it masks is no parameter any more.
    fitting = [mask for name, mask in subject.masks.items() if mask.shape == own[name].shape]
    masked = sum(mask.numel() - int(mask.sum()) for mask in fitting)
    return Value(
        found.value - masked,
        Protocol(
            metric="kept_parameters",
            version=METRICS["kept_parameters"].version,
            convention="all parameters of the networks as trained, but for masked weights",
        ),
        found.details,
    )


def _components(subject: Subject) -> dict[str, dict[str, int]]:
    rows = {}
    for name, network in sorted(subject.networks_of("raw").components.items()):
        masked = count(section(subject.masks, name))
        parameters = sum(parameter.numel() for parameter in network.parameters())
        rows[name] = {"parameters": parameters, "prunable": masked.prunable, "kept": masked.kept}
    return rows
