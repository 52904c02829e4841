"""Edge-popup against the rule of its authors' code written anew, a gradient by hand, and a problem it must solve."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from itertools import chain
from typing import Any, Literal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import conv2d, linear

from benchmark.models.construction import materialize
from benchmark.models.initialization import initialize
from benchmark.models.options import SpectralDcganOptions
from benchmark.models.spectral_dcgan import build
from benchmark.networks import Networks, is_bias
from benchmark.precision import lowered
from benchmark.pruning.edge_popup import bind, first_scores, found_masks, freeze, kept_weights, left_out, searched, top
from benchmark.schema.search import Prunable, Search
from benchmark.streams import stream


def in_plain_python(scores: Sequence[float], kept: float) -> list[bool]:
    """Return what the authors' code keeps: sorted by size, the first int((1 - k) n) are cut; equal ones in order."""
    order = sorted(range(len(scores)), key=lambda place: abs(scores[place]))
    cut = set(order[: int((1 - kept) * len(scores))])
    return [place not in cut for place in range(len(scores))]


VALUES = st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5])  # few, so that many are equal
KEPT = st.sampled_from([0.01, 0.1, 0.25, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0])


@settings(max_examples=100)
@given(scores=st.lists(VALUES | st.floats(-1, 1, width=32), min_size=1, max_size=60), kept=KEPT)
def test_the_mask_of_a_layer_is_that_of_the_authors_rule(scores: list[float], kept: float) -> None:
    masks = top({"a/x.weight": torch.tensor(scores)}, Search(kept=kept))
    assert masks["a/x.weight"].tolist() == in_plain_python(scores, kept)
    assert int(masks["a/x.weight"].sum()) == len(scores) - left_out(len(scores), kept)


@settings(max_examples=50)
@given(
    layers=st.lists(st.lists(VALUES, min_size=1, max_size=12), min_size=1, max_size=4),
    biases=st.lists(VALUES, min_size=1, max_size=12),
    kept=KEPT,
    scope=st.sampled_from(["layer", "global"]),
)
def test_the_pools_are_layers_or_all_weights_and_biases_apart(
    layers: list[list[float]], biases: list[float], kept: float, scope: Literal["layer", "global"]
) -> None:
    scores = {f"a/{place}.weight": torch.tensor(layer) for place, layer in enumerate(layers)}
    masks = top({**scores, "a/0.bias": torch.tensor(biases)}, Search(kept=kept, scope=scope, biases=True))
    assert masks["a/0.bias"].tolist() == in_plain_python(biases, kept)
    found = [masks[name].tolist() for name in scores]
    if scope == "layer":
        assert found == [in_plain_python(layer, kept) for layer in layers]
    else:
        assert list(chain(*found)) == in_plain_python(list(chain(*layers)), kept)


def test_equal_scores_are_cut_in_the_order_of_names_whatever_order_they_come_in() -> None:
    scores = {f"a/{name}.weight": torch.ones(2) for name in ("second", "first", "third")}
    rule = Search(kept=0.5, scope="global")
    masks = [top(dict(order), rule) for order in (scores.items(), reversed(scores.items()))]
    for found in masks:
        assert {name: mask.tolist() for name, mask in found.items()} == {
            "a/first.weight": [False, False],
            "a/second.weight": [False, True],
            "a/third.weight": [True, True],
        }


def test_the_authors_count_has_the_error_of_its_arithmetic() -> None:
    """(1 - 0.9) * 10 lies just below one, and is cut to none: what the released code does, so here too."""
    assert left_out(10, 0.9) == 0
    assert [left_out(n, 0.1) for n in (1, 3, 10, 11, 12_195_520)] == [0, 2, 9, 9, 10_975_968]
    assert left_out(1000, 1.0) == 0


class Subnet(torch.autograd.Function):
    """The straight-through gradient by hand: the mask forward, and backward as if it were the score."""

    @staticmethod
    def forward(ctx: Any, sizes: Tensor, kept: float) -> Tensor:
        return torch.tensor(in_plain_python(sizes.flatten().tolist(), kept)).reshape(sizes.shape).to(sizes)

    @staticmethod
    def backward(ctx: Any, *slopes: Any) -> Any:
        return slopes[0], None


