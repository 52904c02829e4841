"""The CycleGAN networks against torch's own layers, and against the counts of the code of Chen et al. (2021)."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from benchmark.metrics.macs import count_layers
from benchmark.models.construction import Shape, materialize
from benchmark.models.cyclegan import Reflection, build
from benchmark.models.initialization import initialize
from benchmark.models.options import CycleganOptions
from benchmark.networks import Networks, prunable_weights
from benchmark.pruning.allocate import quotas
from benchmark.pruning.count import Target
from benchmark.streams import stream

KINDS = ("conv", "conv_transpose", "linear")
FULL: Shape = (3, 256, 256)
SURVIVORS = (
    *(9_098_342, 7_278_674, 5_822_939, 4_658_351, 3_726_681),
    *(2_981_345, 2_385_076, 1_908_061, 1_526_449, 1_221_159),
)
"""Of a generator after each of ten rounds: Chen et al. 2021, their code."""


def networks(shape: Shape, device: str = "cpu", base: int = 4, blocks: int = 2) -> Networks:
    made = materialize(build, CycleganOptions(base_channels=base, blocks=blocks), shape, device)
    if device == "cpu":
        initialize(made, "normal", stream(0, "weights"))
    return made


def whole() -> Networks:
    return networks(FULL, "meta", base=64, blocks=9)


def test_the_counts_are_those_of_the_authors_code() -> None:
    made = whole()
    for component in ("generator_ab", "generator_ba"):
        assert sum(parameter.numel() for parameter in made[component].parameters()) == 11_383_555
        alone = prunable_weights(Networks({component: made[component]}), ("conv", "conv_transpose"), ())
        assert sum(weight.numel() for weight in alone.values()) == 11_372_928
    for component in ("discriminator_a", "discriminator_b"):
        assert sum(parameter.numel() for parameter in made[component].parameters()) == 2_766_529


def test_each_generator_by_itself_has_the_authors_survivors() -> None:
    generators = prunable_weights(whole(), KINDS, ("discriminator_a", "discriminator_b"))
    masks = {name: torch.ones((), dtype=torch.bool).expand(weight.shape) for name, weight in generators.items()}
    for rounds, kept in enumerate(SURVIVORS, start=1):
        counts = quotas(masks, list(masks), Target(fraction=0.2, rounds=rounds), "component")
        assert counts == {"generator_ab": kept, "generator_ba": kept}


def test_a_generators_multiply_accumulates_are_those_of_the_authors_code() -> None:
    counts = count_layers(whole()["generator_ab"], FULL)
    assert round(sum(counts.values()) / 1e9, 2) == 49.55


@pytest.mark.parametrize("size", [1, 3])
def test_reflections_are_torchs_own(size: int) -> None:
    ours, theirs = (torch.randn(2, 3, 5, 7, generator=stream(0, "x")).requires_grad_() for _ in range(2))
    outputs = Reflection(size)(ours), nn.ReflectionPad2d(size)(theirs)
    assert torch.equal(*outputs)
    slopes = torch.randn(outputs[0].shape, generator=stream(0, "slopes"))
    for output in outputs:
        output.backward(slopes)
    torch.testing.assert_close(ours.grad, theirs.grad)


class Added(nn.Module):
    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.body(x)
        return out


def their_generator(channels: int, base: int, blocks: int) -> nn.Module:
    def block() -> nn.Module:
        return Added(
            nn.Sequential(
                nn.Conv2d(4 * base, 4 * base, 3, padding=1, padding_mode="reflect"),
                nn.InstanceNorm2d(4 * base, affine=True),
                nn.ReLU(),
                nn.Conv2d(4 * base, 4 * base, 3, padding=1, padding_mode="reflect"),
                nn.InstanceNorm2d(4 * base, affine=False),
            )
        )

    return nn.Sequential(
        *(
            nn.Conv2d(channels, base, 7, padding=3, padding_mode="reflect"),
            nn.InstanceNorm2d(base, affine=True),
            nn.ReLU(),
        ),
        *(nn.Conv2d(base, 2 * base, 3, 2, 1), nn.InstanceNorm2d(2 * base, affine=True), nn.ReLU()),
        *(nn.Conv2d(2 * base, 4 * base, 3, 2, 1), nn.InstanceNorm2d(4 * base, affine=False), nn.ReLU()),
        *(block() for _ in range(blocks)),
        *(nn.ConvTranspose2d(4 * base, 2 * base, 3, 2, 1, 1), nn.InstanceNorm2d(2 * base, affine=True), nn.ReLU()),
        *(nn.ConvTranspose2d(2 * base, base, 3, 2, 1, 1), nn.InstanceNorm2d(base, affine=True), nn.ReLU()),
        *(nn.Conv2d(base, channels, 7, padding=3, padding_mode="reflect"), nn.Tanh()),
    )


def their_discriminator(channels: int, base: int) -> nn.Module:
    def layer(inputs: int, outputs: int, stride: int) -> tuple[nn.Module, ...]:
        return nn.Conv2d(inputs, outputs, 4, stride, 1), nn.InstanceNorm2d(outputs, affine=True), nn.LeakyReLU(0.2)

    return nn.Sequential(
        *(nn.Conv2d(channels, base, 4, 2, 1), nn.LeakyReLU(0.2)),
        *layer(base, 2 * base, 2),
        *layer(2 * base, 4 * base, 2),
        *layer(4 * base, 8 * base, 1),
        nn.Conv2d(8 * base, 1, 4, 1, 1),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    )


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 64, 32)])
def test_both_networks_compute_what_torchs_layers_do(shape: Shape) -> None:
    ours = networks(shape)
    images = torch.rand(3, *shape, generator=stream(0, "images")) * 2 - 1
    for component, theirs in (
        ("generator_ab", their_generator(shape[0], 4, 2)),
        ("generator_ba", their_generator(shape[0], 4, 2)),
        ("discriminator_a", their_discriminator(shape[0], 4)),
    ):
        parameters = list(ours[component].parameters())
        assert [p.shape for p in parameters] == [p.shape for p in theirs.parameters()]
        with torch.no_grad():
            for mine, other in zip(parameters, theirs.parameters(), strict=True):
                mine.add_(torch.randn(mine.shape, generator=stream(0, "shift")), alpha=0.1)
                other.copy_(mine)
        torch.testing.assert_close(ours[component](images), theirs(images))


def convolutions(made: Networks) -> list[nn.Conv2d]:
    return [layer for layer in made["discriminator_a"].modules() if isinstance(layer, nn.Conv2d)]


def test_a_discriminator_looks_at_patches_of_70() -> None:
    # without the norms, which look at a whole image, an answer depends on the pixels of its patch alone
    bare = convolutions(networks((1, 128, 128), base=1))
    image = torch.zeros(1, 1, 128, 128, requires_grad=True)
    answers = nn.Sequential(*bare)(image)
    answers[0, 0, answers.shape[2] // 2, answers.shape[3] // 2].backward()
    assert image.grad is not None
    rows, columns = (image.grad[0, 0].abs().sum(axis).nonzero().flatten() for axis in (1, 0))
    assert int(rows.max() - rows.min()) + 1 == int(columns.max() - columns.min()) + 1 == 70


@pytest.mark.parametrize(("side", "strides"), [(8, [2]), (12, [2]), (16, [2, 2]), (32, [2, 2, 2]), (256, [2, 2, 2])])
def test_smaller_images_are_halved_less_often(side: int, strides: list[int]) -> None:
    layers = convolutions(networks((1, side, side), "meta"))
    assert [layer.stride[0] for layer in layers] == [*strides, 1, 1]


def test_the_normal_scheme_has_the_moments_of_the_authors_code() -> None:
    made = networks((3, 32, 32), base=32)
    weights = made.state()
    for name, parameter in weights.items():
        if parameter.ndim > 1:
            assert abs(float(parameter.std()) - 0.02) < 0.02 * 5 / (2 * parameter.numel()) ** 0.5
        elif "norm" in name:
            assert (parameter == (1.0 if name.endswith("weight") else 0.0)).all()
        else:
            bound = weights[f"{name.removesuffix('bias')}weight"][0].numel() ** -0.5
            assert 0 < float(parameter.abs().max()) <= bound
