"""Scales of norms that a training makes small: which they are, by what steps, and with an optimizer of their own."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import softplus

from benchmark import training as training_module
from benchmark.batches import Batches
from benchmark.campaigns import plan_suite
from benchmark.errors import SuiteError
from benchmark.images import to_values
from benchmark.models.construction import materialize
from benchmark.models.dcgan import build
from benchmark.models.initialization import initialize
from benchmark.models.options import DcganOptions
from benchmark.networks import Networks, channel_scales
from benchmark.objectives.gan import build as gan
from benchmark.objectives.objective import normal
from benchmark.objectives.options import GanOptions
from benchmark.penalty import penalized, pull, size
from benchmark.schema.suite import Training
from benchmark.schema.training import Optimizer, Penalty, Schedule
from benchmark.streams import stream
from benchmark.suites import read_suite
from benchmark.training import Hooks, Loop, State, new_state

SHAPE = (1, 16, 16)
PIXELS = torch.randint(0, 256, (30, *SHAPE), generator=torch.Generator().manual_seed(3), dtype=torch.uint8)
ADAM = Optimizer(lr=0.001, betas=(0.5, 0.99))
OWN = Optimizer(name="sgd", lr=0.1, momentum=0.5)
SLIMMING = Penalty(name="proximal_l1", weight=0.3, components=("generator",), optimizer=OWN)
GENERATOR_NORMS = ("generator/norm0.weight", "generator/norm1.weight")
Tensors = dict[str, Tensor]


def networks_of() -> Networks:
    networks = materialize(build, DcganOptions(base_channels=2, z_dim=3), SHAPE, "cpu")
    initialize(networks, "dcgan", stream(0, "test"))
    return networks


def training_of(penalty: Penalty | None, steps: int = 9, schedule: Schedule | None = None) -> Training:
    optimizers = {"generator": ADAM, "discriminator": ADAM}
    return Training(steps=steps, batch_size=8, optimizers=optimizers, penalty=penalty, schedule=schedule)


class Kept:
    """The states after some steps."""

    def __init__(self, *steps: int) -> None:
        self.states: dict[int, Tensors] = {}
        self.hooks = Hooks(lambda step, losses: None, self._keep, frozenset(steps))

    def _keep(self, step: int, tensors: Tensors) -> None:
        self.states[step] = {name: tensor.detach().clone() for name, tensor in tensors.items()}


def run(training: Training, kept: Kept, begin: Tensors | None = None, step: int = 0) -> State:
    state = new_state(networks_of(), training, step)
    if begin is not None:
        state.restore(begin)
    Loop(gan(GanOptions()), training, PIXELS, 5, {}).run(state, kept.hooks)
    return state


@given(
    values=st.lists(st.floats(-2, 2, width=32), min_size=1, max_size=6),
    distance=st.floats(0, 1.5, width=32),
)
def test_a_pull_is_the_proximal_step_of_the_l1_norm(values: list[float], distance: float) -> None:
    before = torch.tensor(values)
    after = before.clone()
    pull([after], distance)
    torch.testing.assert_close(after, before.sign() * (before.abs() - distance).clamp(min=0))
    # it minimizes |x - s|^2 / 2 + distance |x|: no other point of a grid does better
    grid = torch.linspace(-3, 3, 601)[:, None]
    cost = (grid - before).square() / 2 + distance * grid.abs()
    own = (after - before).square() / 2 + distance * after.abs()
    assert bool((own <= cost.min(0).values + 1e-6).all())


@pytest.mark.parametrize(
    ("components", "exclude", "names"),
    [
        (None, (), {*GENERATOR_NORMS, "discriminator/norm0.weight", "discriminator/norm1.weight"}),
        (("generator",), (), set(GENERATOR_NORMS)),
        (None, ("discriminator", "generator/norm0"), {"generator/norm1.weight"}),
        (("generator",), ("generator",), set()),
    ],
)
def test_a_penalty_is_about_the_scales_that_it_names(
    components: tuple[str, ...] | None, exclude: tuple[str, ...], names: set[str]
) -> None:
    penalty = Penalty(name="proximal_l1", weight=1.0, components=components, exclude=exclude)
    assert penalized(networks_of(), penalty).keys() == names
    assert not penalized(networks_of(), None)


def test_the_size_of_scales_is_their_l1_norm() -> None:
    assert size([torch.tensor([1.0, -2.0]), torch.tensor([0.5])]) == 3.5
    assert size([]) == 0


def parts(module: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """As in the code of Chen et al. (2021): parameters of one axis that are called weight, and the others."""
    named = list(module.named_parameters())
    scales = [parameter for name, parameter in named if "weight" in name and parameter.ndim == 1]
    return scales, [parameter for _, parameter in named if not any(parameter is scale for scale in scales)]


def step_all(loss: Tensor, optimizers: Iterable[torch.optim.Optimizer]) -> None:
    for optimizer in optimizers:
        optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    for optimizer in optimizers:
        optimizer.step()


def by_hand(networks: Networks, steps: int, fall_from: int) -> None:
    """GAN Slimming's updates of the weights by Adam, of the scales by SGD and soft thresholds, in textbook form."""
    generator, discriminator = networks["generator"], networks["discriminator"]
    scales, rest = parts(generator)
    adam = torch.optim.Adam(rest, 0.001, (0.5, 0.99))
    sgd = torch.optim.SGD(scales, 0.1, 0.5)
    others = torch.optim.Adam(discriminator.parameters(), 0.001, (0.5, 0.99))
    batches = Batches((PIXELS,), 8, 5, 0)
    for step in range(steps):
        share = min(1.0, 1.0 - (step - fall_from) / (steps - fall_from))
        for optimizer, lr in ((adam, 0.001), (sgd, 0.1), (others, 0.001)):
            optimizer.param_groups[0]["lr"] = share * lr
        images = to_values(batches.next())
        with torch.no_grad():
            fakes = generator(normal(8, networks, images, stream(5, "noise/discriminator/0", step)))
        step_all(softplus(-discriminator(images)).mean() + softplus(discriminator(fakes)).mean(), [others])
        fakes = generator(normal(8, networks, images, stream(5, "noise/generator/0", step)))
        step_all(softplus(-discriminator(fakes)).mean(), [adam, sgd])
        with torch.no_grad():
            for scale in scales:
                scale.copy_(scale.sign() * (scale.abs() - share * 0.1 * 0.3).clamp(min=0))


