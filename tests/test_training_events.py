"""What the training loop may do beside its steps: stop at a stable mask, penalize scales, lower its precision."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from benchmark.models.construction import materialize
from benchmark.models.initialization import initialize
from benchmark.models.options import SpectralDcganOptions
from benchmark.models.spectral_dcgan import build as build_spectral
from benchmark.networks import Networks, channel_scales, section
from benchmark.objectives.gan import build as gan
from benchmark.objectives.objective import Loss
from benchmark.objectives.options import GanOptions
from benchmark.pruning.early_bird import EarlyBird
from benchmark.schema.numerics import Precision
from benchmark.schema.suite import MaskStable, Training
from benchmark.schema.training import Optimizer, Penalty
from benchmark.streams import stream
from benchmark.training import Diverged, Loop, State, new_state
from tests.test_training import ADAM, PIXELS, Recorder, copied, gan_networks, ones, only, same, settings_of

STEPS = 24
BY_STEP = MaskStable(when="mask_stable", sparsity=0.5, unit="step", every=2, look_back=3, threshold=0.25)
NEVER = BY_STEP.model_copy(update={"threshold": 0.0, "look_back": 12})
LOWERED: list[Precision] = ["bfloat16", "float16"]
SGD = Optimizer(name="sgd", lr=0.05, momentum=0.9)


def training_of(
    stop: MaskStable | None = None,
    precision: Precision = "float32",
    steps: int = STEPS,
    optimizer: Optimizer = ADAM,
    penalty: Penalty | None = None,
) -> Training:
    parts = {"stop": stop, "precision": precision, "penalty": penalty}
    return settings_of(steps, optimizer, ema=0.8).model_copy(update=parts)


def run(
    training: Training,
    recorder: Recorder,
    begin: dict[str, Tensor] | None = None,
    step: int = 0,
    options: GanOptions = GanOptions(n_dis=2),  # noqa: B008 - a frozen record
) -> State:
    networks = gan_networks()
    state = new_state(networks, training, step)
    if begin is not None:
        state.restore(begin)
    Loop(gan(options), training, PIXELS, 5, ones(networks)).run(state, recorder.hooks)
    return state


@pytest.fixture(scope="module")
def whole() -> Recorder:
    """The training that stops nowhere, with the state after every step."""
    recorder = Recorder(*range(STEPS + 1))
    run(training_of(), recorder)
    return recorder


def scales_at(recorder: Recorder, step: int) -> dict[str, Tensor]:
    return {name: recorder.states[step][f"raw/{name}"] for name in channel_scales(gan_networks())}


def test_a_training_stops_at_the_first_look_that_is_stable_with_the_state_of_that_step(whole: Recorder) -> None:
    bird, expected = EarlyBird(BY_STEP), None
    for step in range(2, STEPS + 1, 2):
        bird.look(scales_at(whole, step))
        if bird.is_stable:
            expected = step
            break
    assert expected is not None
    recorder = Recorder(STEPS)  # the end is asked for, wherever it is
    state = run(training_of(BY_STEP), recorder)
    assert (state.step, state.has_stopped) == (expected, True)
    assert state.bird is not None
    assert state.bird.distances == bird.distances
    assert list(recorder.states) == [expected]
    assert [step for step, _ in recorder.lines] == [expected]
    for kind in ("raw", "ema", "optimizer"):
        assert same(section(recorder.states[expected], kind), section(whole.states[expected], kind))


def test_a_training_that_never_sees_it_runs_to_the_end_and_says_so(whole: Recorder) -> None:
    recorder = Recorder(STEPS)
    state = run(training_of(NEVER), recorder)
    assert (state.step, state.has_stopped) == (STEPS, False)
    assert state.bird is not None
    assert len(state.bird.distances) == STEPS // 2
    assert same(section(recorder.states[STEPS], "raw"), section(whole.states[STEPS], "raw"))


@pytest.mark.parametrize(
    ("n_dis", "every", "looked_at"),
    [
        (1, 1, [3, 6, 9, 12]),  # three batches of 8 are an epoch of 30 images
        (2, 1, [2, 3, 5, 6, 8, 9, 11, 12]),
        (4, 1, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),  # a step sees more than an epoch, and is looked at once
        (2, 2, [3, 6, 9, 12]),
    ],
)
def test_an_epoch_is_one_pass_over_the_images(n_dis: int, every: int, looked_at: list[int]) -> None:
    rule = NEVER.model_copy(update={"unit": "epoch", "every": every, "look_back": 50})
    networks = gan_networks()
    training = training_of(rule, steps=12)
    state, seen = new_state(networks, training), []
    assert state.bird is not None
    loop = Loop(gan(GanOptions(n_dis=n_dis)), training, PIXELS, 5, ones(networks))
    before = 0

    def stepped() -> None:
        nonlocal before
        assert state.bird is not None
        if len(state.bird.distances) > before:
            seen.append(state.step)
            before = len(state.bird.distances)

    loop.run(state, replace(Recorder().hooks, stepped=stepped))
    assert seen == looked_at
    assert loop.epochs(12) == pytest.approx(12 * n_dis / 3)


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("pause", [1, 4, 5, 23])
def test_one_that_is_resumed_anywhere_has_the_same_states_and_looks(pause: int, precision: Precision) -> None:
    training = training_of(NEVER, precision)
    through, rest = Recorder(pause, STEPS), Recorder(STEPS)
    first = run(training, through)
    second = run(training, rest, through.states[pause], pause)
    assert rest.states[STEPS].keys() == through.states[STEPS].keys()
    for name, tensor in rest.states[STEPS].items():
        assert torch.equal(tensor.nan_to_num(-1.0), through.states[STEPS][name].nan_to_num(-1.0)), name
    assert first.bird is not None
    assert second.bird is not None
    assert second.bird.distances == first.bird.distances


@pytest.mark.parametrize(
    ("n_dis", "unit", "step", "epoch"),
    [(1, "epoch", 9, 3), (2, "epoch", 5, 3), (4, "epoch", 3, 4), (2, "step", 3, 2), (4, "step", 3, 4)],
)  # fmt: skip
def test_a_stop_after_an_epoch_is_at_a_whole_one(n_dis: int, unit: str, step: int, epoch: float) -> None:
    """Three batches of 8 are an epoch of 30 images; with two a step, step 5 ends within the fourth epoch."""
    rule = BY_STEP.model_copy(update={"unit": unit, "every": 1, "threshold": 1.0})
    networks, training = gan_networks(), training_of(rule)
    state = new_state(networks, training)
    loop = Loop(gan(GanOptions(n_dis=n_dis)), training, PIXELS, 5, ones(networks))
    loop.run(state, Recorder().hooks)
    assert (state.step, loop.ended_at(state)) == (step, epoch)


def test_one_that_never_stops_ends_where_its_steps_do() -> None:
    networks = gan_networks()
    rule = NEVER.model_copy(update={"unit": "epoch", "every": 1})
    training = training_of(rule, steps=10)
    state = new_state(networks, training)
    loop = Loop(gan(GanOptions()), training, PIXELS, 5, ones(networks))
    loop.run(state, Recorder().hooks)
    assert loop.ended_at(state) == pytest.approx(10 / 3)


def test_one_that_is_resumed_where_it_stopped_is_over(whole: Recorder) -> None:
    ended, again = Recorder(STEPS), Recorder(STEPS)
    stopped = run(training_of(BY_STEP), ended).step
    state = run(training_of(BY_STEP), again, ended.states[stopped], stopped)
    assert (state.step, again.lines, list(again.states)) == (stopped, [], [stopped])


def test_scales_that_are_no_numbers_are_a_divergence_and_no_error() -> None:
    networks = gan_networks()
    state = new_state(networks, training_of(BY_STEP, steps=4))
    with torch.no_grad():
        next(iter(channel_scales(networks).values())).fill_(float("nan"))
    with pytest.raises(Diverged, match="not finite"):
        Loop(gan(GanOptions()), training_of(BY_STEP, steps=4), PIXELS, 5, ones(networks)).run(state, Recorder().hooks)
    assert state.step == 2


@pytest.mark.parametrize(("stepped", "still"), [("generator", "discriminator"), ("discriminator", "generator")])
def test_a_penalty_moves_the_scales_that_are_stepped_by_its_sign_and_nothing_else(stepped: str, still: str) -> None:
    """The derivative of weight * sum |gamma| is weight * sign(gamma): plain descent takes lr times that away."""
    plain_step = Optimizer(name="sgd", lr=0.5)
    after = []
    for penalty in (None, Penalty(name="batch_norm_l1", weight=0.01)):
        networks, recorder = gan_networks(), Recorder()
        before = copied(dict(networks.named_parameters()))
        training = training_of(penalty=penalty, steps=1, optimizer=plain_step)
        objective = only(gan(GanOptions()), stepped)
        Loop(objective, training, PIXELS, 5, ones(networks)).run(new_state(networks, training), recorder.hooks)
        after.append((copied(dict(networks.named_parameters())), recorder.lines))
    (plain, plain_lines), (penalized, lines) = after
    scales = channel_scales(gan_networks())
    assert any(name.startswith(stepped) for name in scales)
    for name, value in plain.items():
        expected = value
        if name in scales and name.startswith(stepped):
            expected = value - 0.5 * 0.01 * before[name].sign()
        torch.testing.assert_close(penalized[name], expected, rtol=0, atol=1e-7, msg=name)
    assert all(torch.equal(penalized[name], before[name]) for name in before if name.startswith(still))
    assert lines == plain_lines  # the log has the losses themselves


@pytest.mark.parametrize("optimizer", [ADAM, SGD])
@pytest.mark.parametrize("precision", LOWERED)
def test_lower_precision_trains_nearly_the_same_single_precision_weights(
    precision: Precision, optimizer: Optimizer
) -> None:
    exact, near = Recorder(3), Recorder(3)
    gentle = optimizer.model_copy(update={"lr": optimizer.lr / 10})
    run(training_of(optimizer=gentle, steps=3), exact)
    run(training_of(precision=precision, optimizer=gentle, steps=3), near)
    for name, tensor in near.states[3].items():
        assert tensor.dtype == exact.states[3].get(name, torch.ones(())).dtype, name
    weights = [name for name in exact.states[3] if name.startswith("raw/") and name.endswith("weight")]
    start = gan_networks().state()
    moved = sum(float((exact.states[3][name] - start[name[4:]]).square().sum()) for name in weights)
    off = sum(float((exact.states[3][name] - near.states[3][name]).square().sum()) for name in weights)
    assert 0 < off < 0.1 * moved


@pytest.mark.parametrize("precision", LOWERED)
def test_losses_are_computed_in_single_precision(precision: Precision) -> None:
    objective = gan(GanOptions(gradient_penalty=10.0))
    dtypes: list[torch.dtype] = []

    def watched(loss: Loss) -> Loss:
        def act(passes: Networks, images: Tensor, generator: torch.Generator) -> Tensor:
            found = loss(passes, images, generator)
            dtypes.append(found.dtype)
            return found

        return act

    updates = tuple(replace(update, loss=watched(update.loss)) for update in objective.updates)
    networks = gan_networks()
    training = training_of(precision=precision, steps=2)
    state = new_state(networks, training)
    Loop(replace(objective, updates=updates), training, PIXELS, 5, ones(networks)).run(state, Recorder().hooks)
    assert dtypes == [torch.float32] * 4


def spectral_networks() -> Networks:
    networks = materialize(build_spectral, SpectralDcganOptions(base_channels=2, z_dim=3), (1, 8, 8), "cpu")
    initialize(networks, "dcgan", stream(0, "test"))
    return networks


@pytest.mark.parametrize("precision", LOWERED)
def test_gradient_penalty_and_spectral_norm_train_in_lower_precision(precision: Precision) -> None:
    found: dict[Precision, list[dict[str, float]]] = {}
    for one in ("float32", precision):
        networks, recorder = spectral_networks(), Recorder()
        training = training_of(precision=one, steps=4, optimizer=ADAM.model_copy(update={"lr": 0.001}))
        objective = gan(GanOptions(loss="wasserstein", gradient_penalty=10.0))
        state = new_state(networks, training)
        if one == "float16":  # the first scale is too large here, and would leave updates out
            state.scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
        Loop(objective, training, PIXELS, 5, ones(networks)).run(state, recorder.hooks)
        found[one] = [losses for _, losses in recorder.lines]
        assert not any(math.isnan(float(tensor.sum())) for tensor in networks.state().values())
    for exact, near in zip(found["float32"], found[precision], strict=True):
        assert near == pytest.approx(exact, rel=0.05, abs=0.05)
        assert near != exact


@pytest.mark.parametrize("optimizer", [ADAM, SGD])
def test_a_step_whose_scaled_gradients_overflow_is_left_out_and_is_no_divergence(optimizer: Optimizer) -> None:
    networks = gan_networks()
    training = training_of(precision="float16", steps=1, optimizer=optimizer)
    state = new_state(networks, training)
    state.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**120)
    before = copied(dict(networks.named_parameters()))
    Loop(gan(GanOptions()), training, PIXELS, 5, ones(networks)).run(state, Recorder().hooks)
    assert same(before, copied(dict(networks.named_parameters())))
    assert state.scaler.get_scale() == 2.0**118  # halved after each of two updates
    moments = [tensor for name, tensor in state.tensors().items() if "momentum" in name or "exp_avg" in name]
    assert not any(bool(moment.any()) for moment in moments)


def test_a_divergence_in_half_precision_is_one() -> None:
    networks = gan_networks()
    with torch.no_grad():
        next(networks["generator"].parameters()).fill_(float("inf"))
    training = training_of(precision="float16", steps=2)
    with pytest.raises(Diverged):
        Loop(gan(GanOptions()), training, PIXELS, 5, ones(networks)).run(
            new_state(networks, training), Recorder().hooks
        )


def test_statistics_that_overflowed_are_a_divergence_though_the_weights_were_spared() -> None:
    networks = gan_networks()
    norm = next(module for module in networks["generator"].modules() if isinstance(module, nn.BatchNorm2d))
    assert norm.running_var is not None
    norm.running_var.fill_(float("inf"))
    training = training_of(precision="float16", steps=1)
    with pytest.raises(Diverged, match="running_var has values that are not finite"):
        Loop(gan(GanOptions()), training, PIXELS, 5, ones(networks)).run(
            new_state(networks, training), Recorder().hooks
        )
