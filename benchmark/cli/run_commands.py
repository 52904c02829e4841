"""prepare, run: from a suite to a results directory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark import catalog
from benchmark.cli.budget import MaxHours, affordable
from benchmark.cli.inspect_commands import Json, Scale, default_scale
from benchmark.cli.output import print_json, print_table, say, stderr
from benchmark.cli.places import Address, Executor, JobsPerGpu, Place, Retries, Workers
from benchmark.errors import UsageError, did_you_mean
from benchmark.executors.executor import RETRIES

if TYPE_CHECKING:
    from benchmark.executors.executor import Work
    from benchmark.forecast.budget import Choice
    from benchmark.schema.job import CampaignSuite
    from benchmark.schema.measurement import Outcome
    from benchmark.timing.session import Tally

Suites = Annotated[list[str], typer.Argument(help="Suites by name, or paths of YAML files.", show_default=False)]
Seeds = Annotated[int | None, typer.Option(min=1, help="How many seeds, instead of the suite's number.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", help="Change a value: experiments.dcgan.training.steps=100 (repeatable).")
]
Data = Annotated[
    Path | None,
    typer.Option(
        help="Folder of data sets that are not embedded (default: TICKETBENCH_DATA, or data/ in the cache directory)."
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command(
        epilog="Examples: ticketbench prepare kalibhat2021 --scale paper --data data  |  "
        "ticketbench prepare --asset inception_torchscript"
    )(prepare)
    app.command(
        epilog="Examples: ticketbench run demo --results results/demo  |  ticketbench run demo --only dcgan_matches "
        "--results results/one  |  ticketbench run demo --seeds 5 --set experiments.dcgan.training.steps=1000  |  "
        "ticketbench run demo --max-hours 0.05"
    )(run)


def prepare(
    suites: Annotated[list[str] | None, typer.Argument(help="Suites whose downloads to fetch.")] = None,
    scale: Scale = None,
    asset: Annotated[list[str] | None, typer.Option(help="Fetch one download by its name (repeatable).")] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Fetch the data sets and weights that suites need, checked by SHA-256; after it `run` needs no network."""
    from rich.progress import Progress, TaskID

    from benchmark.needs import assets_of, fetch

    if not suites and not asset:
        raise UsageError("name a suite or an --asset; `ticketbench list` shows the suites")
    names = list(asset or [])
    for suite in prepare_suites(suites or [], scale, None, None):
        names += assets_of(suite.plan)
    ready = {}
    with Progress(console=stderr, transient=True) as bars:
        for name in dict.fromkeys(names):
            task = bars.add_task(name, total=None)

            def show(done: int, total: int, task: TaskID = task) -> None:
                bars.update(task, completed=done, total=total)

            ready[name] = str(fetch(name, data, show))
    if as_json:
        print_json(ready)
    elif ready:
        print_table(("download", "place"), ready.items())
    else:
        say("nothing to download: the data are embedded")


def run(
    suites: Suites,
    results: Annotated[Path | None, typer.Option(help="The results directory.  [default: results/<suite>]")] = None,
    scale: Scale = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    workers: Workers = "auto",
    executor: Executor = "pool",
    address: Address = "auto",
    jobs_per_gpu: JobsPerGpu = "auto",
    retries: Retries = RETRIES,
    only: Annotated[list[str] | None, typer.Option(help="Only what this claim, experiment or timing needs.")] = None,
    max_hours: MaxHours = None,
    seeds: Seeds = None,
    top_up: Annotated[
        bool, typer.Option("--top-up", help="Then run more seeds for open claims, by the looks of the suite.")
    ] = False,
    overrides: Overrides = None,
    data: Data = None,
    timings: Annotated[bool, typer.Option(help="Time what the suites' timings name, when all jobs are done.")] = True,
    cuda_graphs: Annotated[
        bool, typer.Option("--cuda-graphs", help="On a GPU, record optimizer steps and replay them: the same numbers.")
    ] = False,
    checkpoint_every: Annotated[float, typer.Option(min=0, help="Seconds between checkpoints within a job.")] = 15.0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    as_json: Json = False,
) -> None:
    """Run what is missing of suites; stopped or killed, the same command goes on from the last checkpoint."""
    chosen = prepare_suites(suites, scale, seeds, overrides)
    names = _named(only or [], chosen)
    _check_bounded(max_hours, top_up)
    folder = results or Path("results") / chosen[0].plan.suite.key

    from benchmark.artifacts import ResultsDir
    from benchmark.executors.executor import Work
    from benchmark.forecast.kinds import remember
    from benchmark.needs import check_assets
    from benchmark.schema.settings import Settings

    place = Place(executor, workers, address, jobs_per_gpu, retries)
    device = place.device(device)
    if cuda_graphs and device != "cuda" and not quiet:
        say("--cuda-graphs: there is nothing to record on a CPU")
    check_assets([suite.plan for suite in chosen], data)
    work = Work(folder, Settings(device, data, checkpoint_seconds=checkpoint_every, cuda_graphs=cuda_graphs))
    choice = None if max_hours is None else affordable(max_hours, work, place, chosen, names, quiet)
    names = names if choice is None else frozenset(choice.claims)
    ends = _jobs(work, place, chosen, names, top_up, quiet)
    remember(ResultsDir(folder), ends, {one.id: one.job for suite in chosen for one in suite.whole.jobs})
    # The workers have ended with the campaign: nothing of ours runs beside what is timed. A cluster is no one machine.
    clocked = _time(work, chosen, names, quiet) if timings and place.is_here else {}
    if as_json:
        _print_run(folder, ends, clocked, choice)
    _conclude(folder, ends, clocked, quiet)


