"""Moment matching against the released loop written out with torch's own parts, and how its state survives."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import CosineAnnealingLR

from benchmark.activations import ACTIVATIONS
from benchmark.activations.sight import Sight
from benchmark.images import Images, to_values
from benchmark.models.gfmn import build as build_gfmn
from benchmark.models.options import GfmnOptions
from benchmark.networks import Networks
from benchmark.objectives import OBJECTIVES
from benchmark.objectives.objective import Objective
from benchmark.schema.record import Resolved, Selection
from benchmark.schema.suite import Training
from benchmark.streams import stream
from benchmark.training import Hooks, Loop, new_state

PIXELS = torch.randint(0, 256, (50, 1, 8, 8), dtype=torch.uint8, generator=stream(0, "pixels"))
DIGITS = {"name": "digits_classifier"}


def sight(**options: Any) -> Sight:
    chosen = ACTIVATIONS.resolve(Selection.model_validate({**DIGITS, **options}))
    return Sight(chosen, (1, 8, 8), 8, lambda: Images(PIXELS, None, "random"))


def objective(seen: Sight, **options: Any) -> Objective:
    chosen = OBJECTIVES.resolve(Selection.model_validate({"name": "moment_matching", "activations": DIGITS, **options}))
    built: Objective = OBJECTIVES["moment_matching"].load()(OBJECTIVES.parse(chosen), seen)
    return built


def generator() -> Networks:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_gfmn(GfmnOptions(base_channels=4, z_dim=5), (1, 8, 8))


@pytest.fixture(autouse=True)
def cache(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETBENCH_CACHE", str(tmp_path / "cache"))


def trained(network: nn.Module, seen: Sight, rates: tuple[float, float], steps: int, variance: bool) -> list[float]:
    """Train as the code of Santos et al. and of Yeo et al. does: linear layers are averages, torch's Adam makes them.

    Returns the losses of the generator. Learning rates go along torch's cosine with `T_max` 10, step by step.
    """
    real = torch.cat([layer.flatten(1) for layer in seen.activations(to_values(PIXELS))], dim=1)
    wanted = [real.mean(0), real.var(0)][: 1 + variance]
    averages = [nn.Linear(real.shape[1], 1, bias=False) for _ in wanted]
    chance = stream(3, "noise/generator/0", 0)
    latents = torch.randn(8, 5, generator=chance)
    for average in averages:
        start = torch.rand(real.shape[1], generator=chance) * 2 - 1
        average.weight.data = start.unsqueeze(0) / real.shape[1] ** 0.5
    optimizers: list[torch.optim.Optimizer] = []
    for one in averages:
        optimizers.append(torch.optim.Adam(one.parameters(), lr=rates[1], betas=(0.5, 0.999)))
    # Not Adam: it makes full steps of the rounding noise that is the gradient of a bias before batch normalization.
    optimizers.append(torch.optim.SGD(network.parameters(), lr=rates[0]))
    schedulers = [CosineAnnealingLR(optimizer, T_max=10) for optimizer in optimizers]
    losses = []
    for step in range(steps):
        latents = torch.randn(8, 5, generator=stream(3, "noise/generator/0", step))
        features = torch.cat([layer.flatten(1) for layer in seen.activations(network(latents))], dim=1)
        loss = torch.zeros(())
        for average, optimizer, moment, wish in zip(
            averages, optimizers[:-1], [features.mean(0), features.var(0)][: 1 + variance], wanted, strict=True
        ):
            optimizer.zero_grad()
            torch.autograd.backward(nn.functional.mse_loss(average.weight, (wish - moment.detach()).view(1, -1)))
            optimizer.step()
            loss = loss + (average(wish.view(1, -1)).detach() - average(moment.view(1, -1))).squeeze()
        optimizers[-1].zero_grad()
        torch.autograd.backward(loss, inputs=list(network.parameters()))
        optimizers[-1].step()
        for scheduler in schedulers:
            scheduler.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("moments", ["mean", "mean_and_variance"])
def test_a_training_is_that_of_the_released_code(moments: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmark.training.LOG_EVERY", 1)
    ours, theirs, seen, told = generator(), generator(), sight(), list[float]()
    built = objective(seen, moments=moments, average_lr=0.01, average_period=20)
    training = Training.model_validate(
        {
            "steps": 14,
            "batch_size": 8,
            "optimizers": {"generator": {"name": "sgd", "lr": 0.001}},
            "schedule": {"name": "cosine", "period": 20},
        }
    )
    masks = {name: torch.ones_like(one, dtype=torch.bool) for name, one in ours.named_parameters() if one.ndim > 1}
    hooks = Hooks(lambda _, losses: told.append(losses["generator"]), lambda step, tensors: None)
    Loop(built, training, PIXELS, 3, masks).run(new_state(ours, training), hooks)
    losses = trained(theirs["generator"].train(), seen, (0.001, 0.01), 14, moments == "mean_and_variance")
    assert told == pytest.approx(losses, rel=1e-3, abs=1e-4)
    assert min(abs(loss) for loss in losses) > 1e-2
    for name, tensor in theirs.state().items():
        torch.testing.assert_close(ours.state()[name], tensor, rtol=1e-3, atol=1e-5, msg=name)


def loss(built: Objective, networks: Networks, step: int = 0) -> Tensor:
    return built.updates[0].loss(networks, to_values(PIXELS[:8]), stream(3, "noise", step))


def test_the_loss_moves_the_generators_moments_towards_the_real_ones() -> None:
    """With the averages held at the difference itself, its gradient is that of half the squared distance."""
    networks, seen = generator(), sight()
    built = objective(seen, average_lr=1e-9)
    networks.train(False)
    latents = torch.randn(8, 5, generator=stream(3, "noise"))

    def difference() -> tuple[Tensor, Tensor]:
        features = torch.cat([one.flatten(1) for one in seen.activations(networks["generator"](latents))], dim=1)
        return seen.real_moments.mean - features.mean(0), seen.real_moments.variance - features.var(0)

    loss(built, networks)
    for name, value in zip(("mean", "variance"), difference(), strict=True):
        networks.memory[f"{name}/average"] = value.detach().clone()
    parameters = list(networks["generator"].parameters())
    found = torch.autograd.grad(loss(built, networks), parameters)
    half = sum((value.square().sum() / 2 for value in difference()), torch.zeros(()))
    for ours, theirs in zip(found, torch.autograd.grad(half, parameters), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


def test_the_loss_repeats_itself_and_reaches_every_weight() -> None:
    built, before = objective(sight()), torch.get_rng_state()
    first, second = generator(), generator()
    assert torch.equal(loss(built, first), loss(built, second))
    slopes = torch.autograd.grad(loss(built, first), list(first["generator"].parameters()))
    assert all(slope.isfinite().all() and slope.any() for slope in slopes)
    assert torch.equal(before, torch.get_rng_state())


def test_what_is_kept_is_an_average_its_adam_and_a_count_for_each_moment() -> None:
    networks, seen = generator(), sight(layers=["silu4"])
    built = objective(seen)
    for step in range(3):
        loss(built, networks, step)
    parts = ("average", "first", "second", "step")
    assert networks.memory.keys() == {f"{name}/{part}" for name in ("mean", "variance") for part in parts}
    assert {tuple(value.shape) for name, value in networks.memory.items() if not name.endswith("step")} == {(64,)}
    assert networks.memory["mean/step"] == 3
    assert networks.memory["mean/average"].abs().max() <= 1 / 8 + 3e-5
    alone = generator()
    loss(objective(seen, moments="mean"), alone)
    assert alone.memory.keys() == {f"mean/{part}" for part in parts}


def test_the_averages_stand_still_where_their_rate_is_zero() -> None:
    networks, built = generator(), objective(sight(layers=["silu4"]), average_lr=0.1, average_period=4)
    kept = []
    for step in range(6):
        loss(built, networks, step)
        kept.append(networks.memory["mean/average"].clone())
    assert torch.equal(kept[1], kept[2])
    assert not any(torch.equal(kept[step], kept[step + 1]) for step in (0, 2, 3, 4))


def test_nothing_is_looked_at_before_the_loss_is_asked_for() -> None:
    def images() -> Images:
        raise AssertionError("looked")

    seen = Sight(Resolved(name="digits_classifier"), (1, 8, 8), 8, images)
    built = objective(seen)
    assert built.batches == 1
    assert built.generate is not None
    assert built.generate(generator(), torch.randn(2, 5)).shape == (2, 1, 8, 8)
    with pytest.raises(AssertionError, match="looked"):
        loss(built, generator())


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_a_blind_sight_gives_shapes_without_weights_or_images(device: str) -> None:
    chosen = ACTIVATIONS.resolve(Selection.model_validate({"name": "vgg19_bn", "layers": ["relu1_1", "relu3_4"]}))
    seen = Sight(chosen, (3, 16, 16), 4, None, device)
    assert seen.activations.sha256 is None
    layers = seen.activations(torch.zeros(4, 3, 16, 16, device=device))
    assert seen.real_moments.mean.shape == seen.real_moments.variance.shape == (64 * 256 + 256 * 16,)
    assert sum(layer[0].numel() for layer in layers) == 64 * 256 + 256 * 16
