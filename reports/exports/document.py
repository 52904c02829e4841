"""`report.json`: all that a results directory says, in numbers, for programs.

Field descriptions are part of the published JSON Schema (docs/report.schema.json).
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, JsonValue

from benchmark.schema.measurement import Outcome
from benchmark.schema.protocol import Protocol
from benchmark.schema.record import Finite, Record
from benchmark.schema.suite import Paper
from benchmark.schema.verdict import Status, Verdict


class Documented(Record):
    """A record whose fields are described by the text below them."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Measured(Documented):
    """One number measured on one job."""

    value: Finite
    unit: str
    lower_is_better: bool | None
    """Null where neither side is better."""
    protocol: str
    """A key of the suite's `protocols`: how it was measured. Only numbers of one protocol may be compared."""


class JobResult(Documented):
    """One training of one masked network."""

    outcome: Outcome
    """`done`, or why there are no measurements that count."""
    dataset: str
    model: str
    objective: str
    sparsity: float | None
    """The measured share of prunable weights (or channels, as its protocol's `convention` says) that are gone."""
    measurements: dict[str, Measured]
    """By the name that claims use."""
    step_seconds: float | None
    """The mean time of a training step. For information: the jobs shared the machine, and no claim rests on it."""
    environment: int | None
    """The place of its environment in the suite's `environments`, from 0 on; null where none was recorded."""


class ExperimentArm(Documented):
    """One level of an experiment, `EXPERIMENT@LEVEL`. Level 0 is the dense network."""

    experiment: str
    level: int
    jobs: dict[int, str]
    """The job of each seed; several arms may share a job."""


class TimedProcess(Documented):
    """One process of an exclusive timing, in seconds."""

    process: int
    seed: int
    step_seconds: float
    training_seconds: float
    """Every step that the arm's weights went through, and drawing their masks."""
    finding_seconds: float
    """The trainings beside it that served to find the mask, such as earlier rounds of pruning."""


class TimedArm(Documented):
    """One arm of an exclusive timing."""

    place: str
    """The arm of the suite that it stands for, `EXPERIMENT@LEVEL`."""
    processes: tuple[TimedProcess, ...]


class Costs(Documented):
    """Counted and timed costs; the two are never mixed, and a mask by itself makes no network faster."""

    counted: tuple[str, ...]
    """The measurements that count sizes or operations, by name."""
    timed: dict[str, dict[str, TimedArm]]
    """Exclusive timings, when nothing else ran: by timing and arm."""


class SuiteResult(Documented):
    """One suite at one scale."""

    key: str
    title: str
    scale: str
    small: bool
    """A small run: other data and smaller networks than the paper's. It can not confirm a printed number."""
    paper: Paper | None
    text_sha256: str
    """The SHA-256 of the suite's file."""
    overrides: tuple[str, ...]
    """Settings that the call changed, as it gave them."""
    seeds: tuple[int, ...]
    counts: dict[Status, int]
    """How many claims have which verdict."""
    outcomes: dict[Outcome, int]
    """How many jobs ended how."""
    claims: tuple[Verdict, ...]
    """Every claim with its verdict: the same records as in `verdicts.json`."""
    arms: dict[str, ExperimentArm]
    jobs: dict[str, JobResult]
    protocols: dict[str, Protocol]
    costs: Costs
    environments: tuple[dict[str, JsonValue], ...]
    """Software and machine as the jobs recorded them, each once."""


class ReportDocument(Documented):
    """What a results directory says."""

    format: Literal[1] = 1
    """Rises when a field goes, or changes its name or meaning. New fields may come without: ignore what is unknown."""
    device: str
    exit_code: int
    """That of `ticketbench verify`. 0: as expected; 1: contradicted; 3: undecided; 4: not all was measured."""
    suites: tuple[SuiteResult, ...]
