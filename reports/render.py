"""The page model -> one self-contained HTML file: charts placed, templates filled, nothing fetched."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.charts import drawing
from reports.page import Chapter, ClaimSection, Curve, FigureSection, Picture, Report

TEMPLATES = Path(__file__).with_name("templates")
STYLES = ("page.css", "chart.css")


def render(report: Report) -> str:
    """Return the HTML page of a report; the same report gives the same bytes."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    curves = {curve.key: curve for chapter in report.chapters for curve in _curves(chapter)}
    held = (picture for chapter in report.chapters for picture in _pictures(chapter))
    scripts = [_script(_source("filters.js"))] if any(chapter.summary.groups for chapter in report.chapters) else []
    return environment.get_template("page.html").render(
        report=report,
        drawings={key: drawing(curve) for key, curve in curves.items()},
        pictures={picture.key: picture for picture in held},
        style=Markup("".join(map(_source, STYLES))),  # noqa: S704 - the project's own files
        scripts=scripts,
        policy=_policy(scripts),
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


def _source(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _script(text: str) -> Markup:
    """Mark a script of ours as safe to inline; one that would end its own element is refused."""
    if "</script" in text.lower() or "<!--" in text:
        raise ValueError("a script that is to be inlined would end its own element")
    return Markup(text)  # noqa: S704


def _policy(scripts: list[Markup]) -> str:
    """Return a content security policy: no request at all, and no script but ours, known by its hash."""
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes) or "'none'"
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {allowed}"
