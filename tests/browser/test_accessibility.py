"""The page by axe-core's rules (WCAG 2.2 and best practices), with everything open; and on a phone and in print."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.visit import WIDTHS, Visit

pytestmark = pytest.mark.browser

Open = Callable[..., Visit]


def violations(opened: Visit) -> list[tuple[str, str]]:
    """Return the rules that axe-core finds broken, each with the first element that breaks it."""
    api = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    found = api.Axe().run(opened.page, options={"resultTypes": ["violations"]}).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", WIDTHS)
def test_axe_finds_nothing(visit: Open, address: str, device: str, scheme: Any) -> None:
    opened = visit(address, WIDTHS[device], color_scheme=scheme)
    opened.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert violations(opened) == []
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[device]


def test_axe_would_find_something(visit: Open, address: str) -> None:
    opened = visit(address)
    opened.page.evaluate("document.body.append(document.createElement('img'))")
    assert "image-alt" in [rule for rule, _ in violations(opened)]


def test_the_summary_is_a_table_to_a_screen_reader(visit: Open, address: str) -> None:
    for width in WIDTHS.values():
        table = visit(address, width).page.get_by_role(
            "table", name="Winning tickets on handwritten digits: the claims"
        )
        assert table.get_by_role("row").count() >= 8
        assert table.get_by_role("row").last.get_by_role("cell").count() == 6


def test_a_line_of_the_summary_is_two_lines_high(visit: Open, address: str) -> None:
    lines = visit(address).page.locator("tr.line")
    heights = [box["height"] for line in lines.all() if (box := line.bounding_box()) is not None]
    assert len(heights) == 8
    assert sorted(heights)[4] < 60


def test_no_difference_stands_at_one_place_in_all_lines(visit: Open, address: str) -> None:
    for width in WIDTHS.values():
        zeros = visit(address, width).page.locator("tr.line .forest .zero").all()
        places = {round(box["x"]) for zero in zeros if (box := zero.bounding_box()) is not None}
        assert len(zeros) == 5
        assert len(places) == 1


def test_nothing_moves(visit: Open, address: str) -> None:
    opened = visit(address, reduced_motion="reduce")
    moving = """nodes => nodes.map((node) => getComputedStyle(node)).filter((style) => style.animationName !== "none"
      || style.scrollBehavior === "smooth" || !/^0s(, 0s)*$/.test(style.transitionDuration)).length"""
    assert opened.page.locator("body *").evaluate_all(moving) == 0
