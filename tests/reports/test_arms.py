"""What a claim's section says of its arms, their costs and their trainings, against the synthetic campaign."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.judge import judge
from benchmark.schema.job import Campaign
from benchmark.schema.suite import Experiment
from reports.arms import arms, masked, origins
from reports.evidence import Evidence
from reports.page import ClaimSection, Report, Table
from reports.wording import times
from tests import tiny
from tests.reports.conftest import REFERENCES, job_id, suite


@pytest.fixture
def claims(report: Report) -> dict[str, ClaimSection]:
    return {claim.name: claim for claim in report.chapters[0].claims}


def texts(table: Table | None) -> list[list[str]]:
    assert table is not None
    assert all(len(row) == len(table.columns) for row in table.rows)
    return [[cell.text for cell in row] for row in table.rows]


def test_arms_are_told_by_their_masks_and_first_weights(claims: dict[str, ClaimSection]) -> None:
    table = claims["gan_matches"].arms
    assert table is not None
    assert table.caption == "Each arm is a level of an experiment; task: digits, dcgan, gan; steps: 600"
    assert texts(table) == [
        ["winning@0", "not described", "none: the dense network", "initial weights of its seed"],
        [
            "winning@2",
            "not described",
            "by magnitude in self@previous at the end, removing a 0.4 share of what was left",
            "initial weights of its seed",
        ],
    ]


def test_a_printed_number_is_no_arm(claims: dict[str, ClaimSection]) -> None:
    assert [row[0] for row in texts(claims["gan_equals_printed"].arms)] == ["winning@0"]


@pytest.mark.parametrize(
    ("more", "mask", "weights"),
    [
        (
            {"mask": {"from": "ones"}, "weights": {"from": "self@0", "components": {"generator": {"from": "self@0"}}}},
            "none: every weight is kept",
            "those of self@0 at the end",
        ),
        (
            {"mask": {"op": "reuse", "from": "winning@same"}, "weights": {"from": "fresh:reinit"}},
            "that of winning@same",
            "drawn anew (reinit)",
        ),
        (
            {"mask": {"from": "init", "sparsity": 0.9}, "weights": {"from": "self@0", "at": 1000}},
            "by magnitude in the initial weights, removing a 0.9 share of all",
            "those of self@0 after 1,000 steps",
        ),
        (
            {
                "mask": {"from": "winning@0", "at": 20, "fraction": 0.1},
                "weights": {"components": {"discriminator": {"from": "winning@0"}}},
            },
            "by magnitude in winning@0 after 20 steps, removing a 0.1 share of what was left",
            "initial weights of its seed; discriminator: those of winning@0 at the end",
        ),
    ],
)
def test_where_masks_and_weights_come_from(more: dict[str, object], mask: str, weights: str) -> None:

    held = suite().experiments["winning"].model_dump(mode="json", by_alias=True) | more
    made = Experiment.model_validate(held, strict=False)
    assert (masked(made, rounds=1), origins(made)) == (mask, weights)


ONE_SHOT = tiny.SUITE.replace("from: self@previous, fraction: 0.2", "from: self@0, fraction: 0.2").replace(
    "claims: {}",
    """claims:
  one_shot:
    says: A ticket of two rounds at once is no worse.
    source: {paper: kalibhat2021}
    kind: matches
    metric: fid
    compare: [{arm: gan_imp@2, baseline: gan_imp@0}]
    margin: {absolute: 1, because: as good as any other}""",
)


def test_rounds_that_a_level_removes_at_once_are_counted(tmp_path: Path) -> None:
    results = ResultsDir(tmp_path)
    campaign = Campaign(device="cpu", suites={"small_networks": tiny.suite_of(ONE_SHOT)})
    results.write_campaign(campaign)
    (verdict,) = judge(results).verdicts
    rows = texts(arms(Evidence(results, campaign.suites["small_networks"]), verdict))
    told = {row[0]: row[2] for row in rows}
    assert told["gan_imp@2"] == "by magnitude in self@0 at the end, removing a 0.2 share of what was left, 2 times over"


def test_every_training_is_listed_with_its_id_and_end(claims: dict[str, ClaimSection]) -> None:
    rows = texts(claims["ae_transfer"].jobs)
    assert len(rows) == 10
    assert ["ae_winning@3", "3", "done", job_id("ae_winning", 3, 3)] in rows
    assert ["ae_winning@3", "4", "failed", job_id("ae_winning", 3, 4)] in rows
    assert ["random@4", "2", "diverged", job_id("random", 4, 2)] in texts(claims["gan_late"].jobs)


def test_costs_stand_in_columns_of_their_own(claims: dict[str, ClaimSection]) -> None:
    table = claims["gan_matches"].costs
    assert table is not None
    assert table.columns == ("experiment", "level", "sparsity", "macs_effective", "milliseconds per step")
    assert texts(table)[1] == ["winning", "2", "0.640", f"360,000 MAC ({times(0.36)})", "20"]
    assert claims["ae_same"].costs is None


def test_contradictions_stand_with_the_claims_they_touch(claims: dict[str, ClaimSection]) -> None:
    assert "matters_for: [gan_sparsest]" in REFERENCES
    told = {name: [one.between for one in claim.disagreements] for name, claim in claims.items()}
    assert told.pop("gan_sparsest") == ["Table 1 and Appendix A.1"]
    assert not any(told.values())


def test_how_numbers_were_read_stands_apart_from_what_they_are(claims: dict[str, ClaimSection]) -> None:
    claim = claims["gan_equals_printed"]
    assert ["kalibhat2021/dcgan_fid", "read in the paper's text", "arXiv 2010.02350v2", "not stated", "none"] in texts(
        claim.readings
    )
    # Dataset, split, both numbers of images, extractor, its weights, the weights, the selection: none is stated.
    alike = {row[0]: row[3] for row in texts(claim.printed)}
    assert alike == {
        "kalibhat2021/dcgan_fid": "no: 8 fields",
        "kalibhat2021/dcgan_cifar10_sparsity": "not by this metric",
        "kalibhat2021/curve_at_level_5": "",
    }
