from typing import Any

import numpy as np
import pytest
from torch import Tensor

from benchmark.frechet import moments
from benchmark.metrics import METRICS
from benchmark.metrics.options import FeatureOptions
from benchmark.metrics.subject import Subject, Value
from benchmark.schema.record import Selection
from benchmark.table import OptionError
from tests.metrics.pictures import REAL, flat, images, pixels


def features(batch: Tensor) -> Any:
    return flat(batch).double().numpy()


def options(**changes: object) -> FeatureOptions:
    written = {"name": "fid", "extractor": {"name": "digits_classifier"}, "generated": 70, "split": "test", **changes}
    parsed = METRICS.parse(METRICS.resolve(Selection.model_validate(written)))
    assert isinstance(parsed, FeatureOptions)
    return parsed


def measured(subject: Subject, chosen: FeatureOptions) -> Value:
    value: Value = METRICS["fid"].load()(subject, chosen)
    return value


def test_the_value_is_the_frechet_distance_of_generated_and_real_features(subject: Subject) -> None:
    expected = moments([features(pixels(70, "raw"))]).distance(moments([features(images("test").pixels)]))
    assert measured(subject, options()).value == pytest.approx(expected, rel=1e-6)


def test_the_floor_is_the_distance_of_the_two_real_splits_with_their_counts(subject: Subject) -> None:
    details = measured(subject, options()).details
    train, test = (moments([features(images(split).pixels)]) for split in ("train", "test"))
    assert details["floor"] == pytest.approx(train.distance(test), rel=1e-6)
    assert details["floor_counts"] == REAL


def test_split_and_weights_are_those_asked_for(subject: Subject) -> None:
    found = measured(subject, options(split="train", weights="ema"))
    expected = moments([features(pixels(70, "ema"))]).distance(moments([features(images("train").pixels)]))
    assert found.value == pytest.approx(expected, rel=1e-6)
    assert (found.protocol.split, found.protocol.weights, found.protocol.real) == ("train", "ema", 130)


def test_the_protocol_says_how_it_was_measured(subject: Subject) -> None:
    assert measured(subject, options()).protocol.model_dump(exclude_none=True) == {
        "metric": "fid",
        "version": METRICS["fid"].version,
        "dataset": "digits",
        "split": "test",
        "preparation": "as they are",
        "generated": 70,
        "real": 90,
        "extractor": "flat",
        "extractor_sha256": "0" * 64,
        "resizer": "none",
        "quantization": "uint8",
        "weights": "raw",
        "selection": "last",
    }


def test_the_stored_statistics_give_the_value_again(subject: Subject, stored: dict[str, Any]) -> None:
    value = measured(subject, options()).value
    (kept,) = stored.values()
    np.testing.assert_allclose(kept["mean"], features(pixels(70, "raw")).mean(axis=0), rtol=1e-6)
    assert (int(kept["count"]), int(kept["real_count"])) == (70, 90)
    generated = kept["mean"] - kept["real_mean"]
    root = np.linalg.svd(np.linalg.cholesky(kept["covariance"]).T @ np.linalg.cholesky(kept["real_covariance"]))[1]
    again = generated @ generated + np.trace(kept["covariance"] + kept["real_covariance"]) - 2 * root.sum()
    assert value == pytest.approx(again, rel=1e-9)


@pytest.mark.parametrize(("count", "flagged"), [(6, True), (7, False)])
def test_too_few_images_for_the_features_are_flagged(subject: Subject, count: int, flagged: bool) -> None:
    assert measured(subject, options(generated=count)).details["rank_deficient"] is flagged


def test_an_extractor_is_named_with_its_options_and_made_explicit() -> None:
    chosen = options(extractor={"name": "inception", "mode": "legacy_pytorch"})
    assert chosen.extractor.options == {"mode": "legacy_pytorch", "weights": None, "sha256": None}
    assert METRICS["fid"].facts["assets"](chosen) == ("inception_pytorch",)
    assert METRICS["kid"].facts["assets"](options()) == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"extractor": {"name": "incption"}}, "did you mean 'inception'"),
        ({"extractor": {"name": "inception", "mdoe": "clean"}}, "did you mean 'mode'"),
        ({"extractor": 3}, "object"),
        ({"generated": 1}, "greater than or equal to 2"),
        ({"split": "valid"}, "'train' or 'test'"),
    ],
)
def test_a_choice_that_does_not_fit_is_explained(changes: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        options(**changes)


def test_the_extractor_has_no_default() -> None:
    with pytest.raises(OptionError) as caught:
        METRICS.resolve(Selection.model_validate({"name": "fid", "generated": 10, "split": "test"}))
    assert caught.value.keys == ("extractor",)