def small_networks() -> Networks:
    layers = OrderedDict[str, nn.Module](
        conv=nn.Conv2d(2, 3, 3), norm=nn.BatchNorm2d(3), act=nn.ReLU(), flat=nn.Flatten(), last=nn.Linear(12, 2)
    )
    networks = Networks({"net": nn.Sequential(layers), "other": nn.Linear(2, 1)})
    chance = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for _, parameter in networks.named_parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=chance))
    return networks


def by_hand(networks: Networks, scores: dict[str, Tensor], images: Tensor, kept: float) -> Tensor:
    """Return what the small network gives with masked weights and biases, layer by layer."""
    net = networks["net"]
    values = {name: value.detach() for name, value in net.named_parameters()}
    for name, score in scores.items():
        path = name.partition("/")[2]
        mask: Tensor = Subnet.apply(score.abs(), kept)  # type: ignore[no-untyped-call,unused-ignore]
        values[path] = values[path] * mask
    hidden = torch.nn.functional.batch_norm(
        conv2d(images, values["conv.weight"], values["conv.bias"]),
        None,
        None,
        values["norm.weight"],
        values["norm.bias"],
        training=True,
    )
    return linear(hidden.relu().flatten(1), values["last.weight"], values["last.bias"])


@pytest.mark.parametrize("biases", [False, True])
def test_outputs_and_gradients_are_those_of_a_straight_through_function(biases: bool) -> None:
    networks, rule = small_networks(), Search(kept=0.4, biases=biases, components=("net",))
    scores = freeze(networks, rule)
    drawn = first_scores(networks, rule, seed=3)
    with torch.no_grad():
        for name, score in scores.items():
            score.copy_(drawn[name])
    assert scores.keys() == {"net/conv.weight", "net/last.weight"} | (
        {"net/conv.bias", "net/last.bias"} if biases else set()
    )
    images = torch.randn(5, 2, 4, 4, generator=torch.Generator().manual_seed(1))
    chosen, _ = bind(networks, scores, rule)
    outputs = chosen["net"](images)
    twins = {name: score.detach().clone().requires_grad_() for name, score in scores.items()}
    expected = by_hand(networks, twins, images, 0.4)
    assert torch.equal(outputs, expected)
    torch.autograd.backward([outputs.square().sum(), expected.square().sum()])
    for name, score in scores.items():
        assert score.grad is not None
        assert torch.equal(score.grad, twins[name].grad), name  # type: ignore[arg-type]
        kept = top({name: score}, rule)[name]
        assert score.grad[~kept].abs().sum() > 0, "scores of what is left out move too"
    assert all(parameter.grad is None for parameter in networks["net"].parameters())
    assert all(parameter.requires_grad for parameter in networks["other"].parameters())


def test_only_the_components_that_are_searched_are_frozen_and_masked() -> None:
    networks, rule = small_networks(), Search(kept=0.5, components=("net",))
    scores = freeze(networks, rule)
    chosen, _ = bind(networks, scores, rule)
    assert chosen["other"] is networks["other"]
    assert not any(parameter.requires_grad for parameter in networks["net"].parameters())
    whole, follow = bind(networks, {}, None)
    follow(["net"])
    assert whole is networks


def test_masks_follow_scores_only_when_their_component_has_stepped() -> None:
    networks, rule = small_networks(), Search(kept=0.5, components=("net",))
    scores = freeze(networks, rule)
    chosen, follow = bind(networks, scores, rule)
    networks.train(False)
    images = torch.ones(1, 2, 4, 4)
    before = chosen["net"](images)
    with torch.no_grad():
        scores["net/conv.weight"][0] = 1.0
    follow(["other"])
    assert torch.equal(chosen["net"](images), before)
    follow(["net", "other"])
    assert not torch.equal(chosen["net"](images), before)


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), count=st.integers(2, 30), share=st.floats(0.1, 0.9))
def test_a_linear_layer_that_has_to_forget_some_inputs_forgets_exactly_these(
    seed: int, count: int, share: float
) -> None:
    """Where inputs are orthonormal, a wrong score only falls and a missing one only rises: the right mask is found.

    With inputs e_i and targets w_i m*_i the gradient of |s_i| is w_i^2 (m_i - m*_i) (Ramanujan et al. 2020, section 3),
    which is zero for what is right.
    """
    chance = torch.Generator().manual_seed(seed)
    wanted_count = count - left_out(count, share)
    wanted = torch.zeros(count, dtype=torch.bool)
    wanted[torch.randperm(count, generator=chance)[:wanted_count]] = True
    layer = nn.Linear(count, 1, bias=False)
    with torch.no_grad():
        layer.weight.copy_(
            torch.randn(1, count, generator=chance).sign() * (0.5 + torch.rand(1, count, generator=chance))
        )
    networks, rule = Networks({"net": nn.Sequential(OrderedDict(only=layer))}), Search(kept=share)
    scores = freeze(networks, rule)
    (score,) = scores.values()
    with torch.no_grad():
        score.uniform_(-0.1, 0.1, generator=chance)
    inputs, target = torch.eye(count), (layer.weight * wanted).detach().T
    optimizer = torch.optim.SGD([score], lr=0.01)
    chosen, follow = bind(networks, scores, rule)
    for _ in range(60):
        optimizer.zero_grad()
        torch.autograd.backward(0.5 * (chosen["net"](inputs) - target).square().sum())
        optimizer.step()
        follow(["net"])
    assert torch.equal(top(scores, rule)["net/only.weight"][0], wanted)
    assert torch.equal(chosen["net"](inputs), target)


