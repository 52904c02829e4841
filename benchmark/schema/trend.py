"""A series of nights against an accepted baseline, with all that a page of it needs."""

from __future__ import annotations

from typing import Literal

from benchmark.schema.record import Name, Record, Step
from benchmark.schema.verdict import Status

State = Literal["same", "within", "better", "suspected", "confirmed", "dismissed", "shown", "not comparable"]
"""What became of a number since the baseline.

`same`: equal to the bit. `within`: no sign that it left the margin. `better`, `suspected`: beyond the margin.
`confirmed`, `dismissed`: suspected, and fresh seeds agree or don't. `shown`: not judged. `not comparable`: measured
otherwise than in the baseline.
"""


class Change(Record):
    """A metric of an arm, night against baseline; of a claim, or of none (then it is only shown).

    `estimate` with its 90 % interval is the mean difference over seeds, larger is worse (where neither is better,
    higher); `band` is half the width of such an interval of the baseline's own mean. `p` is that of a shift beyond the
    margin towards worse, `adjusted` the same after Benjamini and Hochberg.
    """

    claim: Name | None
    arm: str
    metric: Name
    unit: str
    n: int
    before: float | None
    now: float | None
    band: float | None = None
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    margin: float | None = None
    p: float | None = None
    adjusted: float | None = None
    state: State
    says: str


class SpeedChange(Record):
    """Step times of a kind of job (or of `all kinds`), night against baseline, as a ratio with its 90 % interval."""

    kind: str
    exclusive: bool
    ratio: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    adjusted: float | None = None
    state: State
    says: str


class Missing(Record):
    """Something that the baseline has and the night has not: a failure."""

    what: str
    claims: tuple[Name, ...] = ()


class VerdictChange(Record):
    """A claim whose verdict is not the baseline's; null where the claim is gone."""

    claim: Name
    before: Status
    now: Status | None


class Odds(Record):
    """How many false findings to expect of so many comparisons, at most.

    `by_chance`: intervals beyond their margin, were nothing changed and no correction made. `false`: those of the
    suspected that are expected to be false (the false-discovery rate times their number). `alarms`: those of them that
    fresh seeds would be expected to confirm.
    """

    tests: int
    suspected: int
    by_chance: float
    false: float
    alarms: float


class Night(Record):
    """One directory against the baseline, with the run that confirms or dismisses what was suspected.

    `facts` are what is told apart from statistics: other jobs, other bytes, another machine. `confirm` are the
    arguments of the `ticketbench` command that would train the suspected again with fresh seeds; empty where nothing
    waits for it.
    """

    directory: str
    confirmed_by: str | None
    machine: str | None
    same_machine: bool
    changes: tuple[Change, ...]
    speeds: tuple[SpeedChange, ...]
    missing: tuple[Missing, ...]
    verdicts: tuple[VerdictChange, ...]
    facts: tuple[str, ...]
    odds: Odds
    speed_odds: Odds
    confirm: tuple[str, ...] = ()

    @property
    def states(self) -> frozenset[State]:
        """Every state that a number of the night is in."""
        return frozenset([one.state for one in self.changes] + [one.state for one in self.speeds])


class SuiteTrend(Record):
    """The nights of one suite at one scale, oldest first."""

    suite: Name
    scale: Name
    seeds: tuple[Step, ...]
    machine: str | None
    claims: tuple[Name, ...]
    nights: tuple[Night, ...]


class Trend(Record):
    """All that a series of directories shows against its baselines."""

    format: Literal[1] = 1
    suites: tuple[SuiteTrend, ...]
