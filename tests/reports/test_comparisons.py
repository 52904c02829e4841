"""The tables and remarks of comparisons: each thing said once, an event without what it has not."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.schema.claim import FoundBy
from benchmark.schema.verdict import ArmSummary, Effect, Observation, Part, Verdict, Verdicts
from reports.claims import claim_section
from reports.comparisons import comparisons, remarks
from reports.evidence import Evidence
from tests.reports.conftest import MARGIN

CAUTION = "Caution: few seeds"


@pytest.fixture
def evidence(results: ResultsDir) -> Evidence:
    return Evidence(results, results.read_campaign().suites["demo"])


def two(verdicts: Verdicts, *changes: dict[str, Any]) -> Verdict:
    """Return the verdict that has two parts, each changed."""
    found = next(one for one in verdicts.verdicts if one.claim_id == "gan_beats_random")
    parts = [part.model_copy(update=change) for part, change in zip(found.parts, changes, strict=True)]
    return found.model_copy(update={"parts": tuple(parts)})


def test_what_holds_of_all_comparisons_is_said_once(verdicts: Verdicts) -> None:
    said = remarks(two(verdicts, {"warnings": ("few seeds",)}, {"warnings": ("few seeds",)}))
    assert said.count(CAUTION) == 1
    assert not [line for line in said if line != CAUTION and "few seeds" in line]


def test_what_holds_of_one_comparison_names_it(verdicts: Verdicts) -> None:
    said = remarks(two(verdicts, {"warnings": ("few seeds",)}, {"fragile": True, "warnings": ()}))
    assert f"winning@1 against random@1: {CAUTION}" in said
    assert "winning@2 against random@2: Fragile: one seed alone decides this verdict" in said


def test_reasons_of_several_comparisons_come_first_as_they_are(verdicts: Verdicts) -> None:
    found = two(verdicts, {"reason": "first"}, {"reason": "second"})
    assert remarks(found)[:2] == ("first", "second")
    (part, _) = found.parts
    assert "first" not in remarks(found.model_copy(update={"parts": (part,)}))  # the verdict's own reason says it


def test_a_margin_that_each_seed_has_its_own_is_said_with_the_interval(verdicts: Verdicts) -> None:
    said = (
        "The margin is 25 % of the baseline, seed by seed; the interval takes this into account, so it is not that of "
        "the plain differences"
    )
    found = {one.claim_id: one for one in verdicts.verdicts}
    assert MARGIN["relative"] == 0.25
    assert said in remarks(found["gan_matches"])
    assert "relative" not in str(found["gan_beats_random"].claim.model_dump(exclude_none=True))
    assert not [line for line in remarks(found["gan_beats_random"]) if "seed by seed" in line]


def event(job: str) -> Verdict:
    """Return a verdict on when something happened in one training."""
    claim = FoundBy.model_validate(
        {
            "kind": "found_by",
            "says": "The mask is stable by epoch 6.",
            "source": {"paper": "kalibhat2021"},
            "metric": "fid",
            "compare": ({"arm": "winning@0"},),
            "latest": 6,
            "share": 0.5,
            "because": "in most runs is the least",
        }
    )
    arm = ArmSummary(
        name="winning@0", mean=5.0, observations=(Observation(seed=0, job=job, outcome="done", value=5.0),)
    )
    effect = Effect(
        estimate=1.0, low=0.1, high=1.0, level=0.9, margin=0.5, scale="share", unit="of the seeds", n=1, power=None,
        method="Clopper-Pearson",
    )  # fmt: skip
    part = Part(arm=arm, baseline=ArmSummary(name="0 to 6 epochs"), status="inconclusive", reason="open", effect=effect)
    return Verdict(
        suite="demo", claim_id="found", claim=claim, scale="small", small=True, status="inconclusive",
        label="inconclusive", as_expected=False, reason="open", parts=(part,),
    )  # fmt: skip


def test_an_event_has_no_baseline_no_sparsity_no_curve_and_no_samples(evidence: Evidence) -> None:
    table = comparisons(evidence, event("winning-0-s0"))
    assert table is not None
    assert table.columns == ("compared", "verdict", "against", "mean", "effect", "interval", "bound", "power")
    assert [cell.text for cell in table.rows[0]][:4] == ["winning@0", "inconclusive", "0 to 6 epochs", "5"]
    section = claim_section(evidence, event("winning-0-s0"), "demo-found", {}, {})
    assert section.pictures == ()
    assert section.curve is not None  # of a metric that tickets have as well
    missing = event("winning-0-s0").model_copy(
        update={"claim": event("winning-0-s0").claim.model_copy(update={"metric": "stopping_epoch"})}
    )
    assert claim_section(evidence, missing, "demo-found", {}, {}).curve_missing.startswith("No curve: the event comes")
