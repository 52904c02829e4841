"""Figures against values worked out by hand from the synthetic results, and what is said where there are none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.schema.job import Arm, Campaign, CampaignSuite
from benchmark.schema.suite import Figure, Suite, Timing
from benchmark.schema.timing import Clocking, TimedTraining
from benchmark.schema.verdict import Verdicts
from reports import quantities
from reports.build import build
from reports.charts import drawing
from reports.curve import MOST_LINES
from reports.evidence import Evidence, _picture
from reports.figures import figures
from reports.lines import claim_lines, covering
from reports.page import Chapter, FigureSection, Report

Draw = Callable[..., FigureSection]


def changed(results: ResultsDir, arms: tuple[Arm, ...] = (), **update: Any) -> CampaignSuite:
    """Return the synthetic suite with other parts, and with arms that stand for jobs that are there."""
    found = results.read_campaign().suites["demo"]
    experiments = dict(found.plan.suite.experiments)
    for arm in arms:
        experiments[arm.experiment] = experiments["winning"].model_copy(update={"levels": (1,)})
    suite = found.plan.suite.model_copy(update={"experiments": experiments, **update})
    plan = found.plan.model_copy(update={"suite": suite, "arms": (*found.plan.arms, *arms)})
    return found.model_copy(update={"plan": plan})


def figure(**given: Any) -> Figure:
    """Return a figure of the winning and random tickets' distance, changed as said."""
    plain = {"says": "FID over something.", "source": {"paper": "p", "figure": "1"}, "y": "fid"}
    return Figure.model_validate(plain | {"experiments": ("winning", "random")} | given)


@pytest.fixture
def draw(results: ResultsDir) -> Draw:
    """Return a function that draws a figure from the synthetic results."""

    def drawn(*arms: Arm, **given: Any) -> FigureSection:
        campaign = changed(results, arms, figures={"one": figure(**given)})
        return figures(Evidence(results, campaign), "demo")["one"]

    return drawn


CURVE = """\
format: 1
paper: printed
read_from: a page
numbers:
  round2: {value: 14.5, unit: FID, at: {sparsity: 0.36}, reading_error: 0.5, place: {figure: a}, read: text, source: x}
  round0: {value: 15.5, unit: FID, at: {sparsity: 0}, place: {figure: "1"}, read: digitised, source: page}
  round1:
    value: 14.0
    unit: FID
    at: {sparsity: 0.2}
    place: {figure: "1"}
    read: digitised
    reading_error: 0.1
    source: page
    ribbon: {low: 13.0, high: 15.0, means: unknown}
  elsewhere: {value: 3.0, unit: FID, place: {figure: "1"}, read: digitised, source: page}
  unread: {value: null, status: not sourced, unit: FID, at: {sparsity: 0.5}, place: {figure: "1"}}
"""


def printed_section(results: ResultsDir, *names: str) -> FigureSection:
    drawn = {"one": figure(references=tuple(f"printed/{name}" for name in names))}
    campaign = changed(results, figures=drawn).model_copy(update={"references": {"printed": CURVE}})
    return figures(Evidence(results, campaign), "demo")["one"]


def test_a_papers_own_curve_is_a_chart_by_itself(results: ResultsDir) -> None:
    section = printed_section(results, "round2", "round0", "round1", "elsewhere", "unread")
    curve = section.printed_curve
    assert curve is not None
    assert section.curve is not None
    assert curve.key != section.curve.key
    (line,), (dense,) = curve.series, curve.dense
    assert [(one.x, one.mean, one.low, one.high) for one in line.points] == [
        (0.2, 14.0, 13.0, 15.0),
        (0.36, 14.5, 14.0, 15.0),
    ]
    assert [one.mean for one in dense.points] == [15.5]
    assert "not measured here" in curve.caption
    assert "error of up to 0.5" in curve.caption
    assert "15.5" in curve.description
    assert len(curve.table.rows) == 3
    assert drawing(curve).lines[0].marks


