"""Every state that a claim can be in, read back from the page and compared with verdicts by other code."""

from __future__ import annotations

import re
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.judge import judge
from reports.build import build
from reports.render import render
from reports.wording import MINUS
from tests.reference.recomputed import recompute
from tests.reference.results_files import cases
from tests.reference.test_verdicts_of_files import write
from tests.reference.two_sides import Case

VOID = {"meta", "input", "img", "br", "link", "hr"}
TIMES = "\N{MULTIPLICATION SIGN}"
LABELS = {"reproduced": "holds at small scale", "not reproduced": "does not hold at small scale"}


class Page(HTMLParser):
    """The text of a page in claims' sections and in the summary's lines, by element and class."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack: list[tuple[str, set[str]]] = []
        self.claim, self.line = "", ""
        self.texts: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        classes = set(given.get("class", "").split())
        if tag in VOID:
            return
        self.stack.append((tag, classes))
        if tag == "section" and "claim" in classes:
            self.claim = given["id"].removeprefix("demo-")
        if tag == "tr" and "line" in classes:
            self.line = given["data-claim"].removeprefix("demo-")
        if "verdict" in classes:
            self.texts[self.claim, "class"].append(" ".join(sorted(classes - {"verdict"})))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        closed, _ = self.stack.pop()
        assert closed == tag, f"<{closed}> is closed by </{tag}>"
        if tag == "section":
            self.claim = ""
        if tag == "tr":
            self.line = ""

    def handle_data(self, data: str) -> None:
        if not data.strip():
            return
        owner = f"line {self.line}" if self.line else self.claim
        for what in {one for _, classes in self.stack for one in classes} | {tag for tag, _ in self.stack}:
            self.texts[owner, what].append(data.strip())

    def text(self, claim: str, what: str) -> str:
        """Return what stands in a claim's section (or `line CLAIM`) in elements of a class or tag."""
        return " ".join(self.texts[claim, what])


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> ResultsDir:
    return write(tmp_path_factory.mktemp("states") / "demo", 5, True, None)


@pytest.fixture(scope="module")
def expected(results: ResultsDir) -> dict[str, Case]:
    return cases(Path(results.path))


@pytest.fixture(scope="module")
def page(results: ResultsDir) -> Page:
    return Page(render(build([results], [judge(results)])))


def test_every_verdict_on_the_page_is_that_of_other_code(page: Page, expected: dict[str, Case]) -> None:
    seen = set()
    for name, case in expected.items():
        status, _ = recompute(case)
        label = LABELS.get(status, status)
        assert page.text(name, "class") == status.replace(" ", "-")
        assert page.text(name, "mark").split("  ")[0].startswith(label), name
        assert page.text(f"line {name}", "mark") == label.removesuffix(" at small scale")
        seen.add(status)
    assert len(seen) == 5


def test_every_effect_on_the_page_is_that_of_other_code(page: Page, expected: dict[str, Case]) -> None:
    compared = 0
    for name, case in expected.items():
        status, parts = recompute(case)
        shown = [part for part in parts if part.status == status] or parts
        part = shown[-1] if case.claim["kind"] == "sparsest" and status == "reproduced" else shown[0]
        facts = page.text(name, "facts")
        if part.ends is None:
            assert "no effect computed" in facts, name
            continue
        found = re.search(rf"\d\s% interval {TIMES}?(\S+) to {TIMES}?([^\s)]+)\)", facts)
        assert found is not None, facts
        ends = [float(end.replace(MINUS, "-")) for end in found.groups()]
        assert ends == pytest.approx(part.ends, rel=6e-3, abs=1e-6), name
        assert f"n {part.n} seeds" in facts
        compared += 1
    assert compared >= 15


def test_fragile_verdicts_are_marked_and_no_others(page: Page, expected: dict[str, Case]) -> None:
    fragile = {name for name, case in expected.items() if any(part.fragile for part in recompute(case)[1])}
    assert 0 < len(fragile) < len(expected)
    for name in expected:
        assert ("fragile" in page.text(name, "tag")) == (name in fragile), name
        assert ("fragile" in page.text(f"line {name}", "tag")) == (name in fragile), name


def test_lost_and_failed_trainings_are_told_by_seed(page: Page, expected: dict[str, Case]) -> None:
    told = {"diverged": 0, "failed": 0}
    for name, case in expected.items():
        arms = {one[side] for one in case.claim["compare"] for side in ("arm", "baseline") if one.get(side)}
        for arm, end in (("lossy@1", "diverged"), ("failing@1", "failed")):
            assert (end in page.text(name, "td")) == (arm in arms), (name, end)
            told[end] += arm in arms
        assert ("1 diverged" in page.text(f"line {name}", "tag")) == ("lossy@1" in arms)
    assert min(told.values()) > 0


def test_what_is_not_run_or_not_comparable_says_why(page: Page, expected: dict[str, Case]) -> None:
    why = {
        "not run": r"is missing for failing@1 seed 1 \(failed\)",
        "not comparable": "a small run can't speak for|measured differently: dataset",
    }
    for name, case in expected.items():
        reason = why.get(recompute(case)[0])
        assert reason is None or re.search(reason, page.text(name, "reason")), name
    foreign = [name for name, case in expected.items() if case.claim["compare"][0]["arm"] == "foreign@1"]
    assert ["Protocols differ in dataset" in page.text(name, "lines") for name in foreign] == [True]


def test_contested_and_contradicted_claims_say_so(page: Page, expected: dict[str, Case]) -> None:
    contested = {name for name in expected if "Others see none of this." in page.text(name, "contested")}
    assert contested == {"claim_2"}
    assert "contested" in page.text("line claim_2", "tag")
    contradicted = {name for name in expected if "the appendix 11." in page.text(name, "choices")}
    rounded = {
        name
        for name, case in expected.items()
        if any((one.get("reference") or "").endswith("/rounded") for one in case.claim["compare"])
    }
    assert contradicted == rounded | {"claim_1"}
