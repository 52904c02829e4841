"""The training loop over scores: against a hand-written one, and the same bytes wherever it is stopped."""

from __future__ import annotations

from functools import cache
from typing import Literal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.func import functional_call

from benchmark.batches import Batches
from benchmark.images import to_values
from benchmark.models.construction import materialize
from benchmark.models.conv_autoencoder import build as build_autoencoder
from benchmark.models.dcgan import build as build_gan
from benchmark.models.initialization import initialize
from benchmark.models.options import ConvAutoencoderOptions, DcganOptions
from benchmark.networks import Networks, prunable_weights
from benchmark.objectives.autoencoder import build as autoencoder
from benchmark.objectives.gan import build as gan
from benchmark.objectives.options import AutoencoderOptions, GanOptions
from benchmark.pruning.edge_popup import first_scores
from benchmark.pruning.mask import ones
from benchmark.schema.search import Search
from benchmark.schema.suite import Training
from benchmark.schema.training import Optimizer
from benchmark.streams import stream
from benchmark.training import Diverged, Hooks, Loop, State, new_state

SHAPE = (1, 8, 8)
PIXELS = torch.randint(0, 256, (30, *SHAPE), generator=torch.Generator().manual_seed(3), dtype=torch.uint8)
ADAM = Optimizer(lr=0.05, betas=(0.5, 0.99))
SGD = Optimizer(name="sgd", lr=0.5, momentum=0.9, weight_decay=0.0005)
STEPS = 16


def training_of(
    rule: Search, optimizer: Optimizer = ADAM, steps: int = STEPS, *, precision: str = "float32"
) -> Training:
    parts = ("generator", "discriminator", "encoder", "decoder")
    optimizers = {part: optimizer.model_dump() for part in parts}
    return Training.model_validate(
        {
            "steps": steps,
            "batch_size": 8,
            "optimizers": optimizers,
            "scores": rule.model_dump(),
            "precision": precision,
        },
        strict=False,
    )


def networks_of(kind: str) -> Networks:
    networks = (
        materialize(build_gan, DcganOptions(base_channels=2, z_dim=3), SHAPE, "cpu")
        if kind == "gan"
        else materialize(build_autoencoder, ConvAutoencoderOptions(base_channels=2, code_channels=4), SHAPE, "cpu")
    )
    initialize(networks, "torch_default", stream(0, "test"))
    return networks


def begun(kind: str, training: Training, begin: dict[str, Tensor] | None = None, step: int = 0) -> State:
    state = new_state(networks_of(kind), training, step)
    assert training.scores is not None
    first = first_scores(state.networks, training.scores, seed=5)
    own = {f"raw/{name}": tensor for name, tensor in state.networks.state().items()}
    state.restore(begin or own | {f"scores/{name}": score for name, score in first.items()})
    return state


def run(
    kind: Literal["gan", "autoencoder"], training: Training, begin: dict[str, Tensor] | None = None, step: int = 0
) -> tuple[State, dict[int, dict[str, Tensor]]]:
    state, states = begun(kind, training, begin, step), dict[int, dict[str, Tensor]]()

    def keep(at: int, tensors: dict[str, Tensor]) -> None:
        states[at] = {name: tensor.detach().clone() for name, tensor in tensors.items()}

    objective = gan(GanOptions(n_dis=2)) if kind == "gan" else autoencoder(AutoencoderOptions())
    masks = ones(prunable_weights(state.networks, ("conv", "conv_transpose", "linear"), ()))
    hooks = Hooks(lambda at, losses: None, keep, frozenset(range(STEPS + 1)))
    Loop(objective, training, PIXELS, 5, masks).run(state, hooks)
    return state, states


RULES = [
    Search(kept=0.3, components=("generator",), biases=True),
    Search(kept=0.5, scope="global"),
    Search(kept=1.0, components=("discriminator",)),
]


@cache
def whole_run(place: int, optimizer: str) -> dict[int, dict[str, Tensor]]:
    return run("gan", training_of(RULES[place], ADAM if optimizer == "adam" else SGD))[1]


