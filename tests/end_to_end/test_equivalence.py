"""Wherever jobs run, the same plan gives the same bytes, the same verdicts, and but for times the same report."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Call
from tests.executors.clusters import cluster
from tests.tiny import contents


@pytest.fixture(params=["pool", pytest.param("ray", marks=[pytest.mark.ray, pytest.mark.slow])])
def elsewhere(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """The options of another place than this process."""
    if request.param == "pool":
        yield ["--executor", "pool", "--workers", "2"]
    else:
        with cluster() as nodes:
            yield ["--executor", "ray", "--address", nodes.address]


def test_where_jobs_ran_shows_in_nothing_but_the_times(
    coder: Path, coded_copy: Path, elsewhere: list[str], tmp_path: Path, call: Call
) -> None:
    folder = tmp_path / "elsewhere" / "coded"  # a report names its folder
    code, out, err = call("run", coder, "--results", folder, "--device", "cpu", "--scale", "small", *elsewhere)
    assert (code, out) == (0, ""), err
    assert contents(folder) == contents(coded_copy)
    verdicts = [call("verify", "--json", results) for results in (coded_copy, folder)]
    assert verdicts[0][0] == verdicts[1][0] == 0
    assert verdicts[0][1].replace(str(coded_copy), str(folder)) == verdicts[1][1]
    first, second = (report(call, folder) for _ in range(2))
    assert first == second
    take_over_times(coded_copy, folder)
    assert report(call, folder) == report(call, coded_copy)


def report(call: Call, results: Path) -> bytes:
    assert call("report", results)[0] == 0
    return (results / "report.html").read_bytes()


def take_over_times(source: Path, target: Path) -> None:
    """Give one directory the times that another was made in, records of them included."""
    for path in [*source.glob("runs/*/timings/*"), *source.glob("runs/*/checksums/timings/*")]:
        shutil.copy2(path, target / path.relative_to(source))
