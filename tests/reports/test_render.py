"""The page: self-contained, deterministic, and deaf to hostile text."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.page import Report
from reports.render import render
from reports.summary_page import Summary

STRUCTURE = {"anchor", "key", "href", "data", "format", "status"}
"""Fields that this project writes itself: never a user's text."""

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "<!--",
    "]]>&lt;\u2028\x00",
    "javascript:alert(1)",
)


class Outline(HTMLParser):
    """The elements and attribute names of a page in order, and what each may load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.scripts: list[tuple[str | None, str]] = []
        self.stack: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.stack = [tag]
        if tag == "script":
            self.scripts.append((dict(attrs).get("type"), ""))

    def handle_endtag(self, tag: str) -> None:
        self.stack = []

    def handle_data(self, data: str) -> None:
        if self.stack == ["script"]:
            kind, text = self.scripts[-1]
            self.scripts[-1] = (kind, text + data)


def own_scripts(outline: Outline) -> list[str]:
    """Return the scripts that a browser runs."""
    return [text for kind, text in outline.scripts if kind is None]


def rewritten(value: Any, write: Callable[[str], str], name: str = "") -> Any:
    """Return a page model's plain value with every user's text written anew."""
    if isinstance(value, dict):
        return {key: rewritten(item, write, key) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(rewritten(item, write, name) for item in value)
    return write(value) if isinstance(value, str) and value and name not in STRUCTURE else value


def small(report: Report) -> Report:
    """Return the report with the one claim that has every kind of part, and figures of both kinds."""
    chapter = report.chapters[0]
    kept = tuple(claim for claim in chapter.claims if claim.name == "gan_equals_printed")
    drawn = tuple(figure for figure in chapter.figures if "cost" not in figure.anchor)
    return report.model_copy(update={"chapters": (chapter.model_copy(update={"claims": kept, "figures": drawn}),)})


@pytest.fixture(scope="session")
def calm(report: Report) -> Outline:
    """Return the outline of a page whose every text is harmless."""
    return Outline(render(Report.model_validate(rewritten(small(report).model_dump(), lambda old: "calm"))))


@given(st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1, max_size=12)))
@settings(max_examples=25, deadline=None)
def test_no_text_changes_the_structure_of_the_page(report: Report, calm: Outline, text: str) -> None:
    plain = small(report).model_dump()
    hostile = Report.model_validate(rewritten(plain, lambda old: text))
    ours, theirs = calm, Outline(render(hostile))
    outside = [element for element in theirs.elements if not _is_drawn(element)]
    assert outside == [element for element in ours.elements if not _is_drawn(element)]
    assert [kind for kind, _ in theirs.scripts] == [kind for kind, _ in ours.scripts]
    assert own_scripts(theirs) == own_scripts(ours)


def _is_drawn(element: tuple[str, tuple[str, ...]]) -> bool:
    """Tell whether an element belongs to a chart's drawing, whose marks depend on the length of its words."""
    return element[0] in {"g", "path", "text", "line", "svg"}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_but_never_markup(report: Report, text: str) -> None:
    hostile = Report.model_validate(rewritten(small(report).model_dump(), lambda old: f"{old} {text}"))
    outline = Outline(render(hostile))
    assert len(own_scripts(outline)) == 1
    assert not [name for _, name, _ in outline.attributes if name.startswith("on")]
    assert not [tag for tag, name, value in outline.attributes if name == "src" and not value.startswith("data:")]
    assert [text for kind, text in outline.scripts if kind is not None] == []


def test_a_chart_that_several_claims_share_is_in_the_page_once(report: Report, page: str) -> None:
    (chapter,) = report.chapters
    curves = [*(figure.curve for figure in chapter.figures), *(claim.curve for claim in chapter.claims)]
    keys = [curve.key for curve in curves if curve is not None]
    shared = f"{chapter.anchor}-figure-distance"
    assert keys.count(shared) == 6
    for key in set(keys):
        assert page.count(f'id="{key}-drawing"') == 1
        assert page.count(f'<use href="#{key}-drawing">') == keys.count(key)


