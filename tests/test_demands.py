"""What cannot be measured or claimed is told when a suite is planned, by file, line and key."""

from __future__ import annotations

import re

import pytest

from benchmark.datasets import DATASETS
from benchmark.errors import SuiteError
from benchmark.schema.record import Selection
from tests.tiny import SUITE, arm, planned

CLASSIFIER = "extractor: {name: digits_classifier}"
AUTO, GAN = "experiments.auto.metrics", "experiments.gan.metrics"
CIFAR = "experiments.auto.dataset={name: cifar10}"


def faults(*overrides: str, text: str = SUITE) -> tuple[str, ...]:
    with pytest.raises(SuiteError) as caught:
        planned(text, overrides)
    return caught.value.problems


@pytest.mark.parametrize(
    ("override", "where", "message"),
    [
        (
            f"{AUTO}.stop={{name: stopping_time}}",
            "auto.metrics.stop.name",
            "'stopping_time' needs a training that stops at an event; set 'stop' in it",
        ),
        (
            f"{AUTO}.loss={{name: logged_loss, update: autoencodr}}",
            "auto.metrics.loss.update",
            "'autoencoder' has no update 'autoencodr'; did you mean 'autoencoder'?",
        ),
        (
            f"{GAN}.stop={{name: early_stopping, update: vae}}",
            "gan.metrics.stop.update",
            "'gan' has no update 'vae'; known: discriminator, generator",
        ),
        (
            f"{GAN}.accuracy={{name: classifier_accuracy, {CLASSIFIER}, split: test}}",
            "gan.metrics.accuracy.name",
            "metric 'classifier_accuracy' needs reconstructions, which objective 'gan' does not give",
        ),
        (
            f"{AUTO}.score={{name: inception_score, {CLASSIFIER}, generated: 100}}",
            "auto.metrics.score.name",
            "metric 'inception_score' needs samples, which objective 'autoencoder' does not give",
        ),
        (
            f"{GAN}.score={{name: inception_score, {CLASSIFIER}, generated: 10}}",
            "gan.metrics.score",
            "10 images are too few for 10 parts of two or more",
        ),
        (
            f"{GAN}.recall={{name: recall, {CLASSIFIER}, generated: 5, split: test}}",
            "gan.metrics.recall",
            "5 images have no 5 nearest others; expected more than 'nearest_k'",
        ),
        (
            f"{GAN}.recall={{name: recall, {CLASSIFIER}, generated: 50, real: 8, nearest_k: 9, split: test}}",
            "gan.metrics.recall",
            "8 images have no 9 nearest others; expected more than 'nearest_k'",
        ),
        (
            f"{GAN}.p={{name: precision, {CLASSIFIER}, generated: 9, split: test, selection: {{best_of: 2, by: kid}}}}",
            "gan.metrics.p.selection",
            "expected last, or {best_of: N}, or {best_of: N, by: fid}, with N of 2 or more",
        ),
        (
            f"{GAN}.fid.selection={{best_of: 2, by: fid}}",
            "gan.metrics.fid.selection",
            "expected last, or {best_of: N} with N of 2 or more",
        ),
        (
            f"{GAN}.fid.real=501",
            "gan.metrics.fid.real",
            "the test split of 'digits' has 500 images, not 501; null takes all of them",
        ),
        (
            f"{GAN}.recall={{name: recall, {CLASSIFIER}, generated: 50, real: 1298, split: train}}",
            "gan.metrics.recall.real",
            "the train split of 'digits' has 1297 images, not 1298; null takes all of them",
        ),
        (
            f"{AUTO}.accuracy={{name: classifier_accuracy, extractor: {{name: inception}}, split: test}}",
            "auto.metrics.accuracy.extractor",
            "'inception' does not tell the classes of 'digits', expected digits_classifier",
        ),
    ],
)
def test_a_metric_that_does_not_fit_is_told(override: str, where: str, message: str) -> None:
    assert any(f"experiments.{where}: {message}" in fault for fault in faults(override))


