"""Verdicts as JUnit XML, for continuous integration: one test case a claim, without times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

from benchmark.schema.verdict import Verdict, Verdicts
from reports.comparisons import decisive, replicate
from reports.wording import bound, bound_kind, effect, expectation, source

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document may hold (section 2.2)."""

TAGS = {
    "testsuites": {"failure": "failures", "error": "errors"},
    "testsuite": {"failure": "failures", "error": "errors", "skipped": "skipped"},
}
"""What is counted in an element, and the attribute that holds the number."""


def junit_xml(verdicts: Verdicts) -> str:
    """Return a JUnit document: a suite per (suite, scale), a case per claim.

    A verdict against the claim's `expect` is a failure, `not run` an error; `inconclusive` and `not comparable` are
    skipped, with their reason. The same verdicts give the same text.
    """
    root = ElementTree.Element("testsuites", name="ticketbench")
    for name, judged in _by_suite(verdicts.verdicts).items():
        suite = ElementTree.SubElement(root, "testsuite", name=text(name))
        for verdict in judged:
            _add_case(suite, verdict)
        count(suite)
    count(root)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _by_suite(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    found: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        found.setdefault(f"{verdict.suite} at scale {verdict.scale}", []).append(verdict)
    return found


def _add_case(suite: ElementTree.Element, verdict: Verdict) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=text(verdict.suite), name=text(verdict.claim_id))
    tag = _tag(verdict)
    if tag is not None:
        reason = ElementTree.SubElement(case, tag, message=text(f"{verdict.label}: {verdict.reason}"))
        reason.text = text(f"{verdict.claim.says} (expected: {verdict.claim.expect})")
        if tag != "skipped":
            reason.set("type", verdict.status)
    ElementTree.SubElement(case, "system-out").text = text("\n".join(_lines(verdict)))


def _lines(verdict: Verdict) -> Iterator[str]:
    """Yield what servers show of a case: none of them shows properties of cases, and some refuse them."""
    shown, claim = decisive(verdict), verdict.claim
    yield f"{verdict.label}: {verdict.reason}"
    yield f"claim: {claim.says} ({source(claim.source)})"
    if shown is not None and shown.effect is not None:
        found = shown.effect
        compared = f"{shown.arm.name} against {shown.baseline.name}"
        yield f"effect: {effect(found)}, {bound(bound_kind(claim), found)}, n = {found.n}; {compared}"
    yield expectation(claim.expect, verdict.status, verdict.as_expected)
    if verdict.fragile:
        yield f"fragile: one {replicate(verdict)} alone decides"
    if claim.contested:
        yield f"contested: {claim.contested}"


def _tag(verdict: Verdict) -> str | None:
    if verdict.status == "not run":
        return "error"
    if verdict.status in ("inconclusive", "not comparable"):
        return "skipped"
    return None if verdict.claim.expect in ("any", verdict.status) else "failure"


def count(element: ElementTree.Element) -> None:
    """Write the numbers of test cases below an element into its attributes.

    The root has no `skipped`: Jenkins's schema (xunit-plugin, junit-10.xsd) allows it below alone.
    """
    cases = list(element.iter("testcase"))
    element.set("tests", str(len(cases)))
    for tag, name in TAGS[element.tag].items():
        element.set(name, str(sum(case.find(tag) is not None for case in cases)))


def text(value: str) -> str:
    """Return a text without the characters that XML cannot hold."""
    return NOT_XML.sub("\N{REPLACEMENT CHARACTER}", value)
