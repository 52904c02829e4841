"""Counted costs beside dense ones, and sparsities of channels, which are never passed off as those of weights."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.judge import judge
from benchmark.schema.job import CampaignSuite
from benchmark.schema.record import Resolved
from benchmark.schema.reference import Number, Place
from benchmark.schema.suite import MaskStable
from benchmark.schema.verdict import Verdicts
from reports.build import build
from reports.costs import costs, ratio
from reports.evidence import Evidence
from reports.page import Chapter, ClaimSection
from reports.ratios import cost, is_ratio_of, is_relative
from reports.wording import times

CHANNELS = "channels that the mask removes / channels that it may remove"
WEIGHTS = "weights that the mask sets to zero / prunable weights"


def rewritten(results: ResultsDir, folder: Path, name: str, experiment: str, **changes: Any) -> ResultsDir:
    """Return a copy of some results in which a measurement of an experiment's jobs is changed."""
    copied = ResultsDir(Path(shutil.copytree(results.path, folder)))
    for planned in copied.read_campaign().suites["demo"].plan.jobs:
        request = next((one for one in planned.metrics if one.name == name), None)
        run = copied.run(planned.id)
        made = run.read_measurement(request) if request else None
        if request and made and planned.id.startswith(experiment):
            run.write_measurement(request, made.model_copy(update=changes))
    return copied


def protocol(results: ResultsDir, name: str, **changes: Any) -> Any:
    """Return the protocol of a metric of the synthetic suite, changed."""
    made = evidence(results).measurement("winning-1-s0", name)
    assert made is not None
    return made.protocol.model_copy(update=changes)


def evidence(results: ResultsDir) -> Evidence:
    return Evidence(results, results.read_campaign().suites["demo"])


@pytest.fixture(scope="module")
def mixed(results: ResultsDir, tmp_path_factory: pytest.TempPathFactory) -> ResultsDir:
    """Return results in which winning tickets remove weights and random ones channels."""
    folder = tmp_path_factory.mktemp("mixed")
    of_weights = protocol(results, "sparsity", convention=WEIGHTS)
    of_channels = protocol(results, "sparsity", convention=CHANNELS)
    first = rewritten(results, folder / "first", "sparsity", "winning", protocol=of_weights)
    return rewritten(first, folder / "second", "sparsity", "random", protocol=of_channels)


@pytest.fixture(scope="module")
def chapter(mixed: ResultsDir) -> Chapter:
    return build([mixed], [judge(mixed)]).chapters[0]


def claim(chapter: Chapter, name: str) -> ClaimSection:
    return next(one for one in chapter.claims if one.name == name)


def test_a_task_without_its_own_dense_network_is_held_against_the_first_that_has_one(results: ResultsDir) -> None:
    table = costs(evidence(results))
    assert table is not None and table.columns == ("experiment", "level", "sparsity", "macs_effective")
    found = {(row[0].text, row[1].text): row[3].text for row in table.rows}
    assert found["winning", "0"] == f"1,000,000 MAC ({times(1)})"
    assert found["random", "3"] == f"216,000 MAC ({times(0.216)})"
    assert not [key for key in found if key[0] == "ae_winning"]  # nothing was counted of them


def test_a_training_that_stops_at_an_event_is_no_dense_network(results: ResultsDir) -> None:
    stop = MaskStable(when="mask_stable", sparsity=0.5, look_back=5, threshold=0.1, unit="epoch")

    def stopping(found: CampaignSuite) -> CampaignSuite:
        jobs = tuple(
            one.model_copy(
                update={
                    "job": one.job.model_copy(update={"training": one.job.training.model_copy(update={"stop": stop})})
                }
            )
            for one in found.plan.jobs
        )
        return found.model_copy(update={"plan": found.plan.model_copy(update={"jobs": jobs})})

    table = costs(Evidence(results, stopping(results.read_campaign().suites["demo"])))
    assert table is not None
    assert [row[3].text for row in table.rows][:2] == ["1,000,000 MAC", "600,000 MAC"]


def test_counts_of_different_conventions_have_no_ratio(results: ResultsDir, tmp_path: Path) -> None:
    other = protocol(results, "macs_effective", convention="of the generator alone")
    apart = evidence(rewritten(results, tmp_path / "apart", "macs_effective", "random", protocol=other))
    assert ratio(apart, ["winning-1-s0"], ["winning-0-s0"], "macs_effective") == pytest.approx(0.6)
    assert ratio(apart, ["random-1-s0"], ["winning-0-s0"], "macs_effective") is None
    assert ratio(apart, ["winning-1-s0"], [], "macs_effective") is None
    assert ratio(apart, ["winning-1-s0"], ["winning-0-s0"], "nothing") is None


def test_an_axis_that_mixes_weights_and_channels_says_so(chapter: Chapter) -> None:
    drawn = next(one.curve for one in chapter.figures if one.anchor.endswith("distance"))
    assert drawn is not None
    assert drawn.x.title == "sparsity (fraction removed), channels or weights"
    assert drawn.caption.endswith(
        f"Equal values of sparsity are not the same here, for lines count different things: {CHANNELS}; or {WEIGHTS}."
    )
    rows = {(row[0].text, row[1].text): row[2].text for row in drawn.table.rows}
    assert (rows["winning", "2"], rows["random", "2"]) == ("0.640", "0.640 of channels")
    assert "random goes from 48 at sparsity 0.400 of channels" in drawn.description


