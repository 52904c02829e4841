"""The best of several evaluations beside the last one: what is asked for, measured and told of it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchmark.artifacts import ResultsDir, RunDir
from benchmark.assembly import Workshop
from benchmark.comparability import differences
from benchmark.errors import RunError, SuiteError
from benchmark.evaluation import Evaluation
from benchmark.features.extractor import Extractor
from benchmark.metrics import METRICS
from benchmark.metrics.selection import best, looks, moments
from benchmark.metrics.subject import Value
from benchmark.networks import section
from benchmark.schema.measurement import Failure, Measurement
from benchmark.schema.protocol import Protocol
from benchmark.schema.record import Resolved, Selection
from tests import tiny
from tests.tiny import arm, planned

FID = "extractor: {name: digits_classifier}, generated: 60, split: test, weights: ema"
SCORE = "name: inception_score, extractor: {name: digits_classifier}, generated: 60, splits: 2"
SUITE = f"""\
format: 1
key: watched
title: One training watched at three moments
seeds: 1
experiments:
  plain:
    dataset: {{name: digits}}
    model: {{name: dcgan, base_channels: 4, z_dim: 4}}
    objective: {{name: gan}}
    training: {{steps: 12, batch_size: 8, ema: 0.8, optimizers: {{"*": {{lr: 0.02}}}}}}
    metrics: {{fid: {{name: fid, {FID}}}, score: {{{SCORE}}}}}
  gan:
    extends: plain
    metrics:
      fid_best: {{name: fid, {FID}, selection: {{best_of: 3}}}}
      recall_best: {{name: recall, {FID}, selection: {{best_of: 3}}}}
      recall_by_fid: {{name: recall, {FID}, selection: {{best_of: 3, by: fid}}}}
      density_by_fid: {{name: density, {FID}, selection: {{best_of: 3, by: fid}}}}
      score_best: {{{SCORE}, selection: {{best_of: 3}}}}
  late:
    extends: gan
    weights: {{from: self@0, at: 6, start_step: 6}}
    levels: [1]
  short:
    extends: plain
    matrix: {{training.steps: [4, 8]}}