def test_a_single_number_is_no_curve(results: ResultsDir) -> None:
    assert printed_section(results, "round0", "round1", "elsewhere").printed_curve is None
    assert printed_section(results).printed_curve is None


@pytest.fixture
def chapter(report: Report) -> Chapter:
    return report.chapters[0]


def test_a_figure_draws_its_experiments_in_its_own_order(draw: Draw) -> None:
    drawn = draw(experiments=("random", "winning")).curve
    assert drawn is not None and drawn.across and not drawn.crowded
    assert [one.name for one in drawn.series] == ["random", "winning"]
    assert [one.name for one in drawn.dense] == ["dense"]
    assert (drawn.x.title, drawn.y.title) == ("sparsity (fraction removed)", "fid (FID, lower is better)")
    assert drawn.table.columns[:5] == ("experiment", "level", "sparsity", "seeds", "mean fid")
    first = [cell.text for cell in drawn.table.rows[0]]
    assert first[:5] == ["winning", "0", "0.000", "5", "24"]


def test_over_a_cost_the_levels_are_points_and_so_is_the_dense_network(draw: Draw) -> None:
    drawn = draw(x="macs_effective", experiments=("winning",)).curve
    assert drawn is not None and not drawn.across
    assert [point.x for point in drawn.series[0].points] == pytest.approx([129_600, 216_000, 360_000, 600_000])
    assert [point.level for point in drawn.series[0].points] == [4, 3, 2, 1]
    assert [point.x for one in drawn.dense for point in one.points] == [1_000_000]
    assert drawn.x.title == "macs_effective (MAC, lower is better)" and not drawn.x.log
    assert "horizontal" not in drawn.caption


def test_experiments_of_a_matrix_are_one_line(draw: Draw) -> None:
    arms = [
        Arm(experiment=f"early[sparsity={level}]", level=1, seed=seed, job=f"winning-{level}-s{seed}")
        for level in (3, 1)
        for seed in range(5)
    ]
    drawn = draw(*arms, experiments=("early", "random")).curve
    assert drawn is not None
    assert [one.name for one in drawn.series] == ["early", "random"]
    points = drawn.series[0].points
    assert [point.experiment for point in points] == ["early[sparsity=1]", "early[sparsity=3]"]
    assert [point.mean for point in points] == pytest.approx([20.5, 52.0])


def test_more_lines_than_a_chart_can_hold_are_left_out_and_counted(draw: Draw) -> None:
    arms = [Arm(experiment=f"arm_{n}", level=1, seed=0, job="winning-1-s0") for n in range(MOST_LINES + 2)]
    drawn = draw(*arms, experiments=tuple(arm.experiment for arm in arms)).curve
    assert drawn is not None
    assert len(drawn.series) == MOST_LINES
    assert "2 lines not drawn" in drawn.caption


def test_dense_networks_of_several_tasks_are_told_apart(draw: Draw) -> None:
    drawn = draw(y="sparsity", experiments=("winning", "ae_winning")).curve
    assert drawn is not None
    assert [one.name for one in drawn.dense] == ["dense, winning", "dense, ae_winning"]
    assert "5 seeds and 5 seeds" in drawn.caption


