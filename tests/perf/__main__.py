"""What ticketbench itself costs: `tox run -e perf [-- CASE ...]` prints tables of figures with their targets.

A case is a module of this folder with `measure(place, size)`, which may use the empty folder `place` and yields its
figures, and a line in `CASES`. One that trains networks also takes the `device` and whether to print a `profile`; on a
GPU figures have targets of their own. `--small` makes the graphs small, to see whether the cases run at all.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmark.environment import resolve_device
from benchmark.errors import UsageError
from tests.perf.figure import Figure, rows, table
from tests.perf.many_jobs import LARGE, SMALL, Size

CASES = {
    "startup": "how long commands take to start",
    "planning": "a suite of 10,000 jobs read, expanded and hashed",
    "again": "a finished directory of 10,000 jobs run again",
    "report": "the report of 10,000 measurements",
    "pool": "jobs that do nothing, through the pool of workers",
    "workers": "two jobs at a time with a thread each against one with two threads; on a GPU eight against one",
    "training": "our training loop against a textbook's, network by network",
    "machine": "two of our trainings at a time against one of a textbook's with the whole machine",
    "rate": "the share of a device's computing rate that the full-size SNGAN trains at, and the hours of a curve",
    "shrunken": "a network without 80 % of its channels against what operations promise",
    "evaluation": "10,000 images generated, embedded and compared, against clean-fid's folder of files",
    "frechet": "the Fréchet distance in 2,048 dimensions against clean-fid's",
    "prdc": "precision, recall, density and coverage of 10,000 images against the prdc package's",
    "masks": "masks at full size, drawn and applied, against torch's",
    "against_snakemake": "the same graph by Snakemake",
}


def measure(case: str, size: Size, **asked: Any) -> list[Figure]:
    """Return the figures of a case, measured in a folder that is gone afterwards."""
    told = {name: value for name, value in asked.items() if name in knows(case)}
    with tempfile.TemporaryDirectory(prefix=f"perf-{case}-") as folder:
        return list(_measuring(case)(Path(folder), size, **told))


def knows(case: str) -> frozenset[str]:
    """Return what a case can be asked for beside its size: `device`, `profile`."""
    return frozenset(inspect.signature(_measuring(case)).parameters)


def _measuring(case: str) -> Callable[..., Iterable[Figure]]:
    found: Callable[..., Iterable[Figure]] = importlib.import_module(f"tests.perf.{case}").measure
    return found


def main(words: Sequence[str]) -> None:
    """Measure the cases named, or all; on a GPU, all that know what to do with one."""
    parser = argparse.ArgumentParser(prog="python -m tests.perf", description=__doc__)
    listed = "; ".join(f"{name}: {says}" for name, says in CASES.items())
    parser.add_argument(
        "cases", nargs="*", metavar="CASE", help=f"all of them, if none is named. {listed}".replace("%", "%%")
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where networks are trained (cpu)")
    parser.add_argument("--profile", action="store_true", help="say on the error output what the time goes to")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--small", action="store_true", help="small graphs: no figure is worth anything")
    asked = parser.parse_args(words)
    cases = _chosen(parser, asked)
    size, found = SMALL if asked.small else LARGE, {}
    for case in cases:
        found[case] = measure(case, size, device=asked.device, profile=asked.profile)
        if not asked.json:  # a case takes minutes: what is known is shown
            sys.stdout.write(table(rows(case, found[case])) + "\n\n")
            sys.stdout.flush()
    if asked.json:
        documents = {case: [figure.document() for figure in figures] for case, figures in found.items()}
        sys.stdout.write(json.dumps(documents, indent=1) + "\n")


def _chosen(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> list[str]:
    """Return the cases to measure; end with one line where they or the device are not there."""
    unknown = sorted({*asked.cases} - CASES.keys())
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(CASES)}")
    if asked.device == "cpu":
        return asked.cases or list(CASES)
    try:
        resolve_device(asked.device)
    except UsageError as error:
        parser.error(str(error))
    idle = [case for case in asked.cases if "device" not in knows(case)]
    if idle:
        parser.error(f"--device {asked.device}: nothing in {', '.join(idle)} runs on a GPU")
    return asked.cases or [case for case in CASES if "device" in knows(case)]


if __name__ == "__main__":
    main(sys.argv[1:])