def test_the_same_report_gives_the_same_bytes(report: Report, page: str) -> None:
    assert render(report) == page


def test_nothing_is_requested_from_elsewhere(page: str) -> None:
    outline = Outline(page)
    loading = {"src", "srcset", "data", "action", "poster", "background", "formaction", "ping"}
    for tag, name, value in outline.attributes:
        assert name not in loading or value.startswith("data:"), (tag, name, value)
        if name in {"href", "xlink:href"}:
            kinds = {"a": ("#", "https://"), "image": ("data:image/",)}
            assert value.startswith(kinds.get(tag, "#")), (tag, value)
    assert not {tag for tag, _ in outline.elements} & {"link", "iframe", "object", "embed", "base", "form"}
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None and "url(" not in style[1] and "@import" not in style[1]


def test_only_our_scripts_may_run_and_nothing_may_load(page: str) -> None:
    import base64
    import hashlib

    outline = Outline(page)
    policy = next(value for tag, name, value in outline.attributes if tag == "meta" and value.startswith("default-src"))
    assert policy.startswith("default-src 'none'; img-src data:")
    own = own_scripts(outline)
    assert len(own) == 1
    for text in own:
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy
    assert "unsafe-eval" not in policy


def test_the_page_stays_small(page: str) -> None:
    without = re.sub(r"data:image/png;base64,[^\"]*", "", page)
    assert len(without.encode()) < 300_000


def test_a_picture_that_several_claims_show_is_in_the_page_once(report: Report, page: str) -> None:
    shown = [picture for claim in report.chapters[0].claims for picture in claim.pictures]
    shown += [picture for figure in report.chapters[0].figures for picture in figure.pictures]
    keys = [picture.key for picture in shown]
    assert len(keys) > len(set(keys))
    for picture in shown:
        assert page.count(picture.data) == page.count(f'id="{picture.key}"') == 1
        assert page.count(f'<use href="#{picture.key}">') == keys.count(picture.key)


def test_anchors_are_unique_and_every_link_lands(page: str) -> None:
    attributes = Outline(page).attributes
    ids = [value for _, name, value in attributes if name == "id"]
    assert len(ids) == len(set(ids))
    links = {value[1:] for _, name, value in attributes if name == "href" and value.startswith("#")}
    labels = {value for _, name, value in attributes if name == "aria-labelledby"}
    assert len(links) > 10
    assert links | labels <= set(ids)


def test_headings_descend_one_step_at_a_time(page: str) -> None:
    levels = [int(tag[1]) for tag, _ in Outline(page).elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_tables_have_captions_and_scopes_and_pictures_have_words(page: str) -> None:
    outline = Outline(page)
    counts = {tag: sum(found == tag for found, _ in outline.elements) for tag in ("table", "caption")}
    assert counts["table"] == counts["caption"] > 10
    assert all("scope" in names for tag, names in outline.elements if tag == "th")
    assert all("alt" in names for tag, names in outline.elements if tag == "img")


def test_verdicts_are_words_beside_their_marks(page: str) -> None:
    for label in ("holds at small scale", "does not hold at small scale", "inconclusive", "not comparable", "not run"):
        assert re.search(rf"</svg>{label}</span>", page), label


def test_a_report_without_claims_is_still_a_page(report: Report) -> None:
    chapter = report.chapters[0].model_copy(
        update={
            "summary": Summary(counts=(), groups=()),
            "claims": (),
            "figures": (),
            "costs": None,
            "times": None,
            "environment": None,
            "choices": (),
            "disagreements": (),
        }
    )
    text = render(report.model_copy(update={"chapters": (chapter,), "counts": ()}))
    assert "This suite has no claims at this scale." in text
    assert "script-src 'none'" in text.replace("&#39;", "'")
