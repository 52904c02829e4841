"""The lines of the summary against what the synthetic results were made to give."""

from __future__ import annotations

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.schema.verdict import Verdicts
from reports.build import build
from reports.page import Report
from reports.summary_page import SummaryLine
from reports.wording import MINUS


@pytest.fixture
def lines(report: Report) -> dict[str, SummaryLine]:
    (group,) = report.chapters[0].summary.groups
    return {line.name: line for line in group.lines}


def test_each_claim_has_one_line_that_leads_to_its_section(report: Report, lines: dict[str, SummaryLine]) -> None:
    assert [line.anchor for line in lines.values()] == [claim.anchor for claim in report.chapters[0].claims]
    assert report.chapters[0].summary.counts == report.counts


def test_every_state_has_its_word_and_its_marks(lines: dict[str, SummaryLine]) -> None:
    said = {name: (line.word, [tag.text for tag in line.tags]) for name, line in lines.items()}
    assert said == {
        "gan_matches": ("holds", []),
        "gan_beats_random": ("holds", []),
        "gan_sparsest": ("does not hold", ["unexpected"]),
        "gan_late": ("inconclusive", ["contested", "1 diverged"]),
        "ae_same": ("inconclusive", ["fragile"]),
        "gan_equals_printed": ("not comparable", []),
        "gan_cheaper": ("holds", []),
        "ae_transfer": ("not run", []),
    }


def test_at_paper_scale_the_words_are_those_of_the_verdict(results: ResultsDir, verdicts: Verdicts) -> None:
    whole = [one.model_copy(update={"small": False, "label": one.status}) for one in verdicts.verdicts]
    (chapter,) = build([results], [Verdicts(verdicts=tuple(whole))]).chapters
    words = [line.word for line in chapter.summary.groups[0].lines]
    assert words[:3] == ["reproduced", "reproduced", "not reproduced"]


def test_a_line_says_the_effect_that_decided_and_draws_it_alone(lines: dict[str, SummaryLine]) -> None:
    line = lines["gan_beats_random"]
    said = tuple(text.replace(MINUS, "-") for text in (line.estimate, line.interval, line.n, line.scale))
    assert said == ("-27.5 FID", "-29.2 to -25.8", "5", "small")
    assert line.forest is not None and len(line.forest.bars) == 1
    assert "The line shows winning@1 against random@1, one of 2 comparisons." in line.more
    assert "better by more than 5 FID; 5 seeds; expected: reproduced; as expected" in line.more


def test_what_has_no_effect_has_no_number(lines: dict[str, SummaryLine]) -> None:
    line = lines["ae_transfer"]
    assert (line.estimate, line.interval, line.n, line.forest) == ("", "", "", None)


def test_the_printed_value_is_that_of_the_metric(lines: dict[str, SummaryLine]) -> None:
    assert lines["gan_equals_printed"].printed == "37.71"  # what it is held against
    assert lines["gan_sparsest"].printed == "83.2%"  # a sparsity, as that kind asks
    assert lines["gan_matches"].printed == ""  # it names a sparsity alone, and is of FID
    assert "Printed: dcgan fid 37.71" in lines["gan_equals_printed"].more


def test_a_line_names_the_models_of_its_experiments(lines: dict[str, SummaryLine]) -> None:
    assert lines["gan_beats_random"].models == ("dcgan",)
    assert lines["ae_same"].models == ("conv_autoencoder",)


def test_claims_of_several_papers_stand_paper_by_paper(results: ResultsDir, verdicts: Verdicts) -> None:
    first, second, *others = verdicts.verdicts
    source = second.claim.source.model_copy(update={"paper": "other2020"})
    moved = second.model_copy(update={"claim": second.claim.model_copy(update={"source": source})})
    (chapter,) = build([results], [Verdicts(verdicts=(first, moved, *others))]).chapters
    groups = [(group.paper, len(group.lines)) for group in chapter.summary.groups]
    assert groups == [("kalibhat2021", 7), ("other2020", 1)]


def test_another_level_of_an_interval_is_said(results: ResultsDir, verdicts: Verdicts) -> None:
    first = verdicts.verdicts[0]
    (part,) = first.parts
    assert part.effect is not None
    stricter = part.model_copy(update={"effect": part.effect.model_copy(update={"level": 0.95})})
    (chapter,) = build([results], [Verdicts(verdicts=(first.model_copy(update={"parts": (stricter,)}),))]).chapters
    assert chapter.summary.groups[0].lines[0].interval.endswith("(95\N{NO-BREAK SPACE}%)")
