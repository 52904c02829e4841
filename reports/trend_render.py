"""The trend page's model -> one self-contained HTML file, without any script."""

from __future__ import annotations

from reports.templating import filled
from reports.trend_page import TrendPage

STYLES = ("page.css", "comparison.css", "trend.css")


def render_trend(page: TrendPage) -> str:
    """Return the HTML page of a trend; the same trend gives the same bytes."""
    return filled("trend.html", STYLES, [], page=page)
