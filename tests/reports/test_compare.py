"""Several directories on one page: verdicts that changed and why, shifts against SciPy's, trainings, environments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from scipy import stats

from benchmark.artifacts import ResultsDir
from benchmark.judge import judge
from benchmark.schema.claim import Claim
from benchmark.schema.job import CampaignSuite, PlannedJob
from reports.comparison_page import ChangedClaim, Comparison
from reports.page import Table
from reports.render import render
from tests.reports.laters import copied, moved, remeasured, rewritten, together
from tests.trend.made import Made, as_planned
from tests.trend.made import moved as shifted

ARMS = ("arm", "metric", "A", "B", "B \N{MINUS SIGN} A", "90 % interval", "how", "reading", "claims")


@pytest.fixture
def later(results: ResultsDir, tmp_path: Path) -> ResultsDir:
    """Return the same results in another directory, to be changed."""
    return copied(results, tmp_path / "later")


def compared(*directories: ResultsDir) -> Comparison:
    (found,) = together(*directories).comparisons
    return found


def changed(found: Comparison, name: str) -> ChangedClaim:
    return next(one for one in found.changed if one.name == name)


def texts(table: Table | None) -> list[list[str]]:
    assert table is not None
    return [[cell.text for cell in row] for row in table.rows]


def arm(found: Comparison, name: str, metric: str) -> dict[str, str]:
    assert found.arms is not None and found.arms.columns == ARMS
    row = next(row for row in texts(found.arms) if row[:2] == [name, metric])
    return dict(zip(ARMS, row, strict=True))


def ends(text: str) -> tuple[float, float]:
    low, high = (float(end.replace("\N{MINUS SIGN}", "-").replace(",", "")) for end in text.split(" to "))
    return low, high


def test_equal_directories_are_said_to_be_equal(results: ResultsDir, later: ResultsDir) -> None:
    found = compared(results, later)
    assert found.heading == "No verdict changed, 8 as before"
    assert (found.changed, found.fields, found.environment, found.warnings) == ((), None, None, ())
    assert found.jobs == (
        "65 trainings planned alike (one id): 63 with the same bytes; 2 without trained weights on one side or both.",
    )
    assert arm(found, "winning@2", "fid")["reading"] == "the same to the bit"
    assert arm(found, "random@4", "fid")["reading"] == "A: seed 2 diverged; B: seed 2 diverged"
    assert texts(found.claims)[0][:2] == ["gan_matches", "holds at small scale"]


def test_an_effect_that_moved_is_told_with_both_intervals(results: ResultsDir, later: ResultsDir) -> None:
    by = {seed: 9.0 + 0.7 * seed for seed in range(5)}
    remeasured(later, "winning@2", "fid", moved(by.__getitem__))
    found = compared(results, later)
    assert found.heading == "1 verdict changed, 7 as before"
    (change,) = found.changed
    assert [(one.letter, one.text) for one in change.passages] == [
        ("A", "holds at small scale"),
        ("B", "does not hold at small scale"),
    ]
    (why,) = change.because
    assert why.startswith("winning@2 against winning@0: holds at small scale, +0.5 FID (90")
    assert "\N{RIGHTWARDS ARROW} does not hold at small scale, +10.9 FID (90" in why
    row = arm(found, "winning@2", "fid")
    expected = stats.ttest_1samp(list(by.values()), 0.0).confidence_interval(0.9)
    assert ends(row["90 % interval"]) == pytest.approx(tuple(expected), rel=5e-3)
    assert (row["how"], row["reading"], row["B \N{MINUS SIGN} A"]) == ("paired, 5 seeds", "worse", "+10.4 FID")
    assert row["claims"] == "gan_matches, gan_beats_random, gan_sparsest"
    assert "1 of 1 that chance has a say in moved (their interval leaves out 0)" in found.arms_remarks[1]


def test_a_shift_within_chance_is_called_none(results: ResultsDir, later: ResultsDir) -> None:
    remeasured(later, "winning@2", "fid", moved(lambda seed: 0.5 * (-1) ** seed))
    row = arm(compared(results, later), "winning@2", "fid")
    low, high = ends(row["90 % interval"])
    assert low < 0 < high
    assert row["reading"] == "no shift shown"


def test_other_seeds_are_compared_by_welch(tmp_path: Path) -> None:
    before = Made(tmp_path / "a", seeds=range(5)).measure()
    now = Made(tmp_path / "b", seeds=range(100, 104)).measure(shifted(as_planned, {("imp@1", "fid"): 3.0}))
    found = compared(before.results, now.results)
    row = arm(found, "imp@1", "fid")
    ours = [as_planned("imp@1", "fid", seed) for seed in range(5)]
    theirs = [as_planned("imp@1", "fid", seed) + 3.0 for seed in range(100, 104)]
    expected = stats.ttest_ind(theirs, ours, equal_var=False).confidence_interval(0.9)
    assert ends(row["90 % interval"]) == pytest.approx(tuple(expected), rel=5e-3)
    assert row["how"] == "Welch, 5 and 4"
    (change,) = found.changed
    assert "Other seeds: 5 (0 to 4) \N{RIGHTWARDS ARROW} 4 (100 to 103)." in change.because
    assert found.jobs == (
        "15 trainings in A alone: imp@0 seed 0, imp@0 seed 1, imp@0 seed 2, \N{HORIZONTAL ELLIPSIS}.",
        "12 trainings in B alone: imp@0 seed 100, imp@0 seed 101, imp@0 seed 102, \N{HORIZONTAL ELLIPSIS}.",
    )
    assert "Both were made on one class of machine: a processor, AVX2, threads: 1, torch 2.9." in found.arms_remarks


def test_higher_is_better_where_it_is(tmp_path: Path) -> None:
    from tests.trend.made import claim

    claims = {"sharp": claim(metric="accuracy"), "far": claim("differs", metric="distance")}
    up = shifted(as_planned, {("imp@1", "accuracy"): 0.5, ("imp@1", "distance"): -0.5})
    found = compared(Made(tmp_path / "a", claims).measure().results, Made(tmp_path / "b", claims).measure(up).results)
    readings = [arm(found, "imp@1", metric)["reading"] for metric in ("accuracy", "distance")]
    assert readings == ["better", "lower"]


def test_what_is_missing_is_named(results: ResultsDir, later: ResultsDir) -> None:
    run = later.run("ae_winning-2-s3")
    run.files.remove(run.WEIGHTS)
    change = changed(compared(results, later), "ae_same")
    assert change.passages[1].text == "not run"
    (why,) = change.because
    assert why.startswith("Missing in B: reconstruction_error is missing for ae_winning@2 seed 3")
    row = arm(compared(results, later), "ae_winning@2", "reconstruction_error")
    assert (row["how"], row["reading"]) == ("paired, 4 seeds", "the same to the bit (B: seed 3 not run)")


def test_another_protocol_is_told_by_its_fields(results: ResultsDir, later: ResultsDir) -> None:
    on_test = {"split": "test"}
    for level in (0, 1, 2, 3):
        remeasured(
            later,
            f"ae_winning@{level}",
            "reconstruction_error",
            moved(dict.fromkeys(range(5), 0.01 * level).__getitem__),
        )
        remeasured(
            later,
            f"ae_winning@{level}",
            "reconstruction_error",
            lambda made: made.model_copy(update={"protocol": made.protocol.model_copy(update=on_test)}),
        )
    found = compared(results, later)
    row = arm(found, "ae_winning@2", "reconstruction_error")
    assert (row["90 % interval"], row["reading"]) == ("none", "measured otherwise: split")
    assert row["B"] == "0.0416"
    because = changed(found, "ae_same").because
    assert "Measured by another protocol: split, train \N{RIGHTWARDS ARROW} test." in because


def test_a_divergence_on_one_side_is_a_cause(results: ResultsDir, later: ResultsDir) -> None:
    from benchmark.schema.measurement import Divergence

    for seed in (0, 1):
        run = later.run(f"winning-2-s{seed}")
        run.files.remove(run.WEIGHTS)
        run.write_record(run.DIVERGED, Divergence(step=3, what="not finite"))
    found = compared(results, later)
    change = changed(found, "gan_matches")
    assert change.because[0] == "In B alone: winning@2 seed 0 diverged, winning@2 seed 1 diverged."
    assert arm(found, "winning@2", "fid")["reading"] == "B: seed 0, 1 diverged"


def redeclared(suite: CampaignSuite, name: str, **more: Any) -> CampaignSuite:
    """Return a suite with a claim declared otherwise, or without it."""
    declared = suite.plan.suite
    claims = {key: claim.model_dump(mode="json") for key, claim in declared.claims.items()}
    claims[name] |= more
    parsed = {key: TypeAdapter(Claim).validate_json(json.dumps(claim)) for key, claim in claims.items()}
    new = declared.model_copy(update={"claims": parsed})
    return suite.model_copy(update={"plan": suite.plan.model_copy(update={"suite": new})})


def test_a_claim_that_is_declared_otherwise_is_told_by_its_fields(results: ResultsDir, later: ResultsDir) -> None:
    tight = {"relative": 0.001, "because": "as tight as that"}
    rewritten(
        later, lambda suite: redeclared(suite, "gan_matches", margin=tight, says="The same claim in other words.")
    )
    change = changed(compared(results, later), "gan_matches")
    told = "The claim is declared otherwise: margin.relative, 0.25 \N{RIGHTWARDS ARROW} 0.001."
    assert told in change.because
    assert not [line for line in change.because if "says" in line]


def test_a_claim_of_one_side_alone_is_counted_apart(results: ResultsDir, later: ResultsDir) -> None:
    def without(suite: CampaignSuite) -> CampaignSuite:
        claims = {name: claim for name, claim in suite.plan.suite.claims.items() if name != "gan_matches"}
        new = suite.plan.suite.model_copy(update={"claims": claims})
        return suite.model_copy(update={"plan": suite.plan.model_copy(update={"suite": new})})

    rewritten(later, without)
    found = compared(results, later)
    assert found.heading == "No verdict changed, 7 as before, 1 claim in A alone"
    change = changed(found, "gan_matches")
    assert change.because == ("Only A makes this claim.",)
    assert [one.href is None for one in change.passages] == [False, True]
    assert "not claimed" in render(together(results, later))


def test_trainings_planned_otherwise_are_told_by_their_fields(results: ResultsDir, later: ResultsDir) -> None:
    def slower(planned: PlannedJob) -> PlannedJob:
        if not planned.id.startswith("ae_"):
            return planned
        text = (
            planned.model_dump_json().replace("0.0005", "0.0001") if "-0-" in planned.id else planned.model_dump_json()
        )
        return PlannedJob.model_validate_json(text.replace("ae_winning-", "ae_slow-"))

    def change(suite: CampaignSuite) -> CampaignSuite:
        plan = suite.plan
        arms = tuple(one.model_copy(update={"job": one.job.replace("ae_winning-", "ae_slow-")}) for one in plan.arms)
        return suite.model_copy(
            update={"plan": plan.model_copy(update={"jobs": tuple(map(slower, plan.jobs)), "arms": arms})}
        )

    rewritten(later, change)
    found = compared(results, later)
    rows = texts(found.fields)
    assert rows[0][:3] == ["training.optimizers.*.lr", "0.0005", "0.0001"]
    assert rows[0][3].startswith("5 (ae_winning@0 seed 0, ")
    assert rows[1][:2] == ["no field but the trainings it begins with", "as before"]
    assert rows[1][3].startswith("15 (ae_winning@1 seed 0, ")
    assert found.jobs[1].startswith("20 trainings planned otherwise (other ids): ae_winning@0 seed 0, ")


def test_other_bytes_are_told_by_the_first_file_that_differs(results: ResultsDir, later: ResultsDir) -> None:
    later.run("winning-2-s0").files.write("weights.safetensors", b"others")
    later.run("winning-1-s0").files.write("mask.safetensors", b"one that A has not")
    (told,) = compared(results, later).jobs
    assert "61 with the same bytes" in told
    assert "1 with other bytes from the mask on (winning@1 seed 0)" in told
    assert "1 with other bytes from the trained weights on (winning@2 seed 0)" in told


def test_mixed_versions_are_warned_of_and_listed(results: ResultsDir, later: ResultsDir) -> None:
    for run in later.runs():
        if run.outcome() == "done":
            run.write_document("environment.json", {"python": "3.11.9", "device": "cpu", "version_torch": "2.16.1"})
    found = compared(results, later)
    assert found.warnings == (
        "Mixed versions: torch 2.15.0 (A), 2.16.1 (B). What differs below may come from the software.",
    )
    assert texts(found.environment) == [["version torch", "2.15.0", "2.16.1"]]
    assert "another class of machine" in found.arms_remarks[-1]


def test_each_directory_is_compared_with_the_one_before_it(results: ResultsDir, later: ResultsDir) -> None:
    remeasured(later, "winning@2", "fid", moved(lambda seed: 10.0))
    report = together(results, later, results)
    assert [one.title.partition(":")[0] for one in report.comparisons] == ["A to B", "B to C"]
    assert [one.heading for one in report.comparisons] == ["1 verdict changed, 7 as before"] * 2
    assert [one.title[:2] for one in report.chapters] == ["A:", "B:", "C:"]
    assert report.title == "Winning tickets on handwritten digits"


def test_other_scales_and_single_directories_are_not_compared(results: ResultsDir, later: ResultsDir) -> None:
    def at_paper(suite: CampaignSuite) -> CampaignSuite:
        new = suite.plan.suite.model_copy(update={"scale": "paper"})
        return suite.model_copy(update={"plan": suite.plan.model_copy(update={"suite": new})})

    assert together(results).comparisons == ()
    rewritten(later, at_paper)
    assert together(results, later).comparisons == ()


def test_links_of_a_comparison_land_and_anchors_are_unique(results: ResultsDir, later: ResultsDir) -> None:
    from tests.reports.test_render import Outline

    remeasured(later, "winning@2", "fid", moved(lambda seed: 10.0))
    outline = Outline(render(together(results, later)))
    ids = [value for _, name, value in outline.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    links = {value[1:] for _, name, value in outline.attributes if name == "href" and value.startswith("#")}
    assert {"r1-demo-gan_matches", "r2-demo-gan_matches", "compare-r1-demo-r2-demo"} <= links <= set(ids)


def test_equal_directories_give_equal_pages_wherever_they_lie(
    results: ResultsDir, later: ResultsDir, tmp_path: Path
) -> None:
    remeasured(later, "winning@2", "fid", moved(lambda seed: 10.0))
    page = render(together(results, later))
    assert render(together(copied(results, tmp_path / "x"), copied(later, tmp_path / "y"))) == page


HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "<!--",
    "\u202eright\u200f",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_but_never_markup(results: ResultsDir, later: ResultsDir, text: str) -> None:
    from tests.reports.test_render import Outline, own_scripts

    def hostile(suite: CampaignSuite) -> CampaignSuite:
        made = redeclared(
            suite, "gan_matches", says=f"Ten letters and {text}", margin={"absolute": 0.1, "because": text * 10}
        )
        return made.model_copy(update={"overrides": (f"name={text}",)})

    rewritten(later, hostile)
    for run in later.runs():
        if run.outcome() == "done":
            run.write_document("environment.json", {"python": text, f"version_{text}": text})
    report = together(results, later)
    calm, outline = Outline(render(together(results, results))), Outline(render(report))
    assert own_scripts(outline) == own_scripts(calm)
    assert not [name for _, name, _ in outline.attributes if name.startswith("on")]
    (found,) = report.comparisons
    assert text in found.warnings[0] and text in found.changed[0].says
    assert judge(later).verdicts[0].status != "reproduced"
