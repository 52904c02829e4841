"""A ticket that a training of scores found is drawn as one, not as the dense network, at level 0 too."""

from __future__ import annotations

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.judge import judge
from reports.build import build
from reports.evidence import Evidence
from reports.figures import figures
from reports.render import render
from tests import tiny

SUITE = """\
format: 1
key: strong
title: A found ticket in a figure
seeds: 1
experiments:
  dense:
    dataset: {name: digits}
    model: {name: dcgan, base_channels: 4, z_dim: 4}
    objective: {name: gan}
    training: {steps: 2, batch_size: 8, optimizers: {"*": {lr: 0.01}}}
    metrics:
      sparsity: {name: sparsity}
      fid: {name: fid, extractor: {name: digits_classifier}, generated: 20, split: test}
      flops: {name: training_flops, kind: effective, scope: lineage}
  found:
    extends: dense
    training: {scores: {kept: 0.5}}
claims:
  better:
    says: A found ticket is better than the dense network.
    source: {paper: none, figure: "1"}
    kind: beats
    metric: fid
    compare: [{arm: found@0, baseline: dense@0}]
    by: {absolute: 0.0, because: any difference counts here}
figures:
  curve:
    says: The quality of found tickets over their sparsity.
    source: {paper: none, figure: "1"}
    y: fid
    experiments: [dense, found]
scales: {small: {small: true}}
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> ResultsDir:
    folder = tmp_path_factory.mktemp("found") / "results"
    assert set(tiny.run(folder, tiny.suite_of(SUITE)).values()) == {"done"}
    return ResultsDir(folder)


def test_a_found_ticket_is_a_point_at_its_sparsity_beside_the_dense_network(results: ResultsDir) -> None:
    evidence = Evidence(results, results.read_campaign().suites["strong"])
    assert evidence.is_ticket("found", 0)
    assert not evidence.is_ticket("dense", 0)
    chart = figures(evidence, "strong")["curve"].curve
    assert chart is not None
    assert [(one.name, one.points[0].experiment) for one in chart.dense] == [("dense", "dense")]
    ((name, point),) = [(one.name, point) for one in chart.series for point in one.points]
    assert name == "found"
    assert point.x == pytest.approx(0.5, abs=0.01)


def test_a_report_of_it_has_its_layers(results: ResultsDir) -> None:
    page = render(build([results], [judge(results)]))
    assert "generator/conv0.weight" in page
