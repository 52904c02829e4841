"""The one training loop: batches, optimizer steps under masks, moving averages, snapshots, checkpoints, log.

Every random draw is a function of (seed, purpose, step), so a checkpoint needs no generator state, and a ticket that
starts at step K meets the batches and latents that its dense parent met from step K on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from benchmark.errors import RunError
from benchmark.images import to_values
from benchmark.networks import Networks, section
from benchmark.objectives.objective import Objective, Update
from benchmark.pruning.mask import bind
from benchmark.schema.suite import Optimizer, Training
from benchmark.streams import stream

LOG_EVERY = 50
"""Steps between two lines of the log. Checkpoints fall on these steps, so that a resumed log has the same lines."""


class Diverged(Exception):  # noqa: N818 - an outcome, not an error
    """The training left the finite numbers."""

    def __init__(self, step: int, what: str) -> None:
        self.step = step
        self.what = what
        super().__init__(f"step {step}: {what}")


@dataclass(frozen=True)
class Hooks:
    """What the loop tells the outside, and when."""

    logged: Callable[[int, dict[str, float]], None]
    """After every `LOG_EVERY` steps: the step and the mean of each loss since the last call."""
    snapshot: Callable[[int, dict[str, Tensor]], None]
    snapshot_steps: frozenset[int] = frozenset()
    stepped: Callable[[], None] = lambda: None
    """After every step, for whoever takes the time."""


@dataclass
class State:
    """All that a training carries from step to step."""

    step: int
    networks: Networks
    optimizers: dict[str, torch.optim.Optimizer]
    ema: dict[str, Tensor] = field(default_factory=dict)

    def tensors(self) -> dict[str, Tensor]:
        """Return the state as named tensors: `raw/...`, `ema/...`, `optimizer/<component>/<parameter>/<key>`."""
        tensors = {f"raw/{name}": tensor for name, tensor in self.networks.state().items()}
        tensors |= {f"ema/{name}": tensor for name, tensor in self.ema.items()}
        for component, optimizer in self.optimizers.items():
            for index, values in optimizer.state_dict()["state"].items():
                for key, value in values.items():
                    if isinstance(value, Tensor):
                        tensors[f"optimizer/{component}/{index}/{key}"] = value
        return tensors

    @torch.no_grad()
    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over a state that `tensors` returned; an average that it lacks starts from the weight."""
        self.networks.load(section(tensors, "raw"))
        averages = dict(self.networks.named_parameters()) | section(tensors, "ema")
        for name, average in self.ema.items():
            average.copy_(averages[name])
        for component, optimizer in self.optimizers.items():
            _restore_optimizer(optimizer, section(tensors, f"optimizer/{component}"))


def new_state(networks: Networks, training: Training, step: int = 0) -> State:
    """Return a state with fresh optimizers; moving averages start as copies of the weights."""
    optimizers = {
        component: _optimizer(list(module.parameters()), training.optimizers[component])
        for component, module in sorted(networks.components.items())
    }
    averaged = networks.named_parameters() if training.ema is not None else ()
    return State(step, networks, optimizers, {name: parameter.detach().clone() for name, parameter in averaged})


@dataclass(frozen=True)
class Loop:
    """A training that can be run from any state: `pixels` uint8 [N, C, H, W] on the networks' device."""

    objective: Objective
    training: Training
    pixels: Tensor
    seed: int
    masks: Mapping[str, Tensor]

    def run(self, state: State, hooks: Hooks) -> None:
        """Train from `state.step` to the last step; raise `Diverged` when a loss or weight is not finite."""
        weights = dict(state.networks.named_parameters())
        zero_masked = bind(self.masks, {name: weights[name] for name in self.masks})
        losses = _Losses(hooks.logged)
        draws = sum(update.repeats for update in self.objective.updates if update.fresh_batch)
        batches = _Batches(self.pixels, self.training.batch_size, self.seed, state.step * draws)
        state.networks.train()
        self._snapshot(state, hooks)
        while state.step < self.training.steps:
            self._step(state, zero_masked, losses, batches)
            state.step += 1
            self._average(state)
            self._snapshot(state, hooks)
            hooks.stepped()
            if state.step % LOG_EVERY == 0 or state.step == self.training.steps:
                losses.flush(state.step)
        _check_finite(state)

    def _step(self, state: State, zero_masked: Callable[[], None], losses: _Losses, batches: _Batches) -> None:
        for update in self.objective.updates:
            for repeat in range(update.repeats):
                noise = stream(self.seed, f"noise/{update.name}/{repeat}", state.step, self.pixels.device)
                images = to_values(batches.next() if update.fresh_batch else batches.last())
                loss = update.loss(state.networks, images, noise)
                _descend(state, update, loss)
                zero_masked()
                if update.after is not None:
                    update.after(state.networks)
                losses.add(update.name, loss)

    def _average(self, state: State) -> None:
        if self.training.ema is not None:
            parameters = [parameter.detach() for _, parameter in state.networks.named_parameters()]
            torch._foreach_lerp_(list(state.ema.values()), parameters, 1.0 - self.training.ema)

    def _snapshot(self, state: State, hooks: Hooks) -> None:
        if state.step in hooks.snapshot_steps:
            hooks.snapshot(state.step, state.tensors())