claims: {{}}
scales: {{small: {{small: true}}}}
"""
UNWATCHED = re.sub(r"selection: \{best_of: 3.*?\}", "selection: last", SUITE.replace("key: watched", "key: earlier"))
PLAN = planned(SUITE)
DENSE = arm(PLAN, "gan")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("watched") / "results"
    assert set(tiny.run(folder, tiny.suite_of(SUITE)).values()) == {"done"}
    return folder


def measured(folder: Path, experiment: str, name: str, level: int = 0) -> Measurement:
    job = arm(PLAN, experiment, level)
    (request,) = (request for request in job.metrics if request.name == name)
    found = ResultsDir(folder).run(job.id).read_measurement(request)
    assert found is not None
    return found


def chosen(selection: Any) -> Resolved:
    written = {"name": "kid", "extractor": {"name": "digits_classifier"}, "generated": 10, "split": "test"}
    return METRICS.resolve(Selection.model_validate(written | ({} if selection is None else {"selection": selection})))


@given(first=st.integers(0, 10_000), steps=st.integers(0, 10_000), count=st.integers(2, 40))
def test_moments_are_equally_far_from_each_other_and_end_with_the_last_step(first: int, steps: int, count: int) -> None:
    found = moments(chosen({"best_of": count}), first, first + steps)
    assert len(found) == count
    assert found[-1] == first + steps
    gaps = [later - earlier for earlier, later in zip((first, *found), found, strict=False)]
    assert max(gaps) - min(gaps) <= 1
    assert steps < count or first < found[0]
    assert moments(chosen("last"), first, first + steps) == (first + steps,)


def test_the_last_step_is_the_default_and_no_part_of_the_key() -> None:
    assert looks(chosen(None)) == looks(chosen("last")) == looks(Resolved(name="sparsity")) == 1
    assert looks(chosen({"best_of": 16})) == 16
    assert METRICS.non_defaults(chosen("last")).keys() == {"extractor", "generated", "split"}
    keys = {request.name: request.key for request in DENSE.metrics}
    assert keys["fid"].removeprefix("fid-") != keys["fid_best"].removeprefix("fid_best-")
    other = planned(SUITE, ["experiments.plain.metrics.fid.selection=last"])
    assert {request.key for request in arm(other, "gan").metrics} == set(keys.values())


def values(*numbers: float) -> list[tuple[int, Value]]:
    protocol = Protocol(metric="fid", selection="last")
    return [(step, Value(number, protocol, {"floor": step})) for step, number in enumerate(numbers, 1)]


def test_the_best_is_the_lowest_or_highest_and_the_earliest_of_equal_ones() -> None:
    curve = values(3.0, 1.0, 2.0, 1.0, 3.0)
    lowest, highest = best(curve, lower_is_better=True), best(curve, lower_is_better=False)
    assert (lowest.value, lowest.details["step"], lowest.details["floor"]) == (1.0, 2, 2)
    assert (highest.value, highest.details["step"]) == (3.0, 1)
    assert lowest.protocol.selection == "best of 5 evaluations on the evaluation set"
    assert lowest.details["evaluations"] == [{"step": step, "value": value.value} for step, value in curve]


def test_where_values_say_what_they_are_chosen_by_that_decides() -> None:
    curve = [
        (step, replace(value, chosen_by=("fid", fid)))
        for (step, value), fid in zip(values(0.9, 0.1, 0.5), (7.0, 3.0, 3.0), strict=True)
    ]
    for lower_is_better in (True, False):
        found = best(curve, lower_is_better)
        assert (found.value, found.details["step"]) == (0.1, 2)
        assert found.protocol.selection == "best of 3 evaluations on the evaluation set, by fid"
        assert found.details["evaluations"] == [
            {"step": 1, "value": 0.9, "fid": 7.0},
            {"step": 2, "value": 0.1, "fid": 3.0},
            {"step": 3, "value": 0.5, "fid": 3.0},
        ]


def test_the_moment_with_the_best_fid_is_where_the_others_are_measured(folder: Path) -> None:
    fid = measured(folder, "gan", "fid_best")
    fids: Any = fid.details["evaluations"]
    for name in ("recall_by_fid", "density_by_fid"):
        found = measured(folder, "gan", name)
        evaluations: Any = found.details["evaluations"]
        assert [(one["step"], one["fid"]) for one in evaluations] == [(one["step"], one["value"]) for one in fids]
        assert found.details["step"] == fid.details["step"]
        assert found.value == next(one["value"] for one in evaluations if one["step"] == fid.details["step"])
        assert found.protocol.selection == "best of 3 evaluations on the evaluation set, by fid"
    alone = measured(folder, "gan", "recall_best")
    each: Any = alone.details["evaluations"]
    assert alone.value == max(one["value"] for one in each)
    assert [one.keys() for one in each] == [{"step", "value"}] * 3
    assert differences([alone.protocol, measured(folder, "gan", "recall_by_fid").protocol]) == ("selection",)


def test_snapshots_are_asked_for_but_not_of_the_end() -> None:
    assert DENSE.snapshots == (4, 6, 8)
    assert arm(PLAN, "late", 1).snapshots == (8, 10)
    unwatched = arm(planned(UNWATCHED), "gan")
    assert (unwatched.id, unwatched.snapshots) == (DENSE.id, (6,))


def test_every_evaluation_is_the_last_of_a_training_that_ends_there(folder: Path) -> None:
    for name, single in (("fid_best", "fid"), ("score_best", "score")):
        found = measured(folder, "gan", name)
        ends = [measured(folder, f"short[steps={steps}]", single).value for steps in (4, 8)]
        evaluations: Any = found.details["evaluations"]
        assert [one["step"] for one in evaluations] == [4, 8, 12]
        assert [one["value"] for one in evaluations[:2]] == ends
        assert len({one["value"] for one in evaluations}) == 3
        assert found.value == (min if found.lower_is_better else max)(one["value"] for one in evaluations)
    last = measured(folder, "gan", "fid")
    evaluations = measured(folder, "gan", "fid_best").details["evaluations"]
    assert evaluations[-1]["value"] == last.value
    assert "evaluations" not in last.details


def test_best_and_last_are_two_protocols(folder: Path) -> None:
    last, best_of = measured(folder, "gan", "fid"), measured(folder, "gan", "fid_best")
    assert last.protocol.selection == "last"
    assert best_of.protocol.selection == "best of 3 evaluations on the evaluation set"
    assert best_of.protocol.model_copy(update={"selection": "last"}) == last.protocol


def test_a_training_that_begins_later_has_as_many_evaluations(folder: Path) -> None:
    evaluations: Any = measured(folder, "late", "fid_best", 1).details["evaluations"]
    assert [one["step"] for one in evaluations] == [8, 10, 12]


def test_each_moment_keeps_its_own_statistics(folder: Path) -> None:
    run = ResultsDir(folder).run(DENSE.id)
    stored = sorted(path.name for path in (run.path / "statistics").iterdir())
    end = "digits_classifier_test_60_ema"
    assert stored == [f"{end}.npz", f"{end}_step00000004.npz", f"{end}_step00000008.npz"]


def test_real_images_are_looked_at_once_for_all_moments(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    call = Extractor.__call__

    def counted(self: Extractor, pixels: torch.Tensor) -> torch.Tensor:
        seen.append(len(pixels))
        return call(self, pixels)

    monkeypatch.setattr(Extractor, "__call__", counted)
    run = ResultsDir(folder).run(DENSE.id)
    for request in DENSE.metrics:
        tiny.delete(run.path / f"measurements/{request.key}.json")
    assert set(tiny.run(folder, tiny.suite_of(SUITE)).values()) == {"done"}
    # per moment once for the averages and once for the raw weights, and each split of the data
    assert sorted(seen) == [60] * 6 + sorted(len(Workshop(DENSE.job).images(split)) for split in ("train", "test"))


def test_averages_are_evaluated_with_the_running_statistics_of_the_moment(folder: Path) -> None:
    run = ResultsDir(folder).run(DENSE.id)
    for stored in (run.read_tensors(run.WEIGHTS), run.read_tensors(run.snapshot(8))):
        state = Evaluation(Workshop(DENSE.job), stored).networks_of("ema").state()
        averages, raw = section(stored, "ema"), section(stored, "raw")
        assert averages.keys() < state.keys()
        for name, tensor in state.items():
            assert torch.equal(tensor, averages.get(name, raw[name])), name
        assert any("running_var" in name for name in state.keys() - averages.keys())


def test_asking_for_the_best_later_trains_again_and_changes_nothing_else(tmp_path: Path) -> None:
    tiny.run(tmp_path / "r", tiny.suite_of(UNWATCHED))
    run = ResultsDir(tmp_path / "r").run(DENSE.id)
    assert not run.files.has(run.snapshot(4))
    before = run.files.read(run.WEIGHTS)
    assert set(tiny.run(tmp_path / "r", tiny.suite_of(SUITE)).values()) == {"done"}
    assert run.files.read(run.WEIGHTS) == before
    assert run.files.has(run.snapshot(4))


def test_a_value_that_is_no_number_is_refused_at_any_moment(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from benchmark.metrics import fid

    true = fid.measure
    made: list[float] = []

    def spoiled(subject: Any, options: Any) -> Value:
        found = true(subject, options)
        made.append(found.value)
        return replace(found, value=float("nan")) if len(made) == 1 else found

    monkeypatch.setattr(fid, "measure", spoiled)
    ends = tiny.run(tmp_path / "r", tiny.suite_of(SUITE), only=frozenset({"gan"}))
    assert ends[DENSE.id] == "failed"
    failure = RunDir(tmp_path / "r" / "runs" / DENSE.id).read_record(RunDir.FAILURE, Failure)
    assert failure.kind == RunError.__name__
    assert "metric fid_best of" in failure.message
    assert "is nan, not a finite number" in failure.message


EXPECTED = "expected last, or {best_of: N} with N of 2 or more"
FAULTS = [
    ("experiments.gan.training.steps=2", "gan.metrics.fid_best.selection: 3 moments are more than the 2 steps"),
    ("experiments.late.weights.start_step=10", "late.metrics.fid_best.selection: 3 moments are more than the 2 steps"),
    ("experiments.gan.metrics.fid_best.selection={best_of: 1}", f"gan.metrics.fid_best.selection: {EXPECTED}"),
    ("experiments.gan.metrics.fid_best.selection={bets_of: 3}", f"gan.metrics.fid_best.selection: {EXPECTED}"),
    ("experiments.gan.metrics.fid_best.selection=first", f"gan.metrics.fid_best.selection: {EXPECTED}"),
    (
        "experiments.gan.training.stop={when: mask_stable, sparsity: 0.5, unit: step, look_back: 2}",
        "gan.metrics.fid_best.selection: moments are spread up to the last step, which is not known",
    ),
]


@pytest.mark.parametrize(("override", "message"), FAULTS)
def test_moments_that_cannot_be_are_told(override: str, message: str) -> None:
    overrides = [override, "experiments.late.weights.at=2"] if "steps=2" in override else [override]
    with pytest.raises(SuiteError) as caught:
        planned(SUITE, overrides)
    assert any(message in problem for problem in caught.value.problems), caught.value.problems
