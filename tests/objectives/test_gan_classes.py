"""A GAN whose networks are told classes: each image's own reaches the discriminator, in training and for criteria."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot, relu

from benchmark.assembly import Workshop
from benchmark.batches import Batches, by_class
from benchmark.errors import RunError
from benchmark.images import to_pixels
from benchmark.models.biggan import build as biggan
from benchmark.models.construction import materialize
from benchmark.models.initialization import initialize
from benchmark.models.options import BigganOptions
from benchmark.networks import Networks
from benchmark.objectives.gan import build
from benchmark.objectives.objective import Objective, normal
from benchmark.objectives.options import GanOptions
from benchmark.precision import lowered
from benchmark.schema.suite import Training
from benchmark.schema.training import Optimizer
from benchmark.streams import stream
from benchmark.training import Hooks, Loop, new_state
from tests import tiny

CLASSES = 3
LABELS = torch.arange(10) % CLASSES
PIXELS = (torch.arange(10, dtype=torch.uint8) * 20)[:, None, None, None].expand(10, 1, 8, 8).clone()
QUIET = Hooks(lambda *_: None, lambda *_: None)


def networks(classes: int = CLASSES) -> Networks:
    options = BigganOptions(base_channels=2, z_dim=4, shared_dim=2, classes=classes)
    made = materialize(biggan, options, (1, 8, 8), "cpu")
    initialize(made, "normal_0_02", stream(0, "test"))
    return made


def training(**changes: Any) -> Training:
    optimizers = dict.fromkeys(("generator", "discriminator"), Optimizer(lr=0.001))
    return Training.model_validate({"steps": 5, "batch_size": 2, "optimizers": optimizers} | changes)


def test_the_discriminators_loss_tells_both_kinds_of_images_their_classes() -> None:
    own = replace(networks(), labels=torch.tensor([2, 0]))
    images = torch.rand(2, 1, 8, 8)
    update = build(GanOptions(loss="hinge")).updates[0]
    own.train(False)
    found = update.loss(own, images, stream(0, "noise"))
    latents = normal(2, own, images, stream(0, "noise"))
    judge, fakes = own["discriminator"], own["generator"](latents)
    code = one_hot(latents[:, 4:].argmax(1), CLASSES).float()
    wanted = relu(1 - judge(images, torch.eye(CLASSES)[[2, 0]])).mean() + relu(1 + judge(fakes, code)).mean()
    torch.testing.assert_close(found, wanted)
    assert not torch.isclose(found, update.loss(replace(own, labels=torch.tensor([1, 1])), images, stream(0, "noise")))


def test_the_generators_loss_tells_what_it_made_the_images_from() -> None:
    own, images = networks(), torch.rand(2, 1, 8, 8)
    own.train(False)
    found = build(GanOptions(loss="hinge")).updates[1].loss(own, images, stream(0, "noise"))
    latents = normal(2, own, images, stream(0, "noise"))
    code = one_hot(latents[:, 4:].argmax(1), CLASSES).float()
    torch.testing.assert_close(found, -own["discriminator"](own["generator"](latents), code).mean())


def test_the_gradient_penalty_is_on_slopes_at_the_images_own_classes() -> None:
    own, images = networks(), torch.rand(2, 1, 8, 8)
    own.train(False)
    losses = []
    for weight in (None, 10.0):
        update = build(GanOptions(loss="wasserstein", gradient_penalty=weight)).updates[0]
        losses.append(
            [
                update.loss(replace(own, labels=torch.tensor(labels)), images, stream(0, "noise"))
                for labels in ([0, 1], [2, 1])
            ]
        )
    first, second = (with_it - without for without, with_it in zip(*losses, strict=True))
    assert not torch.isclose(first, second)


def watched(objective: Objective, see: Callable[[Networks, Tensor], None]) -> Objective:
    def watch(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def seen(own: Networks, images: Tensor, noise: torch.Generator) -> Tensor:
            see(own, images)
            return loss(own, images, noise)

        return seen

    return replace(objective, updates=tuple(replace(update, loss=watch(update.loss)) for update in objective.updates))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_each_batch_of_a_training_comes_with_its_labels(precision: str) -> None:
    seen = []

    def see(own: Networks, images: Tensor) -> None:
        assert own.labels is not None
        wanted = LABELS[to_pixels(images)[:, 0, 0, 0].long() // 20]
        assert torch.equal(own.labels, wanted)
        seen.append(len(images))

    chosen = training(precision=precision)
    objective = watched(build(GanOptions(n_dis=2)), see)
    state = new_state(networks(), chosen, step=1)
    Loop(objective, chosen, PIXELS, 0, {}, LABELS).run(state, QUIET)
    assert seen == [2] * 12
    assert all(tensor.isfinite().all() for tensor in state.networks.state().values())


def test_networks_of_one_class_are_told_none() -> None:
    def see(own: Networks, _: Tensor) -> None:
        assert own.labels is None

    chosen = training(steps=1)
    Loop(watched(build(GanOptions()), see), chosen, PIXELS, 0, {}, LABELS).run(new_state(networks(1), chosen), QUIET)
    assert by_class(LABELS, 1) is None


@pytest.mark.parametrize(
    ("labels", "message"), [(None, "have no labels"), (torch.tensor([0, 5]), "told 3 classes, but the images have 6")]
)
def test_images_of_other_classes_are_refused(labels: Tensor | None, message: str) -> None:
    with pytest.raises(RunError, match=message):
        by_class(labels, 3)


def test_labels_go_with_their_images_from_epoch_to_epoch() -> None:
    batches = Batches((PIXELS,), 3, 7, labels=LABELS)
    for _ in range(9):
        pixels = batches.next()
        labels = batches.last_labels()
        assert labels is not None
        assert len(labels) == 3
        assert torch.equal(labels, LABELS[pixels[:, 0, 0, 0].long() // 20])


SUITE = tiny.SUITE.replace(
    "model: {name: dcgan, base_channels: 4, z_dim: 4}",
    "model: {name: biggan, base_channels: 2, z_dim: 4, shared_dim: 2, classes: 10}",
)


def test_a_criterion_sees_losses_with_labels() -> None:
    job = tiny.arm(tiny.planned(SUITE), "gan").job
    workshop = Workshop(job)
    own = workshop.networks()
    own.load(workshop.initial("init"))
    losses = workshop.losses(own)
    assert all(torch.equal(a, b) for a, b in zip(losses(1), losses(1), strict=True))
    unlabelled = Workshop(job).losses(replace(own, classes=1))(1)
    assert not torch.isclose(losses(1)[0], unlabelled[0], rtol=1e-7, atol=0)


def test_a_conditional_gan_trains_and_is_measured_from_a_suite(tmp_path: Any) -> None:
    outcomes = tiny.run(tmp_path, tiny.suite_of(SUITE), only=frozenset({"gan", "gan_imp"}))
    assert set(outcomes.values()) == {"done"}
    assert len(outcomes) == 3


class _Two(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x @ y


def test_lowered_networks_take_what_the_networks_take() -> None:
    passes = lowered(Networks({"discriminator": _Two()}), "bfloat16")
    assert passes["discriminator"](torch.eye(2), torch.ones(2, 2)).dtype == torch.float32
