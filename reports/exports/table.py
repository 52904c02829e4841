"""Tables for programs: a row a measurement, or a row a comparison of a claim."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from benchmark.schema.job import Arm, PlannedJob
from benchmark.schema.measurement import Measurement
from benchmark.schema.protocol import Protocol
from benchmark.schema.verdict import ArmSummary, Part, Verdict
from reports.evidence import Evidence
from reports.exports.source import Source

Cell = str | float | bool | None
Row = dict[str, Cell]
Kind = type[str] | type[int] | type[float] | type[bool]

PROTOCOL: dict[str, Kind] = {
    f"protocol_{name}": int if int in get_args(field.annotation) else str
    for name, field in Protocol.model_fields.items()
}
MEASUREMENTS: dict[str, Kind] = {
    "suite": str,
    "scale": str,
    "device": str,
    "experiment": str,
    "level": int,
    "seed": int,
    "job": str,
    "outcome": str,
    "dataset": str,
    "model": str,
    "objective": str,
    "sparsity": float,
    "metric": str,
    "value": float,
    "unit": str,
    "lower_is_better": bool,
    **PROTOCOL,
}
ARM: dict[str, Kind] = {"": str, "_sparsity": float, "_mean": float, "_sd": float, "_n": int}
VERDICTS: dict[str, Kind] = {
    "suite": str,
    "scale": str,
    "small": bool,
    "claim": str,
    "paper": str,
    "kind": str,
    "metric": str,
    "timing": str,
    "says": str,
    "status": str,
    "label": str,
    "reason": str,
    "expect": str,
    "as_expected": bool,
    "fragile": bool,
    "contested": bool,
    "part": int,
    "part_status": str,
    "part_reason": str,
    **{f"arm{name}": kind for name, kind in ARM.items()},
    **{f"baseline{name}": kind for name, kind in ARM.items()},
    "estimate": float,
    "low": float,
    "high": float,
    "interval_level": float,
    "margin": float,
    "effect_scale": str,
    "unit": str,
    "n": int,
    "power": float,
    "method": str,
    "look": int,
}


@dataclass(frozen=True)
class Table:
    """Columns with what they hold, and a value (or null) of each in every row."""

    columns: Mapping[str, Kind]
    rows: tuple[Row, ...]


def measurements(source: Source) -> Table:
    """Return every measurement of every arm; what is lacking has a row without a value, its `outcome` says why."""
    rows = (row for evidence in source.evidence.values() for row in _measured(source.campaign.device, evidence))
    return Table(MEASUREMENTS, tuple(rows))


def verdicts(source: Source) -> Table:
    """Return every comparison of every claim; a claim that has none has a row without an arm."""
    return Table(VERDICTS, tuple(row for verdict in source.verdicts.verdicts for row in _judged(verdict)))


TABLES: dict[str, Callable[[Source], Table]] = {"measurements": measurements, "verdicts": verdicts}


def _measured(device: str, evidence: Evidence) -> Iterator[Row]:
    suite, jobs = evidence.suite, {planned.id: planned for planned in evidence.plan.jobs}
    head: Row = {"suite": suite.key, "scale": suite.scale, "device": device}
    for arm in sorted(evidence.plan.arms, key=lambda arm: (arm.experiment, arm.level, arm.seed)):
        planned = jobs[arm.job]
        place = head | _place(evidence, arm, planned)
        for request in planned.metrics:
            made = evidence.measurement(arm.job, request.name)
            yield place | {"metric": request.name} | ({} if made is None else _number(made))


def _place(evidence: Evidence, arm: Arm, planned: PlannedJob) -> Row:
    return {
        "experiment": arm.experiment,
        "level": arm.level,
        "seed": arm.seed,
        "job": arm.job,
        "outcome": evidence.outcomes[arm.job],
        "dataset": planned.job.dataset.name,
        "model": planned.job.model.name,
        "objective": planned.job.objective.name,
        "sparsity": evidence.sparsity(arm.job),
    }


def _number(made: Measurement) -> Row:
    protocol = {f"protocol_{name}": value for name, value in made.protocol.model_dump().items()}
    return {"value": made.value, "unit": made.unit, "lower_is_better": made.lower_is_better, **protocol}


def _judged(verdict: Verdict) -> Iterator[Row]:
    claim = verdict.claim
    head: Row = {
        "suite": verdict.suite,
        "scale": verdict.scale,
        "small": verdict.small,
        "claim": verdict.claim_id,
        "paper": claim.source.paper,
        "kind": claim.kind,
        "metric": claim.metric,
        "timing": claim.timing,
        "says": claim.says,
        "status": verdict.status,
        "label": verdict.label,
        "reason": verdict.reason,
        "expect": claim.expect,
        "as_expected": verdict.as_expected,
        "fragile": verdict.fragile,
        "contested": claim.contested is not None,
    }
    if not verdict.parts:
        yield head
    for number, part in enumerate(verdict.parts, start=1):
        yield head | {"part": number} | _part(part)


def _part(part: Part) -> Row:
    row: Row = {
        "part_status": part.status,
        "part_reason": part.reason,
        "look": None if part.look is None else part.look.number,
        **_arm("arm", part.arm),
        **_arm("baseline", part.baseline),
    }
    if part.effect is not None:
        found = part.effect.model_dump(exclude={"scale", "level"})
        row |= found | {"effect_scale": part.effect.scale, "interval_level": part.effect.level}
    return row


def _arm(name: str, arm: ArmSummary) -> Row:
    n = sum(one.value is not None for one in arm.observations)
    return dict(zip((f"{name}{end}" for end in ARM), (arm.name, arm.sparsity, arm.mean, arm.sd, n), strict=True))
