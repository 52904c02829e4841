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
    components: dict[str, JsonValue] = {}
    total = 0
    for name, network in sorted(subject.networks_of("raw").components.items()):
        parameters = sum(parameter.numel() for parameter in network.parameters())
        masked = count(section(subject.masks, name))
        components[name] = {"parameters": parameters, "prunable": masked.prunable, "kept": masked.kept}
        total += parameters
    return Value(
        float(total),
        Protocol(
            metric="parameters",
            version=METRICS["parameters"].version,
            convention="all parameters of the networks as trained, masked ones included",
        ),
        {"components": components},
    )
