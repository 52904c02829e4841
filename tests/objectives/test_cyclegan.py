"""CycleGAN's losses and whole steps against the loop of the code of Chen et al. (2021), written by hand."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import l1_loss, mse_loss

from benchmark.batches import Batches, by_domain
from benchmark.images import to_values
from benchmark.models.construction import Shape, materialize
from benchmark.models.cyclegan import build as build_networks
from benchmark.models.initialization import initialize
from benchmark.models.options import CycleganOptions as ModelOptions
from benchmark.networks import Networks, prunable_weights
from benchmark.objectives.cyclegan import build
from benchmark.objectives.options import CycleganOptions
from benchmark.pruning.mask import apply
from benchmark.schema.suite import Training
from benchmark.schema.training import Optimizer
from benchmark.streams import stream
from benchmark.training import Hooks, Loop, State, new_state

SHAPE: Shape = (1, 16, 16)
PIXELS = torch.randint(0, 256, (13, *SHAPE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0] * 6 + [1] * 7)
ADAM = Optimizer(lr=0.002, betas=(0.5, 0.999))
SGD = Optimizer(name="sgd", lr=0.002, momentum=0.5)
SCHEDULED: dict[str, Any] = {"schedule": {"name": "linear", "from": 3}, "augmentation": {"enlarge": 18, "mirror": True}}
COMPONENTS = ("generator_ab", "generator_ba", "discriminator_a", "discriminator_b")


def networks(seed: int = 0) -> Networks:
    made = materialize(build_networks, ModelOptions(base_channels=2, blocks=1), SHAPE, "cpu")
    initialize(made, "torch_default", stream(seed, "weights"))
    return made


def images() -> Tensor:
    return to_values(torch.cat([PIXELS[:3], PIXELS[6:9]]))


def training(steps: int, optimizer: Optimizer = ADAM, **changes: Any) -> Training:
    values = {"steps": steps, "batch_size": 1, "optimizers": dict.fromkeys(COMPONENTS, optimizer), **changes}
    return Training.model_validate(values)


def run(
    made: Networks,
    options: CycleganOptions,
    chosen: Training,
    begin: State | None = None,
    kept: dict[int, dict[str, Tensor]] | None = None,
) -> State:
    state = new_state(made, chosen) if begin is None else begin
    weights = prunable_weights(made, ("conv", "conv_transpose"), ("discriminator_a", "discriminator_b"))
    masks = {name: torch.rand(weight.shape, generator=stream(0, name)) < 0.7 for name, weight in weights.items()}
    apply(masks, weights)

    def keep(step: int, tensors: dict[str, Tensor]) -> None:
        if kept is not None:
            kept[step] = {name: tensor.detach().clone() for name, tensor in tensors.items()}

    hooks = Hooks(lambda *_: None, keep, frozenset(range(chosen.steps + 1)))
    Loop(build(options), chosen, PIXELS, 5, masks, LABELS).run(state, hooks)
    return state


@pytest.mark.parametrize("cycle", [0.0, 10.0])
@pytest.mark.parametrize("identity", [0.0, 5.0])
def test_the_generators_loss_is_the_papers(cycle: float, identity: float) -> None:
    made, (a, b) = networks(), images().chunk(2)
    (g_ab, g_ba), (d_a, d_b) = ([made[name] for name in pair] for pair in (COMPONENTS[:2], COMPONENTS[2:]))
    adversarial = (d_b(g_ab(a)) - 1).square().mean() + (d_a(g_ba(b)) - 1).square().mean()
    cycles = l1_loss(g_ba(g_ab(a)), a) + l1_loss(g_ab(g_ba(b)), b)
    identities = l1_loss(g_ab(b), b) + l1_loss(g_ba(a), a)
    update = build(CycleganOptions(cycle=cycle, identity=identity)).updates[0]
    ours = update.loss(made, images(), stream(0, "noise"))
    torch.testing.assert_close(ours, adversarial + cycle * cycles + identity * identities)
    torch.testing.assert_close(made.memory["made/a"], g_ba(b).detach())
    torch.testing.assert_close(made.memory["made/b"], g_ab(a).detach())


@pytest.mark.parametrize(("number", "domain", "direction"), [(1, "a", "ba"), (2, "b", "ab")])
def test_a_discriminators_loss_asked_for_alone_is_of_fresh_images(number: int, domain: str, direction: str) -> None:
    made, parts = networks(), dict(zip("ab", images().chunk(2), strict=True))
    judge = made[f"discriminator_{domain}"]
    fresh = made[f"generator_{direction}"](parts[direction[0]]).detach()
    wanted = 0.5 * ((judge(parts[domain]) - 1).square().mean() + judge(fresh).square().mean())
    torch.testing.assert_close(
        build(CycleganOptions()).updates[number].loss(made, images(), stream(0, "noise")), wanted
    )
    assert all(parameter.grad is None for _, parameter in made.named_parameters())


class ReplayBuffer:
    """One image at a time, as in the authors' code; what it draws is handed to it."""

    def __init__(self, size: int, domain: str) -> None:
        self.size, self.domain, self.data = size, domain, list[Tensor]()

    def push_and_pop(self, image: Tensor, step: int) -> Tensor:
        if len(self.data) < self.size:
            self.data.append(image)
            return image
        chance = stream(5, f"noise/discriminator_{self.domain}/0", step)
        if float(torch.rand(1, generator=chance)) > 0.5:
            place = int(torch.randperm(self.size, generator=chance)[0])
            earlier, self.data[place] = self.data[place], image
            return earlier
        return image


