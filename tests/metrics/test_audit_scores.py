"""The audit of a training of scores: a weight that moved, a pool that keeps too many, a smaller score that is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from benchmark.errors import AuditError
from benchmark.metrics.audit import audit, mask_digest
from benchmark.metrics.options import ComponentOptions
from benchmark.metrics.parameters import measure_kept
from benchmark.metrics.sparsity import measure as measure_sparsity
from benchmark.metrics.subject import Searched, Subject
from benchmark.pruning.edge_popup import first_scores, found_masks, left_out, pools
from benchmark.schema.record import Options
from benchmark.schema.search import Search

Ticket = Callable[..., Subject]
NAME = "generator/conv1.weight"
RULE = Search(kept=0.3, components=("generator",), biases=True)


@pytest.fixture
def found(ticket: Ticket) -> Ticket:
    """`found(**fields)`: a sound ticket of a generator's scores, its discriminator doubled, with fields replaced."""

    def make(**changes: object) -> Subject:
        networks = ticket().networks_of("raw")
        scores = first_scores(networks, RULE, seed=0)
        rewind = dict(ticket().rewind)
        frozen = frozenset(name for name, _ in networks.named_parameters() if name.startswith("generator/"))
        sizes = {name: score.numel() for name, score in scores.items()}
        kept = [(names, sizes[names[0]] - left_out(sizes[names[0]], RULE.kept)) for names in pools(sizes, RULE)]
        fields: dict[str, object] = {
            "masks": found_masks(networks, scores, RULE),
            "start": rewind,
            "end": {name: tensor if name in frozen else 2 * tensor for name, tensor in rewind.items()},
            "searched": Searched(frozen, scores, kept),
        }
        return ticket(**(fields | changes))

    return make


def with_change(tensors: dict[str, Tensor], name: str, value: float) -> dict[str, Tensor]:
    changed = tensors[name].clone()
    changed.flatten()[0] = value
    return {**tensors, name: changed}


def test_a_sound_ticket_passes_and_its_biases_count_apart(found: Ticket) -> None:
    subject = found()
    report = audit(subject)
    assert report.mask_sha256 == mask_digest(subject.masks)
    assert all(name.endswith(".weight") for name in report.layers)
    details = measure_sparsity(subject, Options()).details
    biases = {name: mask for name, mask in subject.masks.items() if name.endswith(".bias")}
    kept, total = sum(int(mask.sum()) for mask in biases.values()), sum(mask.numel() for mask in biases.values())
    assert details["biases"] == {"prunable": total, "kept": kept, "sparsity": (total - kept) / total}
    assert report.overall.prunable == sum(mask.numel() for mask in subject.masks.values()) - total
    parameters = sum(parameter.numel() for _, parameter in subject.networks_of("raw").named_parameters())
    removed = report.overall.prunable - report.overall.kept + total - kept
    assert measure_kept(subject, ComponentOptions()).value == parameters - removed


@pytest.mark.parametrize("name", [NAME, "generator/conv0.bias", "generator/norm0.weight", "generator/norm0.bias"])
def test_a_frozen_parameter_that_moved_by_a_bit_is_found(found: Ticket, name: str) -> None:
    subject = found()
    value = float(subject.end[name].flatten()[0])
    moved = with_change(dict(subject.end), name, -0.0 if value == 0 else value * (1 + 2**-23))
    with pytest.raises(AuditError, match=f"{name}: it was frozen, but its training has changed it"):
        audit(found(end=moved))


def test_running_statistics_and_other_components_may_move(found: Ticket) -> None:
    end = with_change(dict(found().end), "generator/norm0.running_mean", 3.0)
    assert audit(found(end=with_change(end, "discriminator/conv0.weight", 3.0))).collapsed == []


def test_a_pool_that_keeps_another_number_is_found(found: Ticket) -> None:
    masks = dict(found().masks)
    masks[NAME] = torch.ones_like(masks[NAME])
    with pytest.raises(
        AuditError, match=f"{NAME}: the mask found keeps {masks[NAME].numel()} of its pool, the counting"
    ):
        audit(found(masks=masks))


def test_a_mask_that_is_not_of_the_largest_scores_is_found(found: Ticket) -> None:
    masks = dict(found().masks)
    masks[NAME] = masks[NAME].flatten().roll(1).reshape(masks[NAME].shape)
    with pytest.raises(AuditError, match=f"{NAME}: the mask found keeps a smaller score"):
        audit(found(masks=masks))


def test_a_start_that_is_not_the_whole_rewind_weights_is_found(found: Ticket) -> None:
    subject = found()
    start = {name: tensor * subject.masks.get(name, 1) for name, tensor in subject.start.items()}
    with pytest.raises(AuditError):
        audit(found(start=start))
