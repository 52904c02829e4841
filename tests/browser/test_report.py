"""The page in a real browser: no error, no request, charts drawn, links that land, nothing wider than a phone."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
WIDTHS = {"desktop": 1280, "phone": 390}
CHARTS = 10  # of eight claims, and of two figures
BAD_CONTRAST = """() => {
  const channels = (color) => {
    const found = color.match(/[\\d.]+/g).map(Number);
    return found.length < 4 ? [...found, 1] : found;
  };
  const linear = (share) => share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  const luminance = (color) => {
    const [red, green, blue] = channels(color).slice(0, 3).map((value) => linear(value / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (channels(color)[3] === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const words = "p, li, dt, dd, th, td:not(.shade), caption, figcaption, summary, a, h1, h2, h3, h4, code";
  const bad = [];
  for (const element of document.querySelectorAll(words)) {
    const both = [luminance(getComputedStyle(element).color), luminance(ground(element))];
    if ((Math.max(...both) + 0.05) / (Math.min(...both) + 0.05) < 4.5) bad.push(element.outerHTML.slice(0, 80));
  }
  return bad;
}"""
"""Texts under the contrast of 4.5 to 1 that WCAG 2.2 (1.4.3) asks for."""


def synthetic() -> Any:
    """Load the synthetic results that the other report tests read; `tests` is no package."""
    path = Path(__file__).parents[1] / "reports" / "conftest.py"
    spec = importlib.util.spec_from_file_location("synthetic_results", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a written report."""
    from benchmark.judge import judge
    from reports.build import build
    from reports.render import render

    folder = tmp_path_factory.mktemp("report")
    results = synthetic().write_results(folder / "results")
    file = folder / "report.html"
    file.write_text(render(build([results], [judge(results)])), encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return headless Chromium; skip where it or its driver is missing."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
    with api.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield running
        running.close()


class Visit:
    """One opened page, and all that it said and asked for."""

    def __init__(self, browser: Browser, address: str, width: int, **options: Any) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 844}, **options)
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address)

    def wait_for_charts(self) -> int:
        """Go past every chart until it was drawn anew; return how many there are."""
        charts = self.page.locator("figure.chart")
        count: int = charts.count()
        for index in range(count):
            charts.nth(index).scroll_into_view_if_needed()
            drawn = charts.nth(index).locator("xpath=self::*[contains(@class, 'drawn')]")
            drawn.wait_for(state="attached", timeout=20_000)
        return count

    def asked_elsewhere(self, address: str) -> list[str]:
        """Return all requests but for the page itself and what it carries."""
        return [url for url in self.asked if url != address and not url.startswith("data:")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", WIDTHS)
def test_it_opens_quietly_and_draws_every_chart(
    browser: Browser, address: str, device: str, scheme: Any, tmp_path: Path
) -> None:
    visit = Visit(browser, address, WIDTHS[device], color_scheme=scheme)
    assert visit.wait_for_charts() == CHARTS
    assert visit.page.locator("figure.chart.drawn .drawing svg").count() == CHARTS
    assert visit.said == []
    assert visit.asked_elsewhere(address) == []
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[device]
    shot = tmp_path / f"{device}-{scheme}.png"
    visit.page.screenshot(path=shot, full_page=True)
    assert shot.stat().st_size > 50_000
    visit.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(browser: Browser, address: str, scheme: Any) -> None:
    visit = Visit(browser, address, 1280, color_scheme=scheme)
    assert visit.page.evaluate(BAD_CONTRAST) == []
    visit.context.close()


def test_it_reads_without_scripts(browser: Browser, address: str) -> None:
    visit = Visit(browser, address, 1280, java_script_enabled=False)
    drawings = visit.page.locator("figure.chart .drawing svg")
    assert drawings.count() == CHARTS
    for index in range(CHARTS):
        inside = drawings.nth(index).locator("use").bounding_box()
        assert inside is not None and inside["width"] > 300 and inside["height"] > 200
    assert visit.asked_elsewhere(address) == []
    visit.context.close()


def test_links_of_the_summary_land_on_their_claims(browser: Browser, address: str) -> None:
    visit = Visit(browser, address, 1280)
    visit.wait_for_charts()
    links = visit.page.locator(".claims .says a")
    assert links.count() == 8
    for index in range(links.count()):
        target = links.nth(index).get_attribute("href")
        assert target is not None
        visit.page.goto(f"{address}{target}")
        box = visit.page.locator(target).bounding_box()
        assert box is not None and -5 < box["y"] < 844
    visit.context.close()


def test_the_keyboard_reaches_the_summary_first_and_sees_where_it_is(browser: Browser, address: str) -> None:
    visit = Visit(browser, address, 1280)
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.textContent") == "Skip to the summary"
    visit.page.keyboard.press("Tab")
    outline = visit.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    visit.context.close()


def test_it_prints_with_every_detail_open(browser: Browser, address: str, tmp_path: Path) -> None:
    visit = Visit(browser, address, 1280, color_scheme="dark")
    visit.wait_for_charts()
    visit.page.emulate_media(media="print")
    paper = visit.page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--paper').trim()")
    assert paper == "#fcfbf8"
    assert visit.page.locator("nav").is_hidden()
    assert visit.page.locator("details table").first.is_visible()
    visit.page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert (tmp_path / "report.pdf").stat().st_size > 50_000
    visit.context.close()


def test_a_figure_is_drawn_when_the_reader_comes_near_and_names_its_marks(browser: Browser, address: str) -> None:
    visit = Visit(browser, address, 1280)
    figure = visit.page.locator("section.figure", has_text="FID over what the generator costs.")
    chart = figure.locator("figure.chart")
    assert "drawn" not in (chart.get_attribute("class") or "")
    figure.locator("h4").scroll_into_view_if_needed()
    figure.locator("figure.chart.drawn").wait_for(timeout=20_000)
    words = " ".join(chart.locator("svg text").all_text_contents())
    assert "winning" in words and "dense" in words and "macs_effective (MAC, lower is better)" in words
    assert visit.said == []
    visit.context.close()


def test_a_claim_leads_to_the_figure_that_has_its_numbers(browser: Browser, address: str) -> None:
    visit = Visit(browser, address, 1280)
    claim = visit.page.locator("#demo-gan_matches")
    claim.get_by_role("link", name="kalibhat2021, Figure 3").click()
    box = visit.page.locator("#demo-figure-distance").bounding_box()
    assert box is not None and -5 < box["y"] < 844
    rows = visit.page.locator("#demo-figure-distance details tbody tr")
    assert rows.count() == 9
    visit.context.close()
