"""Networks without the masked channels compute what the masked ones do, and what cannot be removed is named."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from copy import deepcopy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from benchmark.metrics.macs import count_layers
from benchmark.models import MODELS
from benchmark.models.construction import materialize
from benchmark.models.spectral_norm import spectral_norm
from benchmark.networks import Networks, channel_scales, with_shifts
from benchmark.pruning.mask import apply
from benchmark.pruning.shrink import obstacles, remove_channels
from benchmark.schema.record import Selection

Tensors = dict[str, Tensor]
SMALL = {"base_channels": 3}
CASES: dict[str, tuple[Selection, tuple[int, int, int]]] = {
    "dcgan": (Selection(name="dcgan", z_dim=5, **SMALL), (1, 16, 16)),
    "leaky dcgan": (Selection(name="dcgan", z_dim=5, activation="leaky_relu", **SMALL), (3, 8, 8)),
    "conv_vae": (Selection(name="conv_vae", z_dim=4, **SMALL), (1, 16, 16)),
    "spatial_vae": (Selection(name="spatial_vae", latent_channels=2, **SMALL), (1, 28, 28)),
    "resnet_vae": (Selection(name="resnet_vae", z_dim=4, **SMALL), (1, 16, 16)),
    "spectral_dcgan": (Selection(name="spectral_dcgan", z_dim=5, **SMALL), (1, 8, 8)),
    "cyclegan": (Selection(name="cyclegan", blocks=2, **SMALL), (1, 16, 16)),
    "sngan": (Selection(name="sngan", generator_channels=3, discriminator_channels=2, z_dim=4), (3, 32, 32)),
}


def built(case: str) -> Networks:
    chosen, shape = CASES[case]
    return filled(materialize(MODELS[chosen.name].load(), MODELS.parse(MODELS.resolve(chosen)), shape, "cpu"))


def sequential(**layers: nn.Module) -> Networks:
    """A network of images [N, 2, 6, 6]."""
    return filled(Networks({"encoder": nn.Sequential(OrderedDict(layers))}, inputs={"encoder": (2, 6, 6)}))


def filled(networks: Networks) -> Networks:
    """Values that no two channels share, in running statistics too."""
    chance = torch.Generator().manual_seed(0)
    for name, tensor in networks.state().items():
        if tensor.is_floating_point():
            value = torch.randn(tensor.shape, generator=chance)
            scaled = value / max(1.0, tensor[0].numel() ** 0.5) if tensor.ndim > 1 else 0.5 * value
            tensor.detach().copy_(value.abs() + 0.5 if name.endswith("running_var") else scaled)
    return networks


def removable(networks: Networks) -> Tensors:
    scales = channel_scales(networks)
    against = obstacles(networks, scales)
    return {name: scale.detach() for name, scale in scales.items() if name not in against}


def random_masks(scales: Tensors, seed: int, share: float) -> Tensors:
    chance = torch.Generator().manual_seed(seed)
    masks = {name: torch.rand(scale.shape, generator=chance) < share for name, scale in scales.items()}
    for mask in masks.values():
        mask[torch.randint(len(mask), (), generator=chance)] = True
    return masks


def both(networks: Networks, masks: Tensors) -> tuple[Networks, Networks]:
    """The masked networks, and those without the masked channels."""
    masked, thin = deepcopy(networks), deepcopy(networks)
    bound = with_shifts(masks)
    parameters = dict(masked.named_parameters())
    apply(bound, {name: parameters[name] for name in bound})
    remove_channels(thin, masks)
    return masked, thin


def outputs(networks: Networks, component: str, training: bool) -> Tensor:
    networks.train(training)
    inputs = torch.randn(4, *networks.inputs[component], generator=torch.Generator().manual_seed(1))
    network = networks[component]
    out: Tensor = network(inputs.to(next(network.parameters()).dtype))
    return out


def check_same(networks: Networks, masks: Tensors) -> None:
    """Outputs to 1e-5 in both modes, and all that training looks at: gradients and running statistics."""
    masked, thin = both(networks, masks)
    for component in networks.components:
        for training in (False, True):
            torch.testing.assert_close(
                outputs(thin, component, training), outputs(masked, component, training), rtol=1e-5, atol=1e-5
            )
    check_same_training(masked, thin, masks)


def check_same_training(masked: Networks, thin: Networks, masks: Tensors) -> None:
    for one in (masked, thin):
        for component, network in one.components.items():
            network.double()
            outputs(one, component, training=True).square().sum().backward()  # type: ignore[no-untyped-call]
    slopes = Networks({name: deepcopy(network) for name, network in masked.components.items()}, inputs=masked.inputs)
    for (name, slope), (_, parameter) in zip(slopes.named_parameters(), masked.named_parameters(), strict=True):
        assert parameter.grad is not None, name
        slope.data.copy_(parameter.grad)
    remove_channels(slopes, masks)
    wanted, buffers = dict(slopes.named_parameters()), slopes.state()
    for name, parameter in thin.named_parameters():
        torch.testing.assert_close(parameter.grad, wanted[name].detach(), rtol=1e-5, atol=1e-8)
    for name, tensor in thin.state().items():
        if "running" in name:
            torch.testing.assert_close(tensor, buffers[name], rtol=1e-5, atol=1e-6)


def check_at_random(networks: Networks, examples: int) -> None:
    scales = removable(networks)

    @settings(max_examples=examples)
    @given(seed=st.integers(0, 10**6), share=st.floats(0, 1))
    def check(seed: int, share: float) -> None:
        check_same(networks, random_masks(scales, seed, share))

    check()


@pytest.mark.parametrize("case", CASES)
def test_outputs_gradients_and_statistics_are_those_of_the_masked_networks(case: str) -> None:
    check_at_random(built(case), 6)


class Maps(nn.Module):
    """Maps of 3x3, as many as there are values for."""

    def forward(self, x: Tensor) -> Tensor:
        return x.view(len(x), -1, 3, 3)


def test_linear_layers_before_and_behind_are_cut_by_whole_maps() -> None:
    networks = sequential(
        conv=nn.Conv2d(2, 5, 3),
        norm=nn.BatchNorm2d(5),
        act=nn.ReLU(),
        pool=nn.MaxPool2d(2),
        flatten=nn.Flatten(),
        linear=nn.Linear(5 * 2 * 2, 12 * 3 * 3),
        unflatten=Maps(),
        norm1=nn.BatchNorm2d(12),
        last=nn.ConvTranspose2d(12, 3, 2),
    )
    assert len(removable(networks)) == 2
    check_at_random(networks, 10)


def test_parameters_are_those_counted_by_hand() -> None:
    networks = built("dcgan")  # 16x16, base 3, z 5: 5 -> 6 -> 3 -> 1 and 1 -> 3 -> 6 -> 1
    masks = {name: torch.ones(len(scale), dtype=torch.bool) for name, scale in channel_scales(networks).items()}
    masks["generator/norm0.weight"][:4] = False  # 2 of 6 are left
    masks["discriminator/norm0.weight"][1] = False  # 2 of 3
    _, thin = both(networks, masks)
    generator = (5 * 2 * 16 + 2) + 2 * 2 + (2 * 3 * 16 + 3) + 2 * 3 + (3 * 1 * 16 + 1)
    discriminator = (1 * 2 * 16 + 2) + 2 * 2 + (2 * 6 * 16 + 6) + 2 * 6 + (6 * 1 * 16 + 1)
    assert sum(p.numel() for p in thin["generator"].parameters()) == generator
    assert sum(p.numel() for p in thin["discriminator"].parameters()) == discriminator
    macs = count_layers(thin["discriminator"], (1, 16, 16))
    assert macs == {"conv0": 1 * 2 * 16 * 64, "conv1": 2 * 6 * 16 * 16, "conv2": 6 * 16}
    assert sum(macs.values()) < sum(count_layers(networks["discriminator"], (1, 16, 16)).values())


def test_values_of_what_is_left_are_untouched_and_keep_their_order() -> None:
    networks = built("dcgan")
    masks = {"generator/norm0.weight": torch.tensor([True, False, True, True, False, False])}
    _, thin = both(networks, masks)
    before, after, kept = networks.state(), thin.state(), [0, 2, 3]
    assert list(after) == list(before)
    assert torch.equal(after["generator/conv0.weight"], before["generator/conv0.weight"][:, kept])
    assert torch.equal(after["generator/norm0.running_var"], before["generator/norm0.running_var"][kept])
    assert torch.equal(after["generator/conv1.weight"], before["generator/conv1.weight"][kept])
    touched = ("generator/conv0", "generator/norm0", "generator/conv1.weight")
    assert all(torch.equal(after[name], before[name]) for name in before if not name.startswith(touched))


@pytest.mark.parametrize("training", [True, False])
def test_looking_for_obstacles_changes_nothing(training: bool) -> None:
    networks = built("conv_vae")
    networks.train(training)
    before = {name: tensor.clone() for name, tensor in networks.state().items()}
    chance = torch.get_rng_state()
    assert obstacles(networks, channel_scales(networks)) == {}
    assert all(torch.equal(tensor, before[name]) for name, tensor in networks.state().items())
    assert all(module.training == training for module in networks["encoder"].modules())
    assert torch.equal(torch.get_rng_state(), chance)


def test_without_masked_channels_nothing_happens() -> None:
    networks = built("dcgan")
    before = dict(networks.named_parameters())
    remove_channels(networks, {name: torch.ones_like(scale).bool() for name, scale in removable(networks).items()})
    assert all(parameter is before[name] for name, parameter in networks.named_parameters())


class Branching(nn.Module):
    """What the norm gets, another layer gets too."""

    def __init__(self, join: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(2, 4, 1), nn.BatchNorm2d(4)
        self.left, self.right = nn.Conv2d(4, 3, 1), nn.Conv2d(4, 3, 1)
        self.join = join

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return self.join(self.left(self.norm(x)), self.right(x))


class Fixed(nn.Module):
    """A batch of vectors of a length that is written down."""

    def forward(self, x: Tensor) -> Tensor:
        return x.view(-1, 64)


class Positions(nn.Module):
    """A linear layer over the channels of each position, where the norm's were those of the image."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.linear = nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.linear(self.norm(self.conv(x)).view(len(x), 16, 4))
        return out