@pytest.mark.parametrize(
    ("dataset", "images"),
    [("cifar10", 10_000), ("celeba", 19_962), ("mnist", 10_000), ("stl10", 8_000), ("ffhq", 10_000)],
)
def test_published_test_splits_have_as_many_images_as_they_say(dataset: str, images: int) -> None:
    chosen = DATASETS.resolve(Selection(name=dataset))
    assert DATASETS[dataset].facts["test_images"](DATASETS.parse(chosen)) == images
    assert re.search(rf"{images:,} (are held out )?to test on", DATASETS[dataset].says)


def test_a_test_split_may_be_chosen_smaller() -> None:
    override = "experiments.gan.dataset={name: celeba, image_size: 16, test_images: 10000}"
    message = "experiments.gan.metrics.fid.real: the test split of 'celeba' has 10000 images, not 10001"
    assert any(message in fault for fault in faults(override, f"{GAN}.fid.real=10001"))
    assert not any(message in fault for fault in faults(override, f"{GAN}.fid.real=10000"))


@pytest.mark.parametrize("photograph", ["both", "china"])
def test_carried_splits_have_as_many_images_as_they_say(photograph: str) -> None:
    for written in ({"name": "digits"}, {"name": "photographs", "photograph": photograph}):
        options = DATASETS.parse(DATASETS.resolve(Selection.model_validate(written)))
        entry = DATASETS[written["name"]]
        for split in ("train", "test"):
            assert entry.facts[f"{split}_images"](options) == len(entry.load()(options, split, None))


@pytest.mark.parametrize("dataset", ["cifar10", "celeba", "mnist"])
def test_a_data_set_without_a_classifier_has_no_accuracy(dataset: str) -> None:
    # The classifiers of Kalibhat et al. (2021) were never published; another's answers would mean nothing.
    found = faults(
        f"experiments.auto.dataset={{name: {dataset}, image_size: 16}}",
        f"{AUTO}.accuracy={{name: classifier_accuracy, {CLASSIFIER}, split: test}}",
    )
    message = f"'digits_classifier' does not tell the classes of '{dataset}', and no other extractor does"
    assert any(f"experiments.auto.metrics.accuracy.extractor: {message}" in fault for fault in found)


def test_images_that_an_extractor_does_not_take_are_told_before_they_are_trained_on() -> None:
    found = faults("experiments.gan.dataset={name: cifar10}", "experiments.gan.model.image_size=32")
    assert found
    shaped = faults("experiments.gan.dataset={name: cifar10}")
    message = "'digits_classifier' reads images of 1x8x8 or 1x16x16, not 3x32x32"
    assert any(f"experiments.gan.metrics.fid.extractor: {message}" in fault for fault in shaped)


LOSS = f"{GAN}.d_loss={{name: logged_loss, update: discriminator}}"
CLAIM = """claims:
  loss:
    says: the losses of the discriminators
    source: {paper: kalibhat2021, figure: A.5}
    kind: KIND
    metric: d_loss
    BOUND: {absolute: 0.1, because: about the noise}
    compare: [{arm: gan_imp@1, baseline: gan@0}]
"""


@pytest.mark.parametrize(("kind", "bound"), [("matches", "margin"), ("beats", "by")])
def test_a_metric_without_a_better_side_cannot_be_claimed_to_be_better(kind: str, bound: str) -> None:
    text = SUITE.replace("claims: {}\n", CLAIM.replace("KIND", kind).replace("BOUND", bound))
    assert [fault.partition(": ")[2] for fault in faults(LOSS, text=text)] == [
        "claims.loss.kind: no side of 'logged_loss' is the better one; expected a claim of the kind 'same' or 'differs'"
    ]


@pytest.mark.parametrize("kind", ["same", "differs"])
def test_it_can_be_claimed_to_be_the_same_or_another(kind: str) -> None:
    text = SUITE.replace("claims: {}\n", CLAIM.replace("KIND", kind).replace("BOUND", "margin"))
    assert arm(planned(text, [LOSS]), "gan").metrics[0].metric.name == "logged_loss"
