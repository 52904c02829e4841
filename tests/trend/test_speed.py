"""Speeds: which times are judged, by which rule, and what a confirming run makes of them."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random

import pytest

from benchmark.schema.account import Account, Pace
from benchmark.schema.trend import SpeedChange
from benchmark.trend.speed import ALL, confirmed, speeds
from tests.trend.made import Made

KINDS = tuple(f"kind{number}@0" for number in range(5))


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Account:
    return Made(tmp_path_factory.mktemp("speed"), seeds=range(1)).measure().account()


def account(
    machine: Account, factors: dict[str, float], jobs: int = 6, exclusive: bool = False, seed: int = 0
) -> Account:
    random = Random(seed)
    paces = {
        kind: Pace(
            seconds=tuple(0.02 * factor * math.exp(random.gauss(0, 0.05)) for _ in range(jobs)), exclusive=exclusive
        )
        for kind, factor in factors.items()
    }
    return machine.model_copy(update={"paces": paces})


def states(found: list[SpeedChange]) -> dict[str, str]:
    return {one.kind: one.state for one in found}


def test_one_slow_kind_is_found_where_all_together_are_not(machine: Account) -> None:
    baseline = account(machine, dict.fromkeys(KINDS, 1.0))
    night = account(machine, dict.fromkeys(KINDS, 1.0) | {KINDS[2]: 1.5}, seed=1)
    found, tests = speeds(baseline, night)
    assert tests == 6
    assert found[0].kind == ALL
    assert {kind for kind, state in states(found).items() if state != "within"} == {KINDS[2]}
    slow = next(one for one in found if one.state == "suspected")
    assert slow.ratio == pytest.approx(1.5, rel=0.1)
    assert slow.low is not None and 1.25 < slow.low < slow.ratio
    assert confirmed(slow, baseline, account(machine, {KINDS[2]: 1.5}, seed=2)).state == "confirmed"
    assert confirmed(slow, baseline, account(machine, {KINDS[2]: 1.0}, seed=2)).state == "dismissed"
    assert confirmed(slow, baseline, account(machine, {KINDS[1]: 1.0}, seed=2)).state == "suspected"


def test_kinds_of_one_job_each_are_judged_together(machine: Account) -> None:
    baseline = account(machine, dict.fromkeys(KINDS, 1.0), jobs=1)
    night = account(machine, dict.fromkeys(KINDS, 1.5), jobs=1, seed=1)
    found, tests = speeds(baseline, night)
    assert tests == 1
    assert states(found) == {ALL: "suspected", **dict.fromkeys(KINDS, "shown")}
    mean = math.prod(night.paces[kind].seconds[0] / baseline.paces[kind].seconds[0] for kind in KINDS) ** (
        1 / len(KINDS)
    )
    assert found[0].ratio == pytest.approx(mean)
    assert (
        confirmed(found[0], baseline, account(machine, dict.fromkeys(KINDS, 1.5), jobs=1, seed=2)).state == "confirmed"
    )


def test_exclusive_times_are_judged_in_place_of_ordinary_ones(machine: Account) -> None:
    def both(factor: float, seed: int) -> Account:
        ordinary = account(machine, {"kind@0": factor}, seed=seed)
        timed = account(machine, {"timing/arm": 1.0}, exclusive=True, seed=seed)
        return ordinary.model_copy(update={"paces": ordinary.paces | timed.paces})

    found, tests = speeds(both(1.0, 0), both(2.0, 1))
    assert (states(found), tests) == ({"timing/arm": "within", "kind@0": "shown"}, 1)
    assert [one.exclusive for one in found] == [True, False]


def test_faster_is_told_too(machine: Account) -> None:
    found, _ = speeds(account(machine, {"kind@0": 1.0}), account(machine, {"kind@0": 0.5}, seed=1))
    assert states(found) == {"kind@0": "better"}


@pytest.mark.parametrize("name", ["cpu", "cpu_capability", "threads", "version_torch", "gpu"])
def test_another_class_of_machine_is_not_compared(machine: Account, name: str) -> None:
    baseline = account(machine, {"kind@0": 1.0})
    facts = baseline.environments[0]
    other = baseline.model_copy(update={"environments": (facts | {name: "2.10.0"},)})
    assert speeds(baseline, other) == ([], 0)
    patched = baseline.model_copy(update={"environments": (facts | {"version_torch": "2.9.9"},)})
    assert speeds(baseline, patched)[1] == 1  # the same release of torch
    nothing = baseline.model_copy(update={"environments": ()})
    assert speeds(nothing, nothing) == ([], 0)
    mixed = baseline.model_copy(update={"environments": (facts, facts | {name: "2.10.0"})})
    assert speeds(mixed, mixed) == ([], 0)


def test_a_slower_loop_reaches_the_account_from_the_files(tmp_path: Path) -> None:
    baseline = Made(tmp_path / "baseline").measure().account()
    night = Made(tmp_path / "night").measure(slower=1.5).account()
    found, _ = speeds(baseline, night)
    assert states(found) == {"imp@0": "suspected", "imp@1": "suspected"}
