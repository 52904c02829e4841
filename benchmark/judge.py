"""A results directory's claims, judged from its files alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from benchmark import statistics
from benchmark.artifacts import ResultsDir
from benchmark.schema.claim import Claim
from benchmark.schema.job import Arm, Campaign, CampaignSuite
from benchmark.schema.measurement import Measurement, Outcome
from benchmark.schema.reference import Number
from benchmark.schema.top_up import Look
from benchmark.schema.verdict import Observation, Verdict, Verdicts
from benchmark.verdicts import ArmData, judge_claim
from benchmark.verdicts.timed import timed_arm

UNFINISHED = frozenset({"failed", "blocked", "missing"})
UNDECIDED = frozenset({"inconclusive", "not comparable"})


def judge(results: ResultsDir) -> Verdicts:
    """Return a verdict on every claim that the campaign's suites make at their scale."""
    campaign = results.read_campaign()
    return Verdicts(verdicts=tuple(one for suite in campaign.suites.values() for one in _judge_suite(results, suite)))


def exit_code(verdicts: Verdicts, outcomes: Iterable[Outcome]) -> int:
    """Return the exit code of `verify`, the first that applies.

    4: a job has no result, or a claim's numbers were not measured; 1: a verdict contradicts its claim's `expect`;
    3: a claim that expects a verdict has none either way; 0: otherwise.
    """
    found = verdicts.verdicts
    if any(outcome in UNFINISHED for outcome in outcomes) or any(one.status == "not run" for one in found):
        return 4
    unexpected = {one.status for one in found if not one.as_expected}
    if unexpected - UNDECIDED:
        return 1
    return 3 if unexpected else 0


def outcomes(results: ResultsDir, campaign: Campaign) -> dict[str, Outcome]:
    """Return how the jobs of a campaign ended; those of later looks only once they did, for nothing is owed of them."""
    ends: dict[str, Outcome] = {}
    for suite in campaign.suites.values():
        owed = {planned.id for planned in suite.plan.jobs}
        found = results.outcomes(suite.whole).items()
        ends |= {job: end for job, end in found if job in owed or end != "missing"}
    return ends


def verdicts_by_look(
    results: ResultsDir, suite: CampaignSuite, furthest: Mapping[str, int]
) -> dict[str, tuple[Verdict, ...]]:
    """Return each claim's verdicts at its looks, from the first on, as far as to a `furthest` one (else the first).

    A claim comes to a look only where it was open at the one before, and sees the seeds of that look alone. Where no
    looks are declared, or a claim is read from a timing, there is one verdict.
    """
    plan, view, numbers = suite.plan.suite, _View(results, suite), _numbers(suite)

    def verdict(claim_id: str, claim: Claim, look: Look | None) -> Verdict:
        arms = view.arms(claim, look)
        label = {"suite": plan.key, "claim_id": claim_id, "scale": plan.scale}
        return judge_claim(claim, arms, numbers, **label, small=plan.small, look=look)

    def verdicts(claim_id: str, claim: Claim) -> Iterator[Verdict]:
        look = None if plan.top_up is None or claim.timing is not None else plan.top_up.look(1)
        yield (found := verdict(claim_id, claim, look))
        while look is not None and look.number < furthest.get(claim_id, 1) and _is_open(found):
            look = look.next
            yield (found := verdict(claim_id, claim, look))

    here = {name: claim for name, claim in plan.claims.items() if not claim.only_at or plan.scale in claim.only_at}
    return {name: tuple(verdicts(name, claim)) for name, claim in here.items()}


def _judge_suite(results: ResultsDir, suite: CampaignSuite) -> Iterator[Verdict]:
    """Yield each claim's verdict at the last look that it has come to and whose seeds are all there."""
    looks = {} if suite.added is None else suite.added.looks
    for verdicts in verdicts_by_look(results, suite, looks).values():
        is_short = len(verdicts) > 1 and verdicts[-1].status == "not run"
        found = verdicts[-2] if is_short else verdicts[-1]
        ahead = None if found.look is None or not _is_open(found) else found.look.next
        what = "lacks some of its" if is_short else "may decide with its"
        more = "" if ahead is None else f"; {ahead} {what} {ahead.seeds} seeds"
        yield found.model_copy(update={"reason": f"{found.reason}{more}"})


