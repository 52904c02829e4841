"""show --variables: what a suite's paper documents, beside what a results directory recorded."""

from __future__ import annotations

from pathlib import Path

from benchmark.artifacts import ResultsDir
from benchmark.cli.output import print_json, print_table, say
from benchmark.errors import UsageError, did_you_mean
from benchmark.schema.suite import Suite, Variables
from benchmark.variables import UNKNOWN, of_results, side_by_side


def show_variables(suite: Suite, directory: Path | None, as_json: bool) -> None:
    """Print the nine variables of a suite's paper and of the results directory, if one is named."""
    if suite.paper is None:
        raise UsageError(f"suite '{suite.key}' is about no single paper, so it has no reproducibility variables")
    source = suite.paper.variables.source
    rows = side_by_side(suite.paper.variables, _reproduction(suite.key, directory))
    if as_json:
        named = {row.name: row.model_dump(mode="json", exclude={"name"}) for row in rows}
        print_json({"source": source, "variables": named})
        return
    columns = ("variable", "the paper", "caution", "the reproduction")
    cells = [(row.title, row.paper or UNKNOWN, row.caution, row.reproduction or UNKNOWN) for row in rows]
    shown = len(columns) - (directory is None)
    print_table(columns[:shown], [row[:shown] for row in cells])
    say(f"the paper's: {source or 'it is not recorded who judged them'}")
    if directory is None:
        say("beside them the reproduction's: --results DIR")


def _reproduction(key: str, directory: Path | None) -> Variables:
    """Return what a results directory recorded of a suite; all unknown where none is named."""
    if directory is None:
        return Variables()
    results = ResultsDir(directory)
    suites = results.read_campaign().suites
    if key not in suites:
        raise UsageError(f"{directory}: has no suite '{key}'{did_you_mean(key, suites)}")
    return of_results(results, suites[key])
