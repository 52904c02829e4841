"""Scales that are zero are counted norm by norm."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from benchmark.metrics.options import ComponentOptions
from benchmark.metrics.subject import NotMeasured, Subject
from benchmark.metrics.zero_scales import measure
from benchmark.networks import channel_scales


def test_the_share_is_of_all_norms_or_of_one_component(ticket: Callable[..., Subject]) -> None:
    subject = ticket()
    scales = channel_scales(subject.networks_of("raw"))
    assert measure(subject, ComponentOptions()).value == 0
    own = {name: scale for name, scale in scales.items() if name.startswith("generator/")}
    first = next(iter(own))
    with torch.no_grad():
        own[first][:2] = 0.0
    total, part = (sum(scale.numel() for scale in some.values()) for some in (scales, own))
    assert measure(subject, ComponentOptions()).value == 2 / total
    found = measure(subject, ComponentOptions(component="generator"))
    assert found.value == 2 / part
    assert found.details["norms"] == {
        name: {"scales": scale.numel(), "zero": 2 * (name == first)} for name, scale in own.items()
    }
    assert measure(subject, ComponentOptions(component="discriminator")).value == 0


def test_networks_without_scales_are_not_measured(ticket: Callable[..., Subject]) -> None:
    with pytest.raises(NotMeasured, match="no norm of encoder scales its channels"):
        measure(ticket(), ComponentOptions(component="encoder"))
