"""The page in a real browser: no error, no request, charts drawn, links that land, nothing wider than a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.visit import WIDTHS, Visit

pytestmark = pytest.mark.browser

Open = Callable[..., Visit]
CHARTS = 10  # of eight claims, and of two figures


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", WIDTHS)
def test_it_opens_quietly_and_draws_every_chart(
    visit: Open, address: str, device: str, scheme: Any, tmp_path: Path
) -> None:
    opened = visit(address, WIDTHS[device], color_scheme=scheme)
    assert opened.count_charts() == CHARTS
    assert opened.said == []
    assert opened.asked_elsewhere(address) == []
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[device]
    shot = opened.shoot(f"{device}-{scheme}", tmp_path)
    assert shot.stat().st_size > 50_000


def test_it_reads_without_scripts(visit: Open, address: str) -> None:
    opened = visit(address, java_script_enabled=False)
    assert opened.page.locator(".filters").is_hidden()
    assert [line.is_visible() for line in opened.page.locator("tr.line").all()] == [True] * 8
    drawings = opened.page.locator("figure.chart .drawing svg")
    assert drawings.count() == CHARTS
    for index in range(CHARTS):
        inside = drawings.nth(index).locator("use").bounding_box()
        assert inside is not None and inside["width"] > 300 and inside["height"] > 200
    assert opened.asked_elsewhere(address) == []


def test_links_of_the_summary_land_on_their_claims(visit: Open, address: str) -> None:
    opened = visit(address)
    opened.count_charts()
    links = opened.page.locator(".line .says > a")
    assert links.count() == 8
    for index in range(links.count()):
        target = links.nth(index).get_attribute("href")
        assert target is not None
        opened.page.goto(f"{address}{target}")
        box = opened.page.locator(target).bounding_box()
        assert box is not None and -5 < box["y"] < 844


def test_the_keyboard_reaches_the_summary_first_and_sees_where_it_is(visit: Open, address: str) -> None:
    opened = visit(address)
    opened.page.keyboard.press("Tab")
    assert opened.page.evaluate("document.activeElement.textContent") == "Skip to the summary"
    opened.page.keyboard.press("Tab")
    outline = opened.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_it_prints_with_every_detail_open(visit: Open, address: str, tmp_path: Path) -> None:
    opened = visit(address, color_scheme="dark")
    opened.count_charts()
    opened.page.emulate_media(media="print")
    paper = opened.page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--paper').trim()")
    assert paper == "#fcfbf8"
    assert opened.page.locator("nav").is_hidden()
    assert opened.page.locator("details table").first.is_visible()
    opened.page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert (tmp_path / "report.pdf").stat().st_size > 50_000


def test_a_chart_names_its_lines_and_its_marks(visit: Open, address: str) -> None:
    opened = visit(address)
    figure = opened.page.locator("section.figure", has_text="FID over what the generator costs.")
    words = figure.locator("figure.chart").inner_text()
    assert "winning" in words and "dense" in words and "macs_effective (MAC, lower is better)" in words
    marks = opened.page.locator("#demo-figure-cost-drawing title").all_text_contents()
    assert any(mark.startswith("winning, seed 0: ") for mark in marks)


def test_a_claim_leads_to_the_figure_that_has_its_numbers(visit: Open, address: str) -> None:
    opened = visit(address)
    claim = opened.page.locator("#demo-gan_matches")
    claim.get_by_role("link", name="kalibhat2021, Figure 3").click()
    box = opened.page.locator("#demo-figure-distance").bounding_box()
    assert box is not None and -5 < box["y"] < 844
    rows = opened.page.locator("#demo-figure-distance details tbody tr")
    assert rows.count() == 9
