"""What a claim's arms are held against: a baseline, a printed number, or for `found_by` nothing."""

from __future__ import annotations

import pytest

from benchmark.errors import SuiteError
from benchmark.suites import read_suite
from tests.tiny import SUITE

CLAIM = """\
claims:
  early:
    says: it is found soon enough
    source: {paper: kalibhat2021, section: "6"}
    kind: found_by
    metric: fid
    earliest: 4
    latest: 6
    share: 0.5
    because: most of the runs of the paper
    compare: [{arm: gan_imp@1}]
"""
TEXT = SUITE.replace("claims: {}\n", CLAIM)


def faults(text: str) -> list[str]:
    with pytest.raises(SuiteError) as caught:
        read_suite(text, "s.yaml", "small", ())
    return [problem.partition(": ")[2] for problem in caught.value.problems]


def test_an_arm_alone_is_a_whole_claim() -> None:
    claim = read_suite(TEXT, "s.yaml", "small", ()).suite.claims["early"]
    assert (claim.kind, claim.compare[0].arm, claim.compare[0].baseline) == ("found_by", "gan_imp@1", None)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "gan_imp@1}",
            "gan_imp@1, baseline: gan@0}",
            "compare.0.baseline: 'found_by' looks at an arm alone, expected no 'baseline'",
        ),
        (
            "gan_imp@1}",
            "gan_imp@1, reference: p/n}",
            "compare.0.reference: 'found_by' looks at an arm alone, expected no 'reference'",
        ),
        ("latest: 6", "latest: 3", "latest: 'latest' (3) lies below 'earliest' (4)"),
        ("share: 0.5", "share: 1.0", "share: expected less than 1, found 1.0"),
        ("gan_imp@1}", "gan_imp@7}", "compare.0.arm: unknown level '7' of gan_imp, expected one of 0, 1, 2"),
    ],
)
def test_what_does_not_fit_an_arm_alone_is_told(old: str, new: str, fault: str) -> None:
    assert any(found.startswith(f"claims.early.{fault}") for found in faults(TEXT.replace(old, new)))


@pytest.mark.parametrize(
    ("kind", "more", "fault"),
    [
        (
            "matches",
            "margin: {absolute: 1, because: seed noise here}",
            "'matches' compares two arms, expected 'baseline'",
        ),
        (
            "equals",
            "margin: {absolute: 1, because: seed noise here}",
            "'equals' compares with a printed number, expected 'reference'",
        ),
    ],
)
def test_every_other_kind_is_told_what_it_lacks(kind: str, more: str, fault: str) -> None:
    head, _, _ = TEXT.partition("    kind: found_by")
    compare = "    compare: [{arm: gan_imp@1}]\nscales:\n  small: {small: true}\n"
    found = faults(f"{head}    kind: {kind}\n    metric: fid\n    {more}\n{compare}")
    assert [one for one in found if one.endswith(fault)] == found
