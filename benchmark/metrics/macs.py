"""Multiply-accumulates of one image's forward pass, counted per layer by ptflops.

Counted are the weights of convolutions, transposed convolutions and linear layers, each used once per position:
output positions of a convolution, input positions of a transposed one, padding included. Biases, normalization and
activations are not counted, so this is half of what torch's `FlopCounterMode` reports. `effective` counts kept
weights alone: what an ideal sparse kernel would still compute, not what this machine saves.
"""

from __future__ import annotations

import contextlib
import copy
import io
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue
from torch import Tensor, nn

from benchmark.errors import RunError, UsageError, did_you_mean
from benchmark.metrics import METRICS
from benchmark.metrics.subject import Subject, Value
from benchmark.networks import WEIGHTED, Networks
from benchmark.schema.protocol import Protocol

if TYPE_CHECKING:
    from benchmark.metrics.options import MacsOptions

BACKEND = "pytorch"  # ptflops' documentation and code disagree on its default, so it is always named


def measure(subject: Subject, options: MacsOptions) -> Value:
    """Return the multiply-accumulates per image of one component, or of all together."""
    networks = subject.networks_of("raw")
    layers = {
        f"{component}/{path}": counted
        for component in _chosen(networks, options.component)
        for path, counted in count_layers(networks[component], networks.inputs[component]).items()
    }
    table = {name: _row(counted, subject.masks.get(f"{name}.weight")) for name, counted in layers.items()}
    return Value(
        float(sum(row[options.kind] for row in table.values())),
        Protocol(
            metric="macs",
            version=METRICS["macs"].version,
            counter=f"ptflops {version('ptflops')}, backend {BACKEND}",
            convention=_convention(options),
        ),
        {"layers": {name: dict[str, JsonValue](row) for name, row in table.items()}},
    )


def count_layers(network: nn.Module, shape: tuple[int, ...]) -> dict[str, int]:
    """Return the multiply-accumulates of each weighted layer for one input of `shape`, by module path.

    The network itself is left alone: a copy without values is counted. RunError where ptflops cannot run it.
    """
    from ptflops import get_model_complexity_info
    from ptflops.pytorch_ops import MODULES_MAPPING

    shadow = copy.deepcopy(network).to("meta")
    paths = {layer: path for path, layer in shadow.named_modules()}
    counts: dict[str, int] = {}

    def record(layer: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        before = layer.__flops__
        MODULES_MAPPING[type(layer)](layer, inputs, output)
        # ptflops adds one operation for each value that gets a bias
        added = output.numel() if layer.bias is not None else 0
        counts[paths[layer]] = counts.get(paths[layer], 0) + layer.__flops__ - before - added

    talk = io.StringIO()  # ptflops prints its failures and returns nulls
    with contextlib.redirect_stdout(talk), contextlib.redirect_stderr(talk):
        total, _ = get_model_complexity_info(
            shadow,
            shape,
            as_strings=False,
            print_per_layer_stat=False,
            backend=BACKEND,
            custom_modules_hooks=dict.fromkeys(WEIGHTED, record),
        )
    if total is None:
        raise RunError(f"ptflops cannot count this network: {talk.getvalue().strip().splitlines()[-1]}")
    return counts


def _chosen(networks: Networks, component: str | None) -> list[str]:
    if component is None:
        return sorted(networks.components)
    if component not in networks.components:
        raise UsageError(f"metric macs: no component '{component}'{did_you_mean(component, networks.components)}")
    return [component]


def _row(counted: int, mask: Tensor | None) -> dict[str, int]:
    """Return a layer's dense and effective count: every weight is used equally often, so the share is exact."""
    if mask is None:
        return {"dense": counted, "effective": counted}
    return {"dense": counted, "effective": counted // mask.numel() * int(mask.sum())}


def _convention(options: MacsOptions) -> str:
    weights = "all weights" if options.kind == "dense" else "kept weights"
    return f"MACs per image of {weights} in {options.component or 'all components'}; no biases, norms, activations"
