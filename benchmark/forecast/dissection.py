"""A job taken apart on torch's meta device, without values or memory: what a step computes, what its tensors take."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from benchmark.assembly import Workshop
from benchmark.datasets import DATASETS
from benchmark.effort import updates_of
from benchmark.metrics.subject import Passes
from benchmark.metrics.training_flops import count
from benchmark.networks import LAYER_KINDS, prunable_weights, section
from benchmark.pruning.edge_popup import searched
from benchmark.schema.anatomy import Anatomy
from benchmark.schema.job import Job
from benchmark.schema.training import Optimizer


def dissect(job: Job) -> Anatomy:
    """Return what a job is made of, its networks whole; a network like its own stands in for a teacher."""
    workshop = _taught(Workshop(job, "meta"))
    networks, training = workshop.networks(), job.training
    parameters = dict(networks.named_parameters())
    scores = {} if training.scores is None else searched(networks, training.scores)
    # Where a component has scores they are trained in place of its parameters.
    trained = {
        name: _bytes((section(scores, name) or section(parameters, name)).values()) for name in networks.components
    }
    updates = updates_of(workshop).values()
    return Anatomy(
        flops=sum(passes.times * count(passes).total() for passes in updates),
        raw=_bytes(networks.state().values()),
        averages=0 if training.ema is None else _bytes(parameters.values()),
        scores=_bytes(scores.values()),
        moments=sum(_moments(training.optimizers[name]) * size for name, size in trained.items()),
        masks=sum(weight.numel() for weight in prunable_weights(networks, tuple(LAYER_KINDS), ()).values()),
        gradients=max(trained.values()),
        passes=max(map(_kept, updates)) // (1 if training.precision == "float32" else 2),
        images=_images(job),
    )


def _taught(workshop: Workshop) -> Workshop:
    teacher = workshop.job.training.teacher
    if teacher is None:
        return workshop
    networks = workshop.networks()
    networks.train(False)
    return replace(workshop, teacher=nn.ModuleDict({name: networks[name] for name in teacher.components}))


def _moments(optimizer: Optimizer) -> int:
    """Return how many values an optimizer keeps of each that it changes."""
    return 2 if optimizer.name == "adam" else int(optimizer.momentum > 0)


def _kept(passes: Passes) -> int:
    """Return the bytes that one pass keeps for its backward pass, beside the networks themselves."""
    kept: dict[int, Tensor] = {}

    def note(tensor: Tensor) -> Tensor:
        kept.setdefault(tensor.untyped_storage()._cdata, tensor)  # it is held, so that no other takes its place
        return tensor

    with saved_tensors_hooks(note, lambda tensor: tensor):
        passes.run()
    networks = passes.networks.components.values()
    own = {tensor.untyped_storage()._cdata for module in networks for tensor in module.state_dict().values()}
    return sum(tensor.untyped_storage().nbytes() for key, tensor in kept.items() if key not in own)


def _images(job: Job) -> int:
    facts, options = DATASETS[job.dataset.name].facts, DATASETS.parse(job.dataset)
    counted = facts.get("train_images")
    return 0 if counted is None else (counted(options) or 0) * math.prod(facts["shape"](options))


def _bytes(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
