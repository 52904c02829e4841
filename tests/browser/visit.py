"""A page opened in headless Chromium, and all that it said and asked for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

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

    def count_charts(self) -> int:
        """Return how many charts there are; each has a drawing that is seen and as wide as it may be."""
        charts = self.page.locator("figure.chart")
        for chart in charts.all():
            chart.scroll_into_view_if_needed()
            figure, drawn = chart.bounding_box(), chart.locator(".drawing use").bounding_box()
            assert figure is not None and drawn is not None
            assert 0.8 * figure["width"] < drawn["width"] <= figure["width"]
        count: int = charts.count()
        return count

    def asked_elsewhere(self, address: str) -> list[str]:
        """Return all requests but for the page itself and what it carries."""
        return [url for url in self.asked if url != address and not url.startswith("data:")]

    def shoot(self, name: str, folder: Path, whole: bool = True) -> Path:
        """Keep a screenshot of the whole page, or of what is in sight, and return its file.

        It goes to the folder that `TICKETBENCH_SCREENSHOTS` names, else to this one.
        """
        kept = Path(os.environ.get("TICKETBENCH_SCREENSHOTS") or folder)
        kept.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=kept / f"{name}.png", full_page=whole)
        return kept / f"{name}.png"


def field(opened: Visit, label: str) -> Locator:
    """Return the field of the summary's filters that has a label."""
    return opened.page.locator(".filters").get_by_label(label)
