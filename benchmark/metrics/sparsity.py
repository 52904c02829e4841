"""Sparsity: the fraction removed of the prunable weights, or channels, and of the whole network beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import JsonValue
from torch import Tensor

from benchmark.metrics import METRICS
from benchmark.metrics.subject import Subject, Value
from benchmark.networks import is_bias, is_of_channels
from benchmark.schema.protocol import Protocol

if TYPE_CHECKING:
    from benchmark.schema.record import Options


@dataclass(frozen=True)
class Count:
    """How many weights (or channels) a set of masks covers, and how many it keeps."""

    prunable: int
    kept: int

    @property
    def sparsity(self) -> float:
        """The fraction removed (0 where nothing is prunable)."""
        return (self.prunable - self.kept) / self.prunable if self.prunable else 0.0

    def as_document(self) -> dict[str, JsonValue]:
        """Return the counts as plain JSON."""
        return {"prunable": self.prunable, "kept": self.kept, "sparsity": self.sparsity}


def count(masks: Mapping[str, Tensor]) -> Count:
    """Return the counts over some masks together, those of biases left out."""
    counts = count_layers(masks).values()
    return Count(sum(layer.prunable for layer in counts), sum(layer.kept for layer in counts))


def count_layers(masks: Mapping[str, Tensor]) -> dict[str, Count]:
    """Return the counts of each mask that is not of biases, in the order of names."""
    return {name: _counted(mask) for name, mask in sorted(masks.items()) if not is_bias(name)}


def _counted(*masks: Tensor) -> Count:
    return Count(sum(mask.numel() for mask in masks), sum(int(mask.sum()) for mask in masks))


def measure(subject: Subject, options: Options) -> Value:
    """Return removed / prunable.

    `details` give the counts per layer and per component, and `whole_network`: removed / all parameters, biases and
    normalization included, which is what papers mean that count the whole network. Where channels are removed it is
    null, since they are no parameters. `parameters` are those of the networks as they were trained. Where a mask is of
    biases too, `biases` counts them.
    """
    masks = subject.masks
    overall = count(masks)
    channels = any(is_of_channels(name, mask) for name, mask in masks.items())
    biases = [mask for name, mask in masks.items() if is_bias(name)]
    parameters = sum(parameter.numel() for _, parameter in subject.networks_of("raw").named_parameters())
    whole_network = (overall.prunable - overall.kept) / parameters if parameters else 0.0
    components = {
        component: count({name: mask for name, mask in masks.items() if name.startswith(f"{component}/")})
        for component in sorted({name.partition("/")[0] for name in masks})
    }
    return Value(
        overall.sparsity,
        Protocol(
            metric="sparsity",
            version=METRICS["sparsity"].version,
            convention=(
                "channels that the mask removes / channels that batch normalization scales and the mask may remove"
                if channels
                else "weights that the mask sets to zero / prunable weights"
            ),
        ),
        overall.as_document()
        | {
            "parameters": parameters,
            "whole_network": None if channels else whole_network,
            "components": {name: counted.as_document() for name, counted in components.items()},
            "layers": {name: counted.as_document() for name, counted in count_layers(masks).items()},
        }
        | ({"biases": _counted(*biases).as_document()} if biases else {}),
    )
