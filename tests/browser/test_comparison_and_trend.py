"""Two directories on one page, and the page of nights, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.page import Report
from tests.browser.test_accessibility import violations
from tests.browser.visit import WIDTHS, Visit

pytestmark = pytest.mark.browser

Open = Callable[..., Visit]


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory, written: Callable[[Report], str]) -> str:
    """Return the address of a report of two directories: an effect moved, a version is another."""
    from tests.browser.conftest import synthetic
    from tests.reports.laters import copied, moved, remeasured, together

    folder = tmp_path_factory.mktemp("two")
    before = synthetic().write_results(folder / "before")
    now = copied(before, folder / "now")
    remeasured(now, "winning@2", "fid", moved(lambda seed: 9.0 + seed))
    now.run("winning-0-s0").write_document("environment.json", {"python": "3.13.1", "device": "cpu"})
    return written(together(before, now))


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a trend page: three nights of two suites, with each standing that there is."""
    from benchmark.schema.trend import SuiteTrend, Trend
    from reports.trend_build import trend_page
    from reports.trend_render import render_trend
    from tests.reports.test_trend_page import WORDS, change, night

    changes = tuple(change(state, name=f"claim_{place}", arm=f"imp@{place}") for place, state in enumerate(WORDS))
    lost = night("third", changes=changes[1:], confirm=("run", "demo", "--results", "third-confirm"))
    made = (night("first", changes=changes), night("second", changes=changes), lost)
    suites = (
        SuiteTrend(suite=key, scale="small", seeds=(0, 1), machine="a machine", claims=(), nights=made)
        for key in ("demo", "other")
    )
    file = tmp_path_factory.mktemp("trend") / "trend.html"
    file.write_text(render_trend(trend_page(Trend(suites=tuple(suites)))), encoding="utf-8")
    return file.as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", WIDTHS)
@pytest.mark.parametrize("name", ["compared", "nights"])
def test_it_opens_quietly_and_axe_finds_nothing(
    visit: Open, request: pytest.FixtureRequest, name: str, device: str, scheme: Any, tmp_path: Path
) -> None:
    address = request.getfixturevalue(name)
    opened = visit(address, WIDTHS[device], color_scheme=scheme)
    opened.shoot(f"{name}-{device}-{scheme}", tmp_path, whole=False)
    opened.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[device]
    assert opened.said == []
    assert opened.asked_elsewhere(address) == []
    assert violations(opened) == []


def test_a_comparison_says_first_how_many_verdicts_changed(visit: Open, compared: str) -> None:
    opened = visit(compared)
    assert opened.page.locator("header .lead").inner_text().endswith("1 verdict changed, 7 as before")
    opened.page.locator("header .lead a").click()
    box = opened.page.locator(".comparison").bounding_box()
    assert box is not None and -5 < box["y"] < 844


def test_both_sides_of_a_changed_verdict_lead_to_the_claim(visit: Open, compared: str) -> None:
    opened = visit(compared)
    links = opened.page.locator(".passage a")
    assert [link.inner_text().split() for link in links.all()] == [
        ["A:", "holds", "at", "small", "scale"],
        ["B:", "does", "not", "hold", "at", "small", "scale"],
    ]
    for place, side in enumerate(("r1", "r2")):
        links.nth(place).click()
        box = opened.page.locator(f"#{side}-demo-gan_matches").bounding_box()
        assert box is not None and -5 < box["y"] < 844


def test_a_filter_leaves_the_comparison_alone(visit: Open, compared: str) -> None:
    opened = visit(f"{compared}?verdict=not+run")
    assert opened.page.locator(".filters [role=status]").inner_text() == "2 of 16 claims shown"
    assert opened.page.locator(".change").is_visible()
    opened.page.locator(".passage a").first.click()
    assert opened.page.locator("#r1-demo-gan_matches").is_visible()


def test_the_nights_are_read_without_scripts_and_their_links_land(visit: Open, nights: str) -> None:
    opened = visit(nights, java_script_enabled=False)
    assert opened.page.locator("script").count() == 0
    assert opened.page.locator("svg.spark").count() == 2 * 8
    link = opened.page.get_by_role("link", name="missing: imp@0 fid").first
    link.click()
    target = opened.page.locator("#demo-small-metric-1")
    box = target.bounding_box()
    assert box is not None and -5 < box["y"] < 844
    assert target.locator(".mark").inner_text() == "missing"


@pytest.mark.parametrize("width", WIDTHS.values())
def test_the_nights_are_a_table_to_a_screen_reader(visit: Open, nights: str, width: int) -> None:
    table = visit(nights, width).page.get_by_role("table", name="demo at scale small: each metric of an arm")
    assert table.get_by_role("row").count() >= 8
    assert table.get_by_role("img", name="imp@3 fid over 3 nights; the newest: suspected").count() == 1


def test_the_nights_print_whole_on_white(visit: Open, nights: str, tmp_path: Path) -> None:
    opened = visit(nights, 794, color_scheme="dark")
    opened.page.emulate_media(media="print")
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 794
    assert opened.page.locator("details table").first.is_visible()
    ground = opened.page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--paper').trim()")
    assert ground == "#fcfbf8"
    opened.page.pdf(path=tmp_path / "trend.pdf", format="A4")
    assert (tmp_path / "trend.pdf").stat().st_size > 20_000