def alone(network: nn.Module) -> Networks:
    return Networks({"encoder": network}, inputs={"encoder": (2, 6, 6)})


def plain(**layers: nn.Module) -> Networks:
    first = {"conv": nn.Conv2d(2, 4, 3), "norm": nn.BatchNorm2d(4)}
    return alone(nn.Sequential(OrderedDict({**first, **layers})))


@pytest.mark.parametrize(
    ("networks", "reason"),
    [
        (plain(), "gives the network's output"),
        (plain(flatten=nn.Flatten()), "gives the network's output"),
        (plain(act=nn.Sigmoid(), last=nn.Conv2d(4, 1, 1)), "is coupled to others by Sigmoid"),
        (plain(soft=nn.Softplus(), last=nn.Conv2d(4, 1, 1)), "is coupled to others by Softplus"),
        (plain(again=nn.BatchNorm2d(4), last=nn.Conv2d(4, 1, 1)), "shares its channels with other norms"),
        (plain(last=nn.Conv2d(4, 4, 1, groups=2)), "is next to a grouped convolution"),
        (plain(last=nn.Conv2d(4, 4, 1, groups=4)), "is next to a grouped convolution"),
        (plain(last=spectral_norm(nn.Conv2d(4, 1, 1))), "weight is normalized as a whole"),
        (plain(last=weight_norm(nn.Conv2d(4, 1, 1))), "weight is normalized as a whole"),
        (plain(shuffle=nn.PixelShuffle(2), last=nn.Conv2d(1, 1, 1)), "is coupled to others by PixelShuffle"),
        (plain(turn=nn.Flatten(2), linear=nn.Linear(16, 2)), "is coupled to others by View"),
        (alone(nn.Sequential(nn.BatchNorm2d(2), nn.Conv2d(2, 1, 1))), "normalizes what other layers see too"),
        (alone(Branching(torch.add)), "normalizes what other layers see too"),
        (alone(Branching(lambda left, right: torch.cat([left, right], 1))), "normalizes what other layers see too"),
        (plain(flatten=Fixed(), last=nn.Linear(64, 2)), "is written down elsewhere"),
        (alone(Positions()), "is coupled to others by View"),
    ],
)
def test_what_cannot_be_removed_alone_is_told(networks: Networks, reason: str) -> None:
    first = next(iter(channel_scales(networks)))
    found = obstacles(networks, [first])
    assert found.keys() == {first}
    assert reason in found[first]


