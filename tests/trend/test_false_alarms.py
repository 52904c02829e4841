"""How often nights that differ by noise alone raise an alarm, and how often an injected regression is found."""

from __future__ import annotations

from random import Random

import pytest

from benchmark.schema.account import Account
from benchmark.schema.trend import Night, Trend
from benchmark.trend import compare, exit_code
from benchmark.trend.discovery import FALSE_DISCOVERY
from tests.trend.made import LEVELS, MIDDLE, Made, Value, claim, first, redrawn, reseeded

NIGHTS = 400
FRESH = range(1000, 1005)
SD = {metric: 0.02 * middle for metric, middle in MIDDLE.items()}
"""Of a metric over trainings, and of the logarithm of a step's time 0.05: no byte repeats."""
NO_MARGIN = {"absolute": 0.0, "because": "a difference of any size"}
CLAIMS = {
    f"{metric}_{level}": claim("beats", arm=f"imp@{level}", metric=metric, by=NO_MARGIN)
    for level in LEVELS[1:]
    for metric in ("fid", "accuracy", "size")
}
"""Without a margin, noise is on the very edge: nothing is rejected less often."""


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Account:
    return Made(tmp_path_factory.mktemp("noise"), CLAIMS).measure().account()


def last(trend: Trend) -> Night:
    return trend.suites[0].nights[-1]


def noise(random: Random, shift: float = 0.0) -> Value:
    """Return values of a new training each; of the tickets worse by `shift` standard deviations."""
    side = {"fid": 1.0, "accuracy": -1.0, "size": 1.0, "distance": 1.0}

    def value(arm: str, metric: str, seed: int) -> float:
        worse = shift * side[metric] if arm != "imp@0" else 0.0
        return MIDDLE[metric] + SD[metric] * (random.gauss(0.0, 1.0) + worse)

    return value


def ended(
    planned: Account, random: Random, shift: float = 0.0, slower: float = 1.0, seeds: int = 5
) -> tuple[Trend, Trend]:
    """Return a night of so many seeds, before and after its confirming run of five."""

    def drawn(account: Account, shift: float = 0.0, slower: float = 1.0) -> Account:
        return redrawn(account, noise(random, shift), lambda _: 0.02 * slower * 2.0 ** (random.gauss(0.0, 0.07)))

    fresh = drawn(reseeded(planned, FRESH), shift, slower)
    baseline, night = drawn(first(planned, seeds)), drawn(first(planned, seeds), shift, slower)
    return compare([baseline], [("night", [night])]), compare([baseline], [("night", [night]), ("fresh", [fresh])])


def test_noise_alone_is_suspected_and_confirmed_as_often_as_declared(planned: Account) -> None:
    random = Random(5)
    nights = [ended(planned, random) for _ in range(NIGHTS)]
    codes = [(exit_code(alone), exit_code(both)) for alone, both in nights]
    assert {alone for alone, _ in codes} == {0, 3}
    # Two families (metrics and speeds) may each suspect something in one night of ten; 3 standard errors on top.
    suspected, allowed = sum(alone == 3 for alone, _ in codes) / NIGHTS, 2 * FALSE_DISCOVERY
    assert 0.02 < suspected < allowed + 3 * (allowed * (1 - allowed) / NIGHTS) ** 0.5
    # Here all suspicions are false, and the nights say how many of them they expect to be confirmed.
    odds = [one for alone, _ in nights for one in (last(alone).odds, last(alone).speed_odds)]
    expected = sum(one.alarms for one in odds) / FALSE_DISCOVERY
    alarms = sum(both == 1 for _, both in codes)
    assert alarms <= expected + 3 * expected**0.5
    assert alarms <= 0.03 * NIGHTS


@pytest.mark.parametrize(("seeds", "share"), [(5, 0.97), (3, 0.88)])
def test_three_standard_deviations_are_found(planned: Account, seeds: int, share: float) -> None:
    random = Random(6)
    nights = [ended(planned, random, shift=3.0, seeds=seeds) for _ in range(100)]
    assert sum(exit_code(alone) == 3 for alone, _ in nights) >= 100 * share
    assert sum(exit_code(both) == 1 for _, both in nights) >= 100 * share


def test_a_loop_slower_by_half_is_found(planned: Account) -> None:
    random = Random(7)
    assert {exit_code(ended(planned, random, slower=1.5)[1]) for _ in range(100)} == {1}


def test_a_loop_slower_by_a_tenth_is_none(planned: Account) -> None:
    random = Random(8)
    speeds = [
        compare([planned], [("night", [redrawn(planned, noise(random), lambda _: 0.022 * random.uniform(0.97, 1.03))])])
        for _ in range(50)
    ]
    assert {one.state for made in speeds for one in made.suites[0].nights[0].speeds} == {"within"}


def test_an_account_is_read_as_it_was_written(planned: Account) -> None:
    assert Account.model_validate_json(planned.model_dump_json()) == planned