def by_hand(made: Networks, options: CycleganOptions, steps: int, decay: int, masks: dict[str, Tensor]) -> None:
    g_ab, g_ba, d_a, d_b = (made[name] for name in COMPONENTS)
    weights = dict(made.named_parameters())
    optimizers = [
        torch.optim.SGD(parameters, 0.002, 0.5)  # Adam would make steps of the rounding errors of slopes that are zero
        for parameters in (itertools.chain(g_ab.parameters(), g_ba.parameters()), d_a.parameters(), d_b.parameters())
    ]
    buffers = ReplayBuffer(options.replay, "a"), ReplayBuffer(options.replay, "b")
    batches = Batches(by_domain(PIXELS, LABELS, 2), 1, 5)
    one, zero = torch.ones(1, 1), torch.zeros(1, 1)
    for step in range(steps):
        for optimizer in optimizers:
            optimizer.param_groups[0]["lr"] = 0.002 * (1.0 - max(0, step - decay) / (steps - decay))
            optimizer.zero_grad()
        real_a, real_b = to_values(batches.next()).chunk(2)
        fake_b, fake_a = g_ab(real_a), g_ba(real_b)
        loss = mse_loss(d_b(fake_b), one) + mse_loss(d_a(fake_a), one)
        loss = loss + 10.0 * (l1_loss(g_ba(fake_b), real_a) + l1_loss(g_ab(fake_a), real_b))
        loss = loss + 5.0 * (l1_loss(g_ab(real_b), real_b) + l1_loss(g_ba(real_a), real_a))
        torch.autograd.backward(loss)
        optimizers[0].step()
        with torch.no_grad():
            for name, mask in masks.items():
                weights[name].mul_(mask)
        for judge, optimizer, buffer, real, fake in zip(
            (d_a, d_b), optimizers[1:], buffers, (real_a, real_b), (fake_a, fake_b), strict=True
        ):
            optimizer.zero_grad()
            shown = buffer.push_and_pop(fake.detach(), step)
            torch.autograd.backward(0.5 * (mse_loss(judge(real), one) + mse_loss(judge(shown), zero)))
            optimizer.step()


@pytest.mark.parametrize("replay", [1, 4])
def test_steps_are_those_of_the_authors_loop(replay: int) -> None:
    options, ours, theirs = CycleganOptions(replay=replay), networks(), networks()
    run(ours, options, training(10, SGD, schedule={"name": "linear", "from": 4}))
    weights = prunable_weights(theirs, ("conv", "conv_transpose"), ("discriminator_a", "discriminator_b"))
    masks = {name: torch.rand(weight.shape, generator=stream(0, name)) < 0.7 for name, weight in weights.items()}
    apply(masks, weights)
    by_hand(theirs, options, 10, 4, masks)
    unmoved = networks().state()
    for name, tensor in theirs.state().items():
        torch.testing.assert_close(ours.state()[name], tensor, rtol=1e-3, atol=2e-5, msg=name)
        shift = "conv" in name and name.endswith("bias")  # most are before a norm, which takes them away again
        assert shift or not torch.equal(unmoved[name], tensor)


@settings(max_examples=10, deadline=None)
@given(stop=st.integers(0, 8), replay=st.sampled_from([0, 3, 50]), batch_size=st.sampled_from([1, 4]))
def test_a_training_resumed_anywhere_ends_with_the_same_bytes(stop: int, replay: int, batch_size: int) -> None:
    options, chosen = CycleganOptions(replay=replay), training(8, batch_size=batch_size, **SCHEDULED)
    kept: dict[int, dict[str, Tensor]] = {}
    whole = run(networks(), options, chosen, kept=kept)
    later = new_state(networks(seed=1), chosen, stop)
    later.restore(kept[stop])
    run(later.networks, options, chosen, later)
    ours, theirs = later.tensors(), whole.tensors()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert any(name.startswith("memory/pool") for name in ours) == (replay > 0)


def test_the_pools_are_the_networks_memory_and_no_weights() -> None:
    state = run(networks(), CycleganOptions(replay=3), training(5))
    assert {name for name in state.tensors() if name.startswith("memory/")} == {
        f"memory/{kind}/{domain}" for kind in ("made", "pool") for domain in "ab"
    }
    assert state.networks.memory["pool/a"].shape == (3, *SHAPE)
    assert not any("pool" in name for name in state.networks.state())
    assert state.networks.with_own_buffers().memory == {}
