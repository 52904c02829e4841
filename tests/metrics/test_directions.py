"""FID and KID of translated images: which images are made of which, and held against which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmark.errors import RunError
from benchmark.features.extractor import Extractor
from benchmark.frechet import moments
from benchmark.images import Images
from benchmark.metrics import METRICS
from benchmark.metrics.kid import kernel_distance
from benchmark.metrics.samples import facing
from benchmark.metrics.subject import Subject, Value
from benchmark.schema.record import Selection
from benchmark.streams import stream
from tests.metrics.pictures import Shared, flat

COUNTS = {"train": (40, 50), "test": (20, 25)}


def drawn(count: int, purpose: str) -> Tensor:
    return torch.randint(0, 256, (count, 1, 2, 2), dtype=torch.uint8, generator=stream(0, purpose))


def images(split: str) -> Images:
    counts = COUNTS[split]
    labels = torch.tensor([0, 1]).repeat_interleave(torch.tensor(counts))
    return Images(drawn(sum(counts), split), labels, "as they are")


def translate(direction: str, weights: str) -> Tensor:
    given = images("test").of(direction[0]).pixels
    return given // 2 + {"raw": 0, "ema": 9}[weights]


def features(batch: Tensor) -> Any:
    return flat(batch).double().numpy()


def measured(subject: Subject, metric: str = "fid", **options: Any) -> Value:
    written = {"name": metric, "extractor": {"name": "digits_classifier"}, "generated": 20, "split": "train", **options}
    value: Value = METRICS[metric].load()(subject, METRICS.parse(METRICS.resolve(Selection.model_validate(written))))
    return value


@pytest.fixture
def subject(ticket: Callable[..., Subject], stored: dict[str, Any]) -> Subject:
    extractor = Extractor("flat", "0" * 64, 4, "none", "uint8", flat, batch_size=32)
    return ticket(
        images=images,
        translate=translate,
        extractor=lambda chosen: extractor,
        store=lambda key, arrays: stored.update({key: arrays}),
        recall=Shared().recall,
        recall_data=Shared().recall,
    )


@pytest.mark.parametrize("weights", ["raw", "ema"])
@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize(("direction", "count"), [("ab", 20), ("ba", 25), ("ba", 7)])
def test_images_of_one_domain_are_held_against_those_of_the_other(
    subject: Subject, direction: str, count: int, split: str, weights: str
) -> None:
    for metric in ("fid", "kid"):  # the second finds the features that the first made
        found = measured(subject, metric, direction=direction, generated=count, split=split, weights=weights)
        made = features(translate(direction, weights)[:count])
        real = features(images(split).of(direction[1]).pixels)
        wanted = kernel_distance(made, real) if metric == "kid" else moments([made]).distance(moments([real]))
        assert found.value == pytest.approx(wanted, rel=1e-5, abs=1e-9)
        assert (found.protocol.generated, found.protocol.real) == (count, len(real))
        assert found.details["floor_counts"] == {
            each: COUNTS[each]["ab".index(direction[1])] for each in ("train", "test")
        }


def test_the_two_directions_are_two_protocols_and_two_statistics(subject: Subject, stored: dict[str, Any]) -> None:
    there, back = (measured(subject, direction=direction) for direction in ("ab", "ba"))
    assert there.protocol.convention == "test images of domain a translated to domain b"
    assert there.protocol.preparation == "as they are; domain b"
    assert back.protocol.convention == "test images of domain b translated to domain a"
    assert set(stored) == {"flat_train_20_raw_ab", "flat_train_20_raw_ba"}


def test_more_images_than_there_are_to_translate_are_refused(subject: Subject) -> None:
    with pytest.raises(RunError, match="21 images of domain b cannot be made of 20 of a"):
        measured(subject, direction="ab", generated=21)


def test_rows_face_each_other_whatever_their_length() -> None:
    first, second = (drawn(6, "given"), drawn(6, "made")), (drawn(3, "back"), drawn(3, "made back"))
    rows = facing([first, second], 5, 4).split(4)  # type: ignore[no-untyped-call]
    white = torch.full((4, 1, 2, 2), 255, dtype=torch.uint8)
    wanted = [
        *(first[0][:4], first[1][:4]),
        *(torch.cat([first[0][4:5], white[:3]]), torch.cat([first[1][4:5], white[:3]])),
        *(torch.cat([second[0], white[:1]]), torch.cat([second[1], white[:1]])),
    ]
    assert len(rows) == len(wanted)
    assert all(torch.equal(row, expected) for row, expected in zip(rows, wanted, strict=True))
