"""The one training loop: batches, optimizer steps under masks, moving averages, snapshots, checkpoints, log.

Every random draw is a function of (seed, purpose, step), so a checkpoint needs no generator state, and a ticket that
starts at step K meets the batches and latents that its dense parent met from step K on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

import torch
from torch import Tensor, nn

from benchmark.batches import Batches, by_class, by_domain
from benchmark.cuda_graphs import NewGraph, Replayed
from benchmark.images import to_values
from benchmark.networks import Networks, channel_scales, section
from benchmark.objectives.objective import Objective, Update
from benchmark.penalty import penalized, pull, size
from benchmark.precision import lowered
from benchmark.pruning import edge_popup
from benchmark.pruning.early_bird import EarlyBird, looks
from benchmark.pruning.mask import bind
from benchmark.schema.measurement import LOG_EVERY
from benchmark.schema.suite import MaskStable, Training
from benchmark.schema.training import Cosine, Schedule
from benchmark.streams import stream_seed
from benchmark.training_state import State, new_state, set_rate

__all__ = ["LOG_EVERY", "Diverged", "Hooks", "Loop", "State", "look", "new_state", "tell"]


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
    """For every `LOG_EVERY` steps, once the losses have come from the device: the step, and the mean of each since the
    last call, penalties left out."""
    snapshot: Callable[[int, dict[str, Tensor]], None]
    snapshot_steps: frozenset[int] = frozenset()
    """The last step that is allowed stands for the end, also where the training stops before it."""
    stepped: Callable[[], None] = lambda: None
    """After every step, its line of the log included: for whoever takes the time, keeps the state, or stops."""


@dataclass(frozen=True)
class _Tools:
    """What the steps of one run share: passes in the training's precision, batches, masks, penalized scales."""

    passes: Networks
    batches: Batches
    zero_masked: Callable[[], None]
    follow_scores: edge_popup.Follow
    scales: Mapping[str, Tensor]
    chance: torch.Generator


Advance = Callable[[Tensor, Tensor | None, int], Tensor]
"""(images uint8, labels or null, seed) -> loss: one optimizer step."""


@dataclass(frozen=True)
class Loop:
    """A training that can be run from any state: `pixels` uint8 [N, C, H, W] on the networks' device.

    `labels` [N] tell the domain of each image where the objective is about two, and its class where the networks are
    told several. With `graph`, steps are recorded and replayed where that leads to the same numbers.
    """

    objective: Objective
    training: Training
    pixels: Tensor
    seed: int
    masks: Mapping[str, Tensor]
    labels: Tensor | None = None
    graph: NewGraph | None = None

    def run(self, state: State, hooks: Hooks) -> None:
        """Train from `state.step` to the last step, or to where the event comes that the training is to stop at.

        Raises `Diverged` when a loss or a value of the networks is not finite.
        """
        tools = self._tools(state)
        advances = {update.name: self._advance(state, update, tools) for update in self.objective.updates}
        state.networks.train()
        self._snapshot(state, hooks)
        while not self._is_over(state):
            self._step(state, advances, tools.batches)
            state.step += 1
            self._average(state)
            self._look(state, hooks)
            self._snapshot(state, hooks)
            if state.step % LOG_EVERY == 0 or self._is_over(state):
                state.losses.read(state.step)
            tell(state, hooks.logged, wait=self._is_over(state))
            hooks.stepped()
        _check_finite(state)

    def ended_at(self, state: State) -> float:
        """Return the epoch at which a training ended that waited for an event.

        One that looks after epochs stopped after a whole one, though its last step may have begun the next.
        """
        epochs, stop = self.epochs(state.step), self.training.stop
        return math.floor(epochs) if state.has_stopped and stop is not None and stop.unit == "epoch" else epochs

    def epochs(self, steps: int) -> float:
        """Return how many times so many steps go through the images (of the larger domain), as batches are counted."""
        return steps * self.objective.batches / self._batches_per_epoch

    @cached_property
    def _domains(self) -> tuple[Tensor, ...]:
        return by_domain(self.pixels, self.labels, self.objective.domains)

    @property
    def _batches_per_epoch(self) -> int:
        return max(map(len, self._domains)) // self.training.batch_size

    def _tools(self, state: State) -> _Tools:
        weights, training = dict(state.networks.named_parameters()), self.training
        chosen, follow_scores = edge_popup.bind(state.networks, state.scores, training.scores)
        return _Tools(
            passes=lowered(chosen, training.precision),
            batches=Batches(
                self._domains,
                training.batch_size,
                self.seed,
                state.step * self.objective.batches,
                augmentation=training.augmentation,
                labels=by_class(self.labels, state.networks.classes),
            ),
            zero_masked=bind(self.masks, {name: weights[name] for name in self.masks}),
            follow_scores=follow_scores,
            scales=penalized(state.networks, training.penalty),
            chance=torch.Generator(device=self.pixels.device),
        )

    def _advance(self, state: State, update: Update, tools: _Tools) -> Advance:
        """Return what makes an update, in the networks' place and by their optimizers."""
        descend = _Descent.of(state, update.components)

        def body(images: Tensor, labels: Tensor | None, noise: torch.Generator) -> Tensor:
            loss = update.loss(replace(tools.passes, labels=labels), to_values(images), noise)
            descend(self._penalized(loss, update, tools))
            self._pull_scales(state, update, tools)
            tools.zero_masked()
            tools.follow_scores(update.components)
            if update.after is not None:
                update.after(state.networks)
            return loss.detach()

        if self.graph is None or not update.repeats_itself or state.scaler.is_enabled():
            return lambda images, labels, seed: body(images, labels, tools.chance.manual_seed(seed))
        return Replayed(body, tools.chance, self.graph(tools.chance), descend.optimizers)

    def _is_over(self, state: State) -> bool:
        return state.step >= self.training.steps or state.has_stopped

    def _step(self, state: State, advances: Mapping[str, Advance], batches: Batches) -> None:
        self._set_rates(state)
        for update, repeat in self.objective.turns:
            images = batches.next() if update.fresh_batch else batches.last()
            seed = stream_seed(self.seed, f"noise/{update.name}/{repeat}", state.step)
            state.losses.add(update.name, advances[update.name](images, batches.last_labels(), seed))

    def _set_rates(self, state: State) -> None:
        if self.training.schedule is not None:
            share = rate_share(self.training.schedule, state.step, self.training.steps)
            for optimizer in (one for optimizers in state.optimizers.values() for one in optimizers):
                for group in optimizer.param_groups:
                    set_rate(group, share)

    def _penalized(self, loss: Tensor, update: Update, tools: _Tools) -> Tensor:
        penalty = self.training.penalty
        if penalty is None or penalty.name != "batch_norm_l1":
            return loss
        scales = [section(tools.scales, component).values() for component in update.components]
        return loss + penalty.weight * size(chain.from_iterable(scales))

    def _pull_scales(self, state: State, update: Update, tools: _Tools) -> None:
        penalty = self.training.penalty
        if penalty is None or penalty.name != "proximal_l1":
            return
        for component in update.components:
            lr = state.optimizers[component][-1].param_groups[0]["lr"]
            pull(section(tools.scales, component).values(), lr * penalty.weight)

    def _look(self, state: State, hooks: Hooks) -> None:
        if state.bird is not None and self._is_due(state.bird.rule, state.step):
            tell(state, hooks.logged, wait=True)  # a loss that diverged earlier comes first, however late it arrives
            look(state, state.bird)

    def _is_due(self, rule: MaskStable, step: int) -> bool:
        batches, per_epoch = self.objective.batches, self._batches_per_epoch
        return looks(rule, step, batches, per_epoch) > looks(rule, step - 1, batches, per_epoch)

    def _average(self, state: State) -> None:
        if self.training.ema is not None:
            parameters = [parameter.detach() for _, parameter in state.networks.named_parameters()]
            torch._foreach_lerp_(list(state.ema.values()), parameters, 1.0 - self.training.ema)

    def _snapshot(self, state: State, hooks: Hooks) -> None:
        at_end = self._is_over(state) and self.training.steps in hooks.snapshot_steps
        if at_end or state.step in hooks.snapshot_steps:
            tell(state, hooks.logged, wait=True)
            hooks.snapshot(state.step, state.tensors())


