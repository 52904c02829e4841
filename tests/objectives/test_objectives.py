"""Every objective's losses against formulas written out by hand, and what its updates may change."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from benchmark.activations.sight import Sight
from benchmark.models.conv_vae import build as build_vae
from benchmark.models.cyclegan import build as build_cyclegan
from benchmark.models.dcgan import build as build_gan
from benchmark.models.gfmn import build as build_gfmn
from benchmark.models.linear_autoencoder import build as build_autoencoder
from benchmark.models.options import (
    ConvVaeOptions,
    CycleganOptions,
    DcganOptions,
    GfmnOptions,
    LinearAutoencoderOptions,
)
from benchmark.networks import Networks
from benchmark.objectives import OBJECTIVES
from benchmark.objectives.gan import slope_penalty
from benchmark.objectives.objective import Objective
from benchmark.schema.record import Resolved, Selection

SHAPE = (1, 8, 8)
IMAGES = torch.rand(6, *SHAPE, generator=torch.Generator().manual_seed(1)) * 2 - 1
UNAIDED = [name for name in OBJECTIVES if "activations" not in OBJECTIVES[name].facts]
"""What sees images as they are; what sees them through a frozen network has tests of its own."""


def objective(name: str, **options: Any) -> Objective:
    seen = {"activations": {"name": "digits_classifier"}} if "activations" in OBJECTIVES[name].facts else {}
    chosen = OBJECTIVES.parse(OBJECTIVES.resolve(Selection.model_validate({"name": name, **seen, **options})))
    sights = [Sight(Resolved(name="digits_classifier"), SHAPE, len(IMAGES), None)] if seen else []
    built: Objective = OBJECTIVES[name].load()(chosen, *sights)
    return built


def networks_for(name: str) -> Networks:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if name == "gan":
            return build_gan(DcganOptions(base_channels=4, z_dim=5), SHAPE)
        if name == "moment_matching":
            return build_gfmn(GfmnOptions(base_channels=4, z_dim=5), SHAPE)
        if name == "cyclegan":
            return build_cyclegan(CycleganOptions(base_channels=2, blocks=1), SHAPE)
        if name == "vae":
            return build_vae(ConvVaeOptions(base_channels=4, z_dim=5), SHAPE)
        return build_autoencoder(LinearAutoencoderOptions(widths=(8, 3)), SHAPE)


def chance() -> torch.Generator:
    return torch.Generator().manual_seed(7)


def without_normalization(networks: Networks) -> Networks:
    """In evaluation mode a pass leaves no trace, so that a formula may run the networks again."""
    networks.train(False)
    return networks


@pytest.mark.parametrize("name", UNAIDED)
def test_updates_are_finite_scalars_and_repeat_themselves(name: str) -> None:
    networks = without_normalization(networks_for(name))
    before = torch.get_rng_state()
    for update in objective(name).updates:
        first, second = (update.loss(networks, IMAGES, chance()) for _ in range(2))
        assert first.shape == ()
        assert torch.isfinite(first)
        assert torch.equal(first, second)
        assert set(update.components) <= set(OBJECTIVES[name].facts["components"])
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("name", UNAIDED)
def test_every_component_is_stepped_and_gets_a_gradient(name: str) -> None:
    networks = networks_for(name)
    stepped = set()
    for update in objective(name).updates:
        networks_parameters = [p for c in update.components for p in networks[c].parameters()]
        gradients = torch.autograd.grad(update.loss(networks, IMAGES, chance()), networks_parameters)
        assert all(torch.isfinite(gradient).all() for gradient in gradients)
        assert any(gradient.any() for gradient in gradients)
        stepped |= set(update.components)
    assert stepped == set(OBJECTIVES[name].facts["components"])


@pytest.mark.parametrize("name", list(OBJECTIVES))
def test_the_facts_say_what_an_objective_can_do(name: str) -> None:
    networks, built = networks_for(name), objective(name)
    assert (built.generate is not None) == OBJECTIVES[name].facts["generates"]
    assert (built.reconstruct is not None) == OBJECTIVES[name].facts["reconstructs"]
    if built.generate:
        assert built.generate(networks, torch.randn(3, 5)).shape == (3, *SHAPE)
    if built.reconstruct:
        assert built.reconstruct(networks, IMAGES).shape == IMAGES.shape


def test_the_autoencoder_minimizes_the_mean_squared_error() -> None:
    networks = networks_for("autoencoder")
    difference = networks["decoder"](networks["encoder"](IMAGES)) - IMAGES
    loss = objective("autoencoder").updates[0].loss(networks, IMAGES, chance())
    assert loss.item() == pytest.approx(difference.double().square().mean().item(), rel=1e-6)


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_the_vae_minimizes_summed_error_and_weighted_divergence(beta: float) -> None:
    networks = without_normalization(networks_for("vae"))
    encoded = networks["encoder"](IMAGES)
    mean, deviation = encoded[:, :5], torch.exp(encoded[:, 5:] / 2)
    latents = mean + deviation * torch.randn(6, 5, generator=chance())
    squared = (networks["decoder"](latents) - IMAGES).square().sum() / 6
    posterior = torch.distributions.Normal(mean, deviation)
    kl = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).sum() / 6
    loss = objective("vae", beta=beta).updates[0].loss(networks, IMAGES, chance())
    assert loss.item() == pytest.approx((squared + beta * kl).item(), rel=1e-5)


def test_the_vae_reconstructs_from_the_posterior_mean() -> None:
    networks = without_normalization(networks_for("vae"))
    reconstruct = objective("vae").reconstruct
    assert reconstruct is not None
    wanted = networks["decoder"](networks["encoder"](IMAGES)[:, :5])
    assert torch.equal(reconstruct(networks, IMAGES), wanted)


def logits(networks: Networks) -> tuple[Tensor, Tensor]:
    fakes = networks["generator"](torch.randn(6, 5, generator=chance()))
    return networks["discriminator"](IMAGES), networks["discriminator"](fakes)


def test_the_non_saturating_loss_is_binary_cross_entropy() -> None:
    networks = without_normalization(networks_for("gan"))
    real, fake = logits(networks)
    entropy, one, zero = nn.BCELoss(), torch.ones(6, 1), torch.zeros(6, 1)
    discriminator, generator = objective("gan").updates
    wanted = entropy(real.sigmoid(), one) + entropy(fake.sigmoid(), zero)
    assert discriminator.loss(networks, IMAGES, chance()).item() == pytest.approx(wanted.item(), rel=1e-5)
    wanted = entropy(fake.sigmoid(), one)
    assert generator.loss(networks, IMAGES, chance()).item() == pytest.approx(wanted.item(), rel=1e-5)


def test_the_hinge_loss_is_that_of_its_definition() -> None:
    networks = without_normalization(networks_for("gan"))
    real, fake = ([x.item() for x in values] for values in logits(networks))
    discriminator, generator = objective("gan", loss="hinge").updates
    wanted = math.fsum(max(0.0, 1 - r) for r in real) / 6 + math.fsum(max(0.0, 1 + f) for f in fake) / 6
    assert discriminator.loss(networks, IMAGES, chance()).item() == pytest.approx(wanted, rel=1e-5)
    assert generator.loss(networks, IMAGES, chance()).item() == pytest.approx(-math.fsum(fake) / 6, rel=1e-4)


def test_losses_stay_finite_at_extreme_logits() -> None:
    from benchmark.objectives.gan import LOSSES

    for loss in LOSSES.values():
        for part in (loss.real, loss.fake, loss.generator):
            assert torch.isfinite(part(torch.tensor([[-1e4], [1e4]])))


def test_the_discriminators_update_leaves_the_generator_without_gradient() -> None:
    networks = networks_for("gan")
    objective("gan").updates[0].loss(networks, IMAGES, chance()).backward()  # type: ignore[no-untyped-call]
    assert all(parameter.grad is None for parameter in networks["generator"].parameters())
    assert all(parameter.grad is not None for parameter in networks["discriminator"].parameters())


def test_n_dis_repeats_the_discriminators_update() -> None:
    assert [(u.name, u.repeats) for u in objective("gan", n_dis=5).updates] == [("discriminator", 5), ("generator", 1)]


def test_drawing_latents_for_a_model_without_them_is_refused() -> None:
    with pytest.raises(ValueError, match="no z_dim"):
        objective("gan").updates[0].loss(networks_for("autoencoder"), IMAGES, chance())


def test_the_wasserstein_loss_is_the_difference_of_the_critics_means() -> None:
    networks = without_normalization(networks_for("gan"))
    real, fake = ([x.item() for x in values] for values in logits(networks))
    critic, generator = objective("gan", loss="wasserstein", clip=0.01).updates
    wanted = (math.fsum(fake) - math.fsum(real)) / 6
    assert critic.loss(networks, IMAGES, chance()).item() == pytest.approx(wanted, rel=1e-4, abs=1e-6)
    assert generator.loss(networks, IMAGES, chance()).item() == pytest.approx(-math.fsum(fake) / 6, rel=1e-4)


def test_the_gradient_penalty_is_that_of_its_formula() -> None:
    networks = without_normalization(networks_for("gan"))
    generator = chance()
    fakes = networks["generator"](torch.randn(6, 5, generator=generator)).detach()
    places = torch.rand(6, generator=generator).tolist()
    penalties = []
    for image, fake, place in zip(IMAGES, fakes, places, strict=True):
        point = place * image + (1 - place) * fake
        gradient = torch.func.jacrev(lambda x: networks["discriminator"](x[None])[0, 0])(point)
        penalties.append((math.sqrt(gradient.double().square().sum().item()) - 1) ** 2)
    plain = objective("gan", loss="wasserstein", clip=1.0).updates[0].loss(networks, IMAGES, chance())
    loss = objective("gan", loss="wasserstein", gradient_penalty=10.0).updates[0].loss(networks, IMAGES, chance())
    assert loss.item() == pytest.approx(plain.item() + 10 * math.fsum(penalties) / 6, rel=1e-5)


def test_the_gradient_penalty_is_zero_for_a_critic_of_slope_one_and_trains_others() -> None:
    critic = nn.Sequential(nn.Flatten(), nn.Linear(64, 1))
    weight = critic[1].weight
    assert isinstance(weight, nn.Parameter)
    with torch.no_grad():
        weight.div_(weight.norm())
    fakes = torch.zeros_like(IMAGES)
    assert slope_penalty(critic, IMAGES, fakes, chance()).item() == pytest.approx(0.0, abs=1e-10)
    with torch.no_grad():
        weight.mul_(3.0)
    penalty = slope_penalty(critic, IMAGES, fakes, chance())
    penalty.backward()  # type: ignore[no-untyped-call]
    assert penalty.item() == pytest.approx(4.0, rel=1e-5)
    # d (|w| - 1)^2 / dw = 2 (|w| - 1) w / |w|
    assert weight.grad is not None
    torch.testing.assert_close(weight.grad, 4 * weight.detach() / 3)


def test_clipping_bounds_the_critic_alone_and_leaves_zeros() -> None:
    networks = networks_for("gan")
    weight = dict(networks["discriminator"].named_parameters())["conv0.weight"]
    with torch.no_grad():
        weight[0] = 0.0
    before = {name: parameter.detach().clone() for name, parameter in networks.named_parameters()}
    after = objective("gan", loss="wasserstein", clip=0.01).updates[0].after
    assert after is not None
    after(networks)
    for name, parameter in networks.named_parameters():
        wanted = before[name].clamp(-0.01, 0.01) if name.startswith("discriminator/") else before[name]
        assert torch.equal(parameter, wanted)
    assert not weight[0].any()


def test_a_penalty_adds_to_any_loss() -> None:
    networks = without_normalization(networks_for("gan"))
    losses = {
        weight: objective("gan", loss="hinge", gradient_penalty=weight)
        .updates[0]
        .loss(networks, IMAGES, chance())
        .item()
        for weight in (None, 1.0, 2.0)
    }
    assert losses[1.0] > losses[None]
    assert losses[2.0] - losses[None] == pytest.approx(2 * (losses[1.0] - losses[None]), rel=1e-4)


def test_only_clipping_changes_networks_after_an_update() -> None:
    plain, clipped = objective("gan"), objective("gan", loss="wasserstein", clip=0.1)
    assert [update.after is None for update in plain.updates] == [True, True]
    assert [update.after is None for update in clipped.updates] == [False, True]
