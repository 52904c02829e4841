"""Sparsity is counted from the mask, per layer, per component and against the whole network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from benchmark.metrics.sparsity import measure
from benchmark.metrics.subject import Subject
from benchmark.schema.record import Options


def test_sparsity_is_removed_over_prunable(ticket: Callable[..., Subject]) -> None:
    subject = ticket(keep=0.3)
    value = measure(subject, Options())
    flat = torch.cat([mask.flatten() for mask in subject.masks.values()])
    assert value.value == pytest.approx(1 - flat.double().mean().item())
    assert value.details["prunable"] == flat.numel()
    assert value.protocol.metric == "sparsity"


def test_details_add_up_and_tell_the_whole_network(ticket: Callable[..., Subject]) -> None:
    subject = ticket()
    details: dict[str, Any] = measure(subject, Options()).details
    for part in ("components", "layers"):
        assert sum(row["kept"] for row in details[part].values()) == details["kept"]
        assert sum(row["prunable"] for row in details[part].values()) == details["prunable"]
    assert set(details["components"]) == {"generator", "discriminator"}
    assert details["parameters"] == sum(p.numel() for _, p in subject.networks_of("raw").named_parameters())
    assert details["whole_network"] < details["sparsity"]
    assert details["whole_network"] * details["parameters"] == pytest.approx(details["prunable"] - details["kept"])


@pytest.mark.parametrize(("keep", "wanted"), [(2.0, 0.0), (-1.0, 1.0)])
def test_the_ends_are_zero_and_one(ticket: Callable[..., Subject], keep: float, wanted: float) -> None:
    assert measure(ticket(keep=keep), Options()).value == wanted


def test_nothing_prunable_is_nothing_removed(ticket: Callable[..., Subject]) -> None:
    assert measure(ticket(masks={}), Options()).value == 0.0


def test_of_channels_it_is_channels_removed_over_prunable_channels(channel_ticket: Callable[..., Subject]) -> None:
    masked, thin = (measure(channel_ticket(shrunken), Options()) for shrunken in (False, True))
    masks = channel_ticket().masks.values()
    assert masked.value == thin.value == pytest.approx(1 - sum(int(m.sum()) for m in masks) / sum(map(len, masks)))
    assert masked.protocol == thin.protocol
    assert str(masked.protocol.convention).startswith("channels")
    assert masked.details["whole_network"] is None
    assert int(str(thin.details["parameters"])) < int(str(masked.details["parameters"]))
