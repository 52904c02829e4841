"""The same graph of jobs by Snakemake, a general workflow engine: its files are empty, its jobs do nothing.

Snakemake is that of the path, or else installed into an environment of its own, which takes a minute.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

from benchmark.schema.job import Plan
from tests.perf import again, pool
from tests.perf.figure import Figure, timed
from tests.perf.many_jobs import HUNDREDS, SMALL, Size, finish, plan_of

SNAKEFILE = """\
import json

GRAPH = json.load(open("graph.json"))

rule all:
    input: expand("runs/{job}", job=GRAPH)

rule job:
    input: lambda found: [f"runs/{needed}" for needed in GRAPH[found.job]]
    output: "runs/{job}"
    shell: "touch {output}"
"""


def measure(place: Path, size: Size) -> Iterator[Figure]:
    """Yield its time for the finished graph and for a job, each beside ours."""
    program = installed(place)
    if program is None:
        return
    plan, few = plan_of(size), plan_of(size if size == SMALL else HUNDREDS)
    lay_out(place / "many", plan)
    for job in plan.jobs:
        (place / "many" / "runs" / job.id).touch()
    theirs = Figure(
        f"snakemake, {len(plan.jobs)} finished jobs again", "s", timed(lambda: snakemake(program, place / "many"))
    )
    finish(place / "results", size)
    again.rerun(place, size)
    ours = again.rerun(place, size)
    yield from (theirs, ours, ratio("  ours / theirs", ours, theirs))
    lay_out(place / "few", few)
    first, second = (timed(lambda: snakemake(program, place / "few"))[0] for _ in range(2))
    cost = 1000 * pool.WORKERS * (first - second) / len(few.jobs)
    each = Figure(f"snakemake, a job that does nothing ({len(few.jobs)}, 2 cores)", "ms", (cost,))
    own = next(iter(pool.measure(place / "pool", size)))
    yield from (each, own, ratio("  ours / theirs", own, each))


def installed(place: Path) -> str | None:
    """Return the program; null, and a line on stderr, where it cannot be installed."""
    found = shutil.which("snakemake")
    if found is not None:
        return found
    venv.create(place / "venv", with_pip=True)
    pip = [str(place / "venv" / "bin" / "pip"), "install", "--quiet", "snakemake"]
    ended = subprocess.run(pip, capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.stderr.write(f"snakemake cannot be installed here: {ended.stderr.strip().splitlines()[-1]}\n")
        return None
    return str(place / "venv" / "bin" / "snakemake")


def lay_out(folder: Path, plan: Plan) -> None:
    """Write a graph as Snakemake reads it."""
    (folder / "runs").mkdir(parents=True)
    (folder / "graph.json").write_text(json.dumps({job.id: job.job.inputs for job in plan.jobs}))
    (folder / "Snakefile").write_text(SNAKEFILE)


def snakemake(program: str, folder: Path) -> None:
    """Run what is missing of a graph, judged by the files' times alone, as ours is."""
    words = [program, "--cores", str(pool.WORKERS), "--rerun-triggers", "mtime", "--quiet", "all"]
    home = os.environ | {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}
    ended = subprocess.run(words, cwd=folder, env=home, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(ended.stderr)


def ratio(says: str, ours: Figure, theirs: Figure) -> Figure:
    """Return one figure over another."""
    return Figure(says, "", (ours.middle / theirs.middle,))
