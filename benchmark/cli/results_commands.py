"""verify, report, export, doctor: what a results directory says. None of these trains anything."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.inspect_commands import Json
from benchmark.cli.output import print_json, print_line, print_table, say

if TYPE_CHECKING:
    from benchmark.schema.measurement import Outcome
    from benchmark.schema.verdict import Verdict

Directory = Annotated[Path, typer.Argument(help="A results directory.", show_default=False)]

MARKS = {"reproduced": "+", "not reproduced": "-", "inconclusive": "?", "not comparable": "x", "not run": "."}


def add_to(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command(epilog="Examples: ticketbench verify results/demo  |  ticketbench verify results/demo --junit v.xml")(
        verify
    )
    app.command(epilog="Example: ticketbench report results/demo -o report.html")(report)
    app.command(
        epilog="Examples: ticketbench export results/demo -o report.json -o badge.svg  |  "
        "ticketbench export results/demo -o summary.md --before results/main"
    )(export)
    app.command(epilog="Examples: ticketbench doctor  |  ticketbench doctor --deep results/demo")(doctor)


def verify(
    directory: Directory,
    junit: Annotated[Path | None, typer.Option(help="Also write the verdicts as JUnit XML to this file.")] = None,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 whatever the verdicts are.")] = False,
    as_json: Json = False,
) -> None:
    """Judge every claim. Exit code 0: as expected; 1: a verdict contradicts; 3: undecided; 4: not all was measured."""
    from benchmark.artifacts import ResultsDir
    from benchmark.judge import exit_code, judge, outcomes
    from benchmark.storage import write_file

    results = ResultsDir(directory)
    campaign = results.read_campaign()
    verdicts = judge(results)
    results.write_verdicts(verdicts)
    if junit is not None:
        from reports.junit import junit_xml

        write_file(junit, junit_xml(verdicts).encode())
    if as_json:
        print_json(verdicts.model_dump(mode="json"))
    else:
        for verdict in verdicts.verdicts:
            _print_verdict(verdict)
    ends = outcomes(results, campaign)
    _say_failures(ends)
    raise typer.Exit(0 if exit_zero else exit_code(verdicts, ends.values()))


def report(
    directories: Annotated[list[Path], typer.Argument(help="Results directories.", show_default=False)],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="[default: DIR/report.html]")] = None,
) -> None:
    """Write one self-contained HTML file: verdicts, curves, samples, printed numbers beside measured ones."""
    from benchmark.artifacts import ResultsDir
    from benchmark.judge import judge
    from benchmark.storage import write_file
    from reports.build import build
    from reports.render import render

    results = [ResultsDir(directory) for directory in directories]
    page = build(results, [judge(one) for one in results])
    target = output or directories[0] / "report.html"
    write_file(target, render(page).encode())
    print_line(str(target))


def export(
    directory: Directory,
    output: Annotated[
        list[Path],
        typer.Option(
            "--output",
            "-o",
            help="A file to write; its ending says what: .json all in numbers, .csv or .parquet a table, .md a summary "
            "for a pull request, .xml JUnit, .svg a badge (repeatable).",
            show_default=False,
        ),
    ],
    table: Annotated[
        str, typer.Option(help="Of .csv and .parquet: measurements, or verdicts by comparison.")
    ] = "measurements",
    before: Annotated[
        Path | None,
        typer.Option(help="Of .md: tell what changed since this results directory or verdicts.json."),
    ] = None,
) -> None:
    """Write results for programs: JSON, CSV, Parquet, JUnit, Markdown, a badge."""
    from benchmark.artifacts import ResultsDir
    from benchmark.storage import write_file
    from reports.exports.formats import check, exported
    from reports.exports.source import Source, read_verdicts

    for path in output:
        check(path, table)
    source = Source(ResultsDir(directory), None if before is None else read_verdicts(before))
    for path in output:
        write_file(path, exported(source, path, table))
        print_line(str(path))


def doctor(
    deep: Annotated[Path | None, typer.Option(help="Check every file's SHA-256 in this results directory.")] = None,
    as_json: Json = False,
) -> None:
    """Tell what this machine has, what will and won't work, and whether a results directory is whole."""
    from benchmark.checkup import check_directory, check_machine

    findings = check_machine() if deep is None else check_directory(deep)
    if as_json:
        print_json([finding.model_dump(mode="json") for finding in findings])
    else:
        print_table(("", "what", "found"), [("ok" if f.good else "!!", f.what, f.found) for f in findings])
    if deep is not None and not all(finding.good for finding in findings):
        raise typer.Exit(4)


def _print_verdict(verdict: Verdict) -> None:
    fragile = f" (fragile: one {'timed run' if verdict.claim.timing else 'seed'} decides)" if verdict.fragile else ""
    unexpected = "" if verdict.as_expected else f"  [expected: {verdict.claim.expect}]"
    print_line(f"{MARKS[verdict.status]} {verdict.label}{fragile}{unexpected}  {verdict.suite}/{verdict.claim_id}")
    print_line(f"    {verdict.claim.says}")
    print_line(f"    {verdict.reason}")


def _say_failures(outcomes: Mapping[str, Outcome]) -> None:
    from benchmark.schema.measurement import FRUITLESS

    for kind in ("failed", "blocked", "missing", "diverged", "unstable"):
        jobs = [job for job, end in outcomes.items() if end == kind]
        if jobs:
            say(f"{len(jobs)} {FRUITLESS.get(kind, kind)}: {', '.join(jobs[:3])}{' ...' if len(jobs) > 3 else ''}")
