"""A series of directories in order: nights on the baseline's seeds, each with the run that confirms it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmark.schema.account import Account
from benchmark.schema.trend import Change, Missing, Night, SpeedChange, SuiteTrend, Trend
from benchmark.trend import quality, speed
from benchmark.trend.absence import missing
from benchmark.trend.discovery import odds
from benchmark.trend.facts import facts, verdict_changes

Directory = tuple[str, Sequence[Account]]
"""A results directory's path, and what it says of each of its suites."""

FRESH_SEEDS = 5
"""The fewest seeds of a confirming run: it is short, being of the suspected alone, and three seeds show little."""
APART = 1000
"""Fresh seeds begin at a multiple of this."""


def compare(baselines: Iterable[Account], directories: Sequence[Directory]) -> Trend:
    """Hold directories, oldest first, against the baseline of each suite.

    A directory on any of the baseline's seeds is a night; one on none of them confirms the night before it. A suite
    that no directory has is a night of nothing but missing numbers.
    """
    return Trend(suites=tuple(_of_suite(baseline, directories) for baseline in baselines))


def exit_code(trend: Trend) -> int:
    """Return the exit code of `trend`, about the newest night of each suite, the first that applies.

    4: something of the baseline was not measured; 1: a confirmed regression; 3: one that is suspected; 0: otherwise.
    """
    newest = [suite.nights[-1] for suite in trend.suites]
    if any(night.missing for night in newest):
        return 4
    states = {state for night in newest for state in night.states}
    return 1 if "confirmed" in states else 3 if "suspected" in states else 0


def _of_suite(baseline: Account, directories: Sequence[Directory]) -> SuiteTrend:
    nights: list[tuple[str, Account, Directory | None]] = []
    for path, accounts in directories:
        for account in accounts:
            if account.name != baseline.name:
                continue
            if set(account.seeds) & set(baseline.seeds):
                nights.append((path, account, None))
            elif nights:
                nights[-1] = (*nights[-1][:2], (path, [account]))
    return SuiteTrend(
        suite=baseline.suite,
        scale=baseline.scale,
        seeds=baseline.seeds,
        machine=baseline.machine,
        claims=tuple(baseline.stakes),
        nights=tuple(_night(baseline, *night) for night in nights) or (_no_night(baseline),),
    )


def _night(baseline: Account, path: str, account: Account, confirming: Directory | None) -> Night:
    changes, tests = quality.changes(baseline, account)
    speeds, timed = speed.speeds(baseline, account)
    suspected = _suspected(changes, speeds)
    if confirming is not None:
        fresh = confirming[1][0]
        changes = [quality.confirmed(one, baseline, fresh) if one in suspected[0] else one for one in changes]
        speeds = [speed.confirmed(one, baseline, fresh) if one in suspected[1] else one for one in speeds]
    return Night(
        directory=path,
        confirmed_by=None if confirming is None else confirming[0],
        machine=account.machine,
        same_machine=account.machine is not None and account.machine == baseline.machine,
        changes=tuple(changes),
        speeds=tuple(speeds),
        missing=tuple(missing(baseline, account)),
        verdicts=verdict_changes(baseline, account),
        facts=facts(baseline, account),
        odds=odds(tests, list({(one.arm, one.metric, one.margin): one.p or 0.0 for one in suspected[0]}.values())),
        speed_odds=odds(timed, [one.p or 0.0 for one in suspected[1]]),
        confirm=_command(baseline, account, path, *_suspected(changes, speeds)),
    )


def _no_night(baseline: Account) -> Night:
    nothing = Missing(what=f"suite {baseline.suite} at scale {baseline.scale}: no night ran it", claims=())
    return Night(
        directory="",
        confirmed_by=None,
        machine=None,
        same_machine=False,
        changes=(),
        speeds=(),
        missing=(nothing,),
        verdicts=(),
        facts=(),
        odds=odds(0, []),
        speed_odds=odds(0, []),
    )


def _suspected(changes: Sequence[Change], speeds: Sequence[SpeedChange]) -> tuple[list[Change], list[SpeedChange]]:
    return [one for one in changes if one.state == "suspected"], [one for one in speeds if one.state == "suspected"]


def _command(
    baseline: Account, night: Account, path: str, changes: Sequence[Change], speeds: Sequence[SpeedChange]
) -> tuple[str, ...]:
    """Return the arguments of the run that trains the suspected with fresh seeds; empty where nothing is."""
    if not changes and not speeds:
        return ()
    kinds = [one.kind for one in speeds]
    only = [*(one.claim for one in changes if one.claim), *(kind.partition("/")[0].partition("@")[0] for kind in kinds)]
    if speed.ALL in kinds:
        only = []  # what is slower over all kinds needs all of them again
    kept = [one for one in night.overrides if not one.startswith(("seeds=", "first_seed="))]
    first = APART * (max((*baseline.seeds, *night.seeds)) // APART + 1)
    command = ["run", night.suite, "--scale", night.scale, "--device", night.device]
    command += ["--results", f"{path.rstrip('/')}-confirm"]
    command += ["--seeds", str(max(FRESH_SEEDS, len(baseline.seeds))), "--set", f"first_seed={first}"]
    command += [part for one in kept for part in ("--set", one)]
    return (*command, *(part for name in dict.fromkeys(only) for part in ("--only", name)))
