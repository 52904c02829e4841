"""The table of a timing: measured beside theoretical and printed ratios, with what disturbed it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from scipy import special

from benchmark.artifacts import ResultsDir
from benchmark.judge import judge
from benchmark.schema.job import Campaign
from benchmark.schema.measurement import Measurement
from benchmark.schema.protocol import Protocol
from reports.build import build
from reports.evidence import Evidence
from reports.page import Cell, TimingSection
from reports.render import render
from reports.times import ratio, timings
from tests import tiny
from tests.timed import TIMED, record, suite, write

DENSE = [0.010, 0.012, 0.011, 0.010]
SAME = [0.0101, 0.0119, 0.0111, 0.0100]
TIMES = "\N{MULTIPLICATION SIGN}"
REFERENCES = """
format: 1
paper: kalibhat2021
read_from: a transcription
numbers:
  time_ratio:
    value: 0.5265
    printed: "0.5265"
    unit: ratio
    place: {table: "2", row: EB-ticket, column: time over unpruned}
    read: derived
    source: arXiv 2010.02350v2
    protocol: {metric: training_time_ratio}
  flops_ratio:
    value: 0.116
    unit: ratio
    place: {table: "2"}
    read: derived
    source: arXiv 2010.02350v2
    protocol: {metric: training_flops_ratio}
