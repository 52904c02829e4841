"""One thread per process, as in every job; a tiny campaign, run once and copied for whoever changes it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from benchmark.schema.job import CampaignSuite

settings.register_profile("ticketbench", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("ticketbench")


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Compute on one thread, as jobs do: sums over several have other bytes."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_suite() -> CampaignSuite:
    """The tiny suite, planned."""
    from tests import tiny

    return tiny.suite_of()


@pytest.fixture(scope="session")
def finished(tiny_suite: CampaignSuite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the tiny suite; for looking only."""
    from tests import tiny

    folder = tmp_path_factory.mktemp("finished") / "results"
    tiny.run(folder, tiny_suite)
    return folder


@pytest.fixture
def results(finished: Path, tmp_path: Path) -> Path:
    """A copy of those results, with the same modification times, to do with as one likes."""
    return Path(shutil.copytree(finished, tmp_path / "results"))
