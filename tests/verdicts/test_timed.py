"""Claims on a timing: processes in place of seeds, ratios on the log scale, devices never mixed."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import special

from benchmark.artifacts import ResultsDir
from benchmark.judge import exit_code, judge
from benchmark.schema.timing import Clocking
from benchmark.schema.verdict import Verdict
from benchmark.verdicts.timed import cautions, protocol, timed_arm
from tests.timed import ENVIRONMENT, campaign, record, suite, write

DENSE = [0.010, 0.012, 0.011, 0.010]
TICKET = [0.0040, 0.0049, 0.0045, 0.0041]


def verdict(results: ResultsDir, name: str) -> Verdict:
    return next(one for one in judge(results).verdicts if one.claim_id == name)


def test_a_ratio_of_steps_is_that_of_the_paired_logarithms(tmp_path: Path) -> None:
    results = campaign(tmp_path)
    write(results, {"dense": DENSE, "imp": TICKET, "random": DENSE})
    found = verdict(results, "half_the_step")
    logs = np.log(np.array(TICKET) / np.array(DENSE))
    half = special.stdtrit(3, 0.95) * logs.std(ddof=1) / 2
    shown = found.parts[0].effect
    assert shown is not None
    expected = [math.exp(value) for value in (logs.mean(), logs.mean() - half, logs.mean() + half)]
    assert [shown.estimate, shown.low, shown.high] == pytest.approx(expected)
    assert (found.status, shown.n, shown.method) == ("reproduced", 4, "paired t of logarithms")
    assert "over 4 timed runs" in found.reason
    assert [one.seed for one in found.parts[0].arm.observations] == [0, 1, 2, 3]


def test_whole_trainings_count_steps_and_masks(tmp_path: Path) -> None:
    results = campaign(tmp_path)
    write(results, {"dense": DENSE, "imp": DENSE, "random": DENSE})
    found = verdict(results, "imp_no_slower")
    assert found.status == "reproduced"
    assert found.parts[0].arm.mean == pytest.approx(10 * np.mean(DENSE) + 0.5)


def test_a_slower_ticket_does_not_match(tmp_path: Path) -> None:
    results = campaign(tmp_path)
    write(results, {"dense": DENSE, "imp": [30 * value for value in DENSE]})
    assert verdict(results, "imp_no_slower").status == "not reproduced"


def test_what_was_not_timed_or_failed_is_not_run(tmp_path: Path) -> None:
    results = campaign(tmp_path)
    write(results, {"dense": DENSE, "imp": TICKET[:3]})
    found = verdict(results, "half_the_step")
    assert (found.status, found.reason) == ("not run", "step_seconds is missing for gan_imp@2 timed run 3 (missing)")
    write(results, {"imp": [*TICKET[:1]]}, failure="no memory left", trainings=())
    found = verdict(results, "half_the_step")
    assert "gan_imp@2 timed run 0 (failed)" in found.reason
    assert exit_code(judge(results), ["done"]) == 4


def test_times_of_two_devices_are_not_comparable(tmp_path: Path) -> None:
    results = campaign(tmp_path)
    write(results, {"dense": DENSE})
    write(results, {"imp": TICKET}, environment=ENVIRONMENT | {"gpu": "a GPU"})
    found = verdict(results, "half_the_step")
    assert (found.status, found.parts[0].differing_fields) == ("not comparable", ("device",))
    write(results, {"imp": TICKET}, environment=ENVIRONMENT | {"version_torch": "2.10.0"})
    assert verdict(results, "half_the_step").parts[0].differing_fields == ("counter",)


def test_a_disturbed_process_is_a_warning_of_the_verdict(tmp_path: Path) -> None:
    results = campaign(tmp_path)
    write(results, {"dense": DENSE})
    write(results, {"imp": TICKET}, others=1.5, warning="other programs kept 1.5 processors busy meanwhile")
    assert verdict(results, "half_the_step").parts[0].warnings[-1] == (
        "The machine was not idle in 4 of 4 processes of gan_imp@2: other programs kept 1.5 processors busy meanwhile."
    )


def test_a_seed_without_a_ticket_counts_as_worst_and_is_named(tmp_path: Path) -> None:
    results = campaign(tmp_path)
    write(results, {"dense": DENSE, "imp": TICKET})
    files = results.timing("small_networks", "table2", suite().plan.suite.timings["table2"])
    for process in (1, 3):
        files.write(record("imp", process, 0.0, seed=1, outcome="unstable", trainings=()))
    found = verdict(results, "half_the_step").parts[0]
    assert [(one.outcome, one.value) for one in found.arm.observations] == [
        *(("done", 0.0040), ("unstable", None), ("done", 0.0045), ("unstable", None)),
    ]
    assert found.status == "inconclusive"
    assert found.reason == (
        "2 of 4 timed runs of gan_imp@2 never became stable, and 0 of 4 of gan@0: too many, or too few timed runs, to "
        "decide"
    )
    assert found.warnings[0] == (
        "With seed 1 gan_imp@2 never became stable: its timed runs 1, 3 have no time, which counts as worse than any."
    )


def test_an_arm_without_any_ticket_is_no_faster(tmp_path: Path) -> None:
    results = campaign(tmp_path, ["timings.table2.processes=6"])
    write(results, {"dense": [0.01] * 6})
    files = results.timing("small_networks", "table2", suite().plan.suite.timings["table2"])
    for process in range(6):
        files.write(record("imp", process, 0.0, outcome="diverged", trainings=()))
    found = verdict(results, "half_the_step")
    assert (found.status, found.parts[0].effect) == ("not reproduced", None)
    assert "6 of 6 timed runs of gan_imp@2 diverged" in found.reason
    assert exit_code(judge(results), ["done"]) == 1


def test_runs_of_the_same_seed_are_said_once(tmp_path: Path) -> None:
    results = campaign(tmp_path)
    write(results, {"dense": DENSE, "imp": TICKET})
    said = [one for one in verdict(results, "imp_no_slower").parts[0].warnings if "independent" in one]
    assert said == [
        "The 4 timed runs are of 1 seed, and are taken as independent: the interval tells how well these times are "
        "known on this machine, not how far those of other seeds lie."
    ]
    assert list(cautions("dense", [record("dense", process, 0.01, seed=process) for process in range(3)])) == []


def test_the_protocol_carries_the_device() -> None:
    found = protocol(record("dense", 0, 0.01), "step_seconds")
    assert (found.metric, found.device, found.counter) == ("step_seconds", "a processor, threads: 1", "torch 2.9.0")
    assert protocol(Clocking(arm="a", process=0, seed=0, job="j"), "step_seconds").device is not None


def test_steps_that_were_recorded_are_not_compared_with_others() -> None:
    on_gpu = ENVIRONMENT | {"gpu": "a GPU"}
    plain = record("imp", 0, 2.0, environment=on_gpu)
    recorded = record("imp", 0, 2.0, environment=on_gpu | {"cuda_graphs": "yes"})
    assert protocol(plain, "step_seconds").device == "a GPU"
    assert protocol(recorded, "step_seconds").device == "a GPU, CUDA graphs"


def test_an_arm_without_records_has_its_processes_missing() -> None:
    arm = timed_arm([None, None], "gan@0", "step_seconds", None)
    assert arm.missing == ("gan@0 timed run 0 (missing)", "gan@0 timed run 1 (missing)")
    assert (arm.values, arm.protocols, arm.cautions) == ({}, (), ())
