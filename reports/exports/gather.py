"""A results directory -> the document for programs."""

from __future__ import annotations

from collections import Counter

from pydantic import JsonValue

from benchmark.schema.job import PlannedJob
from benchmark.schema.measurement import Measurement
from benchmark.schema.protocol import Protocol
from benchmark.schema.record import canonical
from benchmark.schema.timing import Clocking
from reports.costs import COUNTED
from reports.evidence import Evidence
from reports.exports.document import (
    Costs,
    ExperimentArm,
    JobResult,
    Measured,
    ReportDocument,
    SuiteResult,
    TimedArm,
    TimedProcess,
)
from reports.exports.source import Source
from reports.summary import ORDER


def document(source: Source) -> ReportDocument:
    """Return all that the directory says; `ArtifactError` where a file is damaged."""
    return ReportDocument(
        device=source.campaign.device,
        exit_code=source.exit_code,
        suites=tuple(_Suite(source, key, evidence).result() for key, evidence in source.evidence.items()),
    )


class _Suite:
    """One suite, whose protocols and environments are gathered while its jobs are read."""

    def __init__(self, source: Source, key: str, evidence: Evidence) -> None:
        self._evidence = evidence
        self._verdicts = tuple(one for one in source.verdicts.verdicts if one.suite == key)
        self._protocols: dict[str, Protocol] = {}
        self._environments: dict[str, dict[str, JsonValue]] = {}

    def result(self) -> SuiteResult:
        """Return all that is said of it."""
        evidence, suite = self._evidence, self._evidence.suite
        statuses, ends = Counter(one.status for one in self._verdicts), Counter(evidence.outcomes.values())
        jobs = {planned.id: self._job(planned) for planned in evidence.plan.jobs}
        return SuiteResult(
            key=suite.key,
            title=suite.title,
            scale=suite.scale,
            small=suite.small,
            paper=suite.paper,
            text_sha256=evidence.campaign.text_sha256,
            overrides=evidence.campaign.overrides,
            seeds=tuple(sorted({arm.seed for arm in evidence.plan.arms})),
            counts={status: statuses[status] for status in ORDER},
            outcomes=dict(sorted(ends.items())),
            claims=self._verdicts,
            arms=self._arms(),
            jobs=jobs,
            protocols=self._protocols,
            costs=Costs(counted=self._counted(), timed=self._timed()),
            environments=tuple(self._environments.values()),
        )

    def _arms(self) -> dict[str, ExperimentArm]:
        return {
            f"{name}@{level}": ExperimentArm(experiment=name, level=level, jobs=dict(sorted(jobs.items())))
            for name, levels in self._evidence.arms.items()
            for level, jobs in sorted(levels.items())
        }

    def _job(self, planned: PlannedJob) -> JobResult:
        evidence, job = self._evidence, planned.id
        made = {request.name: evidence.measurement(job, request.name) for request in planned.metrics}
        return JobResult(
            outcome=evidence.outcomes[job],
            dataset=planned.job.dataset.name,
            model=planned.job.model.name,
            objective=planned.job.objective.name,
            sparsity=evidence.sparsity(job),
            measurements={name: self._measured(one) for name, one in made.items() if one is not None},
            step_seconds=evidence.step_seconds(job),
            environment=self._environment(evidence.results.run(job).read_document("environment.json")),
        )

    def _measured(self, made: Measurement) -> Measured:
        key = made.protocol.key
        self._protocols[key] = made.protocol
        return Measured(value=made.value, unit=made.unit, lower_is_better=made.lower_is_better, protocol=key)

    def _environment(self, found: JsonValue) -> int | None:
        if not isinstance(found, dict):
            return None
        key = canonical(found)
        self._environments.setdefault(key, found)
        return list(self._environments).index(key)

    def _counted(self) -> tuple[str, ...]:
        return tuple(name for metric in COUNTED for name in self._evidence.names_of(metric))

    def _timed(self) -> dict[str, dict[str, TimedArm]]:
        evidence = self._evidence
        found: dict[str, dict[str, TimedArm]] = {}
        for name, timing in evidence.suite.timings.items():
            files = evidence.results.timing(evidence.suite.key, name, timing)
            found[name] = {
                arm: TimedArm(place=place, processes=tuple(map(_process, files.clocked(arm))))
                for arm, place in timing.arms.items()
            }
        return found


def _process(made: Clocking) -> TimedProcess:
    return TimedProcess(
        process=made.process,
        seed=made.seed,
        step_seconds=made.step_seconds,
        training_seconds=made.training_seconds,
        finding_seconds=made.finding_seconds,
    )
