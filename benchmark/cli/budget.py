"""run --max-hours: which claims are run, and why the others are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.output import say
from benchmark.errors import RunError, UsageError

if TYPE_CHECKING:
    from benchmark.cli.places import Place
    from benchmark.executors.executor import Work
    from benchmark.forecast.budget import Choice
    from benchmark.schema.job import CampaignSuite

MaxHours = Annotated[
    float | None,
    typer.Option(min=0, help="Run whole claims only, as many as are done in so many hours by the estimate of `plan`."),
]


def affordable(
    hours: float, work: Work, place: Place, suites: list[CampaignSuite], only: frozenset[str], quiet: bool
) -> Choice:
    """Return which claims to run in so many hours, and say what is left out; `RunError` where nothing is run.

    Times are those of this machine, also where the jobs go to a cluster.
    """
    from benchmark.artifacts import ResultsDir
    from benchmark.forecast.budget import within
    from benchmark.forecast.costs import duration
    from benchmark.forecast.kinds import read_kinds
    from benchmark.forecast.reckoning import Reckoner
    from benchmark.forecast.speeds import device_name, read_speeds

    plans = [suite.plan for suite in suites]
    claims = {name for plan in plans for name in plan.suite.claims}
    if not only <= claims:
        raise UsageError(f"--max-hours chooses among claims; --only names no claim: {', '.join(sorted(only - claims))}")
    executor = place.open(work, [planned.job for plan in plans for planned in plan.jobs])
    executor.close()
    # A cluster is handed one job more than it has room for.
    workers = executor.slots if place.is_here else max(1, executor.slots - 1)
    device = device_name(work.settings.device)
    reckoner = Reckoner(read_speeds(device), read_kinds(device))
    found = within(3600 * hours, plans, ResultsDir(work.results), reckoner, workers, only)
    for name, reason in {} if quiet else found.left_out.items():
        say(f"left out: {name}: {reason}")
    if not found.claims:
        first = next(iter(found.left_out.items()), ("no suite here", "has claims"))
        raise RunError(f"--max-hours {hours:g}: no claim is run; {': '.join(first)}")
    if not quiet:
        count = f"{len(found.claims)} of {len(found.claims) + len(found.left_out)} claims"
        say(f"{count} in {duration(found.seconds)}: training, and measuring as far as it was seen on {device}")
    return found