def test_a_spectral_norm_before_a_batch_norm_is_told() -> None:
    conv = spectral_norm(nn.Conv2d(2, 4, 3))
    networks = alone(nn.Sequential(OrderedDict(conv=conv, norm=nn.BatchNorm2d(4), last=nn.Conv2d(4, 1, 1))))
    assert "weight is normalized as a whole" in obstacles(networks, ["encoder/norm.weight"])["encoder/norm.weight"]


def test_only_norms_inside_a_residual_body_can_be_removed() -> None:
    networks = built("resnet_vae")
    assert removable(networks).keys() == {
        f"{component}/block{block}.body.norm0.weight" for component in ("encoder", "decoder") for block in range(3)
    }


def test_in_cyclegan_every_norm_that_scales_can_be_removed() -> None:
    networks = built("cyclegan")
    assert removable(networks).keys() == channel_scales(networks).keys()
    generator = {f"{name}.weight" for name in ("norm0", "norm1", "block0.body.norm0", "block1.body.norm0")}
    generator |= {"norm3.weight", "norm4.weight"}  # those at the width of the residual sum scale nothing
    assert {name.removeprefix("generator_ab/") for name in removable(networks) if "_ab" in name} == generator


class Halves(nn.Module):
    """The second half of the channels alone."""

    def forward(self, x: Tensor) -> Tensor:
        return x.narrow(1, 2, 2)


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        ({}, "gives the network's output"),
        ({"again": nn.InstanceNorm2d(4, affine=True), "last": nn.Conv2d(4, 1, 1)}, "is coupled to others by"),
        ({"again": nn.BatchNorm2d(4), "last": nn.Conv2d(4, 1, 1)}, "shares its channels with other norms"),
        ({"act": nn.Sigmoid(), "last": nn.Conv2d(4, 1, 1)}, "is coupled to others by Sigmoid"),
        ({"second": Halves(), "last": nn.Conv2d(2, 1, 1)}, "is coupled to others by Slice"),
    ],
)
def test_what_cannot_be_removed_behind_an_instance_norm_is_told(layers: dict[str, nn.Module], reason: str) -> None:
    networks = plain(norm=nn.InstanceNorm2d(4, affine=True), **layers)
    assert reason in obstacles(networks, ["encoder/norm.weight"])["encoder/norm.weight"]


def test_behind_an_instance_norm_linear_layers_are_cut_too() -> None:
    networks = sequential(
        conv=nn.Conv2d(2, 5, 3),
        norm=nn.InstanceNorm2d(5, affine=True),
        act=nn.LeakyReLU(0.2),
        flatten=nn.Flatten(),
        linear=nn.Linear(5 * 4 * 4, 3),
    )
    assert len(removable(networks)) == 1
    check_at_random(networks, 5)


def test_in_sngan_the_norms_inside_the_blocks_can_be_removed() -> None:
    networks = built("sngan")
    assert removable(networks).keys() == {f"generator/block{block}.body.norm1.weight" for block in range(3)}
