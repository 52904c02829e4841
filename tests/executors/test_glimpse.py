"""How far a job is, by its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.artifacts import ResultsDir, RunDir
from benchmark.errors import ArtifactError
from benchmark.executors.glimpse import glimpse
from benchmark.schema.job import CampaignSuite
from benchmark.schema.measurement import Progress
from tests import tiny


@pytest.fixture
def begun(results: Path, tiny_suite: CampaignSuite) -> RunDir:
    """A job with a mask and no more."""
    run = ResultsDir(results).run(tiny.arm(tiny_suite.plan, "auto").id)
    run.files.remove(run.LOG)
    return run


def test_a_job_without_start_weights_is_at_its_mask(begun: RunDir) -> None:
    begun.files.remove(begun.START)
    assert glimpse(begun, 12) == Progress(job=begun.id, stage="mask")


def test_a_log_that_grows_tells_its_last_whole_line(begun: RunDir) -> None:
    assert glimpse(begun, 200) == Progress(job=begun.id, stage="train", steps=200)
    begun.files.append(begun.LOG, b'{"step": 50, "loss": {"coder": 2.5}}\n' * 1000)
    begun.files.append(begun.LOG, b'{"step": 100, "loss": {"coder": 1.5}}\n{"step": 15')
    seen = Progress(job=begun.id, stage="train", step=100, steps=200, loss={"coder": 1.5})
    assert glimpse(begun, 200) == seen


def test_a_first_line_that_is_not_whole_tells_nothing(begun: RunDir) -> None:
    begun.files.append(begun.LOG, b'{"step": 5')
    assert glimpse(begun, 200) == Progress(job=begun.id, stage="train", steps=200)


def test_a_training_that_is_over_is_measured(results: Path, tiny_suite: CampaignSuite) -> None:
    run = ResultsDir(results).run(tiny.arm(tiny_suite.plan, "auto").id)
    assert glimpse(run, 12) == Progress(job=run.id, stage="measure")


def test_a_line_that_is_none_is_an_error_of_the_file(begun: RunDir) -> None:
    begun.files.append(begun.LOG, b"{\n")
    with pytest.raises(ArtifactError, match="not a JSON object"):
        glimpse(begun, 200)
