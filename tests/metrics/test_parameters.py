"""Parameters are counted as the networks have them, whatever a mask says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from benchmark.metrics.options import ComponentOptions
from benchmark.metrics.parameters import measure, measure_kept, measure_weights
from benchmark.metrics.subject import Subject


def test_all_parameters_count_by_component(ticket: Callable[..., Subject]) -> None:
    subject = ticket()
    found = measure(subject, ComponentOptions())
    components: dict[str, Any] = found.details["components"]  # type: ignore[assignment]
    for name, network in subject.networks_of("raw").components.items():
        assert components[name]["parameters"] == sum(parameter.numel() for parameter in network.parameters())
    assert found.value == sum(row["parameters"] for row in components.values())
    assert sum(row["kept"] for row in components.values()) == sum(int(m.sum()) for m in subject.masks.values())
    assert sum(row["prunable"] for row in components.values()) < found.value


def test_a_mask_changes_no_number_of_parameters(ticket: Callable[..., Subject]) -> None:
    assert len({measure(ticket(keep=keep), ComponentOptions()).value for keep in (-1.0, 0.3, 2.0)}) == 1


def test_a_hand_count_of_the_discriminator(ticket: Callable[..., Subject]) -> None:
    components: dict[str, Any] = measure(ticket(), ComponentOptions()).details["components"]  # type: ignore[assignment]
    # two convolutions of 4x4 with biases and norms, 1 -> 4 -> 8 channels, and one of 4x4 to a logit
    by_hand = (1 * 4 * 16 + 4 + 8) + (4 * 8 * 16 + 8 + 16) + (8 * 1 * 16 + 1)
    assert components["discriminator"]["parameters"] == by_hand


@pytest.mark.parametrize("keep", [-1.0, 0.3, 2.0])
def test_kept_parameters_are_all_but_the_masked_weights(ticket: Callable[..., Subject], keep: float) -> None:
    subject = ticket(keep=keep)
    masked = sum(int((~mask).sum()) for mask in subject.masks.values())
    assert measure_kept(subject, ComponentOptions()).value == measure(subject, ComponentOptions()).value - masked


@pytest.mark.parametrize("keep", [-1.0, 0.3, 2.0])
def test_of_one_component_its_own_are_counted(ticket: Callable[..., Subject], keep: float) -> None:
    subject = ticket(keep=keep)
    for name, network in subject.networks_of("raw").components.items():
        own, masks = ComponentOptions(component=name), [m for n, m in subject.masks.items() if n.startswith(f"{name}/")]
        kept, covered = sum(int(mask.sum()) for mask in masks), sum(mask.numel() for mask in masks)
        parameters = sum(parameter.numel() for parameter in network.parameters())
        found = [count(subject, own) for count in (measure, measure_kept, measure_weights)]
        assert [one.value for one in found] == [parameters, parameters - covered + kept, kept]
        assert all(name in str(one.protocol.convention) for one in found)


def test_weights_are_those_that_the_masks_keep(ticket: Callable[..., Subject]) -> None:
    subject = ticket(keep=0.3)
    found = measure_weights(subject, ComponentOptions())
    assert found.value == sum(int(mask.sum()) for mask in subject.masks.values())
    assert "networks" in str(found.protocol.convention)
