"""A results directory put into numbers, suite by suite: what a baseline keeps, and what is held against it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from benchmark.artifacts import ResultsDir, RunDir
from benchmark.judge import judge
from benchmark.schema.account import Account, ArmAccount, Pace, Series, Stake
from benchmark.schema.claim import Beats, Claim, FoundBy, Reduces
from benchmark.schema.job import Arm, CampaignSuite, Job, PlannedJob
from benchmark.schema.measurement import Failure, Measurement
from benchmark.schema.protocol import Protocol
from benchmark.schema.record import Margin, canonical
from benchmark.schema.verdict import Verdict
from benchmark.statistics import mean

DIGITS = 16
"""Of a SHA-256: enough to tell two files apart."""
FILES = {"mask": RunDir.MASK, "start": RunDir.START, "found": RunDir.FOUND, "weights": RunDir.WEIGHTS}


def accounts(results: ResultsDir) -> list[Account]:
    """Return what a directory says of each of its suites; `ArtifactError` where a file is damaged."""
    verdicts, campaign = judge(results).verdicts, results.read_campaign()
    return [
        _Reader(results, suite).account(campaign.device, [one for one in verdicts if one.suite == key])
        for key, suite in campaign.suites.items()
    ]


class _Reader:
    """One suite of a directory, each measurement read once."""

    def __init__(self, results: ResultsDir, suite: CampaignSuite) -> None:
        self.results, self.suite, self.plan = results, suite, suite.plan
        self.outcomes = results.outcomes(suite.plan)
        self.done = [planned for planned in suite.plan.jobs if self.outcomes[planned.id] == "done"]
        self.measured = {planned.id: self._measured(planned) for planned in self.done}
        self.protocols: dict[str, Protocol] = {}

    def account(self, device: str, verdicts: list[Verdict]) -> Account:
        """Return all that is kept of it."""
        suite, arms = self.plan.suite, self._arms()
        return Account(
            suite=suite.key,
            scale=suite.scale,
            text_sha256=self.suite.text_sha256,
            overrides=self.suite.overrides,
            device=device,
            environments=tuple(self._environments()),
            seeds=tuple(sorted({arm.seed for arm in self.plan.arms})),
            stakes={one.claim_id: _stake(one.claim, arms) for one in verdicts},
            verdicts={one.claim_id: one.status for one in verdicts},
            arms=arms,
            protocols=self.protocols,
            paces={**self._paces(), **self._timed()},
            digests={planned.id: self._digests(planned) for planned in self.done},
            failures=self._failures(),
        )

    def _measured(self, planned: PlannedJob) -> dict[str, Measurement]:
        run = self.results.run(planned.id)
        found = {request.name: run.read_measurement(request) for request in planned.metrics}
        return {name: one for name, one in found.items() if one is not None}

    def _arms(self) -> dict[str, ArmAccount]:
        by_name: dict[str, list[Arm]] = defaultdict(list)
        for arm in self.plan.arms:
            by_name[f"{arm.experiment}@{arm.level}"].append(arm)
        return {name: self._arm(sorted(seeds, key=lambda arm: arm.seed)) for name, seeds in by_name.items()}

    def _arm(self, seeds: list[Arm]) -> ArmAccount:
        found: dict[str, dict[int, Measurement]] = defaultdict(dict)
        for arm in seeds:
            for name, one in self.measured.get(arm.job, {}).items():
                found[name][arm.seed] = one
        return ArmAccount(
            jobs={arm.seed: arm.job for arm in seeds},
            ends={arm.seed: self.outcomes[arm.job] for arm in seeds},
            series={name: self._series(by_seed) for name, by_seed in found.items()},
        )

    def _series(self, by_seed: Mapping[int, Measurement]) -> Series:
        one = next(iter(by_seed.values()))
        self.protocols[one.protocol.key] = one.protocol
        values = {seed: measurement.value for seed, measurement in by_seed.items()}
        return Series(unit=one.unit, lower_is_better=one.lower_is_better, protocol=one.protocol.key, values=values)

    def _environments(self) -> list[dict[str, str]]:
        """Return what the jobs' machines and software were, each once."""
        found = [self.results.run(planned.id).read_document("environment.json") for planned in self.done]
        facts = [{name: str(value) for name, value in one.items()} for one in found if isinstance(one, dict)]
        return [dict(items) for items in dict.fromkeys(tuple(sorted(one.items())) for one in facts)]

    def _paces(self) -> dict[str, Pace]:
        """Return the seconds per step of each job by its kind, which goes by its first arm in the plan."""
        jobs = {planned.id: planned.job for planned in self.plan.jobs}
        names: dict[str, str] = {}
        kinds = {
            arm.job: names.setdefault(_kind(jobs[arm.job], arm), f"{arm.experiment}@{arm.level}")
            for arm in self.plan.arms
        }
        found: dict[str, list[float]] = defaultdict(list)
        for planned in self.done:
            seconds = self.results.run(planned.id).step_seconds()
            if planned.id in kinds and seconds:
                found[kinds[planned.id]].append(seconds)
        return {kind: Pace(seconds=tuple(seconds)) for kind, seconds in found.items()}

    def _timed(self) -> dict[str, Pace]:
        found = {}
        for name, timing in self.plan.suite.timings.items():
            files = self.results.timing(self.plan.suite.key, name, timing)
            for arm in timing.arms:
                seconds = tuple(one.step_seconds for one in files.clocked(arm) if one.step_seconds > 0)
                if seconds:
                    found[f"{name}/{arm}"] = Pace(seconds=seconds, exclusive=True)
        return found

    def _digests(self, planned: PlannedJob) -> dict[str, str]:
        files = self.results.run(planned.id).files
        found = {name: files.recorded_digest(file) for name, file in FILES.items()}
        return {name: digest[:DIGITS] for name, digest in found.items() if digest is not None}

    def _failures(self) -> dict[str, str]:
        found = {}
        for job, end in self.outcomes.items():
            run = self.results.run(job)
            if end == "failed":
                failure = run.read_record(RunDir.FAILURE, Failure)
                found[job] = f"{failure.kind}: {failure.message}"
        return found


