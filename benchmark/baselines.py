"""Accepted baselines: files small enough for version control, one a suite and scale."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.accounts import accounts
from benchmark.artifacts import ResultsDir
from benchmark.documents import as_json, check_format, parsed
from benchmark.errors import UsageError
from benchmark.schema.account import Account
from benchmark.schema.job import CampaignSuite
from benchmark.schema.measurement import FRUITLESS
from benchmark.storage import write_file

FOLDER = Path("baselines")
"""Where baselines are kept unless another place is named."""


def place(account: Account) -> Path:
    """Return where the baseline of a suite at a scale is kept: `baselines/<suite>-<scale>.json`."""
    return FOLDER / f"{account.name}.json"


def accept(results: ResultsDir, output: Path | None = None, force: bool = False) -> list[Path]:
    """Make a finished directory the baseline of each of its suites; return the files written.

    `UsageError` where something is missing (a diverged training is a result), where one place is named for several
    suites, and where another baseline would be replaced without being asked to. All files are checked before any.
    """
    lacking = [what for suite in results.read_campaign().suites.values() for what in unfinished(results, suite)]
    if lacking:
        raise UsageError("\n".join((f"{results.path} is not finished; it lacks:", *(f"  {what}" for what in lacking))))
    found = accounts(results)
    if output is not None and len(found) > 1:
        raise UsageError(f"{results.path} has {len(found)} suites; without --output each gets a file in {FOLDER}/")
    places = {output or place(account): as_json(account.model_dump(mode="json")) for account in found}
    for path, data in places.items():
        if path.exists() and path.read_bytes() != data and not force:
            raise UsageError(f"{path}: is another baseline; --force replaces it")
    for path, data in places.items():
        write_file(path, data)
    return list(places)


def read_baseline(path: Path) -> Account:
    """Return an accepted baseline; `UsageError` where there is none."""
    if not path.is_file():
        raise UsageError(f"{path}: no baseline here; `ticketbench baseline accept DIR` makes one")
    check_format(path)
    return parsed(path.read_bytes(), Account, path)


def unfinished(results: ResultsDir, suite: CampaignSuite) -> Iterator[str]:
    """Yield what a directory lacks: jobs, measurements, and processes of timings that were begun."""
    metrics = {planned.id: planned.metrics for planned in suite.plan.jobs}
    for job, end in results.outcomes(suite.plan).items():
        if end not in FRUITLESS and end != "done":
            yield f"{job}: {end}"
        elif end == "done":
            run = results.run(job)
            yield from (f"{job}: {request.name}" for request in metrics[job] if not run.has_measurement(request))
    for name, timing in suite.plan.suite.timings.items():
        files = results.timing(suite.plan.suite.key, name, timing)
        ended = {arm: [files.ended(arm, process) for process in range(timing.processes)] for arm in timing.arms}
        if any(one is not None for processes in ended.values() for one in processes):
            yield from (f"timing {name}: {arm}" for arm, processes in ended.items() if None in processes)
