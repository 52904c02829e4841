"""The summary for a pull request, read by an independent Markdown parser."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from benchmark.artifacts import ResultsDir
from benchmark.schema.verdict import Verdict, Verdicts
from reports.exports.markdown import LIMIT, LONGEST, escaped, markdown
from reports.exports.source import Source

HOSTILE = (
    "a | b <script>alert(1)</script> **bold** `code` [x](http://x) $x^2$ @octocat #1 &amp; ~~no~~ \\| ![i](u)\n# x"
)


def rows(text: str) -> list[list[str]]:
    """Return the cells of all tables as a reader sees them, a line break as a space."""
    page = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)
    found = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    return [[shown(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)] for row in found]


def shown(fragment: str) -> str:
    """Return the text of an HTML fragment, whose comments show nothing."""
    text = re.sub(r"<br>", " ", re.sub(r"<!--.*?-->", "", fragment))
    return html.unescape(re.sub(r"</?(sub|strong)>", "", text)).strip()


def source(results: ResultsDir, verdicts: Verdicts, before: Verdicts | None = None) -> Source:
    made = Source(results, before)
    made.__dict__["verdicts"] = verdicts
    return made


def changed(verdict: Verdict, **claim: Any) -> Verdict:
    return verdict.model_copy(update={"claim": verdict.claim.model_copy(update=claim)})


def test_a_row_a_claim_with_its_numbers(results: ResultsDir, verdicts: Verdicts) -> None:
    text = markdown(Source(results))
    assert text.startswith(
        "### ticketbench: 3 hold, 1 does not, 3 open, 1 not run\n\nSomething was not measured (exit code 4)."
    )
    assert "Of 65 trainings: 1 failed, 1 diverged." in text
    header, *found = rows(text)
    assert header == ["", "claim", "verdict", "effect", "interval", "margin", "n"]
    assert len(found) == len(verdicts.verdicts)
    line = next(row for row in found if row[1].endswith(" gan_matches"))
    effect = next(one for one in verdicts.verdicts if one.claim_id == "gan_matches").parts[0].effect
    assert effect is not None
    assert line[0] == "✓" and line[2] == "holds at small scale" and line[6] == "5"
    assert line[3] == f"+{effect.estimate:.3g} FID"
    assert line[4].endswith("(90\N{NO-BREAK SPACE}%)") and line[5] == "6 FID"


def test_what_needs_a_look_comes_first(results: ResultsDir) -> None:
    _, *found = rows(markdown(Source(results)))
    assert [row[2] for row in found][:4] == [
        "does not hold at small scale, against expectation",
        "not run, expected: reproduced",
        "inconclusive, fragile, expected: reproduced",
        "not comparable, expected: reproduced",
    ]
    assert not any("expect" in row[2] for row in found[4:])


def test_changes_are_counted_and_shown(results: ResultsDir, verdicts: Verdicts) -> None:
    old = {one.claim_id: one for one in verdicts.verdicts}
    del old["gan_late"]
    was = {"status": "inconclusive", "label": "inconclusive"}
    old["gan_matches"] = old["gan_matches"].model_copy(update=was)
    old["old|claim"] = old["gan_cheaper"].model_copy(update={"claim_id": "old|claim"})
    text = markdown(source(results, verdicts, Verdicts(verdicts=tuple(old.values()))))
    assert "1 verdict changed, 6 as before, 1 new, 1 gone: demo/old&#124;claim." in text
    header, *found = rows(text)
    by_name = {row[1].rpartition(" ")[2]: row[-1] for row in found}
    assert header[-1] == "before"
    assert by_name["gan_matches"].startswith("inconclusive, +")
    assert by_name["gan_late"] == "new"
    assert by_name["gan_cheaper"].startswith("as before, \N{MULTIPLICATION SIGN}")


def test_hostile_texts_are_shown_as_they_are(results: ResultsDir, verdicts: Verdicts) -> None:
    hostile = Verdicts(verdicts=tuple(changed(one, says=HOSTILE) for one in verdicts.verdicts))
    text = markdown(source(results, hostile))
    _, *found = rows(text)
    assert {row[1].rpartition(" ")[0] for row in found} == {HOSTILE.replace("\n", " ")}
    assert "<script" not in text and "@octocat" not in text and "#1 " not in text and "$" not in text


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_stays_one_cell_that_says_it(text: str) -> None:
    header, row = rows(f"| a | b |\n| --- | --- |\n| {escaped(text)} | end |\n")
    assert header == ["a", "b"] and row[1] == "end"
    assert row[0].split() == re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", text).split()


def test_it_fits_into_a_comment_and_counts_what_did_not(results: ResultsDir, verdicts: Verdicts) -> None:
    one, unexpected = (
        next(found for found in verdicts.verdicts if found.claim_id == name) for name in ("gan_matches", "gan_sparsest")
    )
    long = changed(one, says="|" * (2 * LONGEST))
    many = [long.model_copy(update={"claim_id": f"claim_{index}"}) for index in range(500)]
    text = markdown(source(results, Verdicts(verdicts=(*many, unexpected))))
    assert LIMIT - 2000 < len(text) <= LIMIT
    _, *found = rows(text)
    assert found[0][1].endswith(" gan_sparsest")
    assert text.endswith(f"\n{501 - len(found)} more claims did not fit in here.\n")
    assert found[1][1].startswith("|" * (LONGEST - 1) + "…")


@pytest.mark.parametrize("number", [0, 1])
def test_few_claims_are_no_trouble(results: ResultsDir, verdicts: Verdicts, number: int) -> None:
    text = markdown(source(results, Verdicts(verdicts=verdicts.verdicts[:number])))
    assert len(rows(text)) == 1 + number and "did not fit" not in text