def _print_run(folder: Path, ends: Mapping[str, Outcome], clocked: Mapping[str, Tally], choice: Choice | None) -> None:
    timed = {name: tally.model_dump(mode="json") for name, tally in clocked.items()}
    budget = {} if choice is None else {"budget": choice.model_dump(mode="json")}
    print_json({"results": str(folder), "jobs": ends, "timings": timed} | budget)


def _conclude(folder: Path, ends: Mapping[str, Outcome], clocked: Mapping[str, Tally], quiet: bool) -> None:
    """Say what comes next, and exit with 4 where something failed."""
    if not quiet:
        say(f"next: ticketbench verify {folder}  |  ticketbench report {folder}")
    broken = any(tally.failed for tally in clocked.values())
    if broken or any(end in {"failed", "blocked", "missing"} for end in ends.values()):
        raise typer.Exit(4)


def prepare_suites(
    names: list[str], scale: str | None, seeds: int | None, overrides: list[str] | None
) -> list[CampaignSuite]:
    """Read, check and plan suites with the changes asked for."""
    from benchmark.campaigns import Request, prepare_suite

    changes = tuple(overrides or ()) + (() if seeds is None else (f"seeds={seeds}",))
    paths = [catalog.find_suite(name) for name in names]
    scales = [scale or default_scale(catalog.read_text(path), path) for path in paths]
    return [prepare_suite(Request(str(path), at, changes)) for path, at in zip(paths, scales, strict=True)]


def _named(only: list[str], suites: list[CampaignSuite]) -> frozenset[str]:
    plans = [suite.plan.suite for suite in suites]
    known = {name for suite in plans for name in (*suite.claims, *suite.experiments, *suite.timings)}
    for name in only:
        if name not in known:
            raise UsageError(f"--only {name}: no such claim, experiment or timing{did_you_mean(name, known)}")
    return frozenset(only)


def _check_bounded(max_hours: float | None, top_up: bool) -> None:
    """Raise `UsageError` for hours that more seeds would exceed: how many a claim takes, nobody knows beforehand."""
    if top_up and max_hours is not None:
        raise UsageError("--top-up takes as many seeds as claims need, up to the last look: leave out --max-hours")


def _jobs(
    work: Work, place: Place, suites: list[CampaignSuite], only: frozenset[str], top_up: bool, quiet: bool
) -> dict[str, Outcome]:
    """Run what is missing, and what open claims need at later looks; return how the jobs ended."""
    from benchmark.artifacts import ResultsDir
    from benchmark.cli.progress import Display
    from benchmark.runner import run_campaign

    results = ResultsDir(work.results)

    def once(chosen: list[CampaignSuite], names: frozenset[str]) -> dict[str, Outcome]:
        with Display(quiet) as display:
            jobs = [planned.job for suite in chosen for planned in suite.whole.jobs]
            at = place.open(work, jobs)
            return run_campaign(results, work.settings.device, chosen, at, display, names, place.retries)

    if not top_up:
        return once(suites, only)
    from benchmark.top_up import run_looks

    return run_looks(results, suites, only, once, (lambda line: None) if quiet else say)


def _time(work: Work, suites: list[CampaignSuite], only: frozenset[str], quiet: bool) -> dict[str, Tally]:
    from benchmark.cli.progress import Display
    from benchmark.timing.session import run_timings

    with Display(quiet) as display:
        return run_timings(work, [suite.plan for suite in suites], display, only)