def tell(state: State, logged: Callable[[int, dict[str, float]], None], wait: bool) -> None:
    """Log the losses that have come from the device, or with `wait` all: `Diverged` if one of them is not finite."""
    for step, means in state.losses.lines(wait):
        for name, mean in means.items():
            if not math.isfinite(mean):
                raise Diverged(step, f"the loss of {name} is {mean}")
        logged(step, means)


def rate_share(schedule: Schedule | Cosine, step: int, steps: int) -> float:
    """Return the share of its learning rate with which a training of so many steps makes the step after `step`."""
    if isinstance(schedule, Cosine):
        return (1.0 + math.cos(2.0 * math.pi * (step % schedule.period) / schedule.period)) / 2.0
    fallen = step // schedule.every * schedule.every - schedule.start
    return 1.0 if fallen <= 0 else 1.0 - fallen / (steps - schedule.start)


@dataclass(frozen=True)
class _Descent:
    """A step of the optimizers of some components."""

    parameters: list[nn.Parameter]
    optimizers: list[torch.optim.Optimizer]
    scaler: torch.amp.GradScaler

    @classmethod
    def of(cls, state: State, components: tuple[str, ...]) -> _Descent:
        parameters = [parameter for component in components for parameter in state.trained(component)]
        optimizers = [optimizer for component in components for optimizer in state.optimizers[component]]
        return cls(parameters, optimizers, state.scaler)

    def __call__(self, loss: Tensor) -> None:
        for parameter in self.parameters:
            parameter.grad = None
        # Only the stepped components' gradients are computed: a generator's update leaves the discriminator's alone.
        torch.autograd.backward(self.scaler.scale(loss), inputs=self.parameters)
        for optimizer in self.optimizers:
            self.scaler.step(optimizer)
        self.scaler.update()


def look(state: State, bird: EarlyBird) -> None:
    """Look at the mask that the networks would get now; raise `Diverged` when one of their values is not finite."""
    _check_finite(state)
    bird.look(channel_scales(state.networks))


def _check_finite(state: State) -> None:
    # Buffers too: one pass that overflows spoils the running statistics of batch normalization for good.
    values = state.networks.state() | {f"scores/{name}": score for name, score in state.scores.items()}
    flags = {name: tensor.isfinite().all() for name, tensor in values.items()}
    for name, finite in zip(flags, torch.stack(list(flags.values())).tolist(), strict=True):
        if not finite:
            raise Diverged(state.step, f"{name} has values that are not finite")
