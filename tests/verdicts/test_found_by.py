"""Whether an event came in time in most seeds."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.schema.claim import Claim
from benchmark.schema.measurement import Outcome
from benchmark.schema.protocol import Protocol
from benchmark.schema.verdict import Part, Verdict
from benchmark.statistics import clopper_pearson
from tests.verdicts.made import arm, claim, judge

EPOCHS = Protocol(metric="stopping_time", version=1)


def found_by(share: float = 0.5, *arms: str) -> Claim:
    return claim("found_by", [{"arm": name} for name in arms or ("imp@1",)], share=share, metric="found_at")


def judged(values: Sequence[float | None], share: float = 0.5, outcome: Outcome = "unstable") -> Verdict:
    return judge(found_by(share), arm("imp@1", values, outcome=outcome, protocol=EPOCHS))


def part(verdict: Verdict) -> Part:
    assert len(verdict.parts) == 1
    return verdict.parts[0]


@pytest.mark.parametrize(
    ("values", "share", "status"),
    [
        ([4, 5, 6, 4.5, 5], 0.5, "reproduced"),  # 5 of 5 begin at 0.549
        ([4, 5, 6, 4.5, 5], 0.6, "inconclusive"),
        ([4, 5, 6, 4.5, 7], 0.5, "inconclusive"),
        ([7, 8, 3, 9, 3.9], 0.5, "not reproduced"),  # 0 of 5 end at 0.451
        ([7, 8, 3, 9, 5], 0.5, "inconclusive"),
        ([1, 1, 1], 0.7, "not reproduced"),
    ],
)
def test_the_interval_of_the_share_decides(values: list[float], share: float, status: str) -> None:
    verdict = judged([float(value) for value in values], share)
    shown = part(verdict).effect
    assert verdict.status == status
    assert shown is not None
    assert (shown.scale, shown.margin, shown.n, shown.level) == ("share", share, len(values), 0.9)
    assert (shown.low, shown.high) == clopper_pearson(sum(4 <= value <= 6 for value in values), len(values), 0.9)


@given(st.lists(st.booleans(), min_size=3, max_size=30), st.floats(0.05, 0.95))
def test_the_verdict_follows_the_count_alone(seeds: list[bool], share: float) -> None:
    verdict = judged([5.0 if found else 50.0 for found in seeds], share)
    low, high = clopper_pearson(sum(seeds), len(seeds), 0.9)
    assert (verdict.status == "reproduced") == (low >= share)
    assert (verdict.status == "not reproduced") == (high < share)
    assert judged(sorted(5.0 if found else 50.0 for found in seeds), share).status == verdict.status


@pytest.mark.parametrize("outcome", ["unstable", "diverged"])
def test_a_training_that_never_came_to_it_counts_as_not_found(outcome: Outcome) -> None:
    verdict = judged([None] * 5, outcome=outcome)
    assert verdict.status == "not reproduced"
    assert part(verdict).arm.mean is None
    mixed = judged([5.0, 5.0, 5.0, None, None], outcome=outcome)
    word = {"unstable": "never became stable", "diverged": "diverged"}[outcome]
    assert f"in 3 of 5 seeds of imp@1 (2 {word})" in mixed.reason
    assert mixed.status == "inconclusive"


@pytest.mark.parametrize("outcome", ["failed", "blocked", "missing", "done"])
def test_a_seed_without_a_result_is_not_run(outcome: Outcome) -> None:
    verdict = judged([5.0, 5.0, None], outcome=outcome)
    assert verdict.status == "not run"
    assert "imp@1 seed 2" in verdict.reason
    assert part(verdict).baseline.name == "4 to 6 fid"


def test_an_arm_that_is_not_planned_is_not_run() -> None:
    assert judge(found_by()).reason == "imp@1 is not part of the plan"


@pytest.mark.parametrize("n", [1, 2])
def test_fewer_than_three_seeds_are_indicative_only(n: int) -> None:
    verdict = judged([50.0] * n, share=0.9)
    assert verdict.status == "inconclusive"
    assert f"with {n} seeds indicative only" in verdict.reason


def test_it_says_where_even_all_seeds_could_not_show_the_share() -> None:
    assert part(judged([5.0] * 3, share=0.8)).warnings == (
        "Even 3 of 3 seeds could not reach a share of 0.8: the interval would begin at 0.368; 14 seeds could.",
    )
    assert part(judged([5.0] * 14, share=0.8)).warnings == ()
    assert part(judged([5.0] * 2, share=0.3)).warnings == (
        "Even 2 of 2 seeds could not reach a share of 0.3: the interval would begin at 0.224; 3 seeds could.",
    )


def test_a_verdict_that_one_seed_decides_is_fragile() -> None:
    fragile, sound = judged([5.0] * 5), judged([5.0] * 8)
    assert fragile.fragile
    assert part(fragile).sensitivity == "Leaving out seed 0 or 1 or 2 or 3 or 4 makes it inconclusive."
    assert not sound.fragile
    assert part(sound).sensitivity == "The same whichever seed is left out."
    assert part(judged([5.0] * 3)).sensitivity == "Too few seeds to leave one out."


def test_every_arm_has_to_be_found() -> None:
    made = found_by(0.5, "imp@1", "imp@2")
    late = arm("imp@2", [9.0] * 5, protocol=EPOCHS)
    verdict = judge(made, arm("imp@1", [5.0] * 5, protocol=EPOCHS), late)
    assert [one.status for one in verdict.parts] == ["reproduced", "not reproduced"]
    assert verdict.status == "not reproduced"
    assert verdict.reason.startswith("1 of 2 comparisons hold")


def test_epochs_and_steps_are_not_counted_together() -> None:
    one = arm("imp@1", [5.0] * 3, protocol=EPOCHS)
    steps = EPOCHS.model_copy(update={"convention": "steps"})
    mixed = type(one)(one.name, one.level, None, one.observations, (EPOCHS, steps), unit="epochs")
    assert judge(found_by(), mixed).status == "not comparable"