def test_many_seeds_leave_the_marks_to_the_means(draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.curve.MOST_MARKS", 20)
    drawn = draw().curve
    assert drawn is not None and drawn.crowded
    assert drawn.caption.startswith("Marks are means, each seed stands in the table;")


def test_what_was_not_measured_is_said(draw: Draw) -> None:
    section = draw(y="nothing")
    assert section.curve is None
    assert section.missing == "Not drawn: no level has both nothing and sparsity of these experiments."
    assert draw(y="reconstructions").missing == "Not drawn: no reconstructions of these experiments."


def test_grids_are_those_of_the_levels_at_the_first_seed_that_has_them(draw: Draw) -> None:
    section = draw(y="samples", levels=(0, 2))
    assert section.curve is None and section.missing == ""
    captions = [picture.caption for picture in section.pictures]
    # The synthetic grid depends on the level alone, and one grid stands in a figure once.
    assert captions == ["winning@0, seed 0: samples", "winning@2, seed 0: samples"]
    assert len(draw(y="samples").pictures) == 5


def test_a_large_picture_is_compressed_and_says_so(draw: Draw) -> None:
    import base64
    import io
    import random

    from PIL import Image

    small = draw(y="samples", levels=(2,)).pictures[0]
    assert (small.format, base64.b64decode(small.data)[:4]) == ("png", b"\x89PNG")
    image = Image.frombytes("RGB", (120, 120), random.Random(0).randbytes(3 * 120 * 120))
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    large = _picture(buffer.getvalue(), "samples", "winning@2", 0)
    shown = Image.open(io.BytesIO(base64.b64decode(large.data)))
    assert (large.format, shown.format, shown.size) == ("jpeg", "JPEG", (120, 120))
    assert (large.width, large.height) == (120, 120)
    assert large.caption == "winning@2, seed 0: samples (compressed here)"
    assert len(large.data) < len(buffer.getvalue())


def test_a_printed_figure_that_nobody_could_read_is_said_to_be_so(chapter: Chapter) -> None:
    (section,) = [one for one in chapter.figures if one.anchor.endswith("distance")]
    assert section.where == "kalibhat2021, Figure 3"
    assert section.measured_on == "digits"  # whatever data the paper's own figure is of
    assert section.notes == ("The model of this figure is not named.",)
    assert section.printed is not None
    (row,) = section.printed.rows
    assert [cell.text for cell in row] == [
        "kalibhat2021/figure_3_curve", "not sourced", "FID", "Figure 3", "nobody could read it", "none",
    ]  # fmt: skip
    assert row[1].missing


def test_a_number_outside_the_campaign_is_said_to_be_missing(draw: Draw) -> None:
    section = draw(references=("other/number",))
    assert section.printed is not None
    assert section.printed.rows[0][1].text == "not in the reference files of this campaign"


def test_claims_share_the_figure_that_shows_all_their_experiments(chapter: Chapter) -> None:
    claims = {claim.name: claim for claim in chapter.claims}
    shared = claims["gan_matches"]
    assert shared.curve is not None and shared.curve.key == "demo-figure-distance"
    assert shared.figure is not None
    assert (shared.figure.text, shared.figure.href) == ("kalibhat2021, Figure 3", "#demo-figure-distance")
    own = claims["ae_same"]
    assert own.figure is None and own.curve is not None and own.curve.key == "demo-ae_same"


@pytest.mark.parametrize(
    "given", [{"x": "macs_effective"}, {"y": "samples"}, {"experiments": ("winning",)}, {"timing": "clock"}]
)
def test_a_figure_of_something_else_is_no_claims_chart(results: ResultsDir, given: dict[str, Any]) -> None:
    suite = changed(results, figures={"one": figure(**given)}).plan.suite
    assert covering(suite, suite.claims["gan_beats_random"]) is None


def test_a_claim_draws_its_own_experiments_first_and_few_beside(results: ResultsDir) -> None:
    arms = tuple(Arm(experiment=f"arm_{n}", level=1, seed=0, job="winning-1-s0") for n in range(9))
    suite = changed(results, arms).plan.suite
    lines = list(claim_lines(suite, suite.claims["gan_beats_random"]))
    assert lines == ["winning", "random", "arm_0", "arm_1", "arm_2", "arm_3"]


@pytest.fixture
def clocked(results: ResultsDir, tmp_path: Path) -> Evidence:
    """Return evidence of a timing of two arms, in three and two processes, written as the timing job does."""
    import shutil

    copied = ResultsDir(Path(shutil.copytree(results.path, tmp_path / "timed")))
    timing = Timing(says="time", arms={"dense": "winning@0", "thin": "winning@3"}, processes=3)
    drawn = figure(y="training_seconds", experiments=("winning",), timing="clock")
    campaign = changed(copied, figures={"one": drawn}, timings={"clock": timing})
    files = copied.timing("demo", "clock", timing)
    for arm, seconds in {"dense": (6.0, 6.3, 6.6), "thin": (3.0, 3.2)}.items():
        for process, value in enumerate(seconds):
            job = "winning-0-s0"
            one = TimedTraining(
                job=job, steps=10, passed=10, timed=job, step_seconds=value / 10, step_median=0.1, mask_seconds=0.0
            )
            files.write(Clocking(arm=arm, process=process, seed=0, job=job, trainings=(one,)))
    return Evidence(copied, campaign)


def test_a_time_is_drawn_by_process(clocked: Evidence) -> None:
    drawn = figures(clocked, "demo")["one"].curve
    assert drawn is not None
    (line,), (dense,) = drawn.series, drawn.dense
    assert [(point.level, len(point.seeds)) for point in line.points] == [(3, 2)]
    assert line.points[0].mean == pytest.approx(3.1)
    assert line.points[0].x == pytest.approx(1 - 0.6**3)
    assert dense.points[0].mean == pytest.approx(6.3)
    assert drawn.y.title == "training_seconds (s, lower is better)"
    assert drawn.caption.startswith("Every mark is one process;")
    assert "the dense network (3 processes)" in drawn.caption
    assert drawn.table.columns[3] == "processes"


def test_a_timing_that_has_not_run_has_nothing_to_draw(results: ResultsDir) -> None:
    timing = Timing(says="time", arms={"dense": "winning@0", "thin": "winning@3"})
    campaign = changed(results, timings={"clock": timing})
    assert quantities.timed(Evidence(results, campaign), "clock", "step_seconds") is None


@pytest.mark.parametrize(
    ("unit", "values", "log"),
    [
        ("FLOP", (1e9, 2e12), True),
        ("FLOP", (1e9, 2e10), False),
        ("FID", (1.0, 900.0), True),
        ("loss", (1.0, 900.0), False),
        ("MAC", (0.0, 9e9), False),
    ],
)
def test_only_what_spans_much_and_is_never_negative_has_a_logarithmic_axis(
    unit: str, values: tuple[float, ...], log: bool
) -> None:
    axis = quantities.Quantity("q", "q", lambda one, level: {}, unit).axis(values)
    assert (axis.log, axis.title) == (log, "q, logarithmic" if log else "q")


def test_the_sparsest_tickets_stand_in_one_table(chapter: Chapter) -> None:
    assert chapter.sparsest is not None
    ((name, metric, printed, found, least, verdict),) = chapter.sparsest.rows
    assert (name.text, name.href, metric.text) == ("gan_sparsest", "#demo-gan_sparsest", "fid")
    assert (printed.text, found.text, least.text) == ("83.2%", "0.640", "0.832")
    assert verdict.status == "not reproduced"


def test_a_contested_claim_leads_to_the_chapter_of_the_paper_that_contests_it(
    results: ResultsDir, verdicts: Verdicts, tmp_path: Path
) -> None:
    def contested(*keys: str) -> list[tuple[str, list[str]]]:
        both = ResultsDir(tmp_path / "-".join(keys))
        found: CampaignSuite = results.read_campaign().suites["demo"]
        suites = {key: renamed(found, key) for key in keys}
        both.write_campaign(Campaign(device="cpu", suites=suites))
        page = build([both], [verdicts])
        return [
            (claim.contested, [link.href for link in claim.contested_by])
            for chapter in page.chapters
            for claim in chapter.claims
            if claim.name == "gan_late"
        ]

    text = "chen2021 sees no difference here"
    assert contested("demo", "chen2021") == [(text, ["#chen2021"])]
    assert contested("demo", "other") == [(text, [])]


def renamed(found: CampaignSuite, key: str) -> CampaignSuite:
    """Return a suite under another key."""
    suite: Suite = found.plan.suite.model_copy(update={"key": key})
    return found.model_copy(update={"plan": found.plan.model_copy(update={"suite": suite})})
