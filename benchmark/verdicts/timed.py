"""An arm as the exclusive timing job saw it: its processes in place of seeds (docs/statistics.md, Times)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmark.schema.measurement import FRUITLESS
from benchmark.schema.protocol import Protocol
from benchmark.schema.timing import Clocking
from benchmark.schema.verdict import Observation
from benchmark.verdicts.arms import ArmData

CONVENTIONS = {
    "step_seconds": "mean over timed steps of the arm's own training, with their share of looks at its mask",
    "training_seconds": "all steps that the weights went through, and drawing their mask",
}


def timed_arm(records: Sequence[Clocking | None], name: str, metric: str, sparsity: float | None) -> ArmData:
    """Return the processes of an arm, null where one was not begun, as observations of a `TimedMetric`."""
    timed = [record for record in records if record is not None and record.trainings]
    protocols = dict.fromkeys(protocol(record, metric).model_dump_json() for record in timed)
    return ArmData(
        name=name,
        level=int(name.rpartition("@")[2]),
        sparsity=sparsity,
        observations=tuple(_observation(process, record, metric) for process, record in enumerate(records)),
        protocols=tuple(map(Protocol.model_validate_json, protocols)),
        unit="s",
        replicate="timed run",
        cautions=(*left_out(name, records), *cautions(name, timed)),
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
    """Return what a process computed on: the GPU, and how it was given its work, or the processor with its threads."""
    facts = record.environment
    if "gpu" in facts:
        return facts["gpu"] + ", CUDA graphs" * ("cuda_graphs" in facts)
    return f"{facts.get('cpu', 'unknown processor')}, threads: {facts.get('threads', 'unknown')}"


def cautions(name: str, timed: Sequence[Clocking]) -> Iterator[str]:
    """Say where there are more timed runs than seeds, and what keeps times from being exclusive."""
    runs, seeds = len({record.process for record in timed}), len({record.seed for record in timed})
    if seeds < runs:
        yield (
            f"The {runs} timed runs are of {seeds} seed{'s' * (seeds > 1)}, and are taken as independent: the interval "
            "tells how well these times are known on this machine, not how far those of other seeds lie."
        )
    warned = [record for record in timed if record.warning]
    if warned:
        worst = max(warned, key=lambda record: record.others or 0.0)
        yield f"The machine was not idle in {len(warned)} of {len(timed)} processes of {name}: {worst.warning}."


def left_out(name: str, records: Sequence[Clocking | None]) -> Iterator[str]:
    """Say of which seeds an arm has nothing that could be timed."""
    lost = [record for record in records if record is not None and record.outcome in FRUITLESS]
    for seed, end in dict.fromkeys((record.seed, record.outcome) for record in lost):
        runs = [str(record.process) for record in lost if record.seed == seed]
        which = f"timed run {runs[0]} has" if len(runs) == 1 else f"timed runs {', '.join(runs)} have"
        yield f"With seed {seed} {name} {FRUITLESS[end]}: its {which} no time, which counts as worse than any."


def _observation(process: int, record: Clocking | None, metric: str) -> Observation:
    if record is None:
        return Observation(seed=process, job=None, outcome="missing", value=None)
    outcome = "failed" if record.failure else record.outcome
    value = record.value(metric) if record.trainings else None
    return Observation(seed=process, job=record.job, outcome=outcome, value=value)