def _kind(job: Job, arm: Arm) -> str:
    """Return what a training's speed depends on; channels that are gone differ by arm."""
    kept = job.model_dump(mode="json", include={"dataset", "model", "objective", "training"})
    for name in ("steps", "schedule"):
        del kept["training"][name]
    if job.training.teacher is not None:
        del kept["training"]["teacher"]["from"]  # a job's id, which has the seed in it
    return canonical(kept) + (f"{arm.experiment}@{arm.level}" if job.shrink else "")


def _stake(claim: Claim, arms: Mapping[str, ArmAccount]) -> Stake:
    """Return a claim's arms with its margin in the metric's unit: of several, the least."""
    margins: dict[str, float | None] = {}
    for one in claim.compare:
        for name in _matching(one.arm, arms) | _matching(one.baseline, arms):
            size = _size(claim, arms.get(one.baseline or "", arms[name]))
            sizes = [other for other in (size, margins.get(name)) if other is not None]
            margins[name] = min(sizes) if sizes else None
    return Stake(
        kind=claim.kind,
        metric=claim.metric,
        timing=claim.timing,
        margins={name: margins[name] for name in sorted(margins)},
    )


def _matching(name: str | None, arms: Mapping[str, ArmAccount]) -> set[str]:
    """Return the arms that a claim means by a name: for a bare experiment, all its levels."""
    return {arm for arm in arms if name in (arm, arm.rpartition("@")[0])}


def _size(claim: Claim, baseline: ArmAccount) -> float | None:
    """Return a claim's margin, a relative one as a share of the mean of its baseline's seeds.

    A claim that a cost falls to some ratio has none, so any rise counts; one about an event has no unit to measure by.
    """
    if isinstance(claim, FoundBy):
        return None
    if isinstance(claim, Reduces):
        return 0.0
    margin: Margin = claim.by if isinstance(claim, Beats) else claim.margin
    if margin.absolute is not None:
        return margin.absolute
    series = baseline.series.get(claim.metric)
    return None if series is None else (margin.relative or 0.0) * abs(mean(list(series.values.values())))
