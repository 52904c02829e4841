"""The updates of the SNGAN of Chen et al. (2021): how many images, in which order, and what a teacher adds."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from benchmark.models.dcgan import build as build_networks
from benchmark.models.options import DcganOptions
from benchmark.networks import Networks
from benchmark.objectives import OBJECTIVES
from benchmark.objectives.gan import build, disagreement
from benchmark.objectives.objective import Lesson, Objective
from benchmark.objectives.options import GanOptions
from benchmark.schema.record import Selection
from benchmark.table import OptionError

SHAPE = (1, 8, 8)
IMAGES = torch.rand(6, *SHAPE, generator=torch.Generator().manual_seed(1)) * 2 - 1


def networks() -> Networks:
    """In evaluation mode a pass leaves no trace, so that a formula may run the networks again."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = build_networks(DcganOptions(base_channels=4, z_dim=5), SHAPE)
    made.train(False)
    return made


def chance() -> torch.Generator:
    return torch.Generator().manual_seed(7)


def names(objective: Objective) -> list[tuple[str, int]]:
    return [(update.name, repeat) for update, repeat in objective.turns]


def test_the_generators_turn_comes_after_as_many_as_asked_for() -> None:
    late = [*(("discriminator", repeat) for repeat in range(3)), ("generator", 0)]
    assert names(build(GanOptions(n_dis=3))) == late
    assert names(build(GanOptions(n_dis=3, generator_after=3))) == late
    early = build(GanOptions(n_dis=3, generator_after=1))
    assert names(early) == [("discriminator", 0), ("generator", 0), ("discriminator", 1), ("discriminator", 2)]
    assert early.batches == 3


def test_over_a_training_the_turns_are_those_of_the_authors_loop() -> None:
    # Every batch is for the discriminator, and with each fifth, counted from the first, the generator is updated too.
    theirs = [turn for step in range(50) for turn in (["D", "G"] if step % 5 == 0 else ["D"])]
    turns = build(GanOptions(n_dis=5, generator_after=1)).turns
    assert [update.name[0].upper() for _ in range(10) for update, _ in turns] == theirs


def test_the_generator_may_have_a_batch_of_its_own_size() -> None:
    made = networks()
    seen: list[int] = []
    made["discriminator"].register_forward_pre_hook(lambda module, inputs: seen.append(len(inputs[0])))
    for update, _ in build(GanOptions(generator_batch=10)).turns:
        update.loss(made, IMAGES, chance())
    assert seen == [6, 6, 10]
    latents = torch.randn(10, 5, generator=chance())
    wanted = -nn.functional.logsigmoid(made["discriminator"](made["generator"](latents))).mean()
    found = build(GanOptions(generator_batch=10)).updates[1].loss(made, IMAGES, chance())
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_dis": 5, "generator_after": 6}, "none comes after 6 of a step's 5 discriminator updates"),
        ({"generator_after": 0}, "greater than or equal to 1"),
        ({"generator_batch": 0}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        OBJECTIVES.resolve(Selection(name="gan", **options))


def theirs(logits: Tensor, answers: Tensor) -> Tensor:
    """As the authors' code has it: two-column probabilities, the student's logarithm, averaged over all numbers."""
    student, teacher = (torch.cat([x.sigmoid(), 1 - x.sigmoid()], dim=1) for x in (logits, answers))
    with pytest.warns(UserWarning, match="'mean' divides the total loss by both the batch size and the support size"):
        return nn.functional.kl_div(torch.log(student + 1e-10), teacher, reduction="mean")


logit = st.floats(-12, 12).map(lambda x: round(x, 3))


@given(pairs=st.lists(st.tuples(logit, logit), min_size=1, max_size=6))
def test_the_disagreement_is_that_of_the_authors_code(pairs: list[tuple[float, float]]) -> None:
    logits, answers = (torch.tensor(column, dtype=torch.float64)[:, None] for column in zip(*pairs, strict=True))
    found = disagreement(logits, answers)
    # they add 1e-10 before the logarithm
    torch.testing.assert_close(found, theirs(logits, answers), rtol=1e-4, atol=1e-5)


def test_the_disagreement_is_half_the_mean_divergence_from_the_teacher() -> None:
    logits, answers = torch.randn(2, 7, 1, generator=chance(), dtype=torch.float64)
    student, teacher = (torch.distributions.Bernoulli(logits=x) for x in (logits, answers))
    wanted = torch.distributions.kl_divergence(teacher, student).mean() / 2
    torch.testing.assert_close(disagreement(logits, answers), wanted)
    assert disagreement(answers, answers).item() == pytest.approx(0.0, abs=1e-15)
    assert math.isfinite(disagreement(torch.tensor([[200.0]]), torch.tensor([[-200.0]])).item())


class Judge(nn.Module):
    """A discriminator that is no use, with a parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, images: Tensor) -> Tensor:
        return self.scale * images.flatten(1).mean(dim=1, keepdim=True)


def test_a_lesson_adds_its_weight_times_the_disagreement_on_real_and_generated_images() -> None:
    made, judge = networks(), Judge()
    plain = build(GanOptions(loss="hinge")).updates[0].loss(made, IMAGES, chance())
    lesson = Lesson({"discriminator": judge}, 3.0)
    taught = build(GanOptions(loss="hinge"), lesson).updates[0].loss(made, IMAGES, chance())
    both = torch.cat([IMAGES, made["generator"](torch.randn(6, 5, generator=chance()))])
    torch.testing.assert_close(taught, plain + 3.0 * disagreement(made["discriminator"](both), judge(both)))
    assert taught > plain


def test_a_lesson_changes_the_discriminators_gradient_alone() -> None:
    made, judge = networks(), Judge()
    discriminate, deceive = build(GanOptions(loss="hinge"), Lesson({"discriminator": judge}, 1.0)).updates
    torch.autograd.backward(discriminate.loss(made, IMAGES, chance()))
    assert judge.scale.grad is None
    assert all(parameter.grad is None for parameter in made["generator"].parameters())
    assert all(parameter.grad is not None for parameter in made["discriminator"].parameters())
    without = build(GanOptions(loss="hinge")).updates[1]
    assert torch.equal(deceive.loss(made, IMAGES, chance()), without.loss(made, IMAGES, chance()))
