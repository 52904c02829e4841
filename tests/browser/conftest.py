"""The report of the synthetic results, and the browser that opens it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reports.page import Report
from tests.browser.visit import CHROMIUM, FLAGS, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def synthetic() -> Any:
    """Load the synthetic results that the other report tests read."""
    path = Path(__file__).parents[1] / "reports" / "conftest.py"
    spec = importlib.util.spec_from_file_location("synthetic_results", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def synthetic_report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Return the page model of the synthetic results."""
    from benchmark.judge import judge
    from reports.build import build

    results = synthetic().write_results(tmp_path_factory.mktemp("report") / "results")
    return build([results], [judge(results)])


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Report], str]:
    """Return what writes a page model as a page and gives its address."""
    from reports.render import render

    def write(report: Report) -> str:
        file = tmp_path_factory.mktemp("page") / "report.html"
        file.write_text(render(report), encoding="utf-8")
        return file.as_uri()

    return write


@pytest.fixture(scope="session")
def address(synthetic_report: Report, written: Callable[[Report], str]) -> str:
    """Return the address of the synthetic report."""
    return written(synthetic_report)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return headless Chromium; skip where it or its driver is missing."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
    with api.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Return what opens an address at a width; every page is closed after its test."""
    opened: list[Visit] = []

    def go(address: str, width: int = 1280, **options: Any) -> Visit:
        opened.append(Visit(browser, address, width, **options))
        return opened[-1]

    yield go
    for one in opened:
        one.context.close()
