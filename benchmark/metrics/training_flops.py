"""Floating-point operations of a whole training, forward and backward, by torch's own formulas.

Kalibhat et al. (2021, Table 2) count convolutions, linear layers and batch norms in both passes over all steps. Here
one step of each update is computed as the training loop does, but without values, and multiplied by the steps made. So
gradients that the loop leaves out cost nothing: those of images, and of components that an update does not step. Matrix
products without weights, those of self-attention and of a style in a perceptual loss, are counted too. The formulas of
`torch.utils.flop_counter` count a multiplication and an addition for every weight and position, padding included, and
no biases; for batch norm they have none, and ours are `BATCH_NORM`. Nothing else is counted: activations, losses,
penalties, optimizers, averages, spectral norms, a batch norm's second derivative, and criteria that look at weights
alone. Precision changes no count.

`effective` counts each layer times the fraction of its weights that the mask keeps: what an ideal sparse kernel would
compute, not what this machine saves. That is exact for the forward pass, for the gradient of the inputs and for that
of the weights (of kept ones alone), since each uses every weight equally often. Scores are of weights not yet removed,
so scoring is counted dense, and so is a training of scores in place of weights (edge-popup), where all scores have
gradients, though its passes could leave out what its mask does. A channel that is masked but not removed saves in its
batch norm alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch
from pydantic import JsonValue
from torch import Tensor, nn
from torch.autograd.graph import Node
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry
from torch.utils.hooks import RemovableHandle

from benchmark.metrics import METRICS
from benchmark.metrics.subject import Effort, Passes, Subject, Value
from benchmark.networks import WEIGHTED, Product
from benchmark.schema.protocol import Protocol

if TYPE_CHECKING:
    from benchmark.metrics.options import TrainingFlopsOptions

BATCH_NORM = {"forward": 7, "backward": 9}
"""Operations per value. Forward: mean 1, variance 3 (subtract, square, add), normalize, scale and shift 3.

Backward: gradient of the shift 1, of the scale 4 (normalize again 2, multiply, add), of the input 4 (subtract the
mean and the projection 3, scale 1). What is done once per channel is left out.
"""

SCOPES = {
    "job": "this training",
    "path": "the trainings of these weights and the scores of their masks",
    "lineage": "all trainings and scores that the ticket rests on",
}

COUNTED: tuple[type[nn.Module], ...] = (*WEIGHTED, Product, _BatchNorm, _InstanceNorm)
"""The layers that operations belong to; torch computes an instance norm as the batch norm of images one by one."""
OUTSIDE = ""
"""Stands for the layer, where an operation belongs to none."""

_FORMULAS: Mapping[Any, Callable[..., int]] = {
    **flop_registry,
    torch.ops.aten.native_batch_norm: lambda values, *_, **__: BATCH_NORM["forward"] * values.numel(),
    torch.ops.aten.native_batch_norm_backward: lambda slopes, *_, **__: BATCH_NORM["backward"] * slopes.numel(),
}


def measure(subject: Subject, options: TrainingFlopsOptions) -> Value:
    """Return the operations of this job's training, or of the trainings that it rests on too.

    `details`: of each job its steps, operations per step by update, and of its scores; of the trainings by component.
    """
    jobs: list[JsonValue] = []
    components: Counter[str] = Counter()
    total = 0
    for effort in subject.lineage()[: 1 if options.scope == "job" else None]:
        steps, scoring = _extent(effort, options.scope)
        per_step: dict[str, JsonValue] = {}
        for name, passes in effort.updates.items():
            layers = _per_step(effort, passes, options.kind)
            per_step[name] = layers.total()
            for layer, flops in layers.items():
                components[layer.partition("/")[0]] += steps * flops
        total += scoring
        if steps or scoring:
            jobs.append({"job": effort.job_id, "steps": steps, "per_step": per_step, "scoring": scoring})
    return Value(float(total + components.total()), _protocol(options), {"jobs": jobs, "components": dict(components)})


@lru_cache(maxsize=128)
def count(passes: Passes) -> Counter[str]:
    """Return the operations of passes by the layer's full name, `component/module.path`; they are computed once."""
    counter, handles = _LayerCounter(), list[RemovableHandle]()
    for component, module in passes.networks.components.items():
        layers = {path: layer for path, layer in module.named_modules() if isinstance(layer, COUNTED)}
        for path, layer in layers.items():
            handles += counter.watch(layer, f"{component}/{path}")
    with counter:
        passes.run()
    for handle in handles:
        handle.remove()
    return counter.flops


