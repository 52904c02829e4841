"""What ticketbench itself costs: `tox run -e perf [-- CASE ...]` prints tables of figures with their targets.

A case is a module of this folder with `measure(place, size)`, which may use the empty folder `place` and yields its
figures, and a line in `CASES`. `--small` makes the graphs small, to see whether the cases run at all.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.perf.figure import Figure, rows, table
from tests.perf.many_jobs import LARGE, SMALL, Size

CASES = {
    "startup": "how long commands take to start",
    "planning": "a suite of 10,000 jobs read, expanded and hashed",
    "again": "a finished directory of 10,000 jobs run again",
    "report": "the report of 10,000 measurements",
    "pool": "jobs that do nothing, through the pool of workers",
    "workers": "two jobs at a time with a thread each against one with two threads",
    "against_snakemake": "the same graph by Snakemake",
}


def measure(case: str, size: Size) -> list[Figure]:
    """Return the figures of a case, measured in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=f"perf-{case}-") as folder:
        return list(importlib.import_module(f"tests.perf.{case}").measure(Path(folder), size))


def main(words: Sequence[str]) -> None:
    """Measure the cases named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.perf", description=__doc__)
    listed = "; ".join(f"{name}: {says}" for name, says in CASES.items())
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"all of them, if none is named. {listed}")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--small", action="store_true", help="small graphs: no figure is worth anything")
    asked = parser.parse_args(words)
    unknown = sorted({*asked.cases} - CASES.keys())
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(CASES)}")
    size, found = SMALL if asked.small else LARGE, {}
    for case in asked.cases or CASES:
        found[case] = measure(case, size)
        if not asked.json:  # a case takes minutes: what is known is shown
            sys.stdout.write(table(rows(case, found[case])) + "\n\n")
            sys.stdout.flush()
    if asked.json:
        documents = {case: [figure.document() for figure in figures] for case, figures in found.items()}
        sys.stdout.write(json.dumps(documents, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