def test_an_axis_of_one_kind_says_nothing_of_it(report: Any) -> None:
    drawn = next(one.curve for one in report.chapters[0].figures if one.anchor.endswith("distance"))
    assert drawn.x.title == "sparsity (fraction removed)"
    assert "different things" not in drawn.caption


def test_conventions_that_begin_alike_are_counted(results: ResultsDir, tmp_path: Path) -> None:
    one, other = (protocol(results, "fid", convention=f"distance {how}") for how in ("as it is", "squared"))
    first = rewritten(results, tmp_path / "first", "fid", "winning", protocol=one)
    both = rewritten(first, tmp_path / "both", "fid", "random", protocol=other)
    (found,) = build([both], [Verdicts(verdicts=())]).chapters
    drawn = next(one.curve for one in found.figures if one.anchor.endswith("distance"))
    assert drawn is not None
    assert drawn.y.title == "fid (FID, lower is better), counted in 2 ways"
    assert "Equal values of fid are not the same here" in drawn.caption


def test_every_sparsity_of_channels_is_called_one(chapter: Chapter) -> None:
    late = claim(chapter, "gan_late")
    assert late.comparisons is not None and late.comparisons.rows[0][2].text == "0.870"
    random_first = claim(chapter, "gan_beats_random")
    assert random_first.layers is not None and random_first.audit is not None
    assert {"winning@1", "random@1, of channels"} <= set(random_first.layers.columns)
    counts = {row[0].text: row[3].text for row in random_first.audit.rows}
    assert (counts["winning@1"], counts["random@1"]) == ("1,000 weights", "1,000 channels")
    assert chapter.times is not None
    assert ["random", "1", "0.400 of channels"] in [[cell.text for cell in row[:3]] for row in chapter.times.rows]


def test_a_metric_without_a_better_side_has_no_worse_one(results: ResultsDir, tmp_path: Path, report: Any) -> None:
    neither = rewritten(results, tmp_path / "neither", "fid", "", lower_is_better=None)
    plain = claim(report.chapters[0], "gan_beats_random").comparisons
    changed = claim(build([neither], [judge(results)]).chapters[0], "gan_beats_random").comparisons
    assert plain is not None and changed is not None
    assert plain.caption == "What was compared in fid; effects are signed so that larger is worse"
    assert changed.caption == (
        "What was compared in fid; neither side is better, effects are positive where the arm's value is higher"
    )


def test_a_cost_that_is_to_fall_is_compared_by_ratios(chapter: Chapter) -> None:
    cheaper = claim(chapter, "gan_cheaper").comparisons
    assert cheaper is not None and cheaper.caption.endswith("; effects are ratios to the baseline")


@pytest.mark.parametrize(
    ("metric", "found"),
    [
        ("weights_ratio", "size"),
        ("kept_parameters", "size"),
        ("training_flops", "operations"),
        ("step_seconds", "time"),
        ("training_time_reduction", "time"),
        ("macs", None),
        ("fid", None),
        (None, None),
    ],
)
def test_costs_are_known_by_the_names_of_metrics(metric: str | None, found: str | None) -> None:
    assert cost(metric) == found


def printed(metric: str, unit: str) -> Number:
    return Number.model_validate(
        {"value": 0.5, "unit": unit, "place": Place(), "read": "text", "source": "p", "protocol": {"metric": metric}}
    )


def test_what_is_printed_stands_beside_the_same_cost_alone() -> None:
    half, saved = printed("training_flops_ratio", "ratio"), printed("training_flops_reduction", "fraction")
    assert is_ratio_of(half, "operations") and not is_ratio_of(half, "time") and not is_ratio_of(half, None)
    assert is_relative(half, "operations") and is_relative(saved, "operations") and not is_ratio_of(saved, "operations")
    assert not is_relative(saved, "size")
    assert not is_relative(printed("training_flops", "FLOP"), "operations")
    assert not is_relative(printed("sparsity", "fraction"), "size")


def test_tickets_of_both_kinds_share_the_axis_of_what_they_keep(mixed: ResultsDir, tmp_path: Path) -> None:
    kept = ResultsDir(Path(shutil.copytree(mixed.path, tmp_path / "kept")))
    campaign = kept.read_campaign()
    found = campaign.suites["demo"]
    request = next(one for one in found.plan.jobs[0].metrics if one.name == "macs_effective")
    sized = request.model_copy(
        update={"name": "size_kept", "metric": Resolved(name="kept_parameters"), "key": "size-0123"}
    )
    jobs = tuple(one.model_copy(update={"metrics": (*one.metrics, sized)}) for one in found.plan.jobs)
    for one in jobs:
        made = kept.run(one.id).read_measurement(request)
        if made is not None:
            kept.run(one.id).write_measurement(sized, made.model_copy(update={"name": "size_kept"}))
    plan = found.plan.model_copy(update={"jobs": jobs})
    suites = {"demo": found.model_copy(update={"plan": plan})}
    kept.write_campaign(campaign.model_copy(update={"suites": suites}))
    (chapter,) = build([kept], [judge(kept)]).chapters
    drawn = claim(chapter, "gan_cheaper").curve
    assert drawn is not None and drawn.x.name == "size_kept"
    assert "different things" not in drawn.caption
