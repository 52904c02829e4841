"""What `doctor` looks at: the machine, and a results directory's files."""

from __future__ import annotations

from pathlib import Path

from benchmark import environment
from benchmark.artifacts import ResultsDir
from benchmark.needs import layouts
from benchmark.prepare import ASSETS, cache_directory, data_directory, locate
from benchmark.schema.job import Campaign
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
    campaign = results.read_campaign()
    findings, count = _own_files(results), 0
    for run in results.runs():
        findings += [
            Finding(what=f"{run.id}/{name}", found="has no recorded checksum: `run` makes it again", good=False)
            for name in run.spoiled()
            if run.files.recorded_digest(name) is None
        ]
        for name in run.files.names():
            count += 1
            digest = run.files.digest_or_none(name)
            if digest is None:
                findings.append(Finding(what=f"{run.id}/{name}", found="missing: `run` makes it again", good=False))
            elif digest != run.files.recorded_digest(name):
                run.files.distrust(name)
                findings.append(Finding(what=f"{run.id}/{name}", found="damaged: `run` makes it again", good=False))
    if not findings:
        findings = [Finding(what=str(path), found=f"{count} files, all as they were written", good=True)]
    return [*findings, *_not_there(results, campaign)]


def _own_files(results: ResultsDir) -> list[Finding]:
    """Return the campaign's own files that are not as they were written."""
    damaged = [
        name
        for name in results.files.names()
        if results.files.digest_or_none(name) != results.files.recorded_digest(name)
    ]
    remedy = "damaged: the command that wrote it makes it again"
    return [Finding(what=name, found=remedy, good=False) for name in damaged]


def _not_there(results: ResultsDir, campaign: Campaign) -> list[Finding]:
    """Return how many of the planned jobs have no result: not run yet, or removed; that is not for us to tell."""
    ends = {job: end for suite in campaign.suites.values() for job, end in results.outcomes(suite.plan).items()}
    missing = [job for job, end in ends.items() if end == "missing"]
    found = f"{len(missing)} of {len(ends)} have no result: not run yet, or removed; `run` makes them"
    return [Finding(what="planned jobs", found=found, good=True)] if missing else []


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
    folder = data_directory()
    places = {
        name: str(folder) if layout.absent(folder) is None else f"not here: {layout.remedy}"
        for name, layout in layouts().items()
    }
    missing = "not here: `ticketbench prepare --asset {}` fetches it; only real data need it"
    places |= {name: str(locate(name) or missing.format(name)) for name in ASSETS}
    return [Finding(what=name, found=found, good=True) for name, found in places.items()]


def _space() -> Finding:
    free = environment.free_bytes(cache_directory())
    return Finding(what="free disk", found=f"{free / 1024**3:.1f} GiB", good=free > ROOM)
