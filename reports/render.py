"""The page model -> one self-contained HTML file: charts placed, templates filled, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterator

from reports.charts import drawing
from reports.page import Chapter, ClaimSection, Curve, FigureSection, Picture, Report
from reports.templating import filled

STYLES = ("page.css", "chart.css")


def render(report: Report) -> str:
    """Return the HTML page of a report; the same report gives the same bytes."""
    curves = {curve.key: curve for chapter in report.chapters for curve in _curves(chapter)}
    held = (picture for chapter in report.chapters for picture in _pictures(chapter))
    return filled(
        "page.html",
        (*STYLES, *(["comparison.css"] if report.comparisons else [])),
        ["filters.js"] if any(chapter.summary.groups for chapter in report.chapters) else [],
        report=report,
        drawings={key: drawing(curve) for key, curve in curves.items()},
        pictures={picture.key: picture for picture in held},
    )


def _sections(chapter: Chapter) -> tuple[FigureSection | ClaimSection, ...]:
    return (*chapter.figures, *chapter.claims)


def _curves(chapter: Chapter) -> Iterator[Curve]:
    """Yield the curves of a chapter, those that several claims show more than once."""
    curves = (section.curve for section in _sections(chapter))
    of_papers = (figure.printed_curve for figure in chapter.figures)
    return (curve for curve in (*curves, *of_papers) if curve is not None)


def _pictures(chapter: Chapter) -> Iterator[Picture]:
    """Yield the pictures of a chapter; that of the real images stands with most claims."""
    return (picture for section in _sections(chapter) for picture in section.pictures)
