"""Edge-popup (Ramanujan et al. 2020): weights stay as they are, and scores are trained that say which ones to use.

A layer computes with weight * mask, where the mask keeps the scores of largest absolute value. The gradient of the mask
is handed straight through to these absolute values, so a score s of a weight w changes by sign(s) * w * dL/d(w * mask),
whether w is kept or not. Biases that have no scores and the affine parameters of norms are frozen too; running
statistics move as ever.

Of n scores int((1 - kept) * n) are left out, in that order of floating-point operations, and of equal ones those that
stand first, as in the code of Ramanujan et al. and of Yeo et al. (2023). With one pool for all layers theirs rounds up
instead, counts some layers twice, and leaves out all scores that equal the last one; here the rule is one for both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn
from torch.func import functional_call

from benchmark.networks import Networks, is_bias, prunable_weights
from benchmark.pruning.mask import ones
from benchmark.schema.search import Search
from benchmark.streams import stream

UNIFORM = 0.1
"""Scores of weights are first drawn from U(-0.1, 0.1): `score_init: dense` of the code of Yeo et al. (2023)."""
UNIFORM_BIAS = 1.0


def is_searched(rule: Search, component: str) -> bool:
    """Tell whether a component has scores in place of weights that are trained."""
    return rule.components is None or component in rule.components


def searched(networks: Networks, rule: Search) -> dict[str, nn.Parameter]:
    """Return the parameters that have scores, by full name: weights, and the biases of their layers if asked for."""
    parameters, found = dict(networks.named_parameters()), {}
    for name, weight in _prunable(networks, rule).items():
        if is_searched(rule, name.partition("/")[0]):
            found[name] = weight
            bias = f"{name.removesuffix('.weight')}.bias"
            if rule.biases and bias in parameters:
                found[bias] = parameters[bias]
    return found


def freeze(networks: Networks, rule: Search) -> dict[str, nn.Parameter]:
    """Freeze the components that are searched, and return a score for each parameter that may be left out: zeros."""
    for component, module in networks.components.items():
        if is_searched(rule, component):
            module.requires_grad_(False)
    parameters = searched(networks, rule)
    return {name: nn.Parameter(torch.zeros_like(value)) for name, value in parameters.items()}


def first_scores(networks: Networks, rule: Search, seed: int) -> dict[str, Tensor]:
    """Return the scores that a training begins with, on the CPU; each tensor has a stream of its own."""
    return {
        name: torch.empty(value.shape).uniform_(-bound, bound, generator=stream(seed, f"scores/{name}"))
        for name, value in searched(networks, rule).items()
        for bound in [_bound(name, value, rule)]
    }


def _bound(name: str, value: Tensor, rule: Search) -> float:
    if is_bias(name):
        return UNIFORM_BIAS
    # torch counts the fan-in of a transposed convolution by its second axis too; with a = sqrt(5) no other factor stays
    return UNIFORM if rule.init == "uniform" else 1.0 / math.sqrt(value[0].numel())


def left_out(total: int, kept: float) -> int:
    """Return how many of `total` scores a mask leaves out that keeps a fraction `kept`: rounded down."""
    return int((1 - kept) * total)


def pools(names: Iterable[str], rule: Search) -> list[list[str]]:
    """Return the names that compete with each other; biases never do with weights."""
    if rule.scope == "layer":
        return [[name] for name in names]
    # sorted, since files give tensors back in any order, and which of equal scores stands first must not depend on it
    both = [[name for name in sorted(names) if is_bias(name) == biases] for biases in (False, True)]
    return [pool for pool in both if pool]


@torch.no_grad()
def top(scores: Mapping[str, Tensor], rule: Search) -> dict[str, Tensor]:
    """Return the masks, bool in the scores' shapes and on their device, that keep the scores of largest size."""
    masks: dict[str, Tensor] = {}
    for names in pools(scores, rule):
        sizes = [scores[name].abs().flatten() for name in names]
        best = _largest(torch.cat(sizes), left_out(sum(map(len, sizes)), rule.kept))
        pieces = torch.split(best, [len(size) for size in sizes])
        masks |= {name: piece.reshape(scores[name].shape) for name, piece in zip(names, pieces, strict=True)}
    return masks


def found_masks(networks: Networks, scores: Mapping[str, Tensor], rule: Search) -> dict[str, Tensor]:
    """Return the masks of the ticket that scores stand for, on the CPU, over all that is prunable and has scores."""
    return ones(_prunable(networks, rule)) | {name: mask.cpu().clone() for name, mask in top(scores, rule).items()}


def kept_weights(networks: Networks, rule: Search) -> int:
    """Return how many weights, biases aside, the counting rule leaves of all that are prunable."""
    sizes = {name: value.numel() for name, value in searched(networks, rule).items() if not is_bias(name)}
    total = sum(weight.numel() for weight in _prunable(networks, rule).values())
    return total - sum(left_out(sum(sizes[name] for name in names), rule.kept) for names in pools(sizes, rule))


Follow = Callable[[Iterable[str]], None]
"""Called with the components whose optimizers have stepped: their masks are chosen anew."""


def bind(networks: Networks, scores: Mapping[str, Tensor], rule: Search | None) -> tuple[Networks, Follow]:
    """Return networks that compute with what the scores choose, and what makes them follow scores that have changed.

    The tensors are the very same, so buffers move there too. Without a rule the networks are whole.
    """
    if rule is None:
        return networks, lambda components: None
    values, factors = searched(networks, rule), dict[str, Tensor]()
    components = [name for name in networks.components if is_searched(rule, name)]

    def follow(stepped: Iterable[str]) -> None:
        if not set(components).isdisjoint(stepped):
            chosen = top(scores, rule)
            for name, mask in chosen.items():
                if name not in factors:
                    factors[name] = torch.empty_like(values[name])
                factors[name].copy_(mask)  # in place: a recorded step goes on reading it there

    def part(component: str) -> dict[str, Tensor]:
        start = f"{component}/"
        own = [name for name in factors if name.startswith(start)]
        return {name.removeprefix(start): _masked(values[name], scores[name], factors[name]) for name in own}

    follow(components)
    parts = {name: _Part(networks[name], partial(part, name)) for name in components}
    return replace(networks, components={**networks.components, **parts}), follow


class _Part(nn.Module):
    """A network that computes with other values in place of some of its parameters."""

    def __init__(self, network: nn.Module, values: Callable[[], dict[str, Tensor]]) -> None:
        super().__init__()
        self.network = network
        self._values = values

    def forward(self, *inputs: Tensor) -> Tensor:
        outputs: Tensor = functional_call(self.network, self._values(), inputs)
        return outputs


def _masked(value: Tensor, score: Tensor, factor: Tensor) -> Tensor:
    """Return value * factor exactly; the gradient of the factor is handed to the size of the score."""
    size = score.abs()
    return value * (factor + (size - size.detach()))


def _largest(sizes: Tensor, rejected: int) -> Tensor:
    """Return which of sizes [n] are kept, bool [n], where `rejected` are not: of equal ones those that stand first."""
    if rejected == 0:
        return torch.ones_like(sizes, dtype=torch.bool)
    # faster by far than to sort, and nothing waits for the device
    last = sizes.kthvalue(rejected).values
    above, equal = sizes > last, sizes == last
    from_the_end = equal.flip(0).cumsum(0).flip(0)
    return above | (equal & (from_the_end <= len(sizes) - rejected - above.sum()))


def _prunable(networks: Networks, rule: Search) -> dict[str, nn.Parameter]:
    return prunable_weights(networks, rule.prunable.kinds, rule.prunable.exclude)
