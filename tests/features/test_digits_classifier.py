import json
from pathlib import Path

import pytest
import torch

from benchmark.datasets.digits import load as load_digits
from benchmark.datasets.options import DigitsOptions
from benchmark.errors import MissingAssetError, UsageError
from benchmark.features import EXTRACTORS, digits_classifier
from benchmark.features.digits_classifier import RECORD, WEIGHTS
from benchmark.features.extractor import Extractor
from benchmark.schema.record import Resolved
from benchmark.streams import stream


def shipped() -> Extractor:
    entry = EXTRACTORS["digits_classifier"]
    extractor: Extractor = entry.load()(EXTRACTORS.parse(Resolved(name="digits_classifier")), "cpu", None)
    return extractor


def test_the_shipped_weights_are_those_on_record_and_small() -> None:
    record = json.loads(RECORD.read_text())
    assert shipped().sha256 == record["sha256"]
    assert WEIGHTS.stat().st_size < 300_000


def test_the_recorded_accuracy_is_that_of_the_shipped_weights() -> None:
    images = load_digits(DigitsOptions(image_size=16), "test")
    extractor = shipped()
    probabilities = extractor.probabilities(extractor(images.pixels))
    assert torch.allclose(probabilities.sum(dim=1), torch.ones(500))
    assert images.labels is not None
    accuracy = (probabilities.argmax(dim=1) == images.labels).double().mean().item()
    assert accuracy == pytest.approx(json.loads(RECORD.read_text())["test_accuracy"], abs=0.003)
    assert accuracy >= 0.97


def test_eight_by_eight_gives_the_features_of_its_doubling() -> None:
    small, large = (load_digits(DigitsOptions(image_size=size), "test").pixels[:50] for size in (8, 16))
    extractor = shipped()
    assert torch.equal(extractor(small), extractor(large))


def test_features_are_float32_of_the_stated_size_and_none_is_constant() -> None:
    extractor = shipped()
    features = extractor(load_digits(DigitsOptions(image_size=16), "train").pixels)
    assert features.dtype == torch.float32
    assert features.shape == (1297, extractor.dimensions)
    assert features.std(dim=0).min() > 0.01


def test_features_do_not_depend_on_the_batch_size() -> None:
    extractor = shipped()
    pixels = torch.randint(0, 256, (300, 1, 16, 16), dtype=torch.uint8, generator=stream(0, "test"))
    one_by_one = torch.cat([extractor(pixel[None]) for pixel in pixels])
    torch.testing.assert_close(extractor(pixels), one_by_one, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(2, 3, 16, 16), (2, 1, 32, 32), (2, 1, 16, 8)])
def test_images_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="1x16x16"):
        shipped()(torch.zeros(shape, dtype=torch.uint8))


def test_values_in_place_of_pixels_are_refused() -> None:
    with pytest.raises(ValueError, match="uint8"):
        shipped()(torch.zeros(2, 1, 16, 16))


def test_altered_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    altered = tmp_path / WEIGHTS.name
    altered.write_bytes(WEIGHTS.read_bytes()[:-1] + b"\x00")
    monkeypatch.setattr(digits_classifier, "WEIGHTS", altered)
    with pytest.raises(MissingAssetError, match="SHA-256"):
        shipped()
