"""JUnit XML: tags, counts, hostile text."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from benchmark.schema.verdict import Verdict, Verdicts
from reports.junit import junit_xml


def _case(verdicts: Verdicts, name: str) -> ElementTree.Element:
    cases = {case.get("name"): case for case in ElementTree.fromstring(junit_xml(verdicts)).iter("testcase")}
    assert len(cases) == len(verdicts.verdicts)
    return cases[name]


def test_each_state_has_its_tag(verdicts: Verdicts) -> None:
    tags = {
        "gan_matches": None,
        "gan_sparsest": "failure",
        "ae_transfer": "error",
        "gan_equals_printed": "skipped",
        "gan_late": "skipped",
    }
    for name, tag in tags.items():
        found = [child.tag for child in _case(verdicts, name) if child.tag != "system-out"]
        assert found == ([tag] if tag else []), name
    skipped = _case(verdicts, "gan_equals_printed").find("skipped")
    assert skipped is not None and "small run" in (skipped.get("message") or "")


def test_counts_add_up(verdicts: Verdicts) -> None:
    root = ElementTree.fromstring(junit_xml(verdicts))
    counts = {name: int(root.get(name) or -1) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": 8, "failures": 1, "errors": 1, "skipped": 3}
    assert [suite.get("name") for suite in root] == ["demo at scale small"]


def test_a_claim_without_expectation_never_fails(verdicts: Verdicts) -> None:
    lost = next(verdict for verdict in verdicts.verdicts if verdict.claim_id == "gan_sparsest")
    free = lost.model_copy(update={"claim": lost.claim.model_copy(update={"expect": "any"})})
    assert _case(Verdicts(verdicts=(free,)), "gan_sparsest").find("failure") is None


def test_an_unexpected_success_fails_too(verdicts: Verdicts) -> None:
    won = next(verdict for verdict in verdicts.verdicts if verdict.claim_id == "gan_matches")
    doubted = won.model_copy(update={"claim": won.claim.model_copy(update={"expect": "not reproduced"})})
    assert _case(Verdicts(verdicts=(doubted,)), "gan_matches").find("failure") is not None


def test_the_same_verdicts_give_the_same_text_without_times(verdicts: Verdicts) -> None:
    text = junit_xml(verdicts)
    assert text == junit_xml(verdicts)
    assert "time" not in {name for element in ElementTree.fromstring(text).iter() for name in element.keys()}  # noqa: SIM118


@given(st.text(st.characters(exclude_categories=[]), max_size=40))
def test_any_reason_gives_valid_xml_that_says_it(text: str) -> None:
    case = _case(Verdicts(verdicts=(_with_reason(text),)), "x")
    said = (case[0].get("message") or "").removeprefix("inconclusive: ")
    assert len(said) == len(text)
    assert all(ours in (theirs, "\ufffd") for ours, theirs in zip(said, text, strict=True))
    assert all(ours == theirs for ours, theirs in zip(said, text, strict=True) if theirs.isprintable())


def _with_reason(text: str) -> Verdict:
    claim = {
        "kind": "matches",
        "says": "a claim of this test",
        "source": {"paper": "x"},
        "metric": "fid",
        "compare": ({"arm": "a@1", "baseline": "a@0"},),
        "margin": {"absolute": 1.0, "because": "chosen for this test"},
    }
    return Verdict.model_validate(
        {
            "suite": "s",
            "claim_id": "x",
            "claim": claim,
            "scale": "paper",
            "small": False,
            "status": "inconclusive",
            "label": "inconclusive",
            "as_expected": False,
            "reason": text,
            "parts": (),
        }
    )
