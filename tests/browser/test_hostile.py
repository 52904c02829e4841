"""Names and notes that try to be more than text: all of it is shown, none of it acts or breaks the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.page import Report
from tests.browser.visit import WIDTHS, Visit, field

pytestmark = pytest.mark.browser

Open = Callable[..., Visit]

STRUCTURE = {"anchor", "key", "href", "data", "format", "status", "term", "label", "word"}
"""Fields that this project writes itself: never a user's text."""

HOSTILE = (
    "<script>window.ran = 1</script>",
    "\"'><img src=x onerror='window.ran = 1'>",
    "{{ 7 * 7 }}{% raw %}",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3,
    "\u202e\N{HEBREW LETTER ALEF}\N{ARABIC LETTER BEH} right to left",
    "\N{ROBOT FACE}\N{FAMILY}\u200d\N{SPARKLES}",
)


def rewritten(value: Any, added: str, name: str = "") -> Any:
    """Return a page model's plain value with a hostile text behind every user's text."""
    if isinstance(value, dict):
        return {key: rewritten(item, added, key) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(rewritten(item, added, name) for item in value)
    return f"{value} {added}" if isinstance(value, str) and value and name not in STRUCTURE else value


@pytest.fixture(scope="module")
def hostile(synthetic_report: Report, written: Callable[[Report], str]) -> str:
    """Return the address of a page of which every text is hostile."""
    plain = rewritten(synthetic_report.model_dump(), " ".join(HOSTILE))
    return written(Report.model_validate(plain))


@pytest.mark.parametrize("device", WIDTHS)
def test_hostile_text_is_text(visit: Open, hostile: str, device: str, tmp_path: Path) -> None:
    opened = visit(hostile, WIDTHS[device])
    opened.shoot(f"hostile-{device}", tmp_path, whole=False)
    assert opened.page.evaluate("window.ran") is None
    assert opened.said == []
    assert opened.asked_elsewhere(hostile) == []
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[device]
    for text in HOSTILE:
        for place in ("h1", "tr.line .says > a", "section.claim h3", ".lines li", ".choices dt", "figcaption"):
            assert text in opened.page.locator(place).first.text_content(), place


def test_filters_stand_hostile_text(visit: Open, hostile: str) -> None:
    opened = visit(hostile)
    kinds = field(opened, "Kind")
    kinds.select_option(index=1)
    assert "<script>" in kinds.input_value()
    again = visit(opened.page.url)
    assert field(again, "Kind").input_value() == kinds.input_value()
    assert again.page.locator("tr.line:not(.passed-over)").count() == 2
    field(again, "Find").fill(HOSTILE[1])
    assert again.page.locator("tr.line:not(.passed-over)").count() == 2
    assert again.page.evaluate("window.ran") is None
    assert again.said == []


def test_what_is_written_backwards_stays_in_its_place(visit: Open, hostile: str) -> None:
    opened = visit(hostile)
    isolated = "nodes => nodes.every((node) => getComputedStyle(node).unicodeBidi.startsWith('isolate'))"
    assert opened.page.locator("tr.line td, tr.line .says > a, .eyebrow, h3, dd").evaluate_all(isolated)
