"""The files of a job and of a campaign: what is written is what is read, and what cannot be read says why."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.artifacts import ResultsDir, RunDir
from benchmark.errors import ArtifactError, CampaignError, NondeterminismError
from benchmark.schema.job import Campaign, CampaignSuite
from benchmark.schema.measurement import Divergence, Failure, Measurement
from benchmark.schema.protocol import Protocol
from tests import tiny

PLANNED = tiny.arm(tiny.planned(), "gan")
REQUEST = PLANNED.metrics[0]


def measurement(value: float = 0.1) -> Measurement:
    protocol = Protocol(metric="fid", generated=80)
    return Measurement(job=PLANNED.id, name="fid", value=value, unit="FID", lower_is_better=True, protocol=protocol)


def test_tensors_come_back_bit_for_bit_with_their_note(tmp_path: Path) -> None:
    run = RunDir(tmp_path / "job")
    tensors = {
        "b": torch.tensor([0.1, -0.0, float("inf")]),
        "a": torch.zeros(2, 3).t()[::2],
        "mask": torch.tensor([True, False]),
        "count": torch.tensor(7),
    }
    run.write_tensors("x.safetensors", tensors, note={"step": 3})
    found = run.read_tensors("x.safetensors")
    assert found.keys() == tensors.keys()
    assert all(
        torch.equal(found[name], tensor) and found[name].dtype == tensor.dtype for name, tensor in tensors.items()
    )
    assert run.read_note("x.safetensors") == {"step": 3}


def test_the_order_of_tensors_does_not_show_in_the_bytes(tmp_path: Path) -> None:
    run, tensors = RunDir(tmp_path), {"a": torch.ones(2), "b": torch.zeros(3)}
    run.write_tensors("one", tensors)
    run.write_tensors("other", dict(reversed(tensors.items())))
    assert run.files.read("one") == run.files.read("other")


def test_reproducible_tensors_must_be_the_same_again(tmp_path: Path) -> None:
    run = RunDir(tmp_path)
    run.write_tensors("x", {"a": torch.ones(2)}, reproducible=True)
    run.write_tensors("x", {"a": torch.ones(2)}, reproducible=True)
    with pytest.raises(NondeterminismError, match="start a new results directory"):
        run.write_tensors("x", {"a": torch.zeros(2)}, reproducible=True)
    assert torch.equal(run.read_tensors("x")["a"], torch.ones(2))
    run.write_tensors("x", {"a": torch.zeros(2)})
    assert torch.equal(run.read_tensors("x")["a"], torch.zeros(2))


def test_statistics_have_the_same_bytes_for_the_same_arrays(tmp_path: Path) -> None:
    one, other = RunDir(tmp_path / "one"), RunDir(tmp_path / "other")
    arrays = {"mean": np.arange(3.0), "count": np.array(5)}
    one.write_statistics("key", arrays)
    other.write_statistics("key", dict(reversed(arrays.items())))
    name = "statistics/key.npz"
    assert one.files.read(name) == other.files.read(name)
    with np.load(one.path / name, allow_pickle=False) as found:
        assert {key: found[key].tolist() for key in found} == {"mean": [0.0, 1.0, 2.0], "count": 5}


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    run = RunDir(tmp_path / "job")
    assert (run.read_measurement(REQUEST), run.read_event()) == (None, None)
    run.write_job(PLANNED)
    run.write_measurement(REQUEST, measurement())
    failure, divergence = Failure(stage="mask", kind="RunError", message="x"), Divergence(step=3, what="y")
    run.write_record(run.FAILURE, failure)
    run.write_record(run.DIVERGED, divergence)
    run.write_document("timings/train.json", {"seconds": 1.5})
    assert (run.read_job(), run.read_measurement(REQUEST)) == (PLANNED, measurement())
    assert run.read_record(run.FAILURE, Failure) == failure
    assert run.read_record(run.DIVERGED, Divergence) == divergence
    assert run.read_document("timings/train.json") == {"seconds": 1.5}
    assert run.read_document("timings/none.json") is None


def test_a_job_is_written_only_where_it_differs(tmp_path: Path) -> None:
    run = RunDir(tmp_path / "job")
    run.write_job(PLANNED)
    before = (run.path / "job.json").stat().st_mtime_ns
    run.write_job(PLANNED)
    assert (run.path / "job.json").stat().st_mtime_ns == before
    run.write_job(PLANNED.model_copy(update={"snapshots": ()}))
    assert run.read_job().snapshots == ()


def test_how_a_job_ended_is_told_by_its_files(tmp_path: Path) -> None:
    run = RunDir(tmp_path / "job")
    assert run.outcome() == "missing"
    run.write_tensors(run.WEIGHTS, {})
    assert run.outcome() == "missing"  # it is not audited
    run.write_document(run.AUDIT, {})
    assert run.outcome() == "done"
    run.write_record(run.DIVERGED, Divergence(step=1, what="x"))
    assert run.outcome() == "diverged"
    run.write_record(run.FAILURE, Failure(stage="train", kind="x", message="x"))
    assert run.outcome() == "failed"


def test_a_record_of_another_shape_is_told_by_file_and_key(tmp_path: Path) -> None:
    run = RunDir(tmp_path / "job")
    run.files.write(run.DIVERGED, b'{"step": "many", "what": "x"}')
    with pytest.raises(ArtifactError, match=r"job/diverged\.json: step: .*integer"):
        run.read_record(run.DIVERGED, Divergence)


def campaign(suite: CampaignSuite) -> Campaign:
    return Campaign(device="cpu", suites={suite.plan.suite.key: suite})


def test_a_campaign_comes_back_equal(tmp_path: Path, tiny_suite: CampaignSuite) -> None:
    results = ResultsDir(tmp_path)
    assert not results.has_campaign()
    results.write_campaign(campaign(tiny_suite))
    assert results.read_campaign() == campaign(tiny_suite)
    assert not results.is_campaign_damaged()


def test_a_campaign_is_parsed_once_and_again_where_it_changed(tmp_path: Path, tiny_suite: CampaignSuite) -> None:
    results = ResultsDir(tmp_path)
    results.write_campaign(campaign(tiny_suite))
    first = results.read_campaign()
    assert results.read_campaign() is first
    ResultsDir(tmp_path).write_campaign(first.model_copy(update={"device": "cuda"}))
    assert results.read_campaign().device == "cuda"


@pytest.mark.parametrize("text", ['{"device": "cpu", "format": 2}', '{ "format" : 2 }', '\n{"format":2,"suites":{}'])
def test_a_format_is_found_wherever_it_stands(tmp_path: Path, text: str) -> None:
    (tmp_path / "campaign.json").write_text(text)
    with pytest.raises(CampaignError, match=r"format 2; this one"):
        ResultsDir(tmp_path).read_campaign()


def test_no_campaign_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(
        CampaignError, match="no campaign here; `ticketbench run SUITE --results DIR` starts one"
    ) as caught:
        ResultsDir(tmp_path).read_campaign()
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("change", "message", "code"),
    [
        ({"format": 2}, r"written by a newer ticketbench \(format 2; this one reads up to 1\)", 2),
        ({"format": "one"}, r"campaign\.json: format: ", 4),
        ({"surprise": 1}, r"campaign\.json: surprise: Extra inputs", 4),
    ],
)
def test_a_campaign_of_another_format_is_refused(
    tmp_path: Path, tiny_suite: CampaignSuite, change: dict[str, object], message: str, code: int
) -> None:
    results = ResultsDir(tmp_path)
    tree = campaign(tiny_suite).model_dump(mode="json") | change
    results.files.write("campaign.json", json.dumps(tree).encode())
    with pytest.raises((CampaignError, ArtifactError), match=message) as caught:
        results.read_campaign()
    assert caught.value.exit_code == code
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", [b"", b"{", b"[1]", b"null", b"\xff"])
def test_a_campaign_that_is_no_json_object_is_refused(tmp_path: Path, text: bytes) -> None:
    results = ResultsDir(tmp_path)
    results.files.write("campaign.json", text)
    with pytest.raises(ArtifactError, match="not a JSON object"):
        results.read_campaign()


def test_outcomes_pass_on_to_what_needs_them(finished: Path, tmp_path: Path) -> None:
    plan, results = tiny.planned(), ResultsDir(tmp_path)
    assert set(ResultsDir(finished).outcomes(plan).values()) == {"done"}
    assert set(results.outcomes(plan).values()) == {"missing"}
    results.run(PLANNED.id).write_record(RunDir.DIVERGED, Divergence(step=1, what="x"))
    ends = results.outcomes(plan)
    assert {job.id for job in plan.jobs if ends[job.id] == "diverged"} == {
        one.job for one in plan.arms if one.experiment.startswith("gan")
    }
    results.run(PLANNED.id).write_record(RunDir.FAILURE, Failure(stage="train", kind="x", message="x"))
    assert results.outcomes(plan)[tiny.arm(plan, "gan_random", 2).id] == "blocked"


def test_files_of_a_job_are_told_with_the_stage_that_makes_them(results: Path) -> None:
    run = ResultsDir(results).run(PLANNED.id)
    assert run.spoiled() == {}
    for name in (run.MASK, run.WEIGHTS, run.AUDIT, "samples/real.png", "job.json"):
        (run.path / name).unlink()
    (run.path / "notes.txt").write_text("a stranger")
    assert run.spoiled() == {
        "audit.json": "measure",
        "job.json": None,
        "mask.safetensors": "mask",
        "notes.txt": None,
        "samples/real.png": "measure",
        "weights.safetensors": "train",
    }
