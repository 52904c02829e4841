"""A job: one training of one masked network, with everything explicit; and the plan of them."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import Field

from benchmark.schema.record import Fraction, Name, PositiveInt, Record, Resolved, Step
from benchmark.schema.search import Prunable
from benchmark.schema.suite import Ranked, Suite, Training
from benchmark.schema.training import Moment


class Origin(Record):
    """Weights at a moment of another job's training, or drawn from a named stream where `job` is null.

    `values` are those of the weights themselves or of their moving averages.
    """

    job: str | None = None
    at: Moment = "end"
    values: Ranked = "raw"
    stream: Name = "init"
    component: str | None = None


class MaskRecipe(Record):
    """How a job gets its mask. Without an origin job, the weights ranked are the job's own initial weights.

    `rounds` times, round(fraction * remaining) weights are removed; or `sparsity` of all prunable ones at once.
    """

    op: Literal["ones", "draw", "reuse"] = "ones"
    origin: Origin = Origin()
    values: Ranked | dict[str, Ranked] = "raw"
    criterion: Resolved | None = None
    fraction: float | None = None
    rounds: PositiveInt = 1
    sparsity: Fraction | None = None
    pool: Literal["global", "component", "layer"] = "global"
    granularity: Literal["weight", "channel"] = "weight"
    prunable: Prunable = Prunable()
    components: tuple[str, ...] | None = None
    map: dict[str, str] = {}


class StartRecipe(Record):
    """Where a job's start weights come from, per component, and at which step its training starts.

    `end` is the step at which the job of the origins ended, which may be known only then.
    """

    origins: dict[str, Origin]
    optimizer: Literal["fresh", "restored"] = "fresh"
    start_step: Moment = 0


class Job(Record):
    """One training of one masked network: all that its result depends on, and nothing else."""

    seed: Step
    dataset: Resolved
    model: Resolved
    objective: Resolved
    mask: MaskRecipe
    start: StartRecipe
    training: Training
    shrink: bool = False

    @property
    def inputs(self) -> tuple[str, ...]:
        """The ids of all jobs it reads, sorted."""
        sources = [origin.job for origin in (self.mask.origin, *self.start.origins.values())]
        if self.training.teacher is not None:
            sources.append(self.training.teacher.source)
        return tuple(sorted({source for source in sources if source is not None}))


class MetricRequest(Record):
    """One metric to measure on a finished job, under the name that claims use."""

    name: Name
    metric: Resolved
    key: str
    """File stem of its measurement: the name and a hash of what is asked."""


class PlannedJob(Record):
    """A job with its id, what others need from it, and what to measure: nothing here is part of the identity."""

    id: str
    job: Job
    snapshots: tuple[Step, ...] = ()
    metrics: tuple[MetricRequest, ...] = ()


class Arm(Record):
    """Which job stands for a seed of a level of an experiment."""

    experiment: str
    level: Step
    seed: Step
    job: str


class Plan(Record):
    """The jobs of a suite at a scale, inputs before the jobs that need them."""

    suite: Suite
    jobs: tuple[PlannedJob, ...]
    arms: tuple[Arm, ...]

    def job(self, job_id: str) -> PlannedJob:
        """Return a planned job by id (KeyError if unknown)."""
        for planned in self.jobs:
            if planned.id == job_id:
                return planned
        raise KeyError(job_id)


class Added(Record):
    """What `run --top-up` added to a plan: the look that each claim has come to, and the jobs of the later seeds."""

    looks: dict[Name, PositiveInt]
    jobs: tuple[PlannedJob, ...]
    arms: tuple[Arm, ...]

    def joined(self, later: Added) -> Added:
        """Return this and what was added later, inputs still before the jobs that need them."""
        return Added(
            looks={name: max(one.looks.get(name, 1) for one in (self, later)) for name in self.looks | later.looks},
            jobs=tuple({planned.id: planned for planned in (*self.jobs, *later.jobs)}.values()),
            arms=tuple(dict.fromkeys((*self.arms, *later.arms))),
        )


class CampaignSuite(Record):
    """One suite of a campaign: its files as they were read, the plan made of them, and what was added to it since."""

    text: str
    references: dict[Name, str] = {}
    overrides: tuple[str, ...] = ()
    plan: Plan
    added: Added | None = None

    @property
    def text_sha256(self) -> str:
        """What its file is told from others by."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def whole(self) -> Plan:
        """The plan with what was added to it."""
        if self.added is None:
            return self.plan
        more = {"jobs": (*self.plan.jobs, *self.added.jobs), "arms": (*self.plan.arms, *self.added.arms)}
        return self.plan.model_copy(update=more)


class Campaign(Record):
    """`campaign.json`: what a results directory is about."""

    format: Literal[1] = 1
    device: str
    suites: Annotated[dict[Name, CampaignSuite], Field(min_length=1)]
