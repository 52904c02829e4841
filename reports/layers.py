"""Where a ticket's weights were removed: sparsity per layer, as the ticket audit measured it."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import JsonValue

from benchmark.schema.verdict import ArmSummary
from reports.evidence import Evidence
from reports.page import Cell, Table
from reports.wording import MISSING, number, share


def layers(evidence: Evidence, arms: Iterable[ArmSummary]) -> Table | None:
    """Tabulate the sparsity of every layer of every arm at its first measured seed; null where none was measured."""
    found = dict(column for arm in arms if (column := _of_arm(evidence, arm)) is not None)
    names = tuple(dict.fromkeys(layer for sparsities in found.values() for layer in sparsities))
    if not names:
        return None
    rows = tuple(
        (Cell(text=layer, head=True), *(_cell(sparsities.get(layer)) for sparsities in found.values()))
        for layer in names
    )
    caption = "Sparsity of each layer, recomputed from the mask of the first seed; darker is sparser"
    return Table(caption=caption, columns=("layer", *found), rows=rows)


def audit(evidence: Evidence, arms: Iterable[ArmSummary]) -> Table | None:
    """Tabulate what the ticket audit found of every arm at its first audited seed; null where none was audited."""
    rows = [(Cell(text=arm.name, head=True), *row) for arm in arms if (row := _audited(evidence, arm))]
    columns = ("arm", "seed", "kept", "of", "kept by the counting rule", "collapsed layers", "mask (SHA-256)")
    caption = (
        "The ticket audit: start weights equal the rewind weights, masked weights stayed zero, frozen ones as they "
        "were, counts as stated"
    )
    return Table(caption=caption, columns=columns, rows=tuple(rows)) if rows else None


def _audited(evidence: Evidence, arm: ArmSummary) -> tuple[Cell, ...]:
    for seen in arm.observations:
        found = evidence.audit(seen.job) if seen.job else None
        if seen.job and found is not None:
            noun = "channels" if evidence.of_channels([seen.job]) else "weights"
            collapsed, mask = found.get("collapsed"), found.get("mask_sha256")
            return (
                Cell(text=str(seen.seed)),
                *(_count(found.get(key), noun) for key in ("kept", "prunable", "expected_kept")),
                Cell(text=", ".join(map(str, collapsed)) or "none" if isinstance(collapsed, list) else MISSING),
                Cell(text=str(mask)[:12]),
            )
    return ()


def _count(value: JsonValue, noun: str) -> Cell:
    return Cell(text=f"{number(value)} {noun}") if isinstance(value, int) else Cell(text="none stated", missing=True)


def _of_arm(evidence: Evidence, arm: ArmSummary) -> tuple[str, dict[str, float]] | None:
    """Return an arm's column with its head, or null where no seed has sparsities by layer."""
    for seen in arm.observations:
        made = evidence.of_metric(seen.job, "sparsity") if seen.job else None
        if seen.job and made is not None:
            found = _by_layer(made.details.get("layers"))
            head = f"{arm.name}, of channels" if evidence.of_channels([seen.job]) else arm.name
            return (head, found) if found else None
    return None


def _by_layer(details: JsonValue) -> dict[str, float]:
    if not isinstance(details, dict):
        return {}
    found = ((name, row.get("sparsity") if isinstance(row, dict) else row) for name, row in details.items())
    return {name: float(value) for name, value in found if isinstance(value, int | float)}


def _cell(value: float | None) -> Cell:
    return (
        Cell(text="not in its mask", missing=True) if value is None else Cell(text=share(value), shade=round(value, 3))
    )