"""
VALUES = {"flops_lineage": (800.0, 200.0), "size": (30.0, 15.0)}
"""What is counted of every network, and of those whose mask is drawn."""
TEXT = (
    TIMED.replace("    ratio: 0.5\n", "    ratio: 0.5\n    references: [kalibhat2021/time_ratio]\n")
    .replace(
        "    margin: {relative: 0.1",
        "    references: [kalibhat2021/time_ratio, kalibhat2021/flops_ratio]\n    margin: {relative: 0.1",
    )
    .replace(
        "      fid: {name: fid,",
        "      flops_lineage: {name: training_flops, scope: lineage, kind: dense}\n      size: {name: parameters}\n"
        "      fid: {name: fid,",
    )
)


def evidence(folder: Path) -> Evidence:
    """Write a campaign whose jobs are done, with counted operations, and return what the report sees of it."""
    results = ResultsDir(folder)
    campaign = tiny.suite_of(TEXT).model_copy(update={"references": {"kalibhat2021": REFERENCES}})
    results.write_campaign(Campaign(device="cpu", suites={"small_networks": campaign}))
    for planned in campaign.plan.jobs:
        run = results.run(planned.id)
        run.write_job(planned)
        run.files.write(run.WEIGHTS, b"weights")
        run.write_document(run.AUDIT, {})
        for request in planned.metrics:
            if request.name in VALUES:
                made = Measurement(
                    job=run.id,
                    name=request.name,
                    value=VALUES[request.name][planned.job.mask.op == "draw"],
                    unit="FLOP",
                    lower_is_better=True,
                    protocol=Protocol(metric=request.metric.name),
                )
                run.write_measurement(request, made)
    return Evidence(results, campaign)


def section(folder: Path) -> tuple[TimingSection, dict[str, dict[str, Cell]]]:
    """Return the section of the only timing, and its cells by arm and column."""
    (found,) = timings(Evidence(ResultsDir(folder), evidence(folder).campaign))
    cells: dict[str, dict[str, Cell]] = {}
    for table in (found.ratios, found.table):
        for row in table.rows:
            cells.setdefault(row[0].text, {}).update(zip(table.columns, row, strict=True))
    return found, cells


def test_a_row_holds_measured_counted_and_printed_ratios(tmp_path: Path) -> None:
    write(evidence(tmp_path).results, {"dense": DENSE, "imp": SAME, "random": DENSE[:1]})
    found, cells = section(tmp_path)
    assert list(cells) == ["dense", "imp", "random"]
    imp = cells["imp"]
    assert imp["trained"].text == "gan_imp@2"
    assert [imp[name].text for name in ("size", "weights, printed")] == [f"{TIMES}0.5", "none"]
    assert [imp[name].text for name in ("flops_lineage", "operations, printed")] == [f"{TIMES}0.25", "0.116"]
    assert imp["milliseconds a step"].text.startswith("10.8 (")
    assert imp["seconds of whole training"].text.startswith("0.608 (")
    assert imp["time, printed"].text == "0.5265 (EB-ticket, time over unpruned)"
    assert [cells["dense"][name].text for name in ("whole training", "time, printed")] == ["1", "none"]
    assert cells["random"]["time of a step"].text == "not measured"  # one process gives no interval
    assert cells["random"]["milliseconds a step"].text == "10"
    assert found.remarks[0] == (
        "On a processor, threads: 1: 4 processes an arm in interleaved order, each with 2 steps of warm-up and "
        "3 timed ones."
    )
    assert "random: 3 of 4 processes were not timed." in found.remarks


def test_a_ratio_is_paired_by_process_on_the_log_scale() -> None:
    arm, first = ([record("x", p, value) for p, value in enumerate(values)] for values in ([2.0, 3.0, 8.0], [1.0, 2.0]))
    found = ratio(arm, first, "step_seconds")
    assert found is not None
    logs = [math.log(2.0), math.log(1.5)]
    half = special.stdtrit(1, 0.95) * abs(logs[0] - logs[1]) / 2  # sd of two values is their distance over sqrt 2
    middle = sum(logs) / 2
    assert list(found) == pytest.approx([math.exp(middle), math.exp(middle - half), math.exp(middle + half)])
    assert ratio(arm, first[:1], "step_seconds") is None


@pytest.mark.parametrize(("seconds", "told"), [(SAME, True), ([value / 2 for value in DENSE], False)])
def test_a_mask_without_a_speed_up_is_said(tmp_path: Path, seconds: list[float], told: bool) -> None:
    write(evidence(tmp_path).results, {"dense": DENSE, "imp": seconds})
    said = [remark for remark in section(tmp_path)[0].remarks if remark.startswith("No speed-up was seen")]
    assert bool(said) == told
    assert all(f"to dense, imp {TIMES}1" in one for one in said)


def test_disturbance_and_failure_are_said(tmp_path: Path) -> None:
    results = evidence(tmp_path).results
    write(results, {"dense": DENSE}, others=1.2, warning="other programs kept 1.2 processors busy meanwhile")
    write(results, {"imp": SAME[:2]}, trainings=(), failure="no memory left")
    remarks = section(tmp_path)[0].remarks
    assert "imp: 2 of 4 processes failed: no memory left" in remarks
    assert "imp: 2 of 4 processes were not timed." in remarks
    assert remarks[-1] == (
        "Caution: The machine was not idle in 4 of 4 processes of all arms: other programs kept 1.2 processors busy "
        "meanwhile."
    )


def test_what_came_to_nothing_is_named_and_left_out_of_the_means(tmp_path: Path) -> None:
    results = evidence(tmp_path).results
    write(results, {"dense": DENSE, "imp": [*SAME[:3], 1.0]})
    files = results.timing("small_networks", "table2", suite().plan.suite.timings["table2"])
    files.write(record("imp", 3, 0.0, seed=1, outcome="unstable", trainings=()))
    found, cells = section(tmp_path)
    assert cells["imp"]["milliseconds a step"].text.startswith("11 (")
    assert [remark for remark in found.remarks if remark.startswith("With seed")] == [
        "With seed 1 imp never became stable: its timed run 3 has no time, which counts as worse than any. The means "
        "here are without it."
    ]
    assert not any(remark.startswith("imp:") for remark in found.remarks)
    assert any(remark.startswith("Caution: The 4 timed runs are of 1 seed, ") for remark in found.remarks)


def test_a_page_shows_the_timing_and_its_claims(tmp_path: Path) -> None:
    results = evidence(tmp_path).results
    write(results, {"dense": DENSE, "imp": SAME, "random": DENSE})
    found = build([results], [judge(results)])
    page = render(found)
    half = next(claim for claim in found.chapters[0].claims if claim.name == "half_the_step")
    assert half.printed is not None
    assert half.protocol is not None
    assert half.seeds is not None
    assert (half.sample_size, half.seeds.columns[-1]) == ("4 timed runs", "timed run 3")
    assert half.printed.rows[0][2].text.startswith(f"gan_imp@2 to gan@0: {TIMES}1")
    assert any(cell.text == "a processor, threads: 1" for row in half.protocol.rows for cell in row)
    assert "Times of table2, one training at a time with nothing beside it" in page
    assert "over 4 timed runs" in page


def test_a_suite_without_timings_has_no_such_section(tmp_path: Path) -> None:
    plain = tiny.suite_of()
    assert timings(Evidence(ResultsDir(tmp_path), plain)) == ()
    assert suite().plan.suite.timings.keys() == {"table2"}