def gan_networks() -> Networks:
    networks = materialize(build, SpectralDcganOptions(base_channels=4, z_dim=4), (1, 16, 16), "cpu")
    initialize(networks, "torch_default", stream(0, "test"))
    return networks


@pytest.mark.parametrize("init", ["uniform", "kaiming_uniform"])
def test_first_scores_fill_their_ranges(init: Literal["uniform", "kaiming_uniform"]) -> None:
    networks, rule = gan_networks(), Search(kept=0.5, biases=True, init=init)
    gain = nn.init.calculate_gain("leaky_relu", math.sqrt(5))
    for name, score in first_scores(networks, rule, seed=0).items():
        bound = 1.0 if is_bias(name) else 0.1
        if init == "kaiming_uniform" and not is_bias(name):
            bound = gain * math.sqrt(3.0 / nn.init._calculate_correct_fan(score, "fan_in"))
        assert float(score.abs().max()) <= bound, name
        if score.numel() > 50:
            assert float(score.max()) > 0.8 * bound, name
            assert float(score.min()) < -0.8 * bound, name


def test_first_scores_of_a_tensor_depend_on_the_seed_and_its_name_alone() -> None:
    networks = gan_networks()
    all_of_them = first_scores(networks, Search(kept=0.5, biases=True), seed=0)
    some = first_scores(networks, Search(kept=0.1, components=("generator",)), seed=0)
    assert some
    assert all(torch.equal(score, all_of_them[name]) for name, score in some.items())
    other = first_scores(networks, Search(kept=0.1, components=("generator",)), seed=1)
    assert not any(torch.equal(score, other[name]) for name, score in some.items())


def test_what_has_scores_is_prunable_and_found_masks_cover_all_that_is() -> None:
    networks = gan_networks()
    rule = Search(
        kept=0.3, components=("generator",), prunable=Prunable(exclude=("generator/conv0", "discriminator/conv0"))
    )
    names = searched(networks, rule)
    masks = found_masks(networks, first_scores(networks, rule, seed=0), rule)
    assert names.keys() < masks.keys()
    assert not {"generator/conv0.weight", "discriminator/conv0.weight"} & masks.keys()
    for name, mask in masks.items():
        count = mask.numel()
        assert int(mask.sum()) == (count - int(0.7 * count) if name in names else count), name
    assert kept_weights(networks, rule) == sum(int(mask.sum()) for mask in masks.values())


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_spectral_norms_are_those_of_the_masked_weights(precision: Literal["float32", "bfloat16"]) -> None:
    networks, rule = gan_networks(), Search(kept=0.3, components=("discriminator",))
    twin = gan_networks()
    scores = {name: nn.Parameter(score) for name, score in first_scores(networks, rule, seed=0).items()}
    masks = top(scores, rule)
    with torch.no_grad():
        for name, parameter in twin.named_parameters():
            parameter.mul_(masks.get(name, 1.0))
    chosen, _ = bind(networks, scores, rule)
    images = torch.randn(4, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    outputs = lowered(chosen, precision)["discriminator"](images)
    assert torch.equal(outputs, lowered(twin, precision)["discriminator"](images))
    buffers = dict(networks["discriminator"].named_buffers())
    assert buffers
    assert all(torch.equal(one, buffers[name]) for name, one in twin["discriminator"].named_buffers())
