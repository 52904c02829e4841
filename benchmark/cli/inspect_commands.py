"""list, show, validate: what there is to run, as written or resolved. Only suites that move tickets need torch."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmark import catalog
from benchmark.catalog import read_text
from benchmark.cli.output import print_json, print_line, print_table, say
from benchmark.errors import SuiteError, UsageError, did_you_mean

if TYPE_CHECKING:
    from benchmark.schema.claim import BaseClaim, Claim
    from benchmark.schema.reference import Number
    from benchmark.schema.suite import Suite
    from benchmark.schema.top_up import TopUp
    from benchmark.suites import Loaded
    from benchmark.table import Table

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
REFERENCES = "references"
"""How the one part of a reference file is called."""
FAMILIES = {
    "datasets": "benchmark.datasets:DATASETS",
    "models": "benchmark.models:MODELS",
    "objectives": "benchmark.objectives:OBJECTIVES",
    "criteria": "benchmark.pruning:CRITERIA",
    "metrics": "benchmark.metrics:METRICS",
    "extractors": "benchmark.features:EXTRACTORS",
    "activations": "benchmark.activations:ACTIVATIONS",
}
"""What a suite may name, each family's table as MODULE:NAME: only the one asked for is imported."""

Scale = Annotated[
    str | None, typer.Option("--scale", "-s", help="Which scale; by default the suite's only or small one.")
]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("list", epilog="Examples: ticketbench list  |  ticketbench list models --json")(list_things)
    app.command(
        epilog="Examples: ticketbench show demo  |  ticketbench show demo --claim dcgan_matches  |  "
        "ticketbench show kalibhat2021 --variables --results results/kalibhat2021"
    )(show)
    app.command(epilog="Example: ticketbench validate my_suite.yaml")(validate)


