"""How many seeds a claim needs, by the spread of a pilot's: a results directory whose seeds judge nothing (R2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benchmark.artifacts import ResultsDir
from benchmark.forecast.power import MOST, RULES, fewest_seeds, is_there
from benchmark.judge import judge
from benchmark.metrics import METRICS
from benchmark.schema.claim import Claim, Comparison, FoundBy, Sparsest
from benchmark.schema.job import Plan
from benchmark.schema.record import Record
from benchmark.schema.reference import Number
from benchmark.schema.verdict import Part, Verdict
from benchmark.suites import read_references
from benchmark.verdicts.arms import ArmData
from benchmark.verdicts.gate import Evidence
from benchmark.verdicts.parts import contrast_of


class Need(Record):
    """The fewest seeds with which a claim would probably be settled; null where none can be told, and `says` why."""

    seeds: int | None = None
    says: str = ""

    @property
    def words(self) -> str:
        """The number, or why there is none."""
        return self.says if self.seeds is None else str(self.seeds)


class Pilot:
    """A results directory whose seeds told how far seeds lie apart, and are not to be those of a verdict (R2)."""

    def __init__(self, results: ResultsDir) -> None:
        self._suites = results.read_campaign().suites
        self._verdicts = {(one.suite, one.claim_id): one for one in judge(results).verdicts}

    def seeds(self, plan: Plan) -> set[int]:
        """Return the seeds of a plan that the pilot has used; those of later looks are among them."""
        pilot, own = self._suites.get(plan.suite.key), {arm.seed for arm in plan.arms}
        if plan.suite.top_up is not None:
            own |= set(range(plan.suite.first_seed, plan.suite.first_seed + plan.suite.top_up.looks[-1]))
        return set() if pilot is None else {arm.seed for arm in pilot.whole.arms} & own

    def need(self, plan: Plan, name: str) -> Need:
        """Return the seeds that a claim of a plan needs, by the pilot's spread and the margin declared in the plan.

        `matches`, `sparsest`, `equals` and `same` would then be reproduced with power 0.8 if the arms are truly equal;
        `beats`, `reduces` and `differs` if the truth is what the pilot saw. Of several comparisons the one that needs
        most counts.
        """
        claim, verdict = plan.suite.claims[name], self._verdicts.get((plan.suite.key, name))
        if isinstance(claim, FoundBy) or claim.timing is not None:
            return Need(says="no matter of spread" if claim.timing is None else "timed processes, not seeds")
        if verdict is None or verdict.scale != plan.suite.scale:
            return Need(says="not in the pilot")
        numbers = {
            f"{paper}/{number}": value
            for paper, text in self._suites[plan.suite.key].references.items()
            for number, value in read_references(text, f"{paper}.yaml").numbers.items()
        }
        evidence = _evidence(verdict, _lower_is_better(plan, claim.metric), numbers)
        needs = [_part_need(claim, part, evidence) for part in _claimed(claim, verdict)]
        unmet = [need for need in needs if need.seeds is None]
        return (
            unmet[0] if unmet else max(needs, key=lambda need: need.seeds or 0, default=Need(says="not in the pilot"))
        )


def _part_need(claim: Claim, part: Part, evidence: Evidence) -> Need:
    """Return the seeds that one comparison of a pilot calls for."""
    against = part.baseline.name
    printed = against in evidence.references
    if printed and evidence.small:
        return Need(says="not comparable at a small scale")
    comparison = Comparison(arm=part.arm.name, **{"reference" if printed else "baseline": against})
    names = [part.arm.name] if printed else [part.arm.name, against]
    sides = [evidence.arms[name].values if name in evidence.arms else {} for name in names]
    if min(map(len, sides)) < 2 or (claim.paired and sides[0].keys() != sides[-1].keys()):
        return Need(says="too few values in the pilot")
    if any(None in side.values() for side in sides):
        return Need(says="a seed of the pilot diverged")
    contrast = contrast_of(claim, comparison, evidence)
    if contrast is None or not is_there(RULES[claim.kind], contrast):
        return Need(says="the pilot shows no such effect")
    found = fewest_seeds(RULES[claim.kind], contrast)
    return Need(says=f"more than {MOST}") if found is None else Need(seeds=found)


def _evidence(verdict: Verdict, lower_is_better: bool | None, numbers: Mapping[str, Number]) -> Evidence:
    """Return what a verdict of the pilot was found on."""
    arms = {one.name: one for part in verdict.parts for one in (part.arm, part.baseline) if one.observations}
    return Evidence(
        {
            name: ArmData(
                name=name,
                level=0,
                sparsity=one.sparsity,
                observations=one.observations,
                protocols=(),
                unit="",
                lower_is_better=lower_is_better,
            )
            for name, one in arms.items()
        },
        numbers,
        verdict.small,
    )


def _lower_is_better(plan: Plan, metric: str) -> bool | None:
    chosen = next(one.metric for planned in plan.jobs for one in planned.metrics if one.name == metric)
    better: bool | None = METRICS[chosen.name].facts["lower_is_better"]
    return better


def _claimed(claim: Claim, verdict: Verdict) -> Iterable[Part]:
    """Return the comparisons that must hold: of a row of levels those up to the sparsity claimed."""
    if not isinstance(claim, Sparsest):
        return verdict.parts
    return [part for part in verdict.parts if part.arm.sparsity is None or part.arm.sparsity <= claim.at_least]
