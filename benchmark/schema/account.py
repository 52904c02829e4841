"""What a results directory says of one suite, in numbers: an accepted baseline, or a night held against it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchmark.schema.measurement import Outcome
from benchmark.schema.protocol import Protocol
from benchmark.schema.record import Finite, Name, Record, Step
from benchmark.schema.verdict import Status

Size = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]

FACTS_OF_CODE = frozenset({"commit", "dirty", "version_ticketbench", "platform"})
"""What may differ between two environments that compute the same bytes."""


class Series(Record):
    """One metric of an arm by seed, and the protocol it was measured by (a key of `Account.protocols`)."""

    unit: str
    lower_is_better: bool | None
    protocol: str
    values: dict[Step, Finite]


class ArmAccount(Record):
    """One level of an experiment: the job of each seed, how it ended, and what was measured on it."""

    jobs: dict[Step, str]
    ends: dict[Step, Outcome]
    series: dict[Name, Series]


class Stake(Record):
    """What a claim is about: a metric, and each arm with the margin of the claim in the metric's unit.

    A margin is null where the claim declares none that numbers could be held against.
    """

    kind: str
    metric: Name
    timing: Name | None = None
    margins: dict[str, Size | None]


class Pace(Record):
    """Seconds per step: of the jobs of a kind, which shared the machine, or of an arm's processes of a timing."""

    seconds: tuple[Seconds, ...]
    exclusive: bool = False


class Account(Record):
    """One suite at one scale as a directory has it: small enough to be kept under version control.

    Arms go by `EXPERIMENT@LEVEL`. A kind of job goes by its first arm, a timing's arm by `TIMING/ARM`. `digests` begin
    the SHA-256 of a job's mask, start weights and weights; `failures` say why jobs have no result.
    """

    format: Literal[1] = 1
    suite: Name
    scale: Name
    text_sha256: str
    overrides: tuple[str, ...] = ()
    device: str
    environments: tuple[dict[str, str], ...] = ()
    seeds: tuple[Step, ...]
    stakes: dict[Name, Stake]
    verdicts: dict[Name, Status]
    arms: dict[str, ArmAccount]
    protocols: dict[str, Protocol]
    paces: dict[str, Pace]
    digests: dict[str, dict[str, str]]
    failures: dict[str, str] = {}

    @property
    def name(self) -> str:
        """The suite and its scale, as a baseline's file is called."""
        return f"{self.suite}-{self.scale}"

    @property
    def machine(self) -> str | None:
        """The class of machine within which times compare; null where it is unknown, or several had a part in it."""
        found = {machine_class(facts) for facts in self.environments}
        return found.pop() if len(found) == 1 else None

    @property
    def software(self) -> frozenset[tuple[str, str]] | None:
        """All that decides on the bytes of a job beside this code; null where unknown, or bytes may vary."""
        found = {frozenset(item for item in one.items() if item[0] not in FACTS_OF_CODE) for one in self.environments}
        return found.pop() if len(found) == 1 and self.device == "cpu" else None


def machine_class(facts: dict[str, str]) -> str:
    """Return the class of machine within which times compare, of a job's recorded environment.

    A GPU, or a processor with its vector unit and threads; and the release of torch.
    """
    processor = (facts.get(name, "unknown") for name in ("cpu", "cpu_capability", "threads"))
    place = facts.get("gpu") or "{}, {}, threads: {}".format(*processor)
    return f"{place}, torch {'.'.join(facts.get('version_torch', 'unknown').split('.')[:2])}"
