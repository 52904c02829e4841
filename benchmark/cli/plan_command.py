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
    from benchmark.forecast.estimate import Estimate
    from benchmark.forecast.pilot import Pilot
    from benchmark.schema.job import Plan
    from benchmark.timing.session import Tally


def add_to(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command(
        epilog="Examples: ticketbench plan demo  |  ticketbench plan demo --results results/demo --json  |  "
        "ticketbench plan kalibhat2021 --scale paper --device cuda --measure  |  "
        "ticketbench plan demo --pilot results/pilot"
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
    pilot: Annotated[
        Path | None,
        typer.Option(
            help="Tell how many seeds each claim needs, by the spread of the seeds in this results directory (else of "
            "--results). Seeds of a pilot judge nothing: run the claims with others, by --set first_seed=N."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the trainings of suites: what shares them, what is done, what the rest takes of time, memory and disk.

    Times are those that jobs of each kind took on the device; of kinds never seen there they are reckoned from
    operations, by the most similar kind that was, and say so. Each claim shows what it takes by itself, and what it
    adds where all other claims are run anyway.
    """
    from benchmark.artifacts import ResultsDir
    from benchmark.environment import resolve_device
    from benchmark.forecast.estimate import estimate
    from benchmark.forecast.reckoning import reckoner
    from benchmark.forecast.speeds import device_name
    from benchmark.timing.session import tallies

    device = resolve_device(device)
    plans = [suite.plan for suite in prepare_suites(suites, scale, seeds, overrides)]
    jobs = [planned.job for plan in plans for planned in plan.jobs]
    if measure:
        from benchmark.forecast.throughput import measure as measure_speeds

        measure_speeds(jobs, device, say)
    piloted = _pilot(pilot or results, plans, asked=pilot is not None)
    found = estimate(plans, results, reckoner(device_name(device), jobs), piloted)
    timings = tallies(None if results is None else ResultsDir(results), plans)
    if as_json:
        timed = {name: tally.model_dump(mode="json") for name, tally in timings.items()}
        print_json(found.model_dump(mode="json") | {"timings": timed})
        return
    _print_parts(found)
    _print_timings(timings)
    _print_whole(found)


def _pilot(folder: Path | None, plans: list[Plan], asked: bool) -> Pilot | None:
    """Return the pilot, and say which of its seeds are planned too; null where there is none."""
    from benchmark.artifacts import ResultsDir
    from benchmark.forecast.pilot import Pilot

    if folder is None or not (asked or ResultsDir(folder).has_campaign()):
        return None
    pilot = Pilot(ResultsDir(folder))
    for plan in plans:
        if asked and (common := pilot.seeds(plan)):
            listed = ", ".join(map(str, sorted(common)))
            say(f"{plan.suite.key}: seeds {listed} are the pilot's: a verdict needs others (--set first_seed=N)")
    return pilot


def _print_parts(found: Estimate) -> None:
    several = len({one.suite for one in found.experiments}) > 1
    costs = ("trainings", "shared with others", "done", "time left")
    print_table(
        ("experiment", "levels", "steps at most", *costs),
        [(one.name(several), str(one.levels), str(one.steps), *one.cells()) for one in found.experiments],
    )
    print_line()
    piloted = any(one.needed is not None for one in found.claims)
    print_table(
        ("claim", "seeds", *costs, "adds", "disk", "memory", "shown with power 0.8", *["seeds needed"] * piloted),
        [
            (
                one.name(several),
                str(one.seeds),
                *one.cells(),
                one.added,
                one.cost.room,
                one.cost.held,
                one.power,
                *([] if one.needed is None else [one.needed.words]),
            )
            for one in found.claims
        ],
    )
    print_line()


def _print_timings(timings: Mapping[str, Tally]) -> None:
    if timings:
        print_table(
            ("timing, after all jobs", "processes", "done", "waits"),
            [(name, str(tally.processes), str(tally.done), tally.waits) for name, tally in timings.items()],
        )
        print_line()


def _print_whole(found: Estimate) -> None:
    print_table(("sharing", "trainings"), [(says, str(count)) for says, count in found.sharing.rows()])
    print_line()
    print_line(found.room)
    print_line(found.summary)
