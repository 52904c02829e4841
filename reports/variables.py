"""The nine reproducibility variables of a paper, in a table beside those of the reproduction."""

from __future__ import annotations

from benchmark.variables import UNKNOWN, of_results, side_by_side
from reports.evidence import Evidence
from reports.page import Cell, Table


def variables(evidence: Evidence) -> Table | None:
    """Tabulate what a paper documents and what the results directory recorded; null without a paper."""
    paper = evidence.suite.paper
    if paper is None:
        return None
    rows = side_by_side(paper.variables, of_results(evidence.results, evidence.campaign))
    judged = f"; the paper's: {paper.variables.source}" if paper.variables.source else ""
    return Table(
        caption=f"What the paper documents and what this reproduction recorded (Gundersen and Kjensmo 2018){judged}",
        columns=("variable", "the paper", "caution", "the reproduction"),
        rows=tuple(
            (
                Cell(text=row.title, head=True),
                Cell(text=row.paper or UNKNOWN, missing=row.paper is None),
                Cell(text=row.caution),
                Cell(text=row.reproduction or UNKNOWN, missing=row.reproduction is None),
            )
            for row in rows
        ),
    )
