"""The ticket audit: whether masks and weights are what the job says, read from the tensors alone.

A broken invariant is an `AuditError`, which fails the job. A collapsed layer, one with nothing left, is recorded: it
is a property of the ticket and no fault.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from pydantic import JsonValue
from torch import Tensor

from benchmark.errors import AuditError
from benchmark.metrics import METRICS
from benchmark.metrics.sparsity import Count, count, count_layers
from benchmark.metrics.subject import Searched, Subject, Value
from benchmark.networks import with_shifts
from benchmark.schema.protocol import Protocol

if TYPE_CHECKING:
    from benchmark.schema.record import Options

Tensors = Mapping[str, Tensor]


@dataclass(frozen=True)
class AuditReport:
    """What a sound ticket consists of; `mask_sha256` names its mask."""

    layers: Mapping[str, Count]
    overall: Count
    mask_sha256: str
    expected_kept: int | None

    @property
    def collapsed(self) -> list[str]:
        """The layers with nothing left."""
        return [name for name, layer in self.layers.items() if layer.kept == 0]

    def as_document(self) -> dict[str, JsonValue]:
        """Return the report as plain JSON."""
        return self.overall.as_document() | {
            "expected_kept": self.expected_kept,
            "collapsed": list(self.collapsed),
            "mask_sha256": self.mask_sha256,
            "layers": {name: layer.as_document() for name, layer in self.layers.items()},
        }


def measure(subject: Subject, options: Options) -> Value:
    """Return the number of collapsed layers of a sound ticket; AuditError for any other."""
    report = audit(subject)
    return Value(
        float(len(report.collapsed)),
        Protocol(metric="audit", version=METRICS["audit"].version, convention="prunable layers with no weight kept"),
        report.as_document(),
    )


def audit(subject: Subject) -> AuditReport:
    """Check a ticket and return what it consists of.

    AuditError where a mask does not fit its weight, where the start differs from the rewind weights in a single bit
    outside the mask, where a masked weight is not zero at the start or the end (nor the shift of a masked scale), where
    another number of channels is left than the mask of a shrunken job keeps, or where another number of weights is kept
    than the counting rule leaves. Where scores were trained, no parameter beside them may differ from the start in a
    single bit, and of each pool the mask keeps as many as it should, none with a smaller score than one left out.
    """
    if subject.shrunken:
        _check_removed(subject.masks, subject.end)
    else:
        _check_masks(subject.masks, subject.end)
    # of what is removed nothing is left that could be zero, and what was frozen is stored whole
    masks = {} if subject.shrunken or subject.searched else with_shifts(subject.masks)
    if subject.searched is not None:
        _check_searched(subject.searched, subject)
    _check_start(masks, subject.start, subject.rewind)
    _check_zeros(masks, subject.start, "at the start")
    _check_zeros(masks, subject.end, "after training")
    report = AuditReport(
        count_layers(subject.masks), count(subject.masks), mask_digest(subject.masks), subject.expected_kept
    )
    if report.expected_kept not in (None, report.overall.kept):
        raise AuditError(f"the mask keeps {report.overall.kept} weights, the counting rule {report.expected_kept}")
    return report


def mask_digest(masks: Tensors) -> str:
    """Return SHA-256 over name, shape and packed bits of each mask, in the order of names."""
    digest = hashlib.sha256()
    for name, mask in sorted(masks.items()):
        digest.update(f"{name} {tuple(mask.shape)}\n".encode())
        digest.update(np.packbits(mask.cpu().numpy().ravel()).tobytes())
    return digest.hexdigest()


def _check_masks(masks: Tensors, weights: Tensors) -> None:
    for name, mask in masks.items():
        if name not in weights:
            raise AuditError(f"{name}: a mask without a weight")
        if mask.dtype != torch.bool or mask.shape != weights[name].shape:
            raise AuditError(f"{name}: mask {mask.dtype} {tuple(mask.shape)}, weight {tuple(weights[name].shape)}")


def _check_removed(masks: Tensors, weights: Tensors) -> None:
    for name, mask in masks.items():
        left = weights[name].numel() if name in weights else 0
        if mask.dtype != torch.bool or mask.ndim != 1 or left != int(mask.sum()):
            raise AuditError(f"{name}: {left} channels are left, the mask {tuple(mask.shape)} keeps {int(mask.sum())}")


def _check_start(masks: Tensors, start: Tensors, rewind: Tensors) -> None:
    if start.keys() != rewind.keys():
        raise AuditError(f"{min(start.keys() ^ rewind.keys())}: only in one of the start and the rewind weights")
    for name, tensor in start.items():
        kept = masks.get(name, torch.ones_like(tensor, dtype=torch.bool))
        if tensor.shape != rewind[name].shape or not _same_bits(tensor[kept], rewind[name][kept]):
            raise AuditError(f"{name}: the training did not start from the rewind weights")


def _check_searched(searched: Searched, subject: Subject) -> None:
    for name in sorted(searched.frozen):
        if not _same_bits(subject.start[name].flatten(), subject.end[name].flatten()):
            raise AuditError(f"{name}: it was frozen, but its training has changed it")
    for names, kept in searched.pools:
        sizes = torch.cat([searched.scores[name].abs().flatten() for name in names])
        mask = torch.cat([subject.masks[name].flatten() for name in names])
        if int(mask.sum()) != kept:
            raise AuditError(
                f"{names[0]}: the mask found keeps {int(mask.sum())} of its pool, the counting rule {kept}"
            )
        if 0 < kept < len(mask) and bool(sizes[mask].min() < sizes[~mask].max()):
            raise AuditError(
                f"{names[0]}: the mask found keeps a smaller score of its pool than one that it leaves out"
            )


def _same_bits(one: Tensor, other: Tensor) -> bool:
    return one.dtype == other.dtype and torch.equal(one.view(torch.uint8), other.view(torch.uint8))


def _check_zeros(masks: Tensors, weights: Tensors, when: str) -> None:
    for name, mask in masks.items():
        alive = int(weights[name][~mask].count_nonzero())
        if alive:
            raise AuditError(f"{name}: {alive} masked weights are not zero {when}")
