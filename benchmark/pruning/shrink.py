"""Masked channels taken out of networks, with all that belongs to them, by Torch-Pruning (Fang et al. 2023).

A channel whose scale and shift are zero is zero after its batch or instance norm, and stays so through what follows up
to the next layer. So the layer before loses an output, bias included, the norm a channel, and the layer after an input;
what the network computes is unchanged, and so are the gradients of all that is left.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

import torch
import torch_pruning
from torch import Tensor, nn
from torch.nn.modules.instancenorm import _InstanceNorm
from torch.nn.utils.parametrize import is_parametrized

from benchmark.networks import Networks

KEEPING_ZERO = frozenset(
    ("Relu", "LeakyRelu", "Tanh", "MaxPool2DWithIndices", "AvgPool2D", "UpsampleNearest2D", "ReflectionPad2D")
)
"""Operations, by autograd's names, that work on each channel by itself and map one that is zero to zero."""

MOVING = {"Cat": "_saved_dim", "Slice": "_saved_dim", "Flip": "_saved_dims"}
"""Operations that move values about, as a reflection does on a GPU, and where they say along which axes."""

LAYERS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d, nn.Linear)


def remove_channels(networks: Networks, masks: Mapping[str, Tensor]) -> None:
    """Take the channels that masks [channels] over scales leave out from networks, in place and on any device.

    Only for those that `obstacles` has nothing against, and of which every layer keeps a channel.
    """
    for component, module in networks.components.items():
        removed = {name: (~mask).nonzero().flatten().tolist() for name, mask in masks.items() if not bool(mask.all())}
        paths = {_path(name): lost for name, lost in removed.items() if name.startswith(f"{component}/")}
        if paths:
            graph = _graph(module, networks.inputs[component])
            for path, lost in paths.items():
                _group(graph, module.get_submodule(path), lost).prune(record_history=False)


def obstacles(networks: Networks, scales: Iterable[str]) -> dict[str, str]:
    """Return why the channels of some scales, by full name, cannot be removed: nothing where all can."""
    shadows = {name: deepcopy(module).to("meta") for name, module in networks.components.items()}
    graphs = {name: _graph(module, networks.inputs[name]) for name, module in shadows.items()}
    found = {}
    for name in scales:
        component = name.partition("/")[0]
        shadow, path = shadows[component], _path(name)
        fault = _obstacle(graphs[component], shadow.get_submodule(path))
        if fault is None and not _runs_without(shadow, path, networks.inputs[component]):
            fault = "has a number of channels that is written down elsewhere"
        if fault is not None:
            found[name] = fault
    return found


def _path(scale: str) -> str:
    return scale.partition("/")[2].removesuffix(".weight")


def _graph(module: nn.Module, shape: tuple[int, ...]) -> Any:
    """Return the dependencies of a network; it is left as it was, buffers and mode included."""
    training = module.training
    with torch.enable_grad():
        graph = torch_pruning.DependencyGraph().build_dependency(
            module, _inputs(module, shape), forward_fn=lambda network, inputs: network(inputs)
        )
    module.train(training)
    return graph


def _inputs(module: nn.Module, shape: tuple[int, ...]) -> Tensor:
    return torch.zeros(2, *shape).to(next(module.parameters()))


def _runs_without(module: nn.Module, path: str, shape: tuple[int, ...]) -> bool:
    """Return whether a network maps inputs to the same shape when a norm's last channel is gone, if it is not alone."""
    thin, inputs = deepcopy(module).eval(), _inputs(module, shape)
    norm = thin.get_submodule(path)
    last = int(norm.num_features) - 1  # type: ignore[arg-type]
    if last == 0:
        return True
    wanted = thin(inputs).shape
    _group(_graph(thin, shape), norm, [last]).prune(record_history=False)
    try:
        return bool(thin(inputs).shape == wanted)
    except RuntimeError:
        return False


def _group(graph: Any, norm: nn.Module, lost: list[int]) -> Any:
    return graph.get_pruning_group(norm, graph.get_pruner_of_module(norm).prune_out_channels, lost)


def _obstacle(graph: Any, norm: nn.Module) -> str | None:
    """Return why a norm's channels cannot be removed, from what is coupled to its last one."""
    if norm not in graph.module2node:
        return "is not used"
    if not graph.module2node[norm].outputs:
        return "gives the network's output"
    last = int(norm.num_features) - 1  # type: ignore[arg-type]
    sources, own = [], _parts(graph, norm)
    for dependency, lost in _group(graph, norm, [last]):
        node = dependency.target
        if isinstance(node.module, LAYERS):
            into = graph.is_out_channel_pruning_fn(dependency.handler)
            sources += [node] if into else []
            fault = _of_layer(node.module, sorted(lost), last, into)
        else:
            fault = None if node in own else _of_operation(node)
        if fault is not None:
            return fault
    if len(sources) != 1 or not _leads_only_to(sources[0], norm):
        return "normalizes what other layers see too"
    return None


def _of_layer(layer: nn.Module, lost: list[int], channel: int, into: bool) -> str | None:
    """Return what is against removing units of a layer that belong to the last channel, `channel` by number."""
    has_own_pass = "forward" in vars(layer)  # as our spectral norm gives a layer
    if is_parametrized(layer) or layer._forward_pre_hooks or has_own_pass:
        return "is next to a layer whose weight is normalized as a whole"
    if getattr(layer, "groups", 1) != 1:
        return "is next to a grouped convolution"
    kind = "features" if isinstance(layer, nn.Linear) else "channels"
    units = int(getattr(layer, f"{'out' if into else 'in'}_{kind}"))
    each = units // (channel + 1)
    fits = units == each * (channel + 1) and lost == list(range(units - each, units))
    return None if fits else "is reshaped in a way that mixes channels"


def _of_operation(node: Any) -> str | None:
    """Return what is against removing a channel that passes this operation."""
    kind, name = node.type.name, str(node.grad_fn.name())
    operation = name.partition("Backward")[0]
    if kind == "OUTPUT":
        return "gives the network's output"
    if kind in ("BN", "IN"):
        return "shares its channels with other norms"
    if operation in KEEPING_ZERO or (operation == "T" and not node.inputs):  # a linear layer's own weight
        return None
    if (kind == "RESHAPE" and _flattens(node)) or _moves_within(node, operation):
        return None
    return f"is coupled to others by {operation}"


def _parts(graph: Any, norm: nn.Module) -> list[Any]:
    """Return the nodes of a norm: an instance norm is computed as the batch norm of images one by one."""
    node = graph.module2node[norm]
    before = node.inputs if isinstance(norm, _InstanceNorm) else []
    return [node, *before, *(part for one in before for part in one.inputs)]


def _moves_within(node: Any, operation: str) -> bool:
    """Return whether values are moved about within each channel [N, C, H, W] alone."""
    axes = getattr(node.grad_fn, MOVING[operation]) if operation in MOVING else ()
    return operation in MOVING and all(axis in (2, 3) for axis in (axes if isinstance(axes, tuple) else (axes,)))


def _flattens(node: Any) -> bool:
    """Return whether it makes all positions of all channels the inputs of a linear layer, or back from its outputs."""
    values = math.prod(node.grad_fn._saved_self_sym_sizes[1:])
    after = [end.module.in_features for end in node.outputs if isinstance(end.module, nn.Linear)]
    before = [end.module.out_features for end in node.inputs if isinstance(end.module, nn.Linear)]
    return values in after + before


def _leads_only_to(node: Any, norm: nn.Module) -> bool:
    while node.module is not norm:
        if len(node.outputs) != 1:
            return False
        node = node.outputs[0]
    return True