def test_the_loop_trains_as_a_hand_written_one() -> None:
    schedule = Schedule(name="linear", start=4)
    ours = run(training_of(SLIMMING, 9, schedule), Kept()).networks.state()
    theirs = networks_of()
    by_hand(theirs, 9, 4)
    # A bias before a norm has no gradient but rounding errors, which Adam makes as large as any other.
    noise = ("conv0.bias", "conv1.bias", "running_mean")
    for name, tensor in theirs.state().items():
        if not name.endswith(noise):
            torch.testing.assert_close(ours[name], tensor, rtol=1e-4, atol=1e-5, msg=name)
    plain = run(training_of(None, 9, schedule), Kept()).networks.state()
    assert all(bool((plain[name] - ours[name]).abs().max() > 0.1) for name in GENERATOR_NORMS)


def test_scales_become_exactly_zero_where_a_penalty_in_the_loss_leaves_none_so() -> None:
    counts = {}
    for name in ("proximal_l1", "batch_norm_l1"):
        penalty = SLIMMING.model_copy(update={"name": name, "weight": 1.0})
        scales = channel_scales(run(training_of(penalty, 12), Kept()).networks)
        counts[name] = sum(int((scales[each] == 0).sum()) for each in GENERATOR_NORMS)
        assert not any(bool((scales[each] == 0).any()) for each in scales if each not in GENERATOR_NORMS)
    assert counts["proximal_l1"] > 2
    assert counts["batch_norm_l1"] == 0


