"""The page model -> one self-contained HTML file: charts drawn, templates filled, nothing fetched."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports import charts
from reports.page import Curve, Report

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
    drawn = {
        claim.curve.key: _drawing(claim.curve)
        for chapter in report.chapters
        for claim in chapter.claims
        if claim.curve is not None
    }
    scripts = [_script(charts.javascript()), _script(_source("charts.js"))] if drawn else []
    return environment.get_template("page.html").render(
        report=report,
        drawn=drawn,
        style=Markup(_source("page.css")),  # noqa: S704 - the project's own file
        scripts=scripts,
        policy=_policy(scripts),
    )


def _drawing(curve: Curve) -> dict[str, object]:
    spec = charts.specification(curve)
    # The drawing's text was escaped by Vega's own SVG writer.
    return {"spec": spec, "svg": Markup(charts.svg(spec))}  # noqa: S704


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
