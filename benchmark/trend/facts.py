"""What is told apart from statistics: other jobs, other bytes, another machine, other software, other verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmark.schema.account import Account
from benchmark.schema.trend import VerdictChange

MOST_NAMED = 3
"""How many arms a sentence names."""
FILES = ("mask", "start", "found", "weights")
"""What a job makes, in order: where bytes part, the first that differs is told."""
WORDS = {"mask": "mask", "start": "start weights", "found": "found mask", "weights": "trained weights"}


def facts(baseline: Account, night: Account) -> tuple[str, ...]:
    """Return sentences; none of them is an alarm, since no statistics is behind them."""
    return (*_machine(baseline, night), *_software(baseline, night), *_jobs(baseline, night), *_bytes(baseline, night))


def verdict_changes(baseline: Account, night: Account) -> tuple[VerdictChange, ...]:
    """Return the claims whose verdict is not the baseline's."""
    return tuple(
        VerdictChange(claim=claim, before=before, now=night.verdicts.get(claim))
        for claim, before in baseline.verdicts.items()
        if night.verdicts.get(claim) != before
    )


def _machine(baseline: Account, night: Account) -> Iterator[str]:
    if baseline.machine is None or night.machine is None:
        yield "speeds are not comparable: the machine of one side is unknown, or there were several"
    elif baseline.machine != night.machine:
        yield f"speeds are not comparable: this is {night.machine}, the baseline's is {baseline.machine}"


def _software(baseline: Account, night: Account) -> Iterator[str]:
    if len(baseline.environments) != 1 or len(night.environments) != 1:
        return
    before, now = baseline.environments[0], night.environments[0]
    names = sorted(name for name in before.keys() | now.keys() if name.startswith("version_") or name == "python")
    changed = [
        f"{name.removeprefix('version_')} {before.get(name, 'absent')} -> {now.get(name, 'absent')}"
        for name in names
        if before.get(name) != now.get(name)
    ]
    if changed:
        yield f"other software than the baseline's: {', '.join(changed)}"


def _jobs(baseline: Account, night: Account) -> Iterator[str]:
    """Tell of arms that stand for other jobs, and whether the suite says why."""
    same = (baseline.text_sha256, baseline.overrides) == (night.text_sha256, night.overrides)
    if not same:
        yield "the suite is not the baseline's: its text, --set or --seeds changed"
    common = [(name, seed) for name, arm in baseline.arms.items() for seed in arm.jobs if seed in _jobs_of(night, name)]
    moved = [(name, seed) for name, seed in common if baseline.arms[name].jobs[seed] != night.arms[name].jobs[seed]]
    if moved:
        why = " though the suite is the same: a default, a component's version or the planner changed" if same else ""
        yield f"plans other jobs than the baseline for {len(moved)} of {len(common)} ({_named(moved)}){why}"


def _bytes(baseline: Account, night: Account) -> Iterator[str]:
    """Tell where the same jobs, on the same machine with the same software, first gave other bytes."""
    if baseline.software is None or baseline.software != night.software:
        return
    for file in FILES:
        parted = [(name, seed) for name, seed, first in _partings(baseline, night) if first == file]
        if parted:
            yield (
                f"the {WORDS[file]} of {len(parted)} have other bytes than the baseline's ({_named(parted)}), though "
                "job, machine and software are the same: this code computes something else"
            )


def _partings(baseline: Account, night: Account) -> Iterator[tuple[str, int, str]]:
    for name, arm in baseline.arms.items():
        for seed, job in arm.jobs.items():
            before, now = baseline.digests.get(job, {}), night.digests.get(job, {})
            other = [file for file in FILES if file in before and file in now and before[file] != now[file]]
            if other and _jobs_of(night, name).get(seed) == job:
                yield name, seed, other[0]


def _jobs_of(account: Account, arm: str) -> dict[int, str]:
    return account.arms[arm].jobs if arm in account.arms else {}


def _named(arms: Sequence[tuple[str, int]]) -> str:
    told = [f"{name} seed {seed}" for name, seed in arms[:MOST_NAMED]]
    return ", ".join(told) + (" ..." if len(arms) > MOST_NAMED else "")
