"""The report's table of reproducibility variables: what the paper documents beside what was recorded."""

from __future__ import annotations

from pathlib import Path

from benchmark.artifacts import ResultsDir
from benchmark.schema.job import CampaignSuite
from benchmark.schema.suite import VARIABLES, Variables
from benchmark.schema.verdict import Verdicts
from reports.build import build
from reports.evidence import Evidence
from reports.page import Report
from reports.render import render
from reports.variables import variables
from tests.reports.test_build import texts


def told(results: ResultsDir, found: Variables | None) -> CampaignSuite:
    """Return the suite of a results directory with other variables of its paper, or without a paper."""
    campaign = results.read_campaign().suites["demo"]
    paper = campaign.plan.suite.paper
    assert paper is not None
    shown = None if found is None else paper.model_copy(update={"variables": found})
    suite = campaign.plan.suite.model_copy(update={"paper": shown})
    return campaign.model_copy(update={"plan": campaign.plan.model_copy(update={"suite": suite})})


def test_every_report_of_a_paper_has_the_nine(report: Report) -> None:
    (chapter,) = report.chapters
    rows = texts(chapter.variables)
    assert [row[0] for row in rows] == [name.replace("_", " ") for name in VARIABLES]
    assert ["software dependencies", "not recorded", "", "python 3.11.9; torch 2.15.0"] in rows
    assert chapter.variables is not None
    assert all(row[1].missing for row in chapter.variables.rows)
    page = render(report)
    assert f'<a href="#{chapter.anchor}-variables">Reproducibility variables</a>' in page
    assert f'<section id="{chapter.anchor}-variables"' in page


def test_the_papers_values_cautions_and_source_are_shown(results: ResultsDir) -> None:
    found = Variables(pseudocode="no", source="a <reader>", cautions={"pseudocode": "soft"})
    table = variables(Evidence(results, told(results, found)))
    assert table is not None
    assert table.caption.endswith("; the paper's: a <reader>")
    (row,) = [row for row in texts(table) if row[0] == "pseudocode"]
    assert row[1:3] == ["no", "soft"]


def test_without_a_paper_there_is_no_table_and_no_heading(results: ResultsDir, tmp_path: Path) -> None:
    held = told(results, None)
    other = ResultsDir(tmp_path / "other")
    other.write_campaign(results.read_campaign().model_copy(update={"suites": {"demo": held}}))
    built = build([other], [Verdicts(verdicts=())])
    assert built.chapters[0].variables is None
    assert "Reproducibility variables" not in render(built)
