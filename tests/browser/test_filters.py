"""The lines that a reader asks for: by hand, by keyboard, by an address; and links to what they pass over."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from reports.page import Report
from tests.browser.visit import Visit, field

pytestmark = pytest.mark.browser

Open = Callable[..., Visit]


def shown(opened: Visit) -> list[str]:
    """Return the claims whose lines and sections are to be seen; both have to agree."""
    visible = "nodes => nodes.filter((node) => node.checkVisibility()).map((node) => node.dataset.claim ?? node.id)"
    lines: list[str] = opened.page.locator("tr.line").evaluate_all(visible)
    assert opened.page.locator("section.claim").evaluate_all(visible) == lines
    return [line.removeprefix("demo-") for line in lines]


def said(opened: Visit) -> str:
    """Return what a screen reader is told of the filter."""
    told: str = opened.page.locator(".filters [role=status]").inner_text()
    return told


def asked(opened: Visit) -> dict[str, list[str]]:
    """Return what the address asks for."""
    return parse_qs(urlsplit(opened.page.url).query)


def test_all_is_shown_at_first_and_counted(visit: Open, address: str) -> None:
    opened = visit(address)
    assert len(shown(opened)) == 8
    assert said(opened) == "8 of 8 claims shown"
    assert opened.page.get_by_role("button", name="Show all").is_disabled()
    assert field(opened, "Paper").is_hidden()  # there is one paper only


@pytest.mark.parametrize(
    ("label", "choice", "claims"),
    [
        ("Verdict", "does not hold", ["gan_sparsest"]),
        ("Kind", "better than its baseline", ["gan_beats_random", "gan_late"]),
        ("Model", "conv_autoencoder", ["ae_same", "ae_transfer"]),
        ("Marked", "diverged", ["gan_late"]),
        ("Marked", "unexpected", ["gan_sparsest"]),
    ],
)
def test_a_choice_leaves_its_claims_and_stands_in_the_address(
    visit: Open, address: str, label: str, choice: str, claims: list[str]
) -> None:
    opened = visit(address)
    field(opened, label).select_option(choice)
    assert shown(opened) == claims
    assert said(opened) == f"{len(claims)} of 8 claims shown"
    assert asked(opened) == {label.lower(): [choice]}
    again = visit(opened.page.url)
    assert shown(again) == claims
    assert field(again, label).input_value() == choice
    assert opened.said == again.said == []


def test_choices_are_joined_and_taken_back(visit: Open, address: str) -> None:
    opened = visit(address)
    field(opened, "Find").fill("TICKET fid")
    field(opened, "Verdict").select_option("holds")
    assert shown(opened) == ["gan_matches", "gan_beats_random"]
    opened.page.get_by_role("button", name="Show all").click()
    assert len(shown(opened)) == 8
    assert asked(opened) == {}
    assert opened.page.evaluate("document.activeElement.name") == "text"


def test_what_finds_nothing_says_so(visit: Open, address: str) -> None:
    opened = visit(f"{address}?text=%3Cscript%3E&verdict=no+such+verdict")
    assert shown(opened) == []
    assert said(opened) == "0 of 8 claims shown"
    assert field(opened, "Verdict").input_value() == ""
    assert opened.said == []


def test_the_keyboard_filters_and_opens_reasons(visit: Open, address: str) -> None:
    opened = visit(address)
    field(opened, "Find").focus()
    opened.page.keyboard.type("transfer")
    assert shown(opened) == ["ae_transfer"]
    opened.page.keyboard.press("ControlOrMeta+A")
    opened.page.keyboard.press("Delete")
    opened.page.keyboard.press("Tab")
    assert opened.page.evaluate("document.activeElement.name") == "verdict"
    opened.page.keyboard.press("ArrowDown")
    assert shown(opened) == ["gan_matches", "gan_beats_random", "gan_cheaper"]
    reason = opened.page.locator("tr.line", has_text="64 %").locator("details.why")
    reason.locator("summary").focus()
    opened.page.keyboard.press("Enter")
    assert reason.locator("p").first.is_visible()


def test_all_reasons_open_and_close_at_once(visit: Open, address: str) -> None:
    opened = visit(address)
    button = opened.page.get_by_role("button", name="Open all reasons")
    for pressed, count in (("true", 8), ("false", 0)):
        button.click()
        assert button.get_attribute("aria-pressed") == pressed
        assert opened.page.locator("details.why[open]").count() == count


def test_a_link_lands_on_a_claim_that_the_filter_passes_over(visit: Open, address: str) -> None:
    opened = visit(f"{address}?verdict=holds#demo-ae_transfer")
    target = opened.page.locator("#demo-ae_transfer")
    box = target.bounding_box()
    assert box is not None and -5 < box["y"] < 844
    opened.page.evaluate("location.hash = '#demo-gan_sparsest'")
    opened.page.wait_for_function(
        "Math.abs(document.getElementById('demo-gan_sparsest').getBoundingClientRect().y) < 100"
    )
    assert asked(opened) == {"verdict": ["holds"]}


def test_a_link_opens_what_is_closed(visit: Open, address: str) -> None:
    opened = visit(address)
    opened.page.evaluate(
        "document.querySelector('section.claim details table').id = 'inside'; location.hash = '#inside'"
    )
    table = opened.page.locator("#inside")
    table.wait_for(state="visible")
    box = table.bounding_box()
    assert box is not None and -5 < box["y"] < 844


def test_paper_shows_all_whatever_is_filtered(visit: Open, address: str) -> None:
    opened = visit(f"{address}?marked=diverged")
    assert shown(opened) == ["gan_late"]
    opened.page.emulate_media(media="print")
    assert len(shown(opened)) == 8
    assert opened.page.locator(".filters").is_hidden()


def test_papers_can_be_chosen_where_there_are_several(
    visit: Open, synthetic_report: Report, written: Callable[[Report], str]
) -> None:
    (chapter,) = synthetic_report.chapters
    (group,) = chapter.summary.groups
    others = tuple(line.model_copy(update={"paper": "other2020"}) for line in group.lines[5:])
    groups = (
        group.model_copy(update={"paper": "kalibhat2021", "lines": group.lines[:5]}),
        group.model_copy(update={"paper": "other2020", "lines": others}),
    )
    parted = chapter.model_copy(update={"summary": chapter.summary.model_copy(update={"groups": groups})})
    opened = visit(written(synthetic_report.model_copy(update={"chapters": (parted,)})))
    field(opened, "Paper").select_option("other2020")
    assert shown(opened) == ["gan_equals_printed", "gan_cheaper", "ae_transfer"]
    assert opened.page.locator("tr.paper").evaluate_all("rows => rows.map((row) => row.checkVisibility())") == [
        False,
        True,
    ]
