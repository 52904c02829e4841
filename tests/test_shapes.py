"""Tickets that move between models: what does not fit is told when planning, exactly where running would fail."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.assembly import Workshop
from benchmark.campaigns import plan_suite
from benchmark.cli import app
from benchmark.errors import RunError, SuiteError
from benchmark.suites import read_suite
from benchmark.tickets import make_masks, rewound
from tests import tiny

SUITE = """\
format: 1
key: moving
title: A generator becomes a decoder
seeds: 2
experiments:
  gan:
    dataset: {name: digits}
    model: {name: dcgan, base_channels: 4, z_dim: 4}
    objective: {name: gan}
    training: {steps: 2, batch_size: 8, optimizers: {"*": {lr: 0.001}}}
  ticket:
    extends: gan
    mask: {from: self@previous, fraction: 0.2}
    levels: [1, 2]
  coder:
    dataset: {name: digits}
    model: {name: conv_vae, base_channels: 4, z_dim: 4}
    objective: {name: vae}
    training: {steps: 2, batch_size: 8, optimizers: {"*": {lr: 0.001}}}
  vae:
    extends: coder
    mask: {op: reuse, from: ticket@same, map: {generator: decoder}}
    weights: {components: {decoder: {from: ticket@0, at: 1, component: generator}}}
    levels: [1, 2]
  further:
    extends: coder
    mask: {from: vae@same, fraction: 0.5}
    levels: [1, 2]
claims: {}
scales: {small: {small: true}}
"""
REUSE, DRAW = (
    "{op: reuse, from: ticket@same}",
    "{op: draw, from: ticket@same, fraction: 0.2, map: {generator: decoder}}",
)
WIDER = "experiments.coder.model.base_channels=6"


def planned(*overrides: str) -> None:
    plan_suite(read_suite(SUITE, "moving.yaml", "small", overrides))


def faults(*overrides: str) -> tuple[str, ...]:
    with pytest.raises(SuiteError) as caught:
        planned(*overrides)
    return caught.value.problems


def line_of(part: str) -> int:
    return next(number for number, line in enumerate(SUITE.splitlines(), 1) if part in line)


def test_what_fits_is_planned_as_without_the_check() -> None:
    loaded = read_suite(SUITE, "moving.yaml", "small")
    assert plan_suite(loaded) == tiny.planned(SUITE)


def test_a_misfit_is_told_by_line_key_layer_both_shapes_and_what_differs() -> None:
    mask, weights = faults(WIDER)
    assert mask == (
        f"moving.yaml:{line_of('map: {generator')}: experiments.vae.mask.map: decoder/conv0.weight: the ticket has "
        "shape (4, 4, 4, 4), needed (4, 6, 4, 4); base_channels is 4 there and 6 here: expected the same"
    )
    assert weights.startswith(f"moving.yaml:{line_of('at: 1, component')}: experiments.vae.weights: decoder/conv0")
    assert "has shape (4, 4, 4, 4), expected (4, 6, 4, 4); base_channels is 4" in weights


def test_every_level_and_seed_has_the_fault_but_it_is_told_once_and_not_of_those_after_it() -> None:
    assert len(faults(WIDER)) == 2
    assert not any("further" in fault for fault in faults(WIDER))


def test_a_mask_for_other_components_asks_for_a_map() -> None:
    (fault,) = faults(f"experiments.vae.mask={REUSE}")
    assert "--set" in fault
    assert "the ticket's networks and this job's differ; a 'map' of components may be missing" in fault


def test_components_of_one_model_need_not_fit_each_other() -> None:
    (fault,) = faults("experiments.ticket.mask.map={generator: discriminator, discriminator: generator}")
    assert "experiments.ticket.mask.map: discriminator/conv" in fault
    assert "share an architecture only where" in fault


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> ResultsDir:
    """The GAN and its tickets, run: what the others take from."""
    folder = tmp_path_factory.mktemp("moving")
    ends = tiny.run(folder, tiny.suite_of(SUITE), only=frozenset({"ticket"}))
    assert set(ends.values()) == {"done"}, ends
    return ResultsDir(folder)


def fails_when_run(results: ResultsDir, overrides: Sequence[str]) -> bool:
    job = tiny.arm(tiny.planned(SUITE, overrides), "vae", 1).job
    try:
        make_masks(Workshop(job), results, rewound(Workshop(job), results))
    except RunError:
        return True
    return False


@pytest.mark.parametrize("mask", ["", REUSE, DRAW, DRAW.replace("ticket", "gan").replace("same", "0")])
@pytest.mark.parametrize(
    "model",
    [
        "",
        WIDER,
        "experiments.coder.model.z_dim=5",
        "experiments.coder.dataset.image_size=8",
        "experiments.vae.mask.prunable={exclude: [decoder/conv0]}",
    ],
)
@pytest.mark.parametrize("weights", ["", "experiments.vae.weights={from: init}"])
def test_planning_refuses_exactly_what_running_could_not_do(
    source: ResultsDir, mask: str, model: str, weights: str
) -> None:
    changes = [f"experiments.vae.mask={mask}" if mask else "", weights, model]
    overrides = [change for change in changes if change]
    try:
        planned(*overrides)
        refused = False
    except SuiteError:
        refused = True
    assert refused == fails_when_run(source, overrides)


def test_validate_and_plan_refuse_with_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "moving.yaml"
    file.write_text(SUITE)
    assert app.run(["validate", str(file)]) == 0
    file.write_text(SUITE.replace("conv_vae, base_channels: 4", "conv_vae, base_channels: 6"))
    for command in (["validate", str(file)], ["plan", str(file)], ["run", str(file), "--results", str(tmp_path / "r")]):
        assert app.run(command) == 2
        assert "decoder/conv0.weight: the ticket has shape" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("prunable", "key", "message"),
    [
        ("{kinds: [linear]}", "mask.prunable", "leave no weights to prune"),
        ("{exclude: [generator, discriminator]}", "mask.prunable", "leave no weights to prune"),
        ("{exclude: [generator/conv7]}", "mask.prunable.exclude.0", "matches nothing in 'dcgan'; did you mean"),
        ("{exclude: ['*']}", "mask.prunable.exclude.0", "'*' matches nothing in 'dcgan'"),
    ],
)
def test_layers_that_are_not_there_and_masks_with_nothing_to_prune_are_told(
    prunable: str, key: str, message: str
) -> None:
    with pytest.raises(SuiteError) as caught:
        planned(f"experiments.ticket.mask.prunable={prunable}")
    (line,) = [line for line in caught.value.problems if "experiments.ticket" in line]
    assert f"experiments.ticket.{key}: " in line
    assert message in line


def test_layers_that_are_there_may_be_excluded() -> None:
    planned("experiments.ticket.mask.prunable={exclude: [generator/conv0, discriminator]}")
