"""BigGAN against its formula with exact spectral norms, and the counts of StudioGAN's settings."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.functional import relu

from benchmark.models.attention import SelfAttention
from benchmark.models.biggan import build, build_generator, discriminator_widths, generator_widths, membership
from benchmark.models.construction import Shape, materialize
from benchmark.models.initialization import initialize
from benchmark.models.options import BigganOptions
from benchmark.networks import Networks, prunable_weights
from tests.models.test_residual import By, doubled, halved

SHAPE: Shape = (3, 64, 64)
SMALL = BigganOptions(base_channels=2, z_dim=11, shared_dim=3, classes=4)
EPSILON = 1e-4


def settled(options: BigganOptions = SMALL) -> Networks:
    """Return networks in evaluation mode with exact spectral norms, moved statistics and some attention."""
    networks = materialize(build, options, SHAPE, "cpu")
    initialize(networks, "xavier", torch.Generator().manual_seed(0))
    networks["generator"](torch.randn(4, *networks.inputs["generator"], generator=torch.Generator().manual_seed(1)))
    with torch.no_grad():
        for network in networks.components.values():
            for layer in network.modules():
                if isinstance(layer, SelfAttention):
                    layer.gain.fill_(0.7)
                elif "u" in dict(layer.named_buffers(recurse=False)):
                    layer.u.copy_(torch.linalg.svd(layer.weight.flatten(1))[0][:, 0])  # type: ignore[operator]
    networks.train(False)
    return networks


def divided(network: nn.Module) -> Mapping[str, Tensor]:
    """Return a network's state with every weight under spectral normalization divided by its largest singular value."""
    state = dict(network.state_dict())
    for name in [name for name in state if name.endswith(".u")]:
        weight = name.replace(".u", ".weight")
        state[weight] = state[weight] / torch.linalg.matrix_norm(state[weight].flatten(1), 2)
    return state


def conditioned(by: By, name: str, x: Tensor, condition: Tensor) -> Tensor:
    state = by.state
    normal = functional.batch_norm(
        x, state[f"{name}.norm.running_mean"], state[f"{name}.norm.running_var"], eps=EPSILON
    )
    scale, shift = (by.linear(f"{name}.{part}", condition)[:, :, None, None] for part in ("scale", "shift"))
    return normal + normal * scale + shift


def attended(by: By, x: Tensor) -> Tensor:
    count, _, height, width = x.shape

    def tokens(name: str, *, halves: bool) -> Tensor:
        part = by.conv(name, x)
        return (functional.max_pool2d(part, 2) if halves else part).flatten(2).transpose(1, 2)

    out = functional.scaled_dot_product_attention(
        tokens("query", halves=False), tokens("key", halves=True), tokens("value", halves=True), scale=1.0
    )
    return x + by.state["gain"] * by.conv("out", out.transpose(1, 2).reshape(count, -1, height, width))


def inside(by: By, name: str) -> By:
    return By({key.removeprefix(f"{name}."): value for key, value in by.state.items() if key.startswith(f"{name}.")})


def test_the_generator_has_its_formula() -> None:
    generator = settled()["generator"]
    by, latents = By(divided(generator)), torch.randn(3, 15)
    codes = by.state["embedding.weight"].T[latents[:, 11:].argmax(1)]
    x = by.linear("linear", latents[:, :3]).reshape(3, 32, 4, 4)
    for block in range(4):
        if block == 3:
            x = attended(inside(by, "attention"), x)
        condition = torch.cat([codes, latents[:, 3 + 2 * block : 5 + 2 * block]], dim=1)
        inner = by.conv(f"blocks.{block}.conv0", doubled(relu(conditioned(by, f"blocks.{block}.norm0", x, condition))))
        inner = by.conv(f"blocks.{block}.conv1", relu(conditioned(by, f"blocks.{block}.norm1", inner, condition)))
        x = inner + by.conv(f"blocks.{block}.shortcut", doubled(x))
    state = by.state
    x = functional.batch_norm(
        x, state["norm.running_mean"], state["norm.running_var"], state["norm.weight"], state["norm.bias"], eps=EPSILON
    )
    torch.testing.assert_close(generator(latents), torch.tanh(by.conv("conv", relu(x))), rtol=1e-4, atol=1e-5)