class _Batches:
    """Batches of one epoch after another, each epoch a permutation of its own; leftovers of an epoch are dropped."""

    def __init__(self, pixels: Tensor, size: int, seed: int, index: int) -> None:
        if len(pixels) < size:
            raise RunError(f"the batch size {size} exceeds the {len(pixels)} training images")
        self._pixels, self._size, self._seed, self._index = pixels, size, seed, index
        self._per_epoch = len(pixels) // size
        self._epoch = -1
        self._order = torch.empty(0)

    def next(self) -> Tensor:
        """Return the pixels of the next batch."""
        self._index += 1
        return self.last()

    def last(self) -> Tensor:
        """Return the pixels of the batch that `next` returned last."""
        epoch, place = divmod(self._index - 1, self._per_epoch)
        if epoch != self._epoch:
            order = torch.randperm(len(self._pixels), generator=stream(self._seed, "data order", epoch))
            self._order, self._epoch = order.to(self._pixels.device), epoch
        return self._pixels[self._order[place * self._size : (place + 1) * self._size]]


class _Losses:
    """The mean of each loss since the last flush, summed on the device: reading them is the loop's only wait."""

    def __init__(self, logged: Callable[[int, dict[str, float]], None]) -> None:
        self._logged = logged
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def add(self, name: str, loss: Tensor) -> None:
        value = loss.detach()
        self._sums[name] = self._sums[name] + value if name in self._sums else value
        self._counts[name] = self._counts.get(name, 0) + 1

    def flush(self, step: int) -> None:
        """Report the means; raise `Diverged` if one is not finite."""
        values = torch.stack(list(self._sums.values())).tolist()
        means = {name: value / self._counts[name] for name, value in zip(self._sums, values, strict=True)}
        self._sums, self._counts = {}, {}
        for name, mean in means.items():
            if not math.isfinite(mean):
                raise Diverged(step, f"the loss of {name} is {mean}")
        self._logged(step, means)


def _descend(state: State, update: Update, loss: Tensor) -> None:
    parameters = [p for component in update.components for p in state.networks[component].parameters()]
    for component in update.components:
        state.optimizers[component].zero_grad(set_to_none=True)
    # Only the stepped components' gradients are computed: a generator's update leaves the discriminator's alone.
    torch.autograd.backward(loss, inputs=parameters)
    for component in update.components:
        state.optimizers[component].step()


def _check_finite(state: State) -> None:
    flags = {name: parameter.isfinite().all() for name, parameter in state.networks.named_parameters()}
    for name, finite in zip(flags, torch.stack(list(flags.values())).tolist(), strict=True):
        if not finite:
            raise Diverged(state.step, f"{name} has values that are not finite")


def _optimizer(parameters: list[torch.nn.Parameter], chosen: Optimizer) -> torch.optim.Optimizer:
    if chosen.name == "sgd":
        return torch.optim.SGD(parameters, chosen.lr, chosen.momentum, weight_decay=chosen.weight_decay, fused=True)
    return torch.optim.Adam(parameters, chosen.lr, chosen.betas, weight_decay=chosen.weight_decay, fused=True)


def _restore_optimizer(optimizer: torch.optim.Optimizer, values: Mapping[str, Tensor]) -> None:
    state: dict[int, dict[str, Any]] = {}
    for name, value in values.items():
        index, _, key = name.partition("/")
        state.setdefault(int(index), {})[key] = value.clone()
    if state:
        optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
