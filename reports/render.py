"""The page model -> one self-contained HTML file: charts drawn, templates filled, nothing fetched."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports import charts
from reports.page import Chapter, ClaimSection, Curve, FigureSection, Report

TEMPLATES = Path(__file__).with_name("templates")


def render(report: Report) -> str:
    """Return the HTML page of a report; the same report gives the same bytes on one machine."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    curves = {curve.key: curve for chapter in report.chapters for curve in _curves(chapter)}
    drawings = {key: _drawing(curve) for key, curve in curves.items()}
    scripts = [_script(_source("filters.js"))] if any(chapter.summary.groups for chapter in report.chapters) else []
    scripts += [_script(charts.javascript()), _script(_source("charts.js"))] if drawings else []
    return environment.get_template("page.html").render(
        report=report,
        drawings=drawings,
        style=Markup(_source("page.css")),  # noqa: S704 - the project's own file
        scripts=scripts,
        policy=_policy(scripts),
    )


def _curves(chapter: Chapter) -> Iterator[Curve]:
    sections: tuple[FigureSection | ClaimSection, ...] = (*chapter.figures, *chapter.claims)
    of_papers = (figure.printed_curve for figure in chapter.figures)
    return (curve for curve in (*(section.curve for section in sections), *of_papers) if curve is not None)


def _drawing(curve: Curve) -> dict[str, object]:
    """Draw a curve as the inside of an SVG, which the page holds once and shows wherever it is asked for."""
    spec = charts.specification(curve)
    root = re.fullmatch(r'<svg [^>]*viewBox="0 0 ([0-9.]+) ([0-9.]+)"[^>]*>(.*)</svg>\s*', charts.svg(spec), re.DOTALL)
    if root is None:
        raise ValueError("vl-convert no longer writes one SVG element with its size")
    width, height, inside = root.groups()
    # The drawing's text was escaped by Vega's own SVG writer.
    return {"spec": spec, "inside": Markup(inside), "width": width, "height": height}  # noqa: S704


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
