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
    assert root.attrib == {"name": "ticketbench", "tests": "8", "failures": "1", "errors": "1"}
    (suite,) = root
    assert suite.attrib == {"name": "demo at scale small", "tests": "8", "failures": "1", "errors": "1", "skipped": "3"}


def test_a_case_has_only_what_jenkins_schema_allows(verdicts: Verdicts) -> None:
    # junit-10.xsd of Jenkins's xunit plugin: these elements in a case, and of attributes these.
    for case in ElementTree.fromstring(junit_xml(verdicts)).iter("testcase"):
        assert set(case.keys()) == {"classname", "name"}
        assert {child.tag for child in case} <= {"skipped", "error", "failure", "system-out"}
        assert all(set(child.keys()) <= {"type", "message"} for child in case)


def test_a_case_says_its_numbers(verdicts: Verdicts) -> None:
    said = (_case(verdicts, "gan_matches").findtext("system-out") or "").splitlines()
    verdict = next(one for one in verdicts.verdicts if one.claim_id == "gan_matches")
    effect = verdict.parts[0].effect
    assert effect is not None
    assert said[0] == f"holds at small scale: {verdict.reason}"
    assert said[1].endswith("(kalibhat2021, Section 4.3, Figure 3)")
    assert "n = 5; winning@2 against winning@0" in said[2] and f"+{effect.estimate:.3g} FID" in said[2]
    assert said[3] == "expected: reproduced; as expected"
    assert "contested: chen2021 sees no difference here" in (_case(verdicts, "gan_late").findtext("system-out") or "")


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
