"""Names in a suite and what they are resolved to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmark.errors import SuiteError
from benchmark.metrics import METRICS
from benchmark.resolve import Problems, resolve
from benchmark.suites import Loaded, read_suite
from tests.tiny import SUITE


def loaded(text: str = SUITE) -> Loaded:
    return read_suite(text, "tiny.yaml", "small")


def test_an_experiment_is_resolved_with_every_option_explicit() -> None:
    suite = loaded()
    task = resolve("gan", suite.suite.experiments["gan"], Problems(suite))
    assert task is not None
    assert task.components == ("generator", "discriminator")
    assert task.dataset.options == {"image_size": 8}
    assert task.model.options == {"base_channels": 4, "z_dim": 4, "activation": "relu", "init": "dcgan"}
    unset = dict.fromkeys(("clip", "gradient_penalty", "generator_batch", "generator_after"))
    assert task.objective.options == {"loss": "non_saturating", "n_dis": 1, **unset}
    assert task.criterion is None
    assert [request.name for request in task.metrics] == ["sparsity", "fid"]


def test_the_rest_of_the_optimizers_is_filled_in() -> None:
    text = SUITE.replace('optimizers: {"*": {lr: 0.002, b', 'optimizers: {generator: {lr: 9}, "*": {lr: 0.002, b')
    suite = loaded(text)
    task = resolve("gan", suite.suite.experiments["gan"], Problems(suite))
    assert task is not None
    rates = {name: chosen.lr for name, chosen in task.training.optimizers.items()}
    assert rates == {"generator": 9, "discriminator": 0.002}


def key_of(change: str, name: str = "fid") -> str:
    suite = loaded(SUITE.replace("generated: 80, split: test", change))
    task = resolve("gan", suite.suite.experiments["gan"], Problems(suite))
    assert task is not None
    return next(request.key for request in task.metrics if request.name == name)


def test_a_metric_is_kept_under_a_key_that_says_what_was_asked() -> None:
    key = key_of("generated: 80, split: test")
    assert key.startswith("fid-")
    assert key_of("split: test, generated: 80") == key
    assert key_of("generated: 80, split: test, weights: raw") == key
    assert key_of("generated: 81, split: test") != key
    assert key_of("generated: 80, split: train") != key
    assert key_of("generated: 80, split: train", "sparsity") == key_of("generated: 80, split: test", "sparsity")


def test_a_new_version_of_a_metric_is_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_of("generated: 80, split: test")
    members = {name: METRICS[name] for name in METRICS}
    monkeypatch.setattr(METRICS, "_members", members | {"fid": replace(members["fid"], version=2)})
    assert key_of("generated: 80, split: test") != before
    assert key_of("generated: 80, split: test", "sparsity").startswith("sparsity-28b99c752a")


def test_faults_are_told_in_the_order_of_the_file_and_shared_ones_once() -> None:
    text = SUITE.replace("name: conv_autoencoder", "name: conv_autoencoda").replace("{name: dcgan,", "{name: dcgam,")
    suite = loaded(text)
    problems = Problems(suite)
    for name, experiment in reversed(suite.suite.experiments.items()):
        assert resolve(name, experiment, problems) is None
    with pytest.raises(SuiteError) as caught:
        problems.settle()
    assert len(caught.value.problems) == 2
    assert ["dcgam" in line for line in caught.value.problems] == [True, False]


def test_without_faults_nothing_is_raised() -> None:
    problems = Problems(loaded())
    problems.settle()
    assert problems.faults == []
