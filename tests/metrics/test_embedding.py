"""Features and their moments: the same whether features are kept or not, by arrays and by tensors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from benchmark.frechet import moments
from benchmark.metrics import METRICS, embedding, kid
from benchmark.metrics.embedding import in_blocks, keeps_features
from benchmark.metrics.subject import Subject, Value
from benchmark.schema.record import Resolved, Selection
from benchmark.streams import stream
from tests.metrics.pictures import EXTRACTOR, Shared


def measured(subject: Subject, name: str, **changes: Any) -> Value:
    written = {"extractor": {"name": "digits_classifier"}, "generated": 70, "split": "test", **changes}
    chosen = METRICS.parse(METRICS.resolve(Selection.model_validate({"name": name, **written})))
    value: Value = METRICS[name].load()(subject, chosen)
    return value


@given(st.lists(st.integers(0, 9), max_size=8), st.integers(0, 40), st.integers(1, 12))
def test_blocks_hold_the_first_rows_of_all_batches_in_order(sizes: list[int], count: int, block: int) -> None:
    rows = torch.arange(sum(sizes))[:, None]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedding, "BLOCK", block)
        found = list(in_blocks(torch.split(rows, sizes), count))
    assert [int(row) for part in found for row in part] == list(range(min(count, sum(sizes))))
    assert all(len(part) == block for part in found[:-1])


@pytest.mark.parametrize("block", [16, 4096])
@pytest.mark.parametrize("size", [1, 7, 32, 500])
def test_moments_have_the_same_bytes_kept_or_not_and_whatever_the_batches(
    subject: Subject, stored: dict[str, Any], block: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "BLOCK", block)
    value = measured(subject, "fid")
    kept = stored.copy()
    other = replace(EXTRACTOR, batch_size=size)
    fresh = replace(subject, extractor=lambda _: other, recall=Shared().recall, recall_data=Shared().recall)
    assert measured(replace(fresh, keeps_features=False), "fid") == value
    assert {key: {name: array.tobytes() for name, array in arrays.items()} for key, arrays in kept.items()} == {
        key: {name: array.tobytes() for name, array in arrays.items()} for key, arrays in stored.items()
    }


def test_features_that_only_fid_asks_for_are_not_kept_and_made_once(subject: Subject) -> None:
    seen: list[int] = []

    def embed(batch: Tensor) -> Tensor:
        seen.append(len(batch))
        return EXTRACTOR.embed(batch)

    memory = Shared()
    alone = replace(
        subject,
        extractor=lambda chosen: replace(EXTRACTOR, embed=embed),
        recall=memory.recall,
        recall_data=memory.recall,
        keeps_features=False,
    )
    first, second = measured(alone, "fid"), measured(alone, "fid")
    assert first == second
    assert sum(seen) == 70 + 130 + 90
    assert not any(isinstance(made, Tensor) for made in memory.values())


def test_features_are_kept_where_a_metric_asks_for_more_than_their_moments() -> None:
    assert not keeps_features([Resolved(name="fid"), Resolved(name="sparsity"), Resolved(name="reconstruction_error")])
    for name in ("kid", "precision", "recall", "density", "coverage", "inception_score"):
        assert keeps_features([Resolved(name="fid"), Resolved(name=name)])


@pytest.mark.parametrize("metric", ["fid", "kid"])
def test_tensors_give_what_arrays_give(subject: Subject, metric: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = measured(subject, metric)
    for module in (embedding, kid):
        monkeypatch.setattr(module, "rows", lambda features: features)  # as on a GPU
    found = measured(replace(subject, recall=Shared().recall, recall_data=Shared().recall), metric)
    assert found.value == pytest.approx(expected.value, rel=1e-9)
    assert found.details["floor"] == pytest.approx(expected.details["floor"], rel=1e-9)
    assert found.protocol == expected.protocol


def test_tensors_of_many_features_have_numpys_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    features = torch.randn(900, 128, generator=stream(0, "features")) + 5.0
    monkeypatch.setattr(embedding, "BLOCK", 250)
    found = moments(in_blocks([features], 900))
    assert isinstance(found.covariance, Tensor)
    np.testing.assert_allclose(found.mean.numpy(), features.double().numpy().mean(axis=0), rtol=1e-13)
    expected = np.cov(features.double().numpy(), rowvar=False)
    np.testing.assert_allclose(found.covariance.numpy(), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("metric", ["fid", "kid", "precision", "recall", "density", "coverage"])
def test_a_gpu_measures_what_a_cpu_measures(subject: Subject, metric: str) -> None:
    expected = measured(subject, metric)
    on_gpu = replace(EXTRACTOR, embed=lambda batch: EXTRACTOR.embed(batch.cuda()), device="cuda")
    moved = replace(
        subject, device="cuda", extractor=lambda _: on_gpu, recall=Shared().recall, recall_data=Shared().recall
    )
    assert measured(moved, metric).value == pytest.approx(expected.value, rel=1e-6)