def list_things(
    family: Annotated[
        str | None,
        typer.Argument(
            help="datasets, models, objectives, criteria, metrics, extractors or activations; without it: suites."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the suites with their claims and scales, or what a suite may name."""
    if family is None:
        _list_suites(as_json)
        return
    table = family_table(family)
    members = {name: {"says": table[name].says, "options": _options(table, name)} for name in table}
    if as_json:
        print_json(members)
        return
    print_table(
        ("name", "what it is", "options"),
        [(name, str(m["says"]), _listed_options(m["options"])) for name, m in members.items()],
    )


def show(
    suite: Annotated[str, typer.Argument(help="A suite's name, or the path of a YAML file.")],
    claim: Annotated[str | None, typer.Option(help="Show one claim with its reference numbers.")] = None,
    resolved: Annotated[bool, typer.Option("--resolved", help="Fill every default in.")] = False,
    variables: Annotated[bool, typer.Option("--variables", help="Show the paper's reproducibility variables.")] = False,
    results: Annotated[
        Path | None, typer.Option(help="With --variables: fill the reproduction's in from this results directory.")
    ] = None,
    scale: Scale = None,
    as_json: Json = False,
) -> None:
    """Show a suite as it is written or resolved, one claim with its printed numbers, or what its paper documents."""
    path = catalog.find_suite(suite)
    if variables:
        from benchmark.cli.variables import show_variables

        show_variables(load(path, scale).suite, results, as_json)
        return
    if results is not None:
        raise UsageError("--results belongs to --variables")
    if claim is None and not resolved and not as_json:
        print_line(read_text(path).rstrip())
        return
    loaded = load(path, scale)
    if claim is None:
        print_json(_resolved(loaded) if resolved else loaded.suite.model_dump(mode="json", exclude_defaults=True))
        return
    if claim not in loaded.suite.claims:
        raise UsageError(f"{path}: no claim '{claim}'{did_you_mean(claim, loaded.suite.claims)}")
    chosen = loaded.suite.claims[claim]
    numbers = _numbers(chosen, loaded.suite, path)
    if as_json:
        printed = {name: number.model_dump(mode="json", exclude_defaults=True) for name, number in numbers.items()}
        print_json({"claim": chosen.model_dump(mode="json", exclude_defaults=True), "references": printed})
        return
    _print_claim(claim, chosen, numbers)
    if loaded.suite.top_up is not None and chosen.timing is None:
        print_line(f"  looks       {_looks(chosen, loaded.suite.top_up)}")


def validate(
    file: Annotated[Path, typer.Argument(help="A suite or a reference file.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Check a suite at all its scales, or a reference file; every fault is a line with file, line, key and hint."""
    problems: dict[str, None] = {}
    checked: list[str] = []
    _collect(lambda: checked.extend(_parts(file)), problems)
    for part in checked:
        _collect(lambda part=part: _check(file, part), problems)  # type: ignore[misc]
    if as_json:
        print_json({"file": str(file), "valid": not problems, "problems": list(problems), "checked": checked})
    if problems:
        if as_json:
            raise typer.Exit(2)
        raise SuiteError(problems)
    if not as_json:
        say(f"{file}: valid ({', '.join(checked)})")


def load(path: Path, scale: str | None, overrides: tuple[str, ...] = ()) -> Loaded:
    """Read a suite at the scale asked for, or at its default one."""
    from benchmark.suites import read_suite

    text = read_text(path)
    return read_suite(text, str(path), scale or default_scale(text, path), overrides)


def default_scale(text: str, path: Path) -> str:
    """Return the only scale of a suite, or `small`; raise `UsageError` where that leaves a choice."""
    from benchmark.suites import scale_names

    names = scale_names(text, str(path))
    if len(names) == 1:
        return names[0]
    if "small" in names:
        return "small"
    raise UsageError(f"{path}: name a scale with --scale: {', '.join(names)}")


def _parts(file: Path) -> tuple[str, ...]:
    """Return what there is to check in a file: the scales of a suite, or the one part of a reference file."""
    from benchmark.suites import scale_names

    text = read_text(file)
    return (
        (REFERENCES,)
        if any(line.startswith("numbers:") for line in text.splitlines())
        else scale_names(text, str(file))
    )


def _check(file: Path, part: str) -> None:
    from benchmark.campaigns import plan_suite, read_reference_files
    from benchmark.suites import read_references, read_suite

    text = read_text(file)
    if part == REFERENCES:
        read_references(text, str(file))
        return
    loaded = read_suite(text, str(file), part)
    plan_suite(loaded)
    read_reference_files(loaded, file)


def _collect(check: Callable[[], Any], problems: dict[str, None]) -> None:
    try:
        check()
    except SuiteError as error:
        problems.update(dict.fromkeys(error.problems))


def family_table(family: str) -> Table:
    """Return the table of one of `FAMILIES`; raise `UsageError` for any other name."""
    if family not in FAMILIES:
        raise UsageError(f"unknown family '{family}'{did_you_mean(family, FAMILIES)}")
    module, name = FAMILIES[family].split(":")
    table: Table = getattr(import_module(module), name)
    return table


def _options(table: Table, name: str) -> dict[str, dict[str, Any]]:
    """Return for each option of a member either `{"required": True}` or `{"default": VALUE}`, which may be null."""
    return {
        key: {"required": True} if field.is_required() else {"default": field.get_default(call_default_factory=True)}
        for key, field in table[name].options.model_fields.items()
    }


def _listed_options(options: Any) -> str:
    return ", ".join(f"{key}={_listed_option(**option)}" for key, option in options.items())


def _listed_option(required: bool = False, default: Any = None) -> str:
    if required:
        return "(required)"
    return "none" if default is None else str(default)


def _list_suites(as_json: bool) -> None:
    from benchmark.listing import listing

    listed = listing()
    if as_json:
        print_json(listed)
        return
    for suite in listed:
        print_line(f"{suite['name']}  {suite['title']}  (scales: {', '.join(suite['scales'])})")
        for key, says in suite["claims"].items():
            print_line(f"  {key}  {says}")


def _resolved(loaded: Loaded) -> dict[str, Any]:
    from benchmark.plan import make_plan

    plan = make_plan(loaded)
    document = plan.suite.model_dump(mode="json")
    jobs = {planned.id: planned for planned in plan.jobs}
    for arm in plan.arms:
        job = jobs[arm.job].job
        experiment = document["experiments"][arm.experiment]
        for family in ("dataset", "model", "objective"):
            experiment[family] = getattr(job, family).model_dump(mode="json")
        experiment["metrics"] = {r.name: r.metric.model_dump(mode="json") for r in jobs[arm.job].metrics}
    return document


def _numbers(claim: BaseClaim, suite: Suite, path: Path) -> dict[str, Number]:
    from benchmark.suites import read_references

    names = [*claim.references, *(c.reference for c in claim.compare if c.reference)]
    found = catalog.references_for(suite, path)
    numbers = {}
    for name in names:
        paper, _, key = name.partition("/")
        numbers[name] = read_references(read_text(found[paper]), str(found[paper])).numbers[key]
    return numbers


def _print_claim(name: str, claim: BaseClaim, numbers: dict[str, Number]) -> None:
    print_line(f"{name}: {claim.says}")
    where = claim.source.model_dump(exclude_none=True)
    print_line("  source      " + ", ".join(f"{key} {value}" for key, value in where.items()))
    for key, value in claim.model_dump(mode="json", exclude={"says", "source", "references", "compare"}).items():
        if value not in (None, [], {}, ()):
            print_line(f"  {key:<11} {value}")
    for comparison in claim.compare:
        other = comparison.baseline or comparison.reference
        print_line(f"  compares    {comparison.arm} with {other}" if other else f"  looks at    {comparison.arm}")
    for key, number in numbers.items():
        place = number.place.model_dump(exclude_none=True)
        at = ", ".join(f"{k} {v}" for k, v in place.items())
        print_line(f"  printed     {key} = {_as_read(number)} ({at}; read from {number.read or 'nowhere'})")


def _looks(claim: Claim, top_up: TopUp) -> str:
    """Return the level of the interval at each look; a share of seeds has that of the other kinds."""
    from benchmark.forecast.power import RULES
    from benchmark.spending import level
    from benchmark.verdicts.rules import NO_WORSE

    whole = RULES.get(claim.kind, NO_WORSE).level
    looks = (top_up.look(number) for number in range(1, len(top_up.looks) + 1))
    return ", ".join(f"{look.seeds} seeds at {100 * level(look, whole):.3g} %" for look in looks)


def _as_read(number: Number) -> str:
    if number.value is None:
        return "not sourced"
    error = f" \N{PLUS-MINUS SIGN} {number.reading_error:g}" if number.reading_error else ""
    return number.printed or f"{number.value:,.10g}{error}"
