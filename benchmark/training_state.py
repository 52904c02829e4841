"""All that a training carries from step to step: networks, optimizers, averages, what it has seen, and its losses."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from benchmark.layout import lay_out
from benchmark.networks import Networks, section
from benchmark.penalty import penalized
from benchmark.precision import new_scaler, restore_scaler, scaler_tensors
from benchmark.pruning import edge_popup
from benchmark.pruning.early_bird import EarlyBird
from benchmark.schema.suite import Training
from benchmark.schema.training import Optimizer


@dataclass(frozen=True)
class Reading:
    """The mean of each loss up to a step, on its way from the device."""

    step: int
    counts: dict[str, int]
    sums: Tensor
    arrived: torch.cuda.Event | None

    @property
    def is_here(self) -> bool:
        """Whether reading it waits for nothing."""
        return self.arrived is None or self.arrived.query()  # type: ignore[no-untyped-call,unused-ignore]

    def means(self) -> dict[str, float]:
        """Return the means, and wait for them if need be."""
        if self.arrived is not None:
            self.arrived.synchronize()
        return {name: value / self.counts[name] for name, value in zip(self.counts, self.sums.tolist(), strict=True)}


class Losses:
    """The sum of each loss since the last line of the log, on the device; lines come from there without a wait."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}
        self._readings: deque[Reading] = deque()

    def add(self, name: str, loss: Tensor) -> None:
        """Add one loss."""
        value = loss.detach()
        self._sums[name] = self._sums[name] + value if name in self._sums else value
        self._counts[name] = self._counts.get(name, 0) + 1

    def read(self, step: int) -> None:
        """Send the mean of each loss on its way, and begin anew."""
        sums, arrived = torch.stack(list(self._sums.values())), None
        if sums.is_cuda:
            sums = torch.empty_like(sums, device="cpu", pin_memory=True).copy_(sums, non_blocking=True)
            arrived = torch.cuda.Event()  # type: ignore[no-untyped-call,unused-ignore]
            arrived.record()
        self._readings.append(Reading(step, self._counts, sums, arrived))
        self._sums, self._counts = {}, {}

    def lines(self, wait: bool) -> Iterator[tuple[int, dict[str, float]]]:
        """Yield what has arrived, or with `wait` all that was sent: the step and the means up to it."""
        while self._readings and (wait or self._readings[0].is_here):
            reading = self._readings.popleft()
            yield reading.step, reading.means()

    def tensors(self) -> dict[str, Tensor]:
        """Return sums and counts as `<place>/<name>/sum` and `count`: the lines of a log keep their order.

        What was sent on its way is not among them.
        """
        found: dict[str, Tensor] = {}
        for place, (name, total) in enumerate(self._sums.items()):
            found |= {f"{place}/{name}/sum": total, f"{place}/{name}/count": torch.tensor(self._counts[name])}
        return found

    def restore(self, tensors: Mapping[str, Tensor], device: str | torch.device) -> None:
        """Take over what `tensors` returned."""
        self._sums, self._counts = {}, {}
        for key in sorted((key for key in tensors if key.endswith("/sum")), key=lambda key: int(key.partition("/")[0])):
            name = key.partition("/")[2].removesuffix("/sum")
            self._sums[name] = tensors[key].to(device)
            self._counts[name] = int(tensors[key.removesuffix("sum") + "count"])