class _LayerCounter(TorchDispatchMode):  # type: ignore[no-untyped-call,unused-ignore]
    """Counts operations by the layer that is computed; `FlopCounterMode` cannot, nor bear a gradient of a gradient.

    A layer is computed in its forward call, and while autograd is at a node that the call left behind, or at one
    that such a node left in turn because its gradient is to be differentiated again.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call,unused-ignore]
        self.flops: Counter[str] = Counter()
        self._layer = OUTSIDE

    def watch(self, layer: nn.Module, name: str) -> tuple[RemovableHandle, RemovableHandle]:
        """Count what a layer computes under a name, until both handles are removed."""

        def begin(*_: Any) -> None:
            self._layer = name

        def end(nodes: Iterable[Node]) -> None:
            self._layer = OUTSIDE
            for node in nodes:
                node.register_prehook(begin)
                node.register_hook(lambda gradients, _: end(_makers(gradients)))

        return (
            layer.register_forward_pre_hook(begin),
            layer.register_forward_hook(lambda _, inputs, output: end(_nodes_between(inputs, output))),
        )

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        formula = _FORMULAS.get(func.overloadpacket)
        if formula is not None:
            self.flops[self._layer] += formula(*args, **(kwargs or {}), out_val=found)
        return found


def _makers(tensors: Iterable[Tensor | None]) -> set[Node]:
    return {tensor.grad_fn for tensor in tensors if tensor is not None and tensor.grad_fn is not None}


def _nodes_between(inputs: Iterable[Tensor], output: Tensor) -> set[Node]:
    """Return the nodes that a layer's call left behind: an instance norm's is behind a change of shape."""
    before, found = _makers(inputs), set[Node]()
    ahead = _makers([output])
    while ahead:
        found |= ahead
        inner = {node for passed in ahead for node, _ in passed.next_functions if node is not None}
        ahead = {node for node in inner - before - found if node.next_functions}  # not what gathers gradients
    return found


def _extent(effort: Effort, scope: str) -> tuple[int, int]:
    """Return the steps of a job that count, and the operations of its scores if they do.

    On the weights' path a mask counts that they were trained under to the end of that training.
    """
    steps = effort.passed if scope == "path" else effort.steps
    counts = effort.scoring is not None and scope != "job" and steps == effort.steps
    return steps, count(effort.scoring).total() if effort.scoring is not None and counts else 0


def _per_step(effort: Effort, passes: Passes, kind: str) -> Counter[str]:
    """Return the operations of an update within one step, by layer."""
    masks = effort.masks() if kind == "effective" else {}
    return Counter(
        {name: passes.times * _kept(flops, masks.get(f"{name}.weight")) for name, flops in count(passes).items()}
    )


def _kept(flops: int, mask: Tensor | None) -> int:
    return flops if mask is None else flops * int(mask.sum()) // mask.numel()


def _protocol(options: TrainingFlopsOptions) -> Protocol:
    weights = "all weights" if options.kind == "dense" else "kept weights"
    norms = f"batch norm {BATCH_NORM['forward']} forward and {BATCH_NORM['backward']} backward a value"
    counts = f"multiply-accumulate 2, {norms}, no biases, activations, optimizers"
    return Protocol(
        metric="training_flops",
        version=METRICS["training_flops"].version,
        counter=f"torch.utils.flop_counter of torch {torch.__version__}",
        convention=f"FLOPs of {weights} in {SCOPES[options.scope]}; {counts}",
    )
