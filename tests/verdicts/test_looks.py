"""Verdicts at one of several looks: the level that it may spend, in every kind of interval and test."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.schema.top_up import Look, TopUp
from benchmark.schema.verdict import Verdict
from benchmark.verdicts import judge_claim
from tests.verdicts.made import BECAUSE, DENSE, Values, arm, claim, moved, with_margin

SCHEDULE = TopUp(looks=(5, 10), spending="uniform", because=BECAUSE)


def judged(kind: str, ticket: Values, dense: Values, look: Look | None, **more: Any) -> Verdict:
    compare = [{"arm": "imp@1"}] if kind == "found_by" else None
    made = claim(kind, compare, **more) if more or compare else with_margin(kind, 0.1)
    arms = {one.name: one for one in (arm("imp@1", ticket), arm("imp@0", dense))}
    return judge_claim(made, arms, {}, suite="demo", claim_id="c", scale="paper", small=False, look=look)


@pytest.mark.parametrize(("kind", "level"), [("matches", 0.95), ("beats", 0.95), ("same", 0.95), ("differs", 0.975)])
def test_half_of_alpha_is_spent_at_half_of_the_seeds(kind: str, level: float) -> None:
    found = judged(kind, moved(0.2), DENSE, SCHEDULE.look(1))
    effect = found.parts[0].effect
    assert effect is not None
    assert effect.level == pytest.approx(level)
    assert f"at look 1 of 2, the {100 * level:.3g} % interval" in found.reason
    once = judged(kind, moved(0.2), DENSE, None).parts[0].effect
    assert once is not None
    assert effect.low < once.low < once.high < effect.high
    assert effect.power is not None
    assert once.power is not None
    assert effect.power < once.power


def test_a_share_that_would_do_once_is_open_at_a_look() -> None:
    # 5 of 5: the interval begins at 0.05^(1/5) = 0.549 once, at 0.025^(1/5) = 0.478 with half of alpha.
    assert judged("found_by", [5.0] * 5, DENSE, None).status == "reproduced"
    found = judged("found_by", [5.0] * 5, DENSE, SCHEDULE.look(1))
    assert found.status == "inconclusive"
    assert "at look 1 of 2, the 95 % interval of their share, 0.478 to 1" in found.reason
    assert "6 seeds could" in found.parts[0].warnings[0]
    assert found.look == SCHEDULE.look(1)


def test_ranks_of_divergences_have_the_level_of_the_look() -> None:
    # A dense network that diverged: five of five signs, p = 1/32, which is under 0.05 and not under 0.025.
    dense = [None, *DENSE[1:]]
    assert judged("matches", moved(-5.0), dense, None).status == "reproduced"
    assert judged("matches", moved(-5.0), dense, SCHEDULE.look(1)).status == "inconclusive"
    ten = judged("matches", [*moved(-5.0), *moved(-5.1)], [*dense, *DENSE], SCHEDULE.look(2))
    assert ten.status == "reproduced"
    assert "at look 2 of 2, by exact ranks" in ten.reason


def test_exact_numbers_pay_for_no_look() -> None:
    found = judged("same", [0.36] * 5, [0.36] * 5, SCHEDULE.look(1))
    effect = found.parts[0].effect
    assert effect is not None
    assert (effect.level, found.look, found.parts[0].look) == (0.90, None, None)
    assert "look" not in found.reason


def test_ratios_of_nothing_are_no_matter_of_seeds() -> None:
    found = judged("reduces", [0.0, 1.0, 1.0], [1.0, 2.0, 2.1], SCHEDULE.look(1), ratio=0.6)
    assert (found.status, found.parts[0].look) == ("inconclusive", None)