@dataclass
class State:
    """All that a training carries from step to step.

    A component has one optimizer, or two: that of its penalized scales is the last where they have their own. `scores`
    are by full name of the parameter, and what is trained in place of all parameters of their components.
    """

    step: int
    networks: Networks
    optimizers: dict[str, tuple[torch.optim.Optimizer, ...]]
    scaler: torch.amp.GradScaler
    ema: dict[str, Tensor] = field(default_factory=dict)
    bird: EarlyBird | None = None
    scores: dict[str, nn.Parameter] = field(default_factory=dict)
    losses: Losses = field(default_factory=Losses)

    @property
    def has_stopped(self) -> bool:
        """Whether the event has come that the training was to stop at."""
        return self.bird is not None and self.bird.is_stable

    def tensors(self) -> dict[str, Tensor]:
        """Return the state as named tensors: `raw/...`, `ema/...`, `optimizer/<component>/<parameter>/<key>`.

        In half precision also `scaler/...`, what was seen of an event under `stop/...`, what the objective keeps under
        `memory/...`, and scores under `scores/...`.
        """
        tensors = {f"raw/{name}": tensor for name, tensor in self.networks.state().items()}
        tensors |= {f"ema/{name}": tensor for name, tensor in self.ema.items()}
        tensors |= {f"scaler/{name}": tensor for name, tensor in scaler_tensors(self.scaler).items()}
        tensors |= {f"memory/{name}": tensor for name, tensor in self.networks.memory.items()}
        tensors |= {f"scores/{name}": tensor for name, tensor in self.scores.items()}
        if self.bird is not None:
            tensors |= {f"stop/{name}": tensor for name, tensor in self.bird.tensors().items()}
        for component, optimizers in self.optimizers.items():
            places = self._places(component)
            for parameter, values in (item for optimizer in optimizers for item in optimizer.state.items()):
                for key, value in values.items():
                    if isinstance(value, Tensor):
                        tensors[f"optimizer/{component}/{places[parameter]}/{key}"] = value
        return tensors

    def checkpoint(self) -> dict[str, Tensor]:
        """Return the state as named tensors, with the losses that the log has yet to tell under `log/...`."""
        return self.tensors() | {f"log/{name}": tensor for name, tensor in self.losses.tensors().items()}

    @torch.no_grad()
    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over what `tensors` or `checkpoint` returned; an average that it lacks starts from the weight."""
        self.networks.load(section(tensors, "raw"))
        averages = dict(self.networks.named_parameters()) | section(tensors, "ema")
        for name, average in self.ema.items():
            average.copy_(averages[name])
        for name, score in self.scores.items():
            score.copy_(tensors[f"scores/{name}"])
        for component, optimizers in self.optimizers.items():
            for optimizer in optimizers:
                _restore_optimizer(optimizer, section(tensors, f"optimizer/{component}"), self._places(component))
        restore_scaler(self.scaler, section(tensors, "scaler"))
        device = next(iter(averages.values())).device
        kept = section(tensors, "memory").items()
        self.networks.memory.update({name: tensor.to(device, copy=True) for name, tensor in kept})
        self.losses.restore(section(tensors, "log"), device)
        if self.bird is not None:
            self.bird.restore(section(tensors, "stop"))

    def trained(self, component: str) -> list[nn.Parameter]:
        """Return what of a component is trained: its scores where it has some, else its parameters."""
        return _trained(self.networks, self.scores, component)

    def _places(self, component: str) -> dict[Tensor, int]:
        return {parameter: place for place, parameter in enumerate(self.trained(component))}


def new_state(networks: Networks, training: Training, step: int = 0) -> State:
    """Return a state with fresh optimizers; moving averages start as copies of the weights.

    The networks are brought to the training's layout. Where scores are to be trained, they start at zero, and the
    components that they are of are frozen.
    """
    lay_out(networks.components.values(), training.layout)
    scales = penalized(networks, training.penalty)
    scores = {} if training.scores is None else edge_popup.freeze(networks, training.scores)
    optimizers = {
        component: _optimizers(
            _trained(networks, scores, component), training, component, section(scales, component).values()
        )
        for component in sorted(networks.components)
    }
    averaged = networks.named_parameters() if training.ema is not None else ()
    device = next(parameter.device.type for _, parameter in networks.named_parameters())
    return State(
        step,
        networks,
        optimizers,
        scaler=new_scaler(training.precision, device),
        ema={name: parameter.detach().clone() for name, parameter in averaged},
        bird=None if training.stop is None else EarlyBird(training.stop),
        scores=scores,
    )


def _trained(networks: Networks, scores: Mapping[str, nn.Parameter], component: str) -> list[nn.Parameter]:
    own = [score for name, score in scores.items() if name.startswith(f"{component}/")]
    return own or list(networks[component].parameters())


def _optimizers(
    parameters: list[nn.Parameter], training: Training, component: str, scales: Iterable[Tensor]
) -> tuple[torch.optim.Optimizer, ...]:
    # A fused first step that the scaler leaves out would leave the momentum at whatever stood in memory.
    fused = training.precision != "float16"
    chosen = training.optimizers[component]
    own = None if training.penalty is None else training.penalty.optimizer
    apart = {id(scale) for scale in scales}
    if own is None or not apart:
        return (_optimizer(parameters, chosen, fused),)
    rest = [parameter for parameter in parameters if id(parameter) not in apart]
    return _optimizer(rest, chosen, fused), _optimizer([p for p in parameters if id(p) in apart], own, fused)


def _optimizer(parameters: list[nn.Parameter], chosen: Optimizer, fused: bool) -> torch.optim.Optimizer:
    lr = _rate(chosen.lr, parameters[0].device) if fused else chosen.lr
    optimizer: torch.optim.Optimizer
    if chosen.name == "sgd":
        optimizer = torch.optim.SGD(parameters, lr, chosen.momentum, weight_decay=chosen.weight_decay, fused=fused)
    else:
        optimizer = torch.optim.Adam(parameters, lr, chosen.betas, weight_decay=chosen.weight_decay, fused=True)
    for group in optimizer.param_groups:
        group["initial_lr"] = chosen.lr  # as torch's own schedulers call it
    return optimizer


def _rate(lr: float, device: torch.device) -> float | Tensor:
    """Return a learning rate as a step on a device reads it: on a GPU from a place where it can be changed."""
    return torch.tensor(lr, device=device) if device.type == "cuda" else lr


def set_rate(group: dict[str, Any], share: float) -> None:
    """Set an optimizer's learning rate to a share of its own."""
    rate = share * group["initial_lr"]
    if isinstance(group["lr"], Tensor):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate


def _restore_optimizer(
    optimizer: torch.optim.Optimizer, values: Mapping[str, Tensor], places: Mapping[Tensor, int]
) -> None:
    parameters = {places[parameter]: parameter for group in optimizer.param_groups for parameter in group["params"]}
    own = list(parameters)
    state: dict[int, dict[str, Any]] = {}
    for name, value in values.items():
        place, _, key = name.partition("/")
        if int(place) in own:
            # Moments lie in memory as their parameter does: fused kernels go through both side by side.
            like = parameters[int(place)]
            kept = torch.empty_like(like) if value.shape == like.shape else torch.empty_like(value)
            state.setdefault(own.index(int(place)), {})[key] = kept.copy_(value)
    if state:
        optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