def test_without_an_optimizer_of_its_own_the_pull_has_the_components_rate() -> None:
    training = training_of(Penalty(name="proximal_l1", weight=2.0, components=("generator",)), 1)
    pulled, plain = (run(one, Kept()).networks.state() for one in (training, training_of(None, 1)))
    for name, tensor in plain.items():
        wanted = tensor.sign() * (tensor.abs() - 0.002).clamp(min=0) if name in GENERATOR_NORMS else tensor
        torch.testing.assert_close(pulled[name], wanted, rtol=0, atol=1e-7, msg=name)


def test_a_training_that_is_resumed_ends_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_module, "LOG_EVERY", 3)
    training, whole, rest = training_of(SLIMMING), Kept(*range(10)), Kept(9)
    run(training, whole)
    run(training, rest, whole.states[4], 4)
    assert whole.states[9].keys() == rest.states[9].keys()
    assert all(torch.equal(tensor, rest.states[9][name]) for name, tensor in whole.states[9].items())


def test_what_is_stored_of_the_optimizers_is_by_the_place_of_the_parameter() -> None:
    kept = Kept(2)
    state = run(training_of(SLIMMING, 2), kept)
    names = [name for name, _ in state.networks["generator"].named_parameters()]
    found: dict[str, set[str]] = {}
    for name in kept.states[2]:
        if name.startswith("optimizer/generator/"):
            _, _, place, key = name.split("/")
            found.setdefault(names[int(place)], set()).add(key)
    assert found.keys() == set(names)
    for name, keys in found.items():
        own = f"generator/{name}" in GENERATOR_NORMS
        assert keys == ({"momentum_buffer"} if own else {"step", "exp_avg", "exp_avg_sq"}), name


SUITE = """\
format: 1
key: slimmed
title: A generator with small scales
seeds: 1
experiments:
  gan:
    dataset: {name: digits, image_size: 16}
    model: {name: dcgan, base_channels: 2, z_dim: 3}
    objective: {name: gan}
    training: {steps: 2, batch_size: 8, optimizers: {"*": {lr: 0.001}}}
  slim:
    extends: gan
    training:
      steps: 4
      penalty:
        name: proximal_l1
        weight: 0.001
        components: [generator]
        exclude: [generator/norm1]
        optimizer: {name: sgd, lr: 0.1, momentum: 0.5}
    mask: {from: ones}
    weights: {from: gan@0}
    levels: [1]
  further:
    extends: slim
    training: {steps: 6}
    weights: {from: slim@1, optimizer: restored, start_step: end}
claims: {}
scales: {small: {small: true}}
"""


def plan(*overrides: str) -> None:
    plan_suite(read_suite(SUITE, "slimmed.yaml", "small", overrides))


def test_what_makes_sense_is_planned() -> None:
    plan()
    plan("experiments.slim.training.penalty.components=null", "experiments.slim.training.penalty.exclude=[]")


PENALTY = "experiments.slim.training.penalty"


@pytest.mark.parametrize(
    ("override", "where", "message"),
    [
        (f"{PENALTY}.components=[generatr]", f"{PENALTY}.components", "unknown component 'generatr'; did you"),
        (f"{PENALTY}.exclude=[generator/conv0]", f"{PENALTY}.exclude", "'generator/conv0' matches nothing"),
        (f"{PENALTY}.exclude=[generator]", PENALTY, "'components' and 'exclude' leave no scales to make small"),
        (f"{PENALTY}.weight=0", f"{PENALTY}.weight", "greater than 0"),
        (f"{PENALTY}.optimizer.betas=[0.5, 0.9]", f"{PENALTY}.optimizer.betas", "sgd takes no 'betas'"),
        (
            "experiments.further.training.penalty.optimizer={name: adam, lr: 0.1}",
            "experiments.further.weights.optimizer",
            "the scales with an optimizer of their own ('penalty') are others there",
        ),
        (
            "experiments.further.training.penalty.exclude=[]",
            "experiments.further.weights.optimizer",
            "the scales with an optimizer of their own ('penalty') are others there",
        ),
    ],
)
def test_what_makes_no_sense_is_told_by_key(override: str, where: str, message: str) -> None:
    with pytest.raises(SuiteError) as caught:
        plan(override)
    assert any(f"{where}: " in line and message in line for line in caught.value.problems), caught.value.problems
