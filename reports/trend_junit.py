"""The newest night of a trend as JUnit XML: a test case a claim, a kind of speed, and one for everything missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from benchmark.schema.trend import Change, Missing, Night, SpeedChange, SuiteTrend, Trend
from reports.junit import count, text

Case = tuple[str, str]
"""A tag (`failure`, `error`, `skipped`) with its message."""


def trend_xml(trend: Trend) -> str:
    """Return a JUnit document: a suite per (suite, scale), without times; the same trend gives the same text.

    What was confirmed is a failure, what is missing an error; what is only suspected is skipped, with its reason.
    """
    root = ElementTree.Element("testsuites", name="ticketbench trend")
    for one in trend.suites:
        name = f"trend of {one.suite} at scale {one.scale}"
        suite = ElementTree.SubElement(root, "testsuite", name=text(name))
        _add_night(suite, one, one.nights[-1])
        count(suite)
    count(root)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _add_night(suite: ElementTree.Element, of: SuiteTrend, night: Night) -> None:
    for claim in of.claims:
        changes = [one for one in night.changes if one.claim == claim]
        missing = [one for one in night.missing if claim in one.claims]
        verdict = [f"verdict: {one.before} -> {one.now or 'gone'}" for one in night.verdicts if one.claim == claim]
        told = [f"{one.arm} {one.metric}: {one.state}: {one.says}" for one in changes]
        _add_case(suite, f"{of.suite}.claims", claim, _outcome(changes, missing), [*told, *verdict])
    for pace in night.speeds:
        _add_case(suite, f"{of.suite}.speed", pace.kind, _outcome([pace], []), [f"{pace.state}: {pace.says}"])
    unclaimed = [one for one in night.missing if not one.claims]
    _add_case(suite, f"{of.suite}.night", "everything measured", _outcome([], unclaimed), [])
    _add_case(suite, f"{of.suite}.night", "facts", None, night.facts)


def _outcome(found: Sequence[Change | SpeedChange], missing: Sequence[Missing]) -> Case | None:
    """Return the worst that happened; null where nothing did."""
    if missing:
        return "error", "; ".join(one.what for one in missing)
    for state, tag in (("confirmed", "failure"), ("suspected", "skipped")):
        told = [one.says for one in found if one.state == state]
        if told:
            return tag, f"{state}: {'; '.join(told)}"
    return None


def _add_case(
    suite: ElementTree.Element, classname: str, name: str, outcome: Case | None, lines: Iterable[str]
) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=text(classname), name=text(name))
    if outcome is not None:
        tag, message = outcome
        reason = ElementTree.SubElement(case, tag, message=text(message))
        if tag != "skipped":
            reason.set("type", "missing" if tag == "error" else "regression")
    ElementTree.SubElement(case, "system-out").text = text("\n".join(lines))
