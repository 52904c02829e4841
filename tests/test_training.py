"""The training loop against hand-written ones, and what must hold of it at every step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from benchmark import training as training_module
from benchmark import training_state
from benchmark.batches import Batches
from benchmark.errors import RunError
from benchmark.models.construction import materialize
from benchmark.models.conv_autoencoder import build as build_autoencoder
from benchmark.models.dcgan import build as build_gan
from benchmark.models.initialization import initialize
from benchmark.models.options import ConvAutoencoderOptions, DcganOptions
from benchmark.networks import Networks, prunable_weights, section
from benchmark.objectives.autoencoder import build as autoencoder
from benchmark.objectives.gan import build as gan
from benchmark.objectives.objective import Objective
from benchmark.objectives.options import AutoencoderOptions, GanOptions
from benchmark.pruning.mask import apply
from benchmark.schema.suite import MaskStable, Training
from benchmark.schema.training import Optimizer
from benchmark.streams import stream
from benchmark.training import Diverged, Hooks, Loop, State, new_state
from benchmark.training_state import Losses, Reading

SHAPE = (1, 8, 8)
KINDS = ("conv", "conv_transpose", "linear")
PIXELS = torch.randint(0, 256, (30, *SHAPE), generator=torch.Generator().manual_seed(3), dtype=torch.uint8)
ADAM = Optimizer(lr=0.01, betas=(0.5, 0.99))
SGD = Optimizer(name="sgd", lr=0.05, momentum=0.9, weight_decay=0.01)


def gan_networks() -> Networks:
    networks = materialize(build_gan, DcganOptions(base_channels=2, z_dim=3), SHAPE, "cpu")
    initialize(networks, "dcgan", stream(0, "test"))
    return networks


def autoencoder_networks() -> Networks:
    networks = materialize(build_autoencoder, ConvAutoencoderOptions(base_channels=2, code_channels=4), SHAPE, "cpu")
    initialize(networks, "torch_default", stream(0, "test"))
    return networks


def settings_of(steps: int, optimizer: Optimizer = ADAM, ema: float | None = None, batch_size: int = 8) -> Training:
    parts = ("generator", "discriminator", "encoder", "decoder")
    return Training(steps=steps, batch_size=batch_size, optimizers=dict.fromkeys(parts, optimizer), ema=ema)


def ones(networks: Networks) -> dict[str, Tensor]:
    weights = prunable_weights(networks, KINDS, ())
    return {name: torch.ones(weight.shape, dtype=torch.bool) for name, weight in weights.items()}


def halves(networks: Networks) -> dict[str, Tensor]:
    chance = torch.Generator().manual_seed(1)
    return {name: torch.rand(mask.shape, generator=chance) < 0.5 for name, mask in ones(networks).items()}


def copied(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


class Recorder:
    """Keeps every log line and the whole state after the steps asked for."""

    def __init__(self, *steps: int) -> None:
        self.lines: list[tuple[int, dict[str, float]]] = []
        self.states: dict[int, dict[str, Tensor]] = {}
        self.hooks = Hooks(self._log, self._keep, frozenset(steps))

    def _log(self, step: int, losses: dict[str, float]) -> None:
        self.lines.append((step, losses))

    def _keep(self, step: int, tensors: dict[str, Tensor]) -> None:
        self.states[step] = copied(tensors)


def run_gan(training: Training, recorder: Recorder, begin: dict[str, Tensor] | None = None, step: int = 0) -> State:
    networks = gan_networks()
    masks = halves(networks)
    apply(masks, prunable_weights(networks, KINDS, ()))
    state = new_state(networks, training, step)
    if begin is not None:
        state.restore(begin)
    Loop(gan(GanOptions(n_dis=2)), training, PIXELS, 5, masks).run(state, recorder.hooks)
    return state


@pytest.fixture(scope="module")
def whole_runs() -> Callable[[Optimizer], Recorder]:
    made: dict[str, Recorder] = {}

    def run(optimizer: Optimizer) -> Recorder:
        if optimizer.name not in made:
            made[optimizer.name] = Recorder(*range(25))
            run_gan(settings_of(24, optimizer, ema=0.8), made[optimizer.name])
        return made[optimizer.name]

    return run


@settings(max_examples=15)
@given(stop=st.integers(0, 24), optimizer=st.sampled_from([ADAM, SGD]))
def test_stopping_anywhere_and_going_on_gives_the_same_bytes(
    whole_runs: Callable[[Optimizer], Recorder], stop: int, optimizer: Optimizer
) -> None:
    whole = whole_runs(optimizer)
    rest = Recorder(*range(25))
    run_gan(settings_of(24, optimizer, ema=0.8), rest, whole.states[stop], stop)
    assert rest.states.keys() == set(range(stop, 25))
    for step, state in rest.states.items():
        assert same(state, whole.states[step]), f"step {step} after a stop at {stop}"


def test_a_resumed_log_has_the_lines_of_an_uninterrupted_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_module, "LOG_EVERY", 5)
    whole, rest = Recorder(10), Recorder()
    run_gan(settings_of(17), whole)
    run_gan(settings_of(17), rest, whole.states[10], 10)
    assert [step for step, _ in whole.lines] == [5, 10, 15, 17]
    assert rest.lines == whole.lines[2:]


@pytest.mark.parametrize("stop", [1, 4, 5, 7, 16])
def test_a_checkpoint_at_any_step_leads_to_the_lines_of_an_uninterrupted_log(
    monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    monkeypatch.setattr(training_module, "LOG_EVERY", 5)
    whole, networks, training = Recorder(), gan_networks(), settings_of(17)
    state, kept = new_state(networks, training), dict[str, Tensor]()

    def keep() -> None:
        if state.step == stop:
            kept.update(copied(state.checkpoint()))

    apply(halves(networks), prunable_weights(networks, KINDS, ()))
    loop = Loop(gan(GanOptions(n_dis=2)), training, PIXELS, 5, halves(networks))
    loop.run(state, replace(whole.hooks, stepped=keep))
    rest = Recorder()
    run_gan(training, rest, kept, stop)
    assert rest.lines == [(step, losses) for step, losses in whole.lines if step > stop]
    assert any(name.startswith("log/") for name in kept) == (stop % 5 > 0)


@given(names=st.permutations(["b", "a/b", "sum", "count"]), dtype=st.sampled_from([torch.float32, torch.bfloat16]))
def test_losses_that_were_stored_keep_their_order_values_and_counts(names: list[str], dtype: torch.dtype) -> None:
    whole, stored = Losses(), Losses()
    for losses in (whole, stored):
        for count, name in enumerate(names, 1):
            for _ in range(count):
                losses.add(name, torch.tensor(0.1, dtype=dtype))
    rest = Losses()
    rest.restore(stored.tensors(), "cpu")
    for losses in (whole, rest):
        losses.add(names[2], torch.tensor(0.7, dtype=dtype))
    for losses in (whole, rest):
        losses.read(7)
    lines, expected = list(rest.lines(wait=False)), list(whole.lines(wait=False))
    assert [step for step, _ in lines] == [7]
    assert [list(means.items()) for _, means in lines] == [list(means.items()) for _, means in expected]
    assert rest.tensors() == {}


def test_a_logged_loss_is_the_mean_since_the_last_line(monkeypatch: pytest.MonkeyPatch) -> None:
    single, joined = Recorder(), Recorder()
    monkeypatch.setattr(training_module, "LOG_EVERY", 1)
    run_gan(settings_of(6), single)
    monkeypatch.setattr(training_module, "LOG_EVERY", 3)
    run_gan(settings_of(6), joined)
    for step, losses in joined.lines:
        for name, loss in losses.items():
            assert loss == pytest.approx(sum(line[name] for at, line in single.lines if step - 3 < at <= step) / 3)


@pytest.mark.parametrize("optimizer", [ADAM, SGD])
def test_masked_weights_are_exactly_zero_before_and_after_every_update(optimizer: Optimizer) -> None:
    networks, checks = gan_networks(), 0
    masks, weights = halves(networks), prunable_weights(networks, KINDS, ())
    apply(masks, weights)

    def watched(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def act(*args: object) -> Tensor:
            nonlocal checks
            checks += 1
            for name, mask in masks.items():
                assert not weights[name].detach()[~mask].any(), name
            return loss(*args)

        return act

    plain = gan(GanOptions())
    objective = replace(plain, updates=tuple(replace(update, loss=watched(update.loss)) for update in plain.updates))
    state = new_state(networks, settings_of(10, optimizer))
    before = copied(dict(weights))
    Loop(objective, settings_of(10, optimizer), PIXELS, 0, masks).run(state, Recorder().hooks)
    assert checks == 20
    for name, mask in masks.items():
        assert not weights[name].detach()[~mask].any()
        assert not torch.equal(weights[name].detach(), before[name])


def only(objective: Objective, name: str) -> Objective:
    return replace(objective, updates=tuple(replace(u, fresh_batch=True) for u in objective.updates if u.name == name))


@pytest.mark.parametrize(("stepped", "still"), [("generator", "discriminator"), ("discriminator", "generator")])
def test_an_update_changes_its_own_components_alone(stepped: str, still: str) -> None:
    networks = gan_networks()
    before = copied(dict(networks.named_parameters()))
    state = new_state(networks, settings_of(2))
    Loop(only(gan(GanOptions()), stepped), settings_of(2), PIXELS, 0, ones(networks)).run(state, Recorder().hooks)
    for name, parameter in networks.named_parameters():
        assert torch.equal(parameter, before[name]) == name.startswith(still), name
    assert all(parameter.grad is None for parameter in networks[still].parameters())
    assert not any(optimizer.state for optimizer in state.optimizers[still])


def test_the_moving_average_is_that_of_a_hand_written_loop() -> None:
    recorder = Recorder(*range(13))
    run_gan(settings_of(12, ema=0.9), recorder)
    names = [name for name in recorder.states[0] if name.startswith("ema/")]
    assert {name.removeprefix("ema/") for name in names} == {name for name, _ in gan_networks().named_parameters()}
    for name in names:
        raw = name.replace("ema/", "raw/", 1)
        average = recorder.states[0][raw].double()
        for step in range(1, 13):
            average = 0.9 * average + 0.1 * recorder.states[step][raw].double()
        torch.testing.assert_close(recorder.states[12][name].double(), average, rtol=1e-5, atol=1e-7)


def test_averages_that_were_not_stored_start_from_the_weights() -> None:
    recorder = Recorder(5)
    run_gan(settings_of(5, ema=0.9), recorder)
    stored = {name: tensor for name, tensor in recorder.states[5].items() if not name.startswith("ema/discriminator")}
    state = new_state(gan_networks(), settings_of(5, ema=0.9))
    state.restore(stored)
    averages = {name: tensor for name, tensor in state.tensors().items() if name.startswith("ema/")}
    for name, average in averages.items():
        source = name if name.startswith("ema/generator") else name.replace("ema/", "raw/", 1)
        assert torch.equal(average, recorder.states[5][source]), name


def hand_trained(networks: Networks, optimizers: list[torch.optim.Optimizer], steps: int) -> None:
    """Train an autoencoder as a textbook would, with batches counted out by hand: 3 of 8 in each epoch of 30."""
    encoder, decoder = networks["encoder"], networks["decoder"]
    for step in range(steps):
        epoch, place = step // 3, step % 3
        order = torch.randperm(30, generator=stream(5, "data order", epoch))
        images = PIXELS[order[8 * place : 8 * place + 8]].float() / 127.5 - 1
        loss = nn.functional.mse_loss(decoder(encoder(images)), images)
        for optimizer in optimizers:
            optimizer.zero_grad()
        torch.autograd.backward(loss)
        for optimizer in optimizers:
            optimizer.step()


@pytest.mark.parametrize("chosen", [ADAM, Optimizer(lr=0.01, weight_decay=0.1), SGD, Optimizer(name="sgd", lr=0.1)])
def test_an_autoencoder_is_trained_as_by_a_hand_written_loop(chosen: Optimizer) -> None:
    ours, theirs = autoencoder_networks(), autoencoder_networks()
    Loop(autoencoder(AutoencoderOptions()), settings_of(11, chosen), PIXELS, 5, ones(ours)).run(
        new_state(ours, settings_of(11, chosen)), Recorder().hooks
    )
    optimizers: list[torch.optim.Optimizer] = []
    for module in theirs.components.values():
        if chosen.name == "adam":
            optimizers.append(
                torch.optim.Adam(
                    module.parameters(), lr=chosen.lr, betas=chosen.betas, weight_decay=chosen.weight_decay, fused=False
                )
            )
        else:
            optimizers.append(
                torch.optim.SGD(
                    module.parameters(), lr=chosen.lr, momentum=chosen.momentum, weight_decay=chosen.weight_decay
                )
            )
    hand_trained(theirs, optimizers, 11)
    for name, tensor in theirs.state().items():
        torch.testing.assert_close(ours.state()[name], tensor, rtol=1e-4, atol=1e-5, msg=name)


def test_a_gan_is_trained_as_by_a_hand_written_loop() -> None:
    ours, theirs = gan_networks(), gan_networks()
    # Not Adam: it makes full steps of the rounding noise that is the gradient of a bias before batch normalization.
    training = settings_of(7, Optimizer(name="sgd", lr=0.05, momentum=0.5))
    Loop(gan(GanOptions()), training, PIXELS, 5, ones(ours)).run(new_state(ours, training), Recorder().hooks)
    generator, discriminator = theirs["generator"].train(), theirs["discriminator"].train()
    step_g = torch.optim.SGD(generator.parameters(), lr=0.05, momentum=0.5)
    step_d = torch.optim.SGD(discriminator.parameters(), lr=0.05, momentum=0.5)
    bce = nn.functional.binary_cross_entropy_with_logits
    for step in range(7):
        order = torch.randperm(30, generator=stream(5, "data order", step // 3))
        real = PIXELS[order[8 * (step % 3) :][:8]].float() / 127.5 - 1
        one, zero = torch.ones(8, 1), torch.zeros(8, 1)
        fake = generator(torch.randn(8, 3, generator=stream(5, "noise/discriminator/0", step))).detach()
        step_d.zero_grad()
        torch.autograd.backward(bce(discriminator(real), one) + bce(discriminator(fake), zero))
        step_d.step()
        step_g.zero_grad()
        latents = torch.randn(8, 3, generator=stream(5, "noise/generator/0", step))
        torch.autograd.backward(bce(discriminator(generator(latents)), one))
        step_g.step()
    for name, tensor in theirs.state().items():
        torch.testing.assert_close(ours.state()[name], tensor, rtol=1e-3, atol=1e-5, msg=name)


def test_every_image_is_seen_once_an_epoch_but_for_what_is_left_over() -> None:
    batches = Batches((PIXELS,), 8, 0)
    epochs = [torch.cat([batches.next() for _ in range(3)]) for _ in range(2)]
    for images in epochs:
        assert len({image.numpy().tobytes() for image in images}) == 24
    assert not torch.equal(*epochs)
    later = Batches((PIXELS,), 8, 0, 4)
    assert torch.equal(later.next(), epochs[1][8:16])
    assert torch.equal(later.last(), epochs[1][8:16])
    with pytest.raises(RunError, match="batch size 31 exceeds the 30 training images"):
        Batches((PIXELS,), 31, 0)


def diverged(optimizer: Optimizer, steps: int, networks: Networks) -> Diverged:
    training = settings_of(steps, optimizer)
    loop = Loop(autoencoder(AutoencoderOptions()), training, PIXELS, 0, ones(networks))
    with pytest.raises(Diverged) as caught:
        loop.run(new_state(networks, training), Recorder().hooks)
    return caught.value


def test_a_loss_that_is_not_finite_ends_the_training_at_the_next_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_module, "LOG_EVERY", 4)
    networks = autoencoder_networks()
    with torch.no_grad():
        next(networks["encoder"].parameters()).fill_(float("nan"))
    end = diverged(ADAM, 40, networks)
    assert (end.step, end.what) == (4, "the loss of autoencoder is nan")


class Late:
    """The event of a device that is behind: nothing has arrived before it is waited for."""

    def query(self) -> bool:
        return False

    def synchronize(self) -> None:
        """Nothing is to be waited for here."""


def test_a_loss_that_comes_late_ends_the_training_as_one_that_comes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a look, and before a snapshot is kept: both wait for the device anyway."""
    monkeypatch.setattr(training_module, "LOG_EVERY", 4)
    stop = MaskStable(when="mask_stable", sparsity=0.5, unit="step", every=7, look_back=3, threshold=0.0)
    training = settings_of(40, Optimizer(name="sgd", lr=1e38, weight_decay=1e6))

    def end(stop: MaskStable | None) -> tuple[int, str, list[int]]:
        networks, recorder = gan_networks(), Recorder(3, 6)
        state = new_state(networks, training.model_copy(update={"stop": stop}))
        with pytest.raises(Diverged) as caught:
            Loop(gan(GanOptions()), training, PIXELS, 0, ones(networks)).run(state, recorder.hooks)
        return caught.value.step, caught.value.what, list(recorder.states)

    at_once = [end(None), end(stop)]
    late = cast("torch.cuda.Event", Late())
    monkeypatch.setattr(training_state, "Reading", lambda step, counts, sums, _: Reading(step, counts, sums, late))
    assert [end(None), end(stop)] == at_once
    assert at_once[0][0] == 4
    assert at_once[0][2] == [3]


def test_weights_that_are_not_finite_at_the_end_are_noticed_though_no_loss_saw_them() -> None:
    end = diverged(Optimizer(name="sgd", lr=1e38, weight_decay=1e6), 1, autoencoder_networks())
    assert end.step == 1
    assert "has values that are not finite" in end.what


def test_a_state_is_named_by_what_it_holds() -> None:
    recorder = Recorder(2)
    run_gan(settings_of(2, ema=0.5), recorder)
    state = recorder.states[2]
    assert {name.partition("/")[0] for name in state} == {"raw", "ema", "optimizer"}
    assert section(state, "raw").keys() == gan_networks().state().keys()
    moments = {name.rpartition("/")[2] for name in section(state, "optimizer/generator")}
    assert moments == {"step", "exp_avg", "exp_avg_sq"}
