"""What a scale does not have: experiments, and the comparisons and figures that speak of them."""

from __future__ import annotations

import pytest

from benchmark.errors import SuiteError
from benchmark.suites import read_suite
from tests.timed import TIMED
from tests.tiny import SUITE

TEXT = SUITE.replace(
    "claims: {}",
    """\
  gan_big:
    extends: gan
    only_at: [paper]
  gan_big_imp:
    extends: gan_big
    mask: {from: self@previous, fraction: 0.2}
    levels: [0, 1]
claims:
  both:
    says: Tickets match on both data sets.
    source: {paper: tiny}
    kind: matches
    metric: fid
    margin: {absolute: 1, because: as good as any other}
    compare:
      - {arm: gan_imp@2, baseline: gan_imp@0}
      - {arm: gan_big_imp@1, baseline: gan_big_imp@0}
  big:
    says: Tickets match on the large data set.
    source: {paper: tiny}
    kind: matches
    metric: fid
    margin: {absolute: 1, because: as good as any other}
    compare: [{arm: gan_big_imp@1, baseline: gan_big_imp@0}]
timings:
  some: {says: small and large, arms: {dense: gan@0, imp: gan_imp@2, big: gan_big@0}}
  large: {says: large alone, arms: {dense: gan_big@0, imp: gan_big_imp@1}}
figures:
  six: {says: distance over sparsity, source: {paper: tiny}, y: fid, experiments: [gan_imp, gan_big_imp]}
  seven: {says: distance over sparsity, source: {paper: tiny}, y: fid, experiments: [gan_big_imp]}
  eight: {says: distance over sparsity, source: {paper: tiny}, y: fid, experiments: [gan_imp], only_at: [paper]}""",
).replace("  small: {small: true}", "  paper: {}\n  small: {small: true}")


def test_a_scale_lacks_its_absent_experiments_and_all_that_speaks_of_them() -> None:
    suite = read_suite(TEXT, "s.yaml", "small").suite
    assert "gan_big" not in suite.experiments
    assert "gan_big_imp" not in suite.experiments, "it extends an absent one"
    assert [one.arm for one in suite.claims["both"].compare] == ["gan_imp@2"]
    assert set(suite.claims) == {"both"}
    assert {name: figure.experiments for name, figure in suite.figures.items()} == {"six": ("gan_imp",)}
    assert {name: list(timing.arms) for name, timing in suite.timings.items()} == {"some": ["dense", "imp"]}


def test_a_scale_that_has_them_has_everything() -> None:
    suite = read_suite(TEXT, "s.yaml", "paper").suite
    assert len(suite.claims["both"].compare) == 2
    assert set(suite.claims) == {"both", "big"}
    assert set(suite.figures) == {"six", "seven", "eight"}
    assert {name: len(timing.arms) for name, timing in suite.timings.items()} == {"some": 3, "large": 2}


@pytest.mark.parametrize("scale", ["small", "paper"])
def test_a_timing_of_another_scale_takes_its_claims_and_figures_with_it(scale: str) -> None:
    text = TIMED.replace("    processes: 4\n", "    processes: 4\n    only_at: [paper]\n").replace(
        "scales:\n",
        "figures:\n  nine: {says: time over sparsity, source: {paper: tiny}, y: step_seconds, experiments: [gan_imp], "
        "timing: table2}\nscales:\n  paper: {}\n",
    )
    suite = read_suite(text, "s.yaml", scale).suite
    everything = {"imp_no_slower", "half_the_step"}, {"table2"}, {"nine"}
    found = set(suite.claims), set(suite.timings), set(suite.figures)
    assert found == (everything if scale == "paper" else (set(), set(), set()))


@pytest.mark.parametrize("where", ["gan_big", "eight"])
def test_an_unknown_scale_is_told_wherever_it_stands(where: str) -> None:
    old = "only_at: [paper]}" if where == "eight" else "only_at: [paper]\n"
    with pytest.raises(SuiteError, match=rf"{where}.only_at.0: no scale 'papr'; did you mean 'paper'"):
        read_suite(TEXT.replace(old, old.replace("paper", "papr")), "s.yaml", "small")


def test_a_typing_error_is_no_absence() -> None:
    with pytest.raises(SuiteError, match="unknown experiment 'gan_imq'"):
        read_suite(TEXT.replace("arm: gan_imp@2", "arm: gan_imq@2"), "s.yaml", "small")


METRICS = (
    TEXT.replace(
        "      fid: {name: fid, extractor: {name: digits_classifier}, generated: 80, split: test}",
        """\
      fid: {name: fid, extractor: {name: digits_classifier}, generated: 80, split: test, only_at: [small]}
      fid_clean: {name: fid, extractor: {name: inception}, generated: 80, split: train, only_at: [paper]}""",
    )
    .replace("metric: fid\n", "metric: [fid_clean, fid]\n")
    .replace("y: fid,", "y: [fid_clean, fid],")
)


@pytest.mark.parametrize(("scale", "metric"), [("small", "fid"), ("paper", "fid_clean")])
def test_a_metric_of_another_scale_is_absent_and_claims_and_figures_mean_the_one_that_is_there(
    scale: str, metric: str
) -> None:
    suite = read_suite(METRICS, "s.yaml", scale).suite
    assert set(suite.experiments["gan_imp"].metrics) == {"sparsity", metric}
    assert "only_at" not in suite.experiments["gan_imp"].metrics[metric].options
    assert {claim.metric for claim in suite.claims.values()} == {metric}
    assert {figure.y for figure in suite.figures.values()} == {metric}


def test_of_metrics_that_no_scale_has_the_first_is_told() -> None:
    with pytest.raises(SuiteError, match="no experiment measures 'fdi'"):
        read_suite(METRICS.replace("[fid_clean, fid]", "[fdi, fdj]"), "s.yaml", "small")
