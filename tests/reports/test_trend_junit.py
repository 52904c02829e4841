"""A trend as JUnit XML: which tag says what, and what a server would count."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from benchmark.schema.trend import Change, Missing, Night, Odds, SpeedChange, State, SuiteTrend, Trend, VerdictChange
from reports.trend_junit import trend_xml

NOTHING = Odds(tests=0, suspected=0, by_chance=0.0, false=0.0, alarms=0.0)


def change(claim: str | None, state: State) -> Change:
    says = f"what became of {claim}"
    return Change(
        claim=claim, arm="imp@1", metric="fid", unit="fid", n=3, before=1.0, now=2.0, margin=0.5, state=state, says=says
    )


def night(*changes: Change, missing: tuple[Missing, ...] = (), speeds: tuple[SpeedChange, ...] = ()) -> Night:
    return Night(
        directory="night",
        confirmed_by=None,
        machine="a processor",
        same_machine=True,
        changes=changes,
        speeds=speeds,
        missing=missing,
        verdicts=(VerdictChange(claim="a", before="reproduced", now=None),),
        facts=("other software \x00 <than> the baseline's",),
        odds=NOTHING,
        speed_odds=NOTHING,
    )


def cases(*nights: Night) -> dict[tuple[str, str], ElementTree.Element]:
    suite = SuiteTrend(suite="demo", scale="small", seeds=(0,), machine=None, claims=("a", "b"), nights=nights)
    root = ElementTree.fromstring(trend_xml(Trend(suites=(suite,))))
    return {(case.get("classname") or "", case.get("name") or ""): case for case in root.iter("testcase")}


def tag(case: ElementTree.Element) -> str | None:
    found = [child.tag for child in case if child.tag != "system-out"]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("same", None),
        ("within", None),
        ("better", None),
        ("dismissed", None),
        ("shown", None),
        ("suspected", "skipped"),
        ("confirmed", "failure"),
    ],
)
def test_each_state_has_its_tag(state: State, expected: str | None) -> None:
    found = cases(night(change("a", state), change(None, "shown")))
    assert tag(found["demo.claims", "a"]) == expected
    assert tag(found["demo.claims", "b"]) is None
    speed = SpeedChange(kind="gan@0", exclusive=False, ratio=1.0, state=state, says="a ratio")
    assert tag(cases(night(speeds=(speed,)))["demo.speed", "gan@0"]) == expected


def test_the_worst_of_a_claim_is_told_and_missing_is_worse_still() -> None:
    both = (change("a", "suspected"), change("a", "confirmed"))
    failed = cases(night(*both))["demo.claims", "a"].find("failure")
    assert failed is not None and failed.get("message") == "confirmed: what became of a"
    lost = Missing(what="imp@1 seed 0: failed", claims=("a", "b"))
    found = cases(night(*both, missing=(lost, Missing(what="imp@2: fid was not measured"))))
    assert {name for name, case in found.items() if tag(case) == "error"} == {
        ("demo.claims", "a"),
        ("demo.claims", "b"),
        ("demo.night", "everything measured"),
    }


def test_only_the_newest_night_counts_and_counts_add_up() -> None:
    old, new = night(change("a", "confirmed")), night(change("a", "suspected"))
    suite = SuiteTrend(suite="demo", scale="small", seeds=(0,), machine=None, claims=("a", "b"), nights=(old, new))
    text = trend_xml(Trend(suites=(suite,)))
    root = ElementTree.fromstring(text)
    assert [root.get(name) for name in ("tests", "failures", "errors")] == ["4", "0", "0"]
    assert [one.get("skipped") for one in root] == ["1"]
    assert [one.get("name") for one in root] == ["trend of demo at scale small"]
    assert text == trend_xml(Trend(suites=(suite,)))
    assert "verdict: reproduced -&gt; gone" in text
    assert "other software \N{REPLACEMENT CHARACTER} &lt;than&gt;" in text