def test_the_discriminator_has_its_formula() -> None:
    discriminator = settled()["discriminator"]
    by, images = By(divided(discriminator)), torch.randn(3, *SHAPE)
    inner = by.conv("trunk.block0.body.conv1", relu(by.conv("trunk.block0.body.conv0", images)))
    x = halved(inner, 2) + by.conv("trunk.block0.shortcut.conv", halved(images, 2))
    x = attended(inside(by, "trunk.attention"), x)
    for block in range(1, 5):
        name, x = f"trunk.block{block}.1", relu(x)
        inner = by.conv(f"{name}.body.2", relu(by.conv(f"{name}.body.0", x)))
        x = inner + by.conv(f"{name}.shortcut.0", x)
        x = halved(x, 2) if block < 4 else x
    features = relu(x).sum((2, 3))
    alone = by.linear("linear", features)
    labels = torch.tensor([2, 0, 3])
    projected = (by.state["embedding.weight"].T[labels] * features).sum(1, keepdim=True)
    said = functional.one_hot(labels, 4).float()
    torch.testing.assert_close(discriminator(images, said), alone + projected, rtol=1e-4, atol=1e-4)
    every = (features @ by.state["embedding.weight"]).mean(1, keepdim=True)
    torch.testing.assert_close(discriminator(images), alone + every, rtol=1e-4, atol=1e-4)


def test_a_single_class_needs_nothing_said() -> None:
    networks = settled(BigganOptions(base_channels=2, z_dim=10, shared_dim=3))
    images = torch.randn(2, *SHAPE)
    assert networks.z_dim == 10
    discriminator = networks["discriminator"]
    assert torch.equal(discriminator(images), discriminator(images, torch.randn(2, 10)))


def test_the_class_changes_the_image_and_a_code_asks_for_one() -> None:
    generator, latents = settled()["generator"], torch.randn(1, 15)
    latents = latents.expand(4, -1).clone()
    latents[:, 11:] = torch.eye(4)
    images = generator(latents)
    latents[:, 11:] = torch.eye(4) * 3 - 1
    torch.testing.assert_close(generator(latents), images)
    assert min((images[i] - images[j]).abs().max().item() for i in range(4) for j in range(i)) > 1e-4


def test_the_generators_17_31_million_parameters_are_those_of_one_class() -> None:
    def count(classes: int, component: str) -> int:
        networks = materialize(build, BigganOptions(classes=classes), SHAPE, "meta")
        return sum(parameter.numel() for parameter in networks[component].parameters())

    assert count(1, "generator") == 17_309_732
    assert count(100, "generator") == 17_322_404
    assert count(100, "discriminator") - count(1, "discriminator") == 99 * 16 * 80


def test_all_weights_but_the_class_embedding_are_normalized() -> None:
    networks = materialize(build, SMALL, SHAPE, "meta")
    weights = prunable_weights(networks, ("conv", "linear"), ())
    normalized = {name.replace(".u", ".weight") for name in networks.state() if name.endswith(".u")}
    assert weights.keys() - normalized == {"generator/embedding.weight"}


def test_the_generator_alone_is_the_same_network() -> None:
    both, alone = (materialize(make, SMALL, SHAPE, "meta") for make in (build, build_generator))
    shapes = [{name: tensor.shape for name, tensor in one["generator"].state_dict().items()} for one in (both, alone)]
    assert shapes[0] == shapes[1]
    assert alone.inputs == {"generator": (15,)}
    assert both.classes == 4


@pytest.mark.parametrize(
    ("side", "generator", "discriminator"),
    [
        (32, [4, 4, 4, 4], ([2, 2, 2, 2], 2)),
        (64, [16, 8, 4, 2, 1], ([1, 2, 4, 8, 16], 4)),
        (128, [16, 16, 8, 4, 2, 1], ([1, 2, 4, 8, 16, 16], 5)),
    ],
)
def test_widths_are_studiogans(side: int, generator: list[int], discriminator: tuple[list[int], int]) -> None:
    assert generator_widths((3, side, side), 1) == generator
    assert discriminator_widths((3, side, side), 1) == discriminator


def test_attention_is_an_option_and_begins_without_effect() -> None:
    with_it, without = (
        materialize(build, SMALL.model_copy(update={"attention": attention}), SHAPE, "cpu")
        for attention in (True, False)
    )
    initialize(with_it, "orthogonal", torch.Generator().manual_seed(0))
    state = without.state()
    without.load({name: tensor for name, tensor in with_it.state().items() if name in state})
    assert any("attention" in name for name in with_it.state().keys() - state.keys())
    for networks in (with_it, without):
        networks.train(False)
    latents = torch.randn(2, 15)
    assert torch.equal(with_it["generator"](latents), without["generator"](latents))


@given(st.lists(st.lists(st.integers(-50, 50), min_size=5, max_size=5, unique=True), min_size=1, max_size=6))
def test_membership_is_a_one_at_the_largest_of_the_last_values(rows: list[list[int]]) -> None:
    values = torch.tensor(rows, dtype=torch.float32)
    found = membership(values, 3)
    assert found.tolist() == [[float(value == max(row[2:])) for value in row[2:]] for row in rows]
    assert torch.equal(membership(found, 3), found)


def test_every_class_is_drawn_equally_often() -> None:
    drawn = membership(torch.randn(40_000, 12, generator=torch.Generator().manual_seed(0)), 10).sum(0)
    expected = 4000.0
    # chi-square with 9 degrees of freedom: above 27.9 once in a thousand
    assert ((drawn - expected) ** 2 / expected).sum().item() < 27.9
