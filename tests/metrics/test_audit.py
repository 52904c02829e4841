"""The audit lets sound tickets pass and stops every kind of unsound one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from benchmark.errors import AuditError
from benchmark.metrics.audit import audit, mask_digest, measure
from benchmark.metrics.subject import Subject
from benchmark.schema.record import Options

NAME = "generator/conv0.weight"
Ticket = Callable[..., Subject]


def changed(tensors: dict[str, Tensor], name: str, where: Tensor, value: float) -> dict[str, Tensor]:
    tensor = tensors[name].clone()
    tensor[where.nonzero()[0].unbind()] = value
    return {**tensors, name: tensor}


def test_a_sound_ticket_passes_with_its_counts(ticket: Ticket) -> None:
    subject = ticket()
    kept = sum(int(mask.sum()) for mask in subject.masks.values())
    report = audit(ticket(expected_kept=kept))
    assert report.overall.kept == kept
    assert report.collapsed == []
    assert sum(layer.prunable for layer in report.layers.values()) == report.overall.prunable
    assert report.as_document()["expected_kept"] == kept
    assert measure(subject, Options()).value == 0.0


def test_a_dense_network_is_a_sound_ticket(ticket: Ticket) -> None:
    assert audit(ticket(keep=2.0)).overall.sparsity == 0.0


def test_a_collapsed_layer_is_recorded_and_no_error(ticket: Ticket) -> None:
    subject = ticket()
    masks = {**subject.masks, NAME: torch.zeros_like(subject.masks[NAME])}
    zero = {NAME: torch.zeros_like(subject.start[NAME])}
    value = measure(ticket(masks=masks, start={**subject.start, **zero}, end={**subject.end, **zero}), Options())
    assert value.value == 1.0
    assert value.details["collapsed"] == [NAME]


def test_a_survivor_that_differs_in_one_bit_is_found(ticket: Ticket) -> None:
    subject = ticket()
    start = {name: tensor.clone() for name, tensor in subject.start.items()}
    place = subject.masks[NAME].nonzero()[0].unbind()
    start[NAME][place] = torch.nextafter(start[NAME][place], torch.tensor(1.0))
    with pytest.raises(AuditError, match=f"{NAME}: the training did not start from the rewind weights"):
        audit(ticket(start=start))


def test_a_sign_of_zero_is_a_bit_too(ticket: Ticket) -> None:
    subject = ticket()
    bias = "generator/norm0.bias"
    with pytest.raises(AuditError, match=bias):
        audit(ticket(start={**subject.start, bias: -torch.zeros_like(subject.rewind[bias])}))


@pytest.mark.parametrize("name", ["generator/conv0.bias", "generator/norm0.running_mean"])
def test_what_is_never_pruned_is_rewound_too(ticket: Ticket, name: str) -> None:
    subject = ticket()
    with pytest.raises(AuditError, match=name):
        audit(ticket(start={**subject.start, name: subject.start[name] + 1}))


@pytest.mark.parametrize("value", [1e-45, float("nan")])
@pytest.mark.parametrize(("field", "when"), [("start", "at the start"), ("end", "after training")])
def test_a_masked_weight_that_is_not_zero_is_found(ticket: Ticket, field: str, when: str, value: float) -> None:
    subject = ticket()
    tensors = changed(getattr(subject, field), NAME, ~subject.masks[NAME], value)
    with pytest.raises(AuditError, match=f"{NAME}: 1 masked weights are not zero {when}"):
        audit(ticket(**{field: tensors}))


def test_negative_zero_is_zero(ticket: Ticket) -> None:
    subject = ticket()
    end = changed(dict(subject.end), NAME, ~subject.masks[NAME], -0.0)
    assert audit(ticket(end=end)).collapsed == []


def test_another_count_than_the_rule_leaves_is_found(ticket: Ticket) -> None:
    kept = sum(int(mask.sum()) for mask in ticket().masks.values())
    with pytest.raises(AuditError, match=f"keeps {kept} weights, the counting rule {kept + 1}"):
        audit(ticket(expected_kept=kept + 1))


@pytest.mark.parametrize(
    ("masks", "complaint"),
    [
        ({"generator/gone.weight": torch.ones(2, dtype=torch.bool)}, "without a weight"),
        ({NAME: torch.ones(2, dtype=torch.bool)}, r"mask torch.bool \(2,\)"),
        ({"generator/norm0.bias": torch.ones(8)}, "torch.float32"),
    ],
)
def test_a_mask_that_does_not_fit_is_found(ticket: Ticket, masks: dict[str, Tensor], complaint: str) -> None:
    with pytest.raises(AuditError, match=complaint):
        audit(ticket(masks=masks))


def test_weights_missing_at_the_start_are_found(ticket: Ticket) -> None:
    subject = ticket()
    with pytest.raises(AuditError, match=f"{NAME}: only in one of the start and the rewind weights"):
        audit(ticket(start={name: tensor for name, tensor in subject.start.items() if name != NAME}))


def test_the_digest_names_the_mask() -> None:
    one = {"a/x": torch.tensor([True, False]), "b/y": torch.tensor([[True]])}
    assert mask_digest(one) == mask_digest(dict(reversed(one.items())))
    others = [
        {**one, "a/x": torch.tensor([False, True])},
        {**one, "a/x": torch.tensor([[True, False]])},
        {"a/z": one["a/x"], "b/y": one["b/y"]},
    ]
    assert len({mask_digest(masks) for masks in [one, *others]}) == 4
    assert mask_digest(one) == hashlib.sha256(b"a/x (2,)\n\x80b/y (1, 1)\n\x80").hexdigest()


@pytest.mark.parametrize("shrunken", [False, True])
def test_a_sound_channel_ticket_passes_with_its_channels_counted(channel_ticket: Ticket, shrunken: bool) -> None:
    masks = channel_ticket().masks
    kept = sum(int(mask.sum()) for mask in masks.values())
    report = audit(channel_ticket(shrunken, expected_kept=kept))
    assert (report.overall.kept, report.overall.prunable) == (kept, sum(len(mask) for mask in masks.values()))
    assert report.mask_sha256 == mask_digest(masks)


@pytest.mark.parametrize("tensor", ["weight", "bias"])
@pytest.mark.parametrize("when", ["start", "end"])
def test_the_scale_and_the_shift_of_a_masked_channel_are_zero(channel_ticket: Ticket, tensor: str, when: str) -> None:
    subject, name = channel_ticket(), f"generator/norm0.{tensor}"
    lost = ~subject.masks["generator/norm0.weight"]
    values = {when: changed(dict(getattr(subject, when)), name, lost, 1e-30)}
    with pytest.raises(AuditError, match=f"{name}: 1 masked weights are not zero"):
        audit(channel_ticket(**values))


def test_a_shrunken_ticket_has_as_many_channels_as_its_mask_keeps(channel_ticket: Ticket) -> None:
    name = "generator/norm0.weight"
    masks = dict(channel_ticket().masks)
    masks[name] = torch.ones_like(masks[name])
    left = int(channel_ticket().masks[name].sum())
    with pytest.raises(
        AuditError, match=rf"{name}: {left} channels are left, the mask \(\d+,\) keeps {len(masks[name])}"
    ):
        audit(channel_ticket(shrunken=True, masks=masks))


def test_a_shrunken_ticket_starts_from_the_kept_part_of_the_rewind_weights(channel_ticket: Ticket) -> None:
    subject, name = channel_ticket(shrunken=True), "generator/conv1.weight"
    start = changed(dict(subject.start), name, torch.ones_like(subject.start[name], dtype=torch.bool), 0.5)
    with pytest.raises(AuditError, match=f"{name}: the training did not start from the rewind weights"):
        audit(channel_ticket(shrunken=True, start=start))