@settings(max_examples=10)
@given(stop=st.integers(0, STEPS), place=st.integers(0, len(RULES) - 1), optimizer=st.sampled_from([ADAM, SGD]))
def test_stopping_anywhere_and_going_on_gives_the_same_bytes(stop: int, place: int, optimizer: Optimizer) -> None:
    whole = whole_run(place, optimizer.name)
    _, rest = run("gan", training_of(RULES[place], optimizer), whole[stop], stop)
    assert rest.keys() == set(range(stop, STEPS + 1))
    for step, state in rest.items():
        assert state.keys() == whole[step].keys()
        assert all(torch.equal(tensor, whole[step][name]) for name, tensor in state.items()), step


@pytest.mark.parametrize("place", range(len(RULES)))
def test_the_optimizer_of_a_searched_component_has_scores_alone(place: int) -> None:
    rule, end = RULES[place], whole_run(place, "adam")[STEPS]
    searched = rule.components or ("generator", "discriminator")
    for component in ("generator", "discriminator"):
        moments = {name: tensor for name, tensor in end.items() if name.startswith(f"optimizer/{component}/")}
        shapes = [moments[name].shape for name in moments if name.endswith("/exp_avg")]
        kind = "scores" if component in searched else "raw"
        names = {name for name, _ in networks_of("gan").named_parameters()}
        own = [end[f"{kind}/{name}"].shape for name in names if name.startswith(component) and f"{kind}/{name}" in end]
        assert sorted(shapes) == sorted(own)


def by_hand(optimizer: Optimizer, kept: float) -> dict[str, Tensor]:
    """Train scores of both halves of an autoencoder as the authors' loop does: sort, cut, straight through, step."""
    networks = networks_of("autoencoder")
    weights = {name: parameter.detach() for name, parameter in networks.named_parameters()}
    scores = {name: score.requires_grad_() for name, score in first_scores(networks, Search(kept=kept), 5).items()}
    groups = [[scores[name] for name in scores if name.startswith(part)] for part in ("decoder", "encoder")]
    steppers = [
        torch.optim.Adam(group, optimizer.lr, optimizer.betas, fused=True)
        if optimizer.name == "adam"
        else torch.optim.SGD(group, optimizer.lr, optimizer.momentum, weight_decay=optimizer.weight_decay, fused=True)
        for group in groups
    ]
    batches = Batches((PIXELS,), 8, 5, 0)
    for _ in range(STEPS):
        images, parts = to_values(batches.next()), {"encoder": dict[str, Tensor](), "decoder": dict[str, Tensor]()}
        leaves = {}
        for name, score in scores.items():
            order = score.detach().abs().flatten().sort(stable=True).indices
            mask = torch.ones(score.numel()).index_fill_(0, order[: int((1 - kept) * score.numel())], 0.0)
            leaves[name] = mask.reshape(score.shape).requires_grad_()
            component, _, path = name.partition("/")
            parts[component][path] = weights[name] * leaves[name]
        code = functional_call(networks["encoder"], parts["encoder"], (images,))
        loss = torch.nn.functional.mse_loss(functional_call(networks["decoder"], parts["decoder"], (code,)), images)
        slopes = torch.autograd.grad(loss, list(leaves.values()))
        for (name, score), slope in zip(scores.items(), slopes, strict=True):
            assert leaves[name].shape == slope.shape
            score.grad = slope * score.detach().sign()
        for stepper in steppers:
            stepper.step()
    return {name: score.detach() for name, score in scores.items()}


@pytest.mark.parametrize("optimizer", [ADAM, SGD])
def test_scores_are_those_of_a_hand_written_loop(optimizer: Optimizer) -> None:
    state, _ = run("autoencoder", training_of(Search(kept=0.4), optimizer))
    expected = by_hand(optimizer, 0.4)
    assert state.scores.keys() == expected.keys()
    for name, score in state.scores.items():
        torch.testing.assert_close(score.detach(), expected[name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_scores_learn_in_lower_precision_too(precision: str) -> None:
    state, states = run("autoencoder", training_of(Search(kept=0.4), precision=precision))
    moved = [name for name in state.scores if not torch.equal(states[0][f"scores/{name}"], state.scores[name].detach())]
    assert len(moved) == len(state.scores)
    assert all(score.dtype == torch.float32 for score in state.scores.values())


def test_scores_that_leave_the_finite_numbers_are_a_divergence() -> None:
    steep = Optimizer(lr=3e38)
    with pytest.raises(Diverged):
        run("autoencoder", training_of(Search(kept=0.4), steep))
