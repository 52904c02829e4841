"""plan: what suites will cost, before anything is run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.inspect_commands import Json, Scale
from benchmark.cli.output import print_json, print_line, print_table, say
from benchmark.cli.run_commands import Overrides, Seeds, Suites, prepare_suites

if TYPE_CHECKING:
    from benchmark.estimate import Estimate
    from benchmark.timing.session import Tally


def add_to(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command(
        epilog="Examples: ticketbench plan demo  |  ticketbench plan demo --results results/demo --json  |  "
        "ticketbench plan kalibhat2021 --scale paper --device cuda --measure"
    )(plan)


def plan(
    suites: Suites,
    scale: Scale = None,
    results: Annotated[Path | None, typer.Option(help="Count what is already done in this directory.")] = None,
    seeds: Seeds = None,
    overrides: Overrides = None,
    device: Annotated[str, typer.Option(help="Whose speeds to reckon with: auto, cpu or cuda.")] = "auto",
    measure: Annotated[
        bool, typer.Option("--measure", help="First time some steps of each kind of training, on random pixels.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show the trainings of suites: what shares them, what is done, how long the rest takes on a device."""
    from benchmark.artifacts import ResultsDir
    from benchmark.environment import resolve_device
    from benchmark.estimate import estimate
    from benchmark.speeds import device_name, read_speeds
    from benchmark.timing.session import tallies

    device = resolve_device(device)
    plans = [suite.plan for suite in prepare_suites(suites, scale, seeds, overrides)]
    if measure:
        from benchmark.throughput import measure as measure_speeds

        measure_speeds([planned.job for plan in plans for planned in plan.jobs], device, say)
    found = estimate(plans, results, read_speeds(device_name(device)))
    timings = tallies(None if results is None else ResultsDir(results), plans)
    if as_json:
        timed = {name: tally.model_dump(mode="json") for name, tally in timings.items()}
        print_json(found.model_dump(mode="json") | {"timings": timed})
        return
    _print_parts(found)
    _print_timings(timings)
    print_table(("sharing", "trainings"), [(says, str(count)) for says, count in found.sharing.rows()])
    print_line()
    print_line(found.summary)


def _print_parts(found: Estimate) -> None:
    several = len({one.suite for one in found.experiments}) > 1
    costs = ("trainings", "shared with others", "done", "training time left")
    print_table(
        ("experiment", "levels", "steps at most", *costs),
        [(one.name(several), str(one.levels), str(one.steps), *one.cells()) for one in found.experiments],
    )
    print_line()
    print_table(
        ("claim", "seeds", *costs, "shown with power 0.8"),
        [(one.name(several), str(one.seeds), *one.cells(), one.power) for one in found.claims],
    )
    print_line()


def _print_timings(timings: Mapping[str, Tally]) -> None:
    if timings:
        print_table(
            ("timing, after all jobs", "processes", "done", "waits"),
            [(name, str(tally.processes), str(tally.done), tally.waits) for name, tally in timings.items()],
        )
        print_line()
