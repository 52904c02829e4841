"""The page model against values worked out by hand."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.schema.job import Campaign
from benchmark.schema.verdict import Verdicts
from reports.build import build
from reports.page import Chapter, ClaimSection, Report, Table
from reports.render import render
from reports.wording import times


@pytest.fixture
def chapter(report: Report) -> Chapter:
    return report.chapters[0]


@pytest.fixture
def claims(chapter: Chapter) -> dict[str, ClaimSection]:
    return {claim.name: claim for claim in chapter.claims}


def texts(table: Table | None) -> list[list[str]]:
    assert table is not None
    assert all(len(row) == len(table.columns) for row in table.rows)
    return [[cell.text for cell in row] for row in table.rows]


def column(table: Table | None, name: str) -> list[str]:
    assert table is not None
    index = table.columns.index(name)
    return [row[index] for row in texts(table)]


def test_every_verdict_state_is_counted(report: Report) -> None:
    assert [(count.number, count.label) for count in report.counts] == [
        (3, "holds at small scale"),
        (1, "does not hold at small scale"),
        (2, "inconclusive"),
        (1, "not comparable"),
        (1, "not run"),
    ]


def test_the_chapter_says_what_ran(chapter: Chapter) -> None:
    facts = {fact.term: fact.text for fact in chapter.facts}
    assert facts["seeds"] == "5 (0 to 4)"
    assert facts["trainings"] == "65 (63 done, 1 diverged, 1 failed)"
    assert facts["changed settings"] == "seeds=5"
    assert "can not confirm" in chapter.banner
    assert [link.href for link in chapter.links] == ["https://arxiv.org/abs/2010.02350"]


def test_the_curve_holds_every_seed_mean_and_interval(claims: dict[str, ClaimSection]) -> None:
    curve = claims["gan_matches"].curve
    assert curve is not None
    assert [series.name for series in curve.series] == ["winning", "random"]
    winning = curve.series[0]
    assert [(point.level, len(point.seeds)) for point in winning.points] == [(1, 5), (2, 5), (3, 5), (4, 5)]
    second = winning.points[1]
    assert second.experiment == "winning" and second.mean == pytest.approx(24.5)
    # Deviations 0, 2, -2, 1, -1: variance 10 / 4; t quantile 0.95 with four degrees of freedom is 2.131847.
    half = 2.131847 * math.sqrt(2.5 / 5)
    assert [second.low, second.high] == pytest.approx([24.5 - half, 24.5 + half])
    assert sorted(seed.y for seed in second.seeds) == pytest.approx([22.5, 23.5, 24.5, 25.5, 26.5])
    assert {seed.x for seed in second.seeds} == {0.64}
    assert [point.mean for series in curve.dense for point in series.points] == pytest.approx([24.0])


def test_the_floor_of_the_metric_is_drawn_and_said(claims: dict[str, ClaimSection]) -> None:
    curve = claims["gan_matches"].curve
    assert curve is not None and curve.floor == 6.1
    assert "real images against other real images (6.1)" in curve.caption
    assert any(line.startswith("Fewer images than feature") for line in claims["gan_matches"].protocol_remarks)


def test_a_diverged_seed_has_no_point_and_is_named(claims: dict[str, ClaimSection]) -> None:
    curve = claims["gan_late"].curve
    assert curve is not None
    assert [len(point.seeds) for point in curve.series[1].points] == [5, 5, 5, 4]
    seeds = claims["gan_late"].seeds
    assert ["random@4", "93", "99", "diverged", "95", "91"] in texts(seeds)


def test_experiments_of_another_task_are_not_drawn_together(claims: dict[str, ClaimSection]) -> None:
    curve = claims["ae_same"].curve
    assert curve is not None
    assert [series.name for series in curve.series] == ["ae_winning"]


def test_comparisons_show_effect_interval_and_bound(claims: dict[str, ClaimSection]) -> None:
    (row,) = texts(claims["gan_matches"].comparisons)
    assert row[:6] == ["winning@2", "holds at small scale", "0.640", "winning@0", "24.5 (sd 1.58)", "24 (sd 1.58)"]
    assert row[6] == "+0.5 FID"
    assert row[8] == "margin 6 FID"
    beats = claims["gan_beats_random"]
    assert column(beats.comparisons, "compared") == ["winning@1", "winning@2"]
    assert beats.forest is not None and len(beats.forest.bars) == 2


def test_the_line_of_a_failed_sequence_shows_the_level_that_failed(claims: dict[str, ClaimSection]) -> None:
    claim = claims["gan_sparsest"]
    assert claim.effect.startswith("+28 FID")
    assert claim.against
    assert "The sparsest level that still matched: 0.640 (the claim asks for 0.832)." in claim.notes


def test_printed_numbers_stand_beside_measured_ones_and_apart(claims: dict[str, ClaimSection]) -> None:
    sparsest = claims["gan_sparsest"].printed
    assert column(sparsest, "printed") == ["83.2%"]
    assert column(sparsest, "measured here") == ["0.640"]
    assert column(sparsest, "where") == ["Table 1, row DCGAN, column CIFAR-10"]
    equals = claims["gan_equals_printed"]
    assert column(equals.printed, "printed") == ["37.71", "83.2%", "not sourced"]
    assert column(equals.printed, "measured here")[0] == "winning@0: 24 (sd 1.58)"
    assert column(equals.printed, "measured here")[2] == "no counterpart measured"


def test_the_protocol_names_what_keeps_a_number_apart(claims: dict[str, ClaimSection]) -> None:
    claim = claims["gan_equals_printed"]
    assert claim.protocol is not None
    rows = {row[0].text: row for row in claim.protocol.rows}
    assert rows["extractor"][2].notable and rows["extractor"][2].text == "not stated"
    assert not rows["metric"][2].notable
    assert not rows["preparation"][2].notable
    assert "kalibhat2021/dcgan_cifar10_sparsity" not in claim.protocol.columns
    assert "Assumed for preparation: the usual one for CIFAR-10" in claim.protocol_remarks


def test_tickets_are_shown_layer_by_layer_with_their_audit(claims: dict[str, ClaimSection]) -> None:
    claim = claims["gan_matches"]
    assert ["generator/0.weight", "0.000", "0.704"] in texts(claim.layers)
    assert claim.audit is not None
    counts = ["360 weights", "1,000 weights", "360 weights"]
    assert texts(claim.audit)[1] == ["winning@2", "0", *counts, "none", "abababababab"]
    assert not [cell for row in claim.audit.rows for cell in row if cell.missing]


def test_samples_stand_side_by_side_at_one_seed(claims: dict[str, ClaimSection]) -> None:
    pictures = claims["gan_matches"].pictures
    assert [picture.caption for picture in pictures] == ["winning@0, seed 0: samples", "winning@2, seed 0: samples"]
    assert (pictures[0].width, pictures[0].height) == (196, 98)
    assert pictures[0].data != pictures[1].data


def test_what_failed_is_shown_as_missing(claims: dict[str, ClaimSection]) -> None:
    claim = claims["ae_transfer"]
    assert (claim.status, claim.effect, claim.forest) == ("not run", "no effect computed", None)
    assert texts(claim.seeds)[1][-1] == "failed"


def test_costs_are_counted_and_times_are_informational(chapter: Chapter) -> None:
    assert ["winning", "2", "0.640", f"360,000 MAC ({times(0.36)})"] in texts(chapter.costs)
    assert ["random", "4", "0.870", "20", "4"] in texts(chapter.times)
    assert chapter.times is not None and "no claim" in chapter.times.caption


def test_commands_run_just_this_claim(claims: dict[str, ClaimSection]) -> None:
    assert claims["ae_same"].commands[0] == (
        "ticketbench run demo --scale small --only ae_same --results results/demo-ae_same --set seeds=5"
    )


def test_commands_name_the_file_of_a_suite_that_is_not_built_in(
    results: ResultsDir, verdicts: Verdicts, monkeypatch: pytest.MonkeyPatch, claims: dict[str, ClaimSection]
) -> None:
    # The suite of the tests is not the one that is installed under its name.
    assert "The suite has changed since in this installation" in claims["ae_same"].commands_note
    monkeypatch.setattr("benchmark.catalog.suite_names", lambda: ("another",))
    (chapter,) = build([results], [verdicts]).chapters
    assert chapter.claims[0].commands[0].startswith("ticketbench run demo.yaml --scale small --only ")
    assert chapter.claims[0].commands_note == (
        "The second command lists the suite's other claims as not run. demo.yaml is not among the suites of this "
        "installation; its text as it was run stands in the results directory's campaign.json."
    )
    assert chapter.claims[0].commands_note in render(build([results], [verdicts])).replace("&#39;", "'")


def test_notes_contradictions_and_environment_are_there(chapter: Chapter) -> None:
    assert chapter.choices[0].chosen == "Step 30 of 600."
    assert chapter.disagreements[0].matters_for == "gan_sparsest"
    assert ["version torch", "2.15.0"] in texts(chapter.environment)
    assert chapter.mixed == ""


def test_a_mixed_environment_is_said(results: ResultsDir, verdicts: Verdicts, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(results.path, tmp_path / "mixed")
    mixed = ResultsDir(tmp_path / "mixed")
    mixed.run("winning-0-s0").write_document("environment.json", {"python": "3.13.1"})
    (chapter,) = build([mixed], [verdicts]).chapters
    assert chapter.mixed == (
        "The trainings did not all run alike: device, python, version torch differ between them. "
        "1 of 63 trainings was made otherwise than the rest: winning-0-s0."
    )


def test_two_directories_keep_their_anchors_apart(results: ResultsDir, verdicts: Verdicts) -> None:
    both = build([results, results], [verdicts, verdicts])
    anchors = [claim.anchor for chapter in both.chapters for claim in chapter.claims]
    assert len(anchors) == len(set(anchors)) == 16
    assert both.counts[0].number == 6


def test_an_empty_campaign_is_all_missing(results: ResultsDir, tmp_path: Path) -> None:
    empty = ResultsDir(tmp_path / "empty")
    campaign: Campaign = results.read_campaign()
    empty.write_campaign(campaign)
    (chapter,) = build([empty], [Verdicts(verdicts=())]).chapters
    assert (chapter.claims, chapter.costs, chapter.times, chapter.environment) == ((), None, None, None)
    assert {fact.term: fact.text for fact in chapter.facts}["trainings"] == "65 (65 missing)"


def test_the_page_does_not_tell_where_the_directory_lies(report: Report, results: ResultsDir) -> None:
    assert str(results.path) not in report.model_dump_json()


def test_nothing_heavy_is_imported_before_drawing() -> None:
    heavy = ["torch", "pandas", "jinja2"]
    code = f"import sys, reports.build, reports.junit; print([name for name in {heavy} if name in sys.modules])"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"
