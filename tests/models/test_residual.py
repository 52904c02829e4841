"""The residual networks against their formulas, written out with torch's functions from the same weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.models import MODELS
from benchmark.models.construction import materialize
from benchmark.models.initialization import initialize
from benchmark.networks import Networks
from benchmark.schema.record import Selection

relu, halved = functional.relu, functional.avg_pool2d


def evaluated(name: str, **options: Any) -> Networks:
    """Return networks whose running statistics differ from their first values, in evaluation mode."""
    chosen = MODELS.parse(MODELS.resolve(Selection(name=name, **options)))
    networks = materialize(MODELS[name].load(), chosen, (3, 32, 32), "cpu")
    initialize(networks, "xavier", torch.Generator().manual_seed(0))
    for component, shape in networks.inputs.items():
        networks[component](torch.randn(4, *shape, generator=torch.Generator().manual_seed(1)))
    networks.train(False)
    return networks


class By:
    """The layers of a network by name, applied with torch's functions."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        self.state = state

    def conv(self, name: str, x: Tensor, stride: int = 1) -> Tensor:
        weight = self.state[f"{name}.weight"]
        bias = self.state.get(f"{name}.bias")
        return functional.conv2d(x, weight, bias, stride=stride, padding=weight.shape[-1] // 2)

    def norm(self, name: str, x: Tensor) -> Tensor:
        mean, variance = self.state[f"{name}.running_mean"], self.state[f"{name}.running_var"]
        return functional.batch_norm(x, mean, variance, self.state[f"{name}.weight"], self.state[f"{name}.bias"])

    def linear(self, name: str, x: Tensor) -> Tensor:
        return functional.linear(x, self.state[f"{name}.weight"], self.state.get(f"{name}.bias"))


def doubled(x: Tensor) -> Tensor:
    return x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)


def test_the_generator_is_that_of_miyato_2018() -> None:
    generator = evaluated("sngan", generator_channels=5, discriminator_channels=4, z_dim=6)["generator"]
    by, latents = By(generator.state_dict()), torch.randn(3, 6)
    x = by.linear("linear", latents).reshape(3, 5, 4, 4)
    for block in ("block0", "block1", "block2"):
        inner = by.conv(f"{block}.body.conv0", doubled(relu(by.norm(f"{block}.body.norm0", x))))
        inner = by.conv(f"{block}.body.conv1", relu(by.norm(f"{block}.body.norm1", inner)))
        x = inner + by.conv(f"{block}.shortcut.conv", doubled(x))
    x = torch.tanh(by.conv("conv", relu(by.norm("norm", x))))
    torch.testing.assert_close(generator(latents), x)


def trunk(by: By, images: Tensor) -> Tensor:
    inner = by.conv("block0.body.conv1", relu(by.conv("block0.body.conv0", images)))
    x = halved(inner, 2) + by.conv("block0.shortcut.conv", halved(images, 2))
    inner = by.conv("block1.body.conv1", relu(by.conv("block1.body.conv0", relu(x))))
    x = halved(inner, 2) + halved(by.conv("block1.shortcut.conv", x), 2)
    for block in ("block2", "block3"):
        x = x + by.conv(f"{block}.body.conv1", relu(by.conv(f"{block}.body.conv0", relu(x))))
    return relu(x)


def test_the_discriminator_without_normalization_is_that_of_gulrajani_2017() -> None:
    discriminator = evaluated("resnet_dcgan", base_channels=4, z_dim=3)["discriminator"]
    by, images = By(discriminator.state_dict()), torch.randn(3, 3, 32, 32)
    wanted = by.linear("linear", trunk(by, images).mean((2, 3)))
    torch.testing.assert_close(discriminator(images), wanted)


def test_the_sngans_discriminator_is_the_same_with_divided_weights_and_a_sum() -> None:
    discriminator = evaluated("sngan", generator_channels=4, discriminator_channels=5, z_dim=3)["discriminator"]
    images = torch.randn(3, 3, 32, 32)
    discriminator.train()
    for _ in range(300):  # until every power iteration has settled
        discriminator(images)
    discriminator.train(False)
    state = {
        name: tensor / torch.linalg.matrix_norm(tensor.flatten(1), 2) if name.endswith("weight") else tensor
        for name, tensor in discriminator.state_dict().items()
    }
    wanted = By(state).linear("linear", trunk(By(state), images).sum((2, 3)))
    torch.testing.assert_close(discriminator(images), wanted, rtol=1e-3, atol=1e-4)


def test_the_resnet_vae_is_that_of_the_first_authors_code() -> None:
    vae = evaluated("resnet_vae", base_channels=3, z_dim=4)
    by, images = By(vae["encoder"].state_dict()), torch.randn(3, 3, 32, 32)
    x = relu(by.norm("norm", by.conv("conv", images, stride=2)))
    for block in range(4):
        body, stride = f"block{block}.body", 1 if block == 0 else 2
        inner = relu(by.norm(f"{body}.norm0", by.conv(f"{body}.conv0", x, stride)))
        inner = by.norm(f"{body}.norm1", by.conv(f"{body}.conv1", inner))
        if block:
            x = by.norm(f"block{block}.shortcut.norm", by.conv(f"block{block}.shortcut.conv", x, stride))
        x = relu(inner + x)
    assert x.shape[1:] == (24, 2, 2)
    torch.testing.assert_close(vae["encoder"](images), by.linear("linear", x.mean((2, 3))))

    by, latents = By(vae["decoder"].state_dict()), torch.randn(3, 4)
    x = by.linear("linear", latents)[:, :, None, None].expand(3, 24, 4, 4)
    for block in range(4):
        body, shortcut = f"block{block}.body", f"block{block}.shortcut"
        inner = relu(by.norm(f"{body}.norm0", by.conv(f"{body}.conv0", x)))
        if block < 3:
            inner, x = doubled(inner), by.norm(f"{shortcut}.norm", by.conv(f"{shortcut}.conv", doubled(x)))
        x = relu(by.norm(f"{body}.norm1", by.conv(f"{body}.conv1", inner)) + x)
    torch.testing.assert_close(vae["decoder"](latents), torch.tanh(by.conv("conv", x)))
