"""The perceptual loss against sums written out, and generators that learn by it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from benchmark.activations.activations import Activations
from benchmark.networks import Networks
from benchmark.objectives.cyclegan import build as build_cyclegan
from benchmark.objectives.gan import build as build_gan
from benchmark.objectives.objective import Lesson
from benchmark.objectives.options import CycleganOptions, GanOptions
from benchmark.objectives.perception import gram, perceptual_loss
from benchmark.schema.record import Selection
from benchmark.schema.training import Perception
from benchmark.streams import stream


class Eye(nn.Module):
    """Sees the images themselves, their squares in two channels, and a vector."""

    def forward(self, images: Tensor) -> list[Tensor]:
        squares = torch.cat([images.square(), 2.0 * images], dim=1)
        return [images, squares, squares.flatten(1).cumsum(1)]


EYE = Activations("eye", None, ("same", "squares", "vector"), Eye())
ONE, OTHER = (torch.rand(3, 2, 4, 4, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2))


def chosen(**options: object) -> Perception:
    return Perception.model_validate({"activations": Selection(name="eye"), "content": ("same",), **options})


def pairs(*layers: str) -> list[tuple[Tensor, Tensor]]:
    return [
        pair for name, pair in zip(EYE.layers, zip(EYE(ONE), EYE(OTHER), strict=True), strict=True) if name in layers
    ]


def gram_by_hand(values: Tensor) -> Tensor:
    found = torch.zeros(len(values), values.shape[1], values.shape[1])
    for image, maps in enumerate(values):
        for one in range(len(maps)):
            for other in range(len(maps)):
                found[image, one, other] = (maps[one] * maps[other]).sum() / maps.numel()
    return found


def test_a_gram_matrix_is_that_of_johnson() -> None:
    for values in (ONE, EYE(ONE)[1], EYE(ONE)[2][:, :5]):
        torch.testing.assert_close(gram(values), gram_by_hand(values))


@pytest.mark.parametrize("difference", ["squared", "absolute"])
def test_content_is_the_mean_difference_of_the_layers_named(difference: str) -> None:
    loss = perceptual_loss(EYE, chosen(content=("same", "vector"), difference=difference))
    gaps = [(own - other).abs() for own, other in pairs("same", "vector")]
    wanted = sum((gap.square() if difference == "squared" else gap).mean() for gap in gaps)
    torch.testing.assert_close(loss(ONE, OTHER), torch.as_tensor(wanted))
    assert loss(ONE, ONE) == 0


def test_style_is_the_mean_squared_difference_of_gram_matrices_over_all_layers() -> None:
    plain, styled = (perceptual_loss(EYE, chosen(style=weight))(ONE, OTHER) for weight in (0.0, 7.0))
    style = sum((gram_by_hand(own) - gram_by_hand(other)).square().mean() for own, other in pairs(*EYE.layers))
    torch.testing.assert_close(styled, plain + 7.0 * style)


def test_images_are_enlarged_by_their_nearest_neighbors() -> None:
    seen: list[Tensor] = []

    class Watching(nn.Module):
        def forward(self, images: Tensor) -> list[Tensor]:
            seen.append(images)
            return [images]

    perceptual_loss(Activations("watching", None, ("same",), Watching()), chosen(enlarge=12))(ONE, OTHER)
    assert all(
        torch.equal(found, images.repeat_interleave(3, 2).repeat_interleave(3, 3))
        for found, images in zip(seen, (ONE, OTHER), strict=True)
    )


def test_only_the_images_that_learn_get_a_gradient() -> None:
    own, other = ONE.clone().requires_grad_(), OTHER.clone().requires_grad_()
    perceptual_loss(EYE, chosen(style=1.0))(own, other).backward()  # type: ignore[no-untyped-call]
    assert own.grad is not None
    assert bool(own.grad.any())
    assert other.grad is None


def linear(inputs: int, outputs: int, seed: int) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    chance = torch.Generator().manual_seed(seed)
    for parameter in layer.parameters():
        nn.init.normal_(parameter, generator=chance)
    return layer


def apart(own: Tensor, other: Tensor) -> Tensor:
    return (own - other).square().mean()


def chance() -> torch.Generator:
    return stream(0, "test")


def test_a_generator_learns_from_another_of_the_same_latents() -> None:
    made = Networks({"generator": linear(4, 3, 1), "discriminator": linear(3, 1, 2)}, z_dim=4)
    teacher, images = linear(4, 3, 3), torch.zeros(5, 3)
    lesson = Lesson({"generator": teacher}, 3.0, objective=0.5, differ=apart)
    plain, taught = build_gan(GanOptions()), build_gan(GanOptions(), lesson)
    losses = [[update.loss(made, images, chance()) for update in each.updates] for each in (plain, taught)]
    assert losses[0][0] == losses[1][0]  # the discriminator's
    latents = torch.randn(5, 4, generator=chance())
    wanted = 0.5 * losses[0][1] + 3.0 * apart(made["generator"](latents), teacher(latents))
    torch.testing.assert_close(losses[1][1], wanted)
    torch.autograd.backward(losses[1][1])
    assert all(parameter.grad is None for parameter in teacher.parameters())
    assert all(parameter.grad is not None for parameter in made["generator"].parameters())


@pytest.mark.parametrize("names", [("generator_ab",), ("generator_ab", "generator_ba")])
def test_translators_learn_from_others_of_the_same_images(names: tuple[str, ...]) -> None:
    parts = {f"generator_{direction}": linear(3, 3, seed) for seed, direction in enumerate(("ab", "ba"))}
    parts |= {f"discriminator_{domain}": linear(3, 1, seed) for seed, domain in enumerate("ab", 2)}
    made, teachers = Networks(parts), {name: linear(3, 3, seed) for seed, name in enumerate(names, 5)}
    a, b = torch.rand(2, 5, 3, generator=chance()).unbind(0)
    plain = build_cyclegan(CycleganOptions())
    taught = build_cyclegan(CycleganOptions(), Lesson(teachers, 2.0, objective=0.001, differ=apart))
    losses = [each.updates[0].loss(made, torch.cat([a, b]), chance()) for each in (plain, taught)]
    gaps = [apart(made[name](given), teachers[name](given)) for name, given in zip(names, (a, b), strict=False)]
    torch.testing.assert_close(losses[1], 0.001 * losses[0] + 2.0 * sum(gaps))
