"""The badge: what it counts, its color by exit code, and that everybody can read it."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.schema.verdict import Status, Verdict, Verdicts
from reports.exports.badge import COLORS, GRAY, badge
from reports.exports.source import Source
from reports.exports.tally import tally

SVG = "{http://www.w3.org/2000/svg}"


def counted(verdict: Verdict, **numbers: int) -> list[Verdict]:
    statuses: dict[str, Status] = {
        "hold": "reproduced",
        "fail": "not reproduced",
        "open": "inconclusive",
        "incomparable": "not comparable",
        "absent": "not run",
    }
    return [verdict.model_copy(update={"status": statuses[name]}) for name, n in numbers.items() for _ in range(n)]


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ({"hold": 14, "fail": 4, "open": 11, "incomparable": 1}, "14 hold, 4 do not, 12 open"),
        ({"hold": 1, "fail": 1, "open": 1, "absent": 1}, "1 holds, 1 does not, 1 open, 1 not run"),
        ({"fail": 2}, "2 do not"),
        ({}, "no claims"),
    ],
)
def test_verdicts_are_counted_in_words(verdicts: Verdicts, numbers: dict[str, int], text: str) -> None:
    assert tally(counted(verdicts.verdicts[0], **numbers)) == text


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (0, "as expected"),
        (1, "a verdict contradicts what was expected"),
        (3, "what was expected is undecided"),
        (4, "something was not measured"),
    ],
)
def test_it_has_the_color_of_the_exit_code_and_says_it(results: ResultsDir, code: int, says: str) -> None:
    source = Source(results)
    source.__dict__["exit_code"] = code
    root = ElementTree.fromstring(badge(source))
    title = f"ticketbench: {tally(source.verdicts.verdicts)}; {says}"
    assert (root.get("role"), root.get("aria-label"), root.findtext(f"{SVG}title")) == ("img", title, title)
    left, right = root.findall(f"{SVG}rect")
    assert right.get("fill") == COLORS[code] and left.get("fill") == GRAY != COLORS[code]
    assert int(left.get("width", "")) + int(right.get("width", "")) == int(root.get("width", ""))


def test_texts_lie_within_their_halves(results: ResultsDir) -> None:
    root = ElementTree.fromstring(badge(Source(results)))
    for box, text in zip(root.findall(f"{SVG}rect"), root.iter(f"{SVG}text"), strict=True):
        start, end = int(box.get("x", "0")), int(box.get("x", "0")) + int(box.get("width", ""))
        first = int(text.get("x", ""))
        assert start < first and first + int(text.get("textLength", "")) < end


@pytest.mark.parametrize("color", [*COLORS.values(), GRAY])
def test_white_text_has_enough_contrast(color: str) -> None:
    # WCAG 2.2, relative luminance and contrast ratio; AA asks for 4.5.
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    luminance = sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    assert 1.05 / (luminance + 0.05) >= 4.5
