"""The four metrics of neighborhoods on a job: what they look at, what they share, and what they are compared with."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from prdc import compute_prdc
from torch import Tensor

from benchmark.comparability import differences, reference_differences
from benchmark.errors import RunError
from benchmark.features.extractor import Extractor
from benchmark.features.inception import load as load_inception
from benchmark.features.inception_torchvision import load as load_torchvision
from benchmark.features.options import InceptionOptions, TorchvisionInceptionOptions
from benchmark.frechet import moments
from benchmark.images import Images
from benchmark.metrics import METRICS, prdc
from benchmark.metrics.kid import kernel_distance
from benchmark.metrics.subject import Subject, Value
from benchmark.schema.record import Selection
from benchmark.streams import stream
from tests.metrics.pictures import Shared, flat, images, pixels
from tests.reference.test_cleanfid import save_state_dict

FOUR = ("precision", "recall", "density", "coverage")


def features(batch: Tensor) -> Any:
    return flat(batch).numpy()


def measured(subject: Subject, metric: str, **changes: Any) -> Value:
    written = {"extractor": {"name": "digits_classifier"}, "generated": 70, "split": "test", **changes}
    chosen = METRICS.parse(METRICS.resolve(Selection.model_validate({"name": metric, **written})))
    value: Value = METRICS[metric].load()(subject, chosen)
    return value


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"real": 70},
        {"real": 33, "split": "train", "nearest_k": 3},
        {"generated": 40, "weights": "ema", "nearest_k": 1},
    ],
)
def test_the_four_equal_prdcs_on_the_first_real_images(subject: Subject, changes: dict[str, Any]) -> None:
    made = features(pixels(changes.get("generated", 70), changes.get("weights", "raw")))
    real = features(images(changes.get("split", "test")).pixels[: changes.get("real")])
    with contextlib.redirect_stdout(io.StringIO()):
        expected = compute_prdc(real, made, changes.get("nearest_k", 5))
    found = {name: measured(subject, name, **changes) for name in FOUR}
    assert {name: value.value for name, value in found.items()} == pytest.approx(expected, rel=1e-12)
    assert {value.protocol.real for value in found.values()} == {len(real)}
    assert len(set(expected.values())) > 2


def test_distances_are_computed_once_for_all_four_and_real_ones_once_for_all_moments(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = {"radii": 0, "compared": 0}
    splits: list[str] = []

    def counted(name: str) -> Callable[..., Tensor]:
        function = getattr(prdc, name)

        def wrapped(*arguments: Any) -> Tensor:
            calls[name] += 1
            made: Tensor = function(*arguments)
            return made

        return wrapped

    def looked(split: str) -> Images:
        splits.append(split)
        return images(split)

    for name in calls:
        monkeypatch.setattr(prdc, name, counted(name))
    at_the_end = replace(subject, images=looked)
    for moment in (at_the_end, replace(at_the_end, recall=Shared().recall)):
        for name in FOUR:
            measured(moment, name)
    assert calls == {"radii": 1, "compared": 2}
    assert set(splits) == {"test"}  # the other split may have millions of images


def test_the_protocol_says_how_many_real_images_and_neighbors(subject: Subject) -> None:
    found = measured(subject, "recall", real=80).protocol
    assert found.model_dump(exclude_none=True) == {
        "metric": "recall",
        "version": METRICS["recall"].version,
        "dataset": "digits",
        "split": "test",
        "preparation": "as they are",
        "generated": 70,
        "real": 80,
        "extractor": "flat",
        "extractor_sha256": "0" * 64,
        "resizer": "none",
        "quantization": "uint8",
        "weights": "raw",
        "selection": "last",
        "convention": "neighborhoods of nearest_k = 5",
    }
    assert differences([found, measured(subject, "recall").protocol]) == ("real",)
    assert differences([found, measured(subject, "recall", real=80, nearest_k=4).protocol]) == ("convention",)
    for metric in ("fid", "kid"):
        assert differences([measured(subject, metric, real=n).protocol for n in (None, 80)]) == ("real",)
        assert differences([measured(subject, metric, real=n).protocol for n in (None, 90)]) == ()


def test_fid_and_kid_of_the_first_real_images(subject: Subject, stored: dict[str, Any]) -> None:
    made, real = features(pixels(70, "raw")).astype(float), features(images("test").pixels[:40]).astype(float)
    other = features(images("train").pixels[:40]).astype(float)
    distances: dict[str, Callable[[Any, Any], float]] = {
        "fid": lambda x, y: moments([x]).distance(moments([y])),
        "kid": kernel_distance,
    }
    for metric, distance in distances.items():
        found = measured(subject, metric, real=40)
        assert found.value == pytest.approx(distance(made, real), rel=1e-6)
        assert found.details["floor"] == pytest.approx(distance(real, other), rel=1e-6)
        assert found.details["floor_counts"] == {"test": 40, "train": 40}
    measured(subject, "fid")
    assert set(stored) == {"flat_test_70_raw", "flat_test_70_raw_real40"}
    assert int(stored["flat_test_70_raw_real40"]["real_count"]) == 40


@pytest.mark.parametrize("metric", ["coverage", "fid"])
def test_a_split_with_fewer_images_is_refused(subject: Subject, metric: str) -> None:
    with pytest.raises(RunError, match="there are 90 images to compare with, not 91"):
        measured(subject, metric, real=91)


def test_a_split_without_neighbors_is_refused(subject: Subject) -> None:
    few = replace(subject, images=lambda split: images(split).first(5))
    with pytest.raises(RunError, match="5 real images have no 5 nearest others"):
        measured(few, "precision")


def test_the_fid_that_chooses_a_moment_is_that_of_the_same_images(subject: Subject) -> None:
    chosen = {"selection": {"best_of": 3, "by": "fid"}, "real": 50}
    name, value = measured(subject, "density", **chosen).chosen_by or ("", 0.0)
    assert (name, value) == ("fid", measured(subject, "fid", real=50).value)
    assert measured(subject, "density", selection={"best_of": 3}).chosen_by is None
    assert measured(subject, "density").chosen_by is None


def inception_torchvision(folder: Path) -> Extractor:
    """torchvision's network, its weights drawn."""
    from torchvision.models import inception_v3

    with torch.device("meta"):
        network = inception_v3(weights=None, init_weights=False)
    state = {name: torch.zeros(tensor.shape, dtype=tensor.dtype) for name, tensor in network.state_dict().items()}
    for name, tensor in state.items():
        if tensor.is_floating_point():
            tensor.uniform_(*((0.0, 0.1) if tensor.ndim > 1 else (0.5, 1.0)), generator=stream(0, name))
    path = folder / "torchvision.pth"
    torch.save(state, path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return load_torchvision(TorchvisionInceptionOptions(weights=str(path), sha256=sha256), "cpu")


def test_the_two_inceptions_are_never_compared(subject: Subject, tmp_path: Path) -> None:
    path = save_state_dict(tmp_path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    theirs = load_inception(InceptionOptions(mode="legacy_pytorch", weights=str(path), sha256=sha256), "cpu")
    protocols = []
    for extractor in (inception_torchvision(tmp_path), theirs):
        watched = replace(subject, extractor=lambda chosen, one=extractor: one)  # type: ignore[misc]
        found = measured(watched, "precision", generated=2, real=2, nearest_k=1)
        assert np.isfinite(found.value)
        protocols.append(found.protocol)
    torchvision, fid = protocols
    apart = ("extractor", "extractor_sha256", "resizer")
    assert (torchvision.extractor, fid.extractor) == ("inception_torchvision", "inception_legacy_pytorch")
    assert differences([torchvision, fid]) == apart
    for measurement, reference in ((torchvision, fid), (fid, torchvision)):
        assert reference_differences(measurement, reference, assumed=apart) == apart
        unsaid = reference.model_copy(update={"extractor_sha256": None, "resizer": None})
        assert reference_differences(measurement, unsaid, assumed=apart) == ("extractor",)
