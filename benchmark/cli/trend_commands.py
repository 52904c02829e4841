"""baseline accept, trend: nights against what was accepted. None of these trains anything."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.inspect_commands import Json
from benchmark.cli.output import print_json, print_line, say
from benchmark.cli.results_commands import Directory

if TYPE_CHECKING:
    from benchmark.schema.account import Account
    from benchmark.schema.trend import Night, Trend
    from benchmark.trend.nights import Directory as Accounted

MARKS = {
    "same": "=",
    "within": "=",
    "better": "+",
    "suspected": "?",
    "confirmed": "-",
    "dismissed": "~",
    "shown": " ",
    "not comparable": "x",
}
QUIET = frozenset({"same", "within", "shown", "not comparable"})
"""What is counted and not listed; what is not comparable is listed among what is missing."""
MOST_LISTED = 30
"""How much of what is missing is listed; `--json` has all of it."""

baseline = typer.Typer(
    help="Accept a finished results directory as what nights are held against.",
    epilog="Example: ticketbench baseline accept results/2026-11-21",
    no_args_is_help=True,
)


def add_to(app: typer.Typer) -> None:
    """Add these commands to the application."""
    baseline.command(epilog="Example: ticketbench baseline accept results/2026-11-21 && git add baselines")(accept)
    app.add_typer(baseline, name="baseline")
    app.command(
        epilog="Examples: ticketbench trend results/2026-11-*  |  ticketbench trend results/night --html trend.html"
    )(trend)


def accept(
    directory: Directory,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: baselines/<suite>-<scale>.json, a file a suite.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace another baseline.")] = False,
) -> None:
    """Write what a finished directory measured to a small file, to be committed; refuse one that lacks anything."""
    from benchmark.artifacts import ResultsDir
    from benchmark.baselines import accept as accept_baseline

    for path in accept_baseline(ResultsDir(directory), output, force):
        print_line(str(path))


def trend(
    directories: Annotated[list[Path], typer.Argument(help="Results directories, oldest first.", show_default=False)],
    baselines: Annotated[
        list[Path] | None,
        typer.Option("--baseline", help="Default: baselines/<suite>-<scale>.json of each suite (repeatable)."),
    ] = None,
    junit: Annotated[Path | None, typer.Option(help="Also write the newest night as JUnit XML to this file.")] = None,
    html: Annotated[Path | None, typer.Option(help="Also write all nights as one HTML page to this file.")] = None,
    confirm: Annotated[
        Path | None,
        typer.Option(help="Write the commands of the confirming runs to this file, empty if there are none."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Hold nights against the baseline: what got worse, better, slower, or is missing.

    A directory on the baseline's seeds is a night; one on other seeds confirms the night before it. Exit code, about
    the newest night, 0: nothing; 4: something was not measured; 1: a confirmed regression; 3: one only suspected.
    """
    from benchmark.accounts import accounts
    from benchmark.artifacts import ResultsDir
    from benchmark.storage import write_file
    from benchmark.trend import compare, exit_code

    found: list[Accounted] = [(str(directory), accounts(ResultsDir(directory))) for directory in directories]
    made = compare(_baselines(baselines, found), found)
    if junit is not None:
        from reports.trend_junit import trend_xml

        write_file(junit, trend_xml(made).encode())
    if html is not None:
        from reports.trend_build import trend_page
        from reports.trend_render import render_trend

        write_file(html, render_trend(trend_page(made)).encode())
    commands = [
        shlex.join(("ticketbench", *suite.nights[-1].confirm)) for suite in made.suites if suite.nights[-1].confirm
    ]
    if confirm is not None:
        write_file(confirm, "".join(f"{command}\n" for command in commands).encode())
    if as_json:
        print_json(made.model_dump(mode="json"))
    else:
        _print(made)
    for command in commands:
        say(f"to confirm or dismiss what is suspected: {command}")
    raise typer.Exit(exit_code(made))


def _baselines(named: list[Path] | None, found: list[Accounted]) -> list[Account]:
    """Read the baselines that are named, or those of the suites that the directories have."""
    from benchmark.baselines import place, read_baseline

    places = named or dict.fromkeys(place(account) for _, accounts in found for account in accounts)
    return [read_baseline(path) for path in places]


def _print(made: Trend) -> None:
    for suite in made.suites:
        print_line(f"{suite.suite} at scale {suite.scale}, seeds {', '.join(map(str, suite.seeds))}")
        for night in suite.nights[:-1]:
            print_line(f"  {_headline(night)}")
        print_line(f"  {_headline(suite.nights[-1])}")
        for line in _lines(suite.nights[-1]):
            print_line(f"    {line}")


def _headline(night: Night) -> str:
    states = [one.state for one in night.changes] + [one.state for one in night.speeds]
    counts = [f"{states.count(state)} {state}" for state in MARKS if state in states]
    told = [f"{len(night.missing)} missing"] if night.missing else []
    after = f", confirmed by {night.confirmed_by}" if night.confirmed_by else ""
    return f"{night.directory or 'no night'}{after}: {', '.join(told + counts) or 'nothing to compare'}"


def _lines(night: Night) -> list[str]:
    from reports.trend_build import odds_said

    lines = [f"! {one.what}" for one in night.missing[:MOST_LISTED]]
    if len(night.missing) > MOST_LISTED:
        lines.append(f"! and {len(night.missing) - MOST_LISTED} more")
    for one in night.changes:
        if one.state not in QUIET:
            lines.append(f"{MARKS[one.state]} {one.state}  {one.claim or ''} {one.arm} {one.metric}: {one.says}")
    for pace in night.speeds:
        if pace.state not in QUIET or pace.kind == "all kinds":
            lines.append(f"{MARKS[pace.state]} {pace.state}  speed of {pace.kind}: {pace.says}")
    lines += [f"v verdict of {one.claim}: {one.before} -> {one.now or 'gone'}" for one in night.verdicts]
    return [*lines, *(f"i {fact}" for fact in (*night.facts, *odds_said(night)))]
