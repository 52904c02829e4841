"""What `doctor` looks at: the machine, and a results directory's files."""

from __future__ import annotations

from pathlib import Path

from benchmark import environment
from benchmark.artifacts import ResultsDir
from benchmark.prepare import ASSETS, cache_directory, locate
from benchmark.schema.record import Record

ROOM = 2 * 1024**3
"""Free space under which a run at scale `paper` is likely to end early."""


class Finding(Record):
    """One thing looked at."""

    what: str
    found: str
    good: bool


def check_machine() -> list[Finding]:
    """Return what this machine has; `good` is false where something will not work."""
    return [*_software(), *_device(), *_downloads(), _space()]


def check_directory(path: Path) -> list[Finding]:
    """Return every file of a results directory whose SHA-256 is not the recorded one; or that all are whole."""
    results = ResultsDir(path)
    results.read_campaign()
    findings, count = [], 0
    for run in results.runs():
        findings += [
            Finding(what=f"{run.id}/{name}", found="has no recorded checksum: `run` makes it again", good=False)
            for name in run.spoiled()
            if run.files.recorded_digest(name) is None
        ]
        for name in run.files.names():
            count += 1
            if not (run.path / name).exists():
                findings.append(Finding(what=f"{run.id}/{name}", found="missing", good=False))
            elif run.files.digest(name) != run.files.recorded_digest(name):
                run.files.distrust(name)
                findings.append(Finding(what=f"{run.id}/{name}", found="damaged: `run` makes it again", good=False))
    return findings or [Finding(what=str(path), found=f"{count} files, all as they were written", good=True)]


def _software() -> list[Finding]:
    found = environment.versions()
    findings = [
        Finding(what="python", found=environment.python_version(), good=environment.supports_python()),
        *(Finding(what=name, found=version, good=version != "absent") for name, version in found.items()),
    ]
    reason = environment.why_cleanfid_fails()
    works = reason is None
    findings.append(Finding(what="Inception features", found="clean-fid imports" if works else str(reason), good=works))
    return findings


def _device() -> list[Finding]:
    cpu = Finding(what="cpu", found=f"{environment.cpu_name()}, {environment.cpu_count()} usable", good=True)
    gpu = environment.gpu_name()
    return [cpu, Finding(what="gpu", found=gpu or "none visible: jobs run on the CPU", good=True)]


def _downloads() -> list[Finding]:
    missing = "not here: `ticketbench prepare --asset {}` fetches it; only real data need it"
    return [Finding(what=name, found=str(locate(name) or missing.format(name)), good=True) for name in ASSETS]


def _space() -> Finding:
    free = environment.free_bytes(cache_directory())
    return Finding(what="free disk", found=f"{free / 1024**3:.1f} GiB", good=free > ROOM)
