"""What `validate` says of timings and of the claims that are read from them."""

from __future__ import annotations

import pytest

from benchmark.errors import SuiteError
from benchmark.suites import read_suite
from benchmark.wanted import subset
from tests import tiny
from tests.timed import TIMED, suite


def problems(written: str, instead: str) -> list[str]:
    assert written in TIMED
    with pytest.raises(SuiteError) as caught:
        read_suite(TIMED.replace(written, instead, 1), "tiny.yaml", "small")
    return list(caught.value.problems)


def line(text: str) -> int:
    return next(number for number, one in enumerate(TIMED.splitlines(), 1) if text in one)


def test_the_suite_as_it_is_has_no_fault() -> None:
    timing = read_suite(TIMED, "tiny.yaml", "small").suite.timings["table2"]
    assert list(timing.arms) == ["dense", "imp", "random"]
    assert (timing.processes, timing.warm_up, timing.steps) == (4, 2, 3)


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        ("dense: gan@0", "dense: gam@0", "timings.table2.arms.dense: unknown experiment 'gam'; did you mean 'gan'?"),
        ("dense: gan@0", "dense: gan@3", "timings.table2.arms.dense: unknown level '3' of gan, expected one of 0"),
        (
            "dense: gan@0",
            "dense: gan@same",
            "timings.table2.arms.dense: expected EXPERIMENT@LEVEL with a number, found 'gan@same'",
        ),
        ("random: gan_random@2", "random: gan_imp@2", "timings.table2.arms.random: 'gan_imp@2' is timed twice"),
    ],
)
def test_an_arm_is_one_of_the_suite(written: str, instead: str, message: str) -> None:
    told = [one for one in problems(written, instead) if ": timings." in one]
    assert told == [f"tiny.yaml:{line('arms: {dense')}: {message}"]


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        ("timing: table2", "timing: tabel2", "timing: unknown timing 'tabel2'; did you mean 'table2'?"),
        (
            "metric: training_seconds",
            "metric: sparsity",
            "metric: a timing measures no 'sparsity', expected training_seconds or step_seconds",
        ),
        (
            "arm: gan_imp@2, baseline: gan@0",
            "arm: gan_imp@1, baseline: gan@0",
            "compare.0.arm: 'gan_imp@1' is no arm of the timing 'table2'; did you mean 'gan_imp@2'?",
        ),
        (
            "    timing: table2\n",
            "",
            "metric: 'training_seconds' is measured by a timing, expected 'timing' beside it",
        ),
    ],
)
def test_a_claim_on_a_timing_is_on_its_arms_and_times(written: str, instead: str, message: str) -> None:
    found = problems(written, instead)
    assert any(one.endswith(f"claims.imp_no_slower.{message}") for one in found), found


def test_a_time_is_never_compared_with_a_printed_one() -> None:
    found = problems(
        "kind: matches\n    says: A masked ticket trains no slower than the dense network.",
        "kind: equals\n    says: A masked ticket trains as long as printed.",
    )
    assert found[0].endswith(
        "claims.imp_no_slower.kind: 'equals' can't be judged on a timing, expected one of matches, beats, reduces, "
        "differs, same; seconds of one machine are never compared with printed ones"
    )


def test_a_timing_or_a_claim_on_it_needs_the_jobs_of_all_its_arms() -> None:
    plan = suite().plan
    every = {planned.id for planned in plan.jobs} - {tiny.arm(plan, "auto").id, tiny.arm(plan, "auto_imp", 1).id}
    assert subset(plan, frozenset({"table2"})) == every
    assert subset(plan, frozenset({"half_the_step"})) == every
    assert subset(plan, frozenset({"auto"})) == {tiny.arm(plan, "auto").id}
