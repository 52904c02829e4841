"""CycleGAN from a suite to its measurements: planned, trained, pruned, resumed, and told where it does not fit."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.artifacts import ResultsDir
from benchmark.assembly import Workshop
from benchmark.effort import updates_of
from benchmark.errors import MissingAssetError, SuiteError
from benchmark.executors.executor import Work
from benchmark.executors.inline import InlineExecutor
from benchmark.forecast.throughput import step_seconds
from benchmark.metrics.training_flops import count
from benchmark.needs import assets_of, check_assets
from benchmark.pruning.count import kept_after
from benchmark.schema.settings import Settings
from benchmark.training import Hooks, Loop, new_state
from tests import tiny
from tests.datasets.formats import write_domains
from tests.test_effort import torchs_count
from tests.tiny import arm, planned

SUITE = """\
format: 1
key: translations
title: Two domains in a blink
seeds: 1
experiments:
  cycle:
    dataset: {name: digit_styles, image_size: 8}
    model: {name: cyclegan, base_channels: 2, blocks: 1}
    objective: {name: cyclegan, replay: 4}
    training:
      steps: 6
      batch_size: 2
      optimizers: {"*": {lr: 0.002, betas: [0.5, 0.999]}}
      schedule: {name: linear, from: 3}
      augmentation: {enlarge: 9, mirror: true}
    metrics:
      fid_ab: {name: fid, direction: ab, extractor: {name: digits_classifier}, generated: 252, split: train}
      fid_ba: {name: fid, direction: ba, extractor: {name: digits_classifier}, generated: 248, split: train}
      kid_ab: {name: kid, direction: ab, extractor: {name: digits_classifier}, generated: 80, split: test}
      loss: {name: logged_loss, update: generators}
      flops: {name: training_flops, kind: dense, scope: job}
      macs: {name: macs, kind: effective, component: generator_ab}
  imp:
    extends: cycle
    mask: {from: self@previous, fraction: 0.2, pool: component, components: [generator_ab, generator_ba]}
    weights: {from: self@0, at: 2, start_step: 2, optimizer: restored}
    levels: {first: 0, last: 2}
  snip:
    extends: cycle
    mask: {from: init, fraction: 0.2, pool: component, criterion: {name: snip}}
    levels: [1]