def _is_open(verdict: Verdict) -> bool:
    """Tell whether more seeds may decide a claim: some comparison is neither decided nor beyond what seeds can do."""
    undecided = verdict.status == "inconclusive"
    return undecided and any(part.status == "inconclusive" and part.look is not None for part in verdict.parts)


def _numbers(suite: CampaignSuite) -> dict[str, Number]:
    """Return by `PAPER/NUMBER` the printed numbers of the papers that arms are compared with."""
    compared = (one.reference for claim in suite.plan.suite.claims.values() for one in claim.compare)
    papers = sorted({reference.partition("/")[0] for reference in compared if reference is not None})
    if not papers:
        return {}
    from benchmark.suites import read_references  # only where arms are compared so: reading YAML is slow

    return {
        f"{paper}/{name}": number
        for paper in papers
        for name, number in read_references(suite.references[paper], f"{paper}.yaml").numbers.items()
    }


class _View:
    """What a suite's jobs measured, by arm."""

    def __init__(self, results: ResultsDir, suite: CampaignSuite) -> None:
        self._results, self._suite = results, suite.plan.suite
        self._jobs = {planned.id: planned for planned in suite.whole.jobs}
        self._outcomes = results.outcomes(suite.whole)
        self._seeds: dict[tuple[str, int], list[Arm]] = {}
        for arm in suite.whole.arms:
            self._seeds.setdefault((arm.experiment, arm.level), []).append(arm)

    def arms(self, claim: Claim, look: Look | None) -> dict[str, ArmData]:
        """Return the arms that a claim names, with the seeds of a look; for a bare experiment, all its levels."""
        if claim.timing is not None:
            return self._timed_arms(claim.timing, claim.metric)
        names = {name for one in claim.compare for name in (one.arm, one.baseline) if name is not None}
        return {
            f"{experiment}@{level}": self._arm(experiment, level, claim.metric, look)
            for experiment, level in self._seeds
            if names & {experiment, f"{experiment}@{level}"}
        }

    def _arm(self, experiment: str, level: int, metric: str, look: Look | None) -> ArmData:
        seeds = sorted(self._arms(experiment, level, look), key=lambda arm: arm.seed)
        found = [_Seed(arm, self._outcomes[arm.job], self._measurement(arm.job, metric)) for arm in seeds]
        measured = [one.measurement for one in found if one.measurement is not None]
        protocols = {one.protocol.model_dump_json(): one.protocol for one in measured}
        return ArmData(
            name=f"{experiment}@{level}",
            level=level,
            sparsity=self._sparsity(seeds),
            observations=tuple(one.observation() for one in found),
            protocols=tuple(protocols.values()),
            unit=measured[0].unit if measured else "",
            lower_is_better=measured[0].lower_is_better if measured else True,
        )

    def _arms(self, experiment: str, level: int, look: Look | None) -> list[Arm]:
        """Return a level's seeds, of a look those that it is at: none that another claim has come to."""
        seeds = self._suite.seeds if look is None else look.seeds
        end = self._suite.first_seed + seeds
        return [arm for arm in self._seeds.get((experiment, level), []) if arm.seed < end]

    def _timed_arms(self, name: str, metric: str) -> dict[str, ArmData]:
        """Return every arm of a timing by `EXPERIMENT@LEVEL`; its observations are processes."""
        timing = self._suite.timings[name]
        files, found = self._results.timing(self._suite.key, name, timing), {}
        for arm, place in timing.arms.items():
            experiment, _, level = place.partition("@")
            sparsity = self._sparsity(self._arms(experiment, int(level), None))
            found[place] = timed_arm([*files.records(arm)], place, metric, sparsity)
        return found

    def _sparsity(self, seeds: list[Arm]) -> float | None:
        found = [self._measurement(arm.job, "sparsity") for arm in seeds]
        values = [one.value for one in found if one is not None]
        return statistics.mean(values) if values else None

    def _measurement(self, job_id: str, metric: str) -> Measurement | None:
        """Return a finished job's measurement; a job that failed its audit has none that counts."""
        if self._outcomes[job_id] != "done":
            return None
        request = next((one for one in self._jobs[job_id].metrics if one.name == metric), None)
        return None if request is None else self._results.run(job_id).read_measurement(request)


@dataclass(frozen=True)
class _Seed:
    arm: Arm
    outcome: Outcome
    measurement: Measurement | None

    def observation(self) -> Observation:
        value = None if self.measurement is None else self.measurement.value
        return Observation(seed=self.arm.seed, job=self.arm.job, outcome=self.outcome, value=value)
