"""An arm as the exclusive timing job saw it: its processes in place of seeds (docs/statistics.md, Times)."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.schema.protocol import Protocol
from benchmark.schema.timing import Clocking
from benchmark.schema.verdict import Observation
from benchmark.verdicts.arms import ArmData

CONVENTIONS = {
    "step_seconds": "mean over timed steps of the arm's own training",
    "training_seconds": "all steps that the weights went through, and drawing their mask",
}


def timed_arm(records: Sequence[Clocking | None], name: str, metric: str, sparsity: float | None) -> ArmData:
    """Return the processes of an arm, null where one was not begun, as observations of a `TimedMetric`."""
    timed = [record for record in records if record is not None and not record.failure]
    protocols = dict.fromkeys(protocol(record, metric).model_dump_json() for record in timed)
    return ArmData(
        name=name,
        level=int(name.rpartition("@")[2]),
        sparsity=sparsity,
        observations=tuple(_observation(process, record, metric) for process, record in enumerate(records)),
        protocols=tuple(map(Protocol.model_validate_json, protocols)),
        unit="s",
        replicate="timed run",
        cautions=cautions(name, timed),
    )


def protocol(record: Clocking, metric: str) -> Protocol:
    """Return how a process was timed: seconds of two devices, or of two releases of torch, are never compared."""
    facts = record.environment
    return Protocol(
        metric=metric,
        version=1,
        counter=f"torch {facts.get('version_torch', 'of unknown version')}",
        convention=CONVENTIONS[metric],
        device=device(record),
    )


def device(record: Clocking) -> str:
    """Return what a process computed on: the GPU, or the processor with its number of threads."""
    facts = record.environment
    return facts.get("gpu") or f"{facts.get('cpu', 'unknown processor')}, threads: {facts.get('threads', 'unknown')}"


def cautions(name: str, timed: Sequence[Clocking]) -> tuple[str, ...]:
    """Return what keeps an arm's times from being exclusive, in words."""
    disturbed = [record for record in timed if record.warning]
    if not disturbed:
        return ()
    worst = max(disturbed, key=lambda record: record.others or 0.0)
    return (f"The machine was not idle in {len(disturbed)} of {len(timed)} processes of {name}: {worst.warning}.",)


def _observation(process: int, record: Clocking | None, metric: str) -> Observation:
    if record is None:
        return Observation(seed=process, job=None, outcome="missing", value=None)
    if record.failure:
        return Observation(seed=process, job=record.job, outcome="failed", value=None)
    return Observation(seed=process, job=record.job, outcome="done", value=record.value(metric))