claims: {}
scales: {small: {small: true}}
"""
PLAN = planned(SUITE)
DENSE = arm(PLAN, "cycle")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("translations") / "results"
    assert set(tiny.run(folder, tiny.suite_of(SUITE)).values()) == {"done"}
    return folder


def test_each_direction_is_measured_against_its_own_domain(folder: Path) -> None:
    run = ResultsDir(folder).run(DENSE.id)
    found = {request.name: measurement for request in DENSE.metrics if (measurement := run.read_measurement(request))}
    assert found.keys() == {request.name for request in DENSE.metrics}
    assert {name: (found[name].protocol.generated, found[name].protocol.real) for name in ("fid_ab", "fid_ba")} == {
        "fid_ab": (252, 646),
        "fid_ba": (248, 651),
    }
    assert found["kid_ab"].protocol.real == 248
    assert all(np.isfinite(measurement.value) for measurement in found.values())


def test_each_generator_is_pruned_by_its_own_threshold(folder: Path) -> None:
    for level in (1, 2):
        masks = ResultsDir(folder).run(arm(PLAN, "imp", level).id).read_tensors("mask.safetensors")
        for component in ("generator_ab", "generator_ba"):
            own = [mask for name, mask in masks.items() if name.startswith(component)]
            total = sum(mask.numel() for mask in own)
            assert sum(int(mask.sum()) for mask in own) == kept_after(total, 0.2, level)
        assert all(mask.all() for name, mask in masks.items() if name.startswith("discriminator"))


def test_what_goes_on_from_a_moment_goes_on_with_its_pools(folder: Path) -> None:
    results = ResultsDir(folder)
    dense, start = results.run(DENSE.id), results.run(arm(PLAN, "imp", 1).id).read_tensors("start.safetensors")
    kept = {name: tensor for name, tensor in start.items() if name.startswith("memory/pool/")}
    snapshot = dense.read_tensors(dense.snapshot(2))
    assert set(kept) == {"memory/pool/a", "memory/pool/b"}
    assert all((tensor == snapshot[name]).all() for name, tensor in kept.items())
    assert not any(name.startswith("memory") for name in dense.read_tensors(dense.WEIGHTS))


def test_the_same_suite_again_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    tiny.run(tmp_path / "again", tiny.suite_of(SUITE), only=frozenset({"cycle"}))
    ours, theirs = tiny.contents(tmp_path / "again" / "runs" / DENSE.id), tiny.contents(folder / "runs" / DENSE.id)
    assert "weights.safetensors" in ours.keys() <= theirs.keys()
    assert all(theirs[name] == content for name, content in ours.items())


def test_the_grid_shows_what_became_of_images_in_both_directions(folder: Path) -> None:
    run = ResultsDir(folder).run(DENSE.id)
    test = Workshop(DENSE.job).images("test")
    for name in ("real", "samples"):
        with Image.open(io.BytesIO(run.files.read(run.sample_grid(name)))) as picture:
            sheet = np.asarray(picture)
        cell = (sheet.shape[0] + 1) // 8
        first, second = sheet[0 : cell - 1 : 6, 0 : cell - 1 : 6], sheet[4 * cell : 5 * cell - 1 : 6, 0 : cell - 1 : 6]
        assert np.array_equal(first, test.of("a").pixels[0, 0].numpy())
        assert np.array_equal(second, test.of("b").pixels[0, 0].numpy())


def test_a_step_is_counted_as_it_is_made() -> None:
    workshop = Workshop(DENSE.job)
    networks = workshop.networks()
    networks.load(workshop.initial("init"))
    images, training = workshop.images("train"), DENSE.job.training.model_copy(update={"steps": 1, "schedule": None})
    loop = Loop(workshop.objective, training, images.pixels, 0, {}, images.labels)
    state = new_state(networks, training)
    real = torchs_count(lambda: loop.run(state, Hooks(lambda *_: None, lambda *_: None)))
    assert real == sum(
        passes.times * count(passes).total() for passes in updates_of(Workshop(DENSE.job, "meta")).values()
    )
    assert step_seconds(DENSE.job, "cpu", 0.01) > 0


def test_an_epoch_is_one_of_the_larger_domain() -> None:
    workshop = Workshop(DENSE.job)
    images = workshop.images("train")
    loop = Loop(workshop.objective, DENSE.job.training, images.pixels, 0, {}, images.labels)
    assert loop.epochs(651 // 2) == 1.0


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("cycle.dataset={name: digits}", "'cyclegan' is about 2 domains, and 'digits' has 1; expected digit_styles, "),
        ("cycle.dataset={name: photographs, photograph: china}", "'photographs' has 1"),
        ("cycle.metrics.fid_ab.direction=null", "'cyclegan' translates between two domains: expected ab or ba"),
        ("cycle.training.augmentation.enlarge=7", "the images of 'digit_styles' are 8x8 already"),
        ("cycle.training.schedule.from=6", "fall from step 6, after the 6 steps"),
        ("cycle.metrics.loss.update=generator", "did you mean 'generators'"),
        ("cycle.metrics.macs.component=generator", "unknown component 'generator'"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_runs(override: str, message: str) -> None:
    with pytest.raises(SuiteError) as told:
        planned(SUITE, [f"experiments.{override}"])
    assert message in str(told.value)


def test_a_direction_is_for_objectives_that_translate() -> None:
    with pytest.raises(SuiteError, match="'gan' translates nothing: leave it out"):
        planned(overrides=["experiments.gan.metrics.fid.direction=ab"])


def test_the_photographs_are_a_task_as_well() -> None:
    plan = planned(SUITE, ["experiments.cycle.dataset={name: photographs}"])
    images = Workshop(arm(plan, "cycle").job).images("train")
    assert len(images.of("a")) == len(images.of("b")) == 780


def test_a_folder_of_ones_own_is_asked_for_and_then_trained_on(tmp_path: Path) -> None:
    text = SUITE.replace(
        "{name: digit_styles, image_size: 8}", "{name: unpaired_folder, folder: mine, image_size: 16, color: false}"
    )
    text = text.replace("enlarge: 9", "enlarge: 18").replace("generated: 252", "generated: 2")
    text = text.replace("generated: 248", "generated: 3").replace("generated: 80", "generated: 2")
    suite = tiny.suite_of(text)
    assert assets_of(suite.plan) == []
    with pytest.raises(
        MissingAssetError, match=r"needs unpaired_folder \(.*mine/trainA is not there\); it cannot be downl"
    ):
        check_assets([suite.plan], tmp_path)
    check_assets([suite.plan], write_domains(tmp_path, "mine"))
    work = Work(tmp_path / "results", Settings("cpu", data=tmp_path))
    dense = arm(suite.plan, "cycle").id
    assert tiny.run(work.results, suite, executor=InlineExecutor(work), only=frozenset({"cycle"}))[dense] == "done"
