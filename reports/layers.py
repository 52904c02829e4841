"""Where a ticket's weights were removed: sparsity per layer, as the ticket audit measured it."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import JsonValue

from benchmark.schema.verdict import ArmSummary
from reports.evidence import Evidence
from reports.page import Cell, Table
from reports.wording import MISSING, share


def layers(evidence: Evidence, arms: Iterable[ArmSummary]) -> Table | None:
    """Tabulate the sparsity of every layer of every arm at its first measured seed; null where none was measured."""
    found = {arm.name: sparsities for arm in arms if (sparsities := _of_arm(evidence, arm))}
    names = tuple(dict.fromkeys(layer for sparsities in found.values() for layer in sparsities))
    if not names:
        return None
    rows = tuple(
        (Cell(text=layer, head=True), *(_cell(sparsities.get(layer)) for sparsities in found.values()))
        for layer in names
    )
    caption = "Sparsity of each layer, recomputed from the mask of the first seed; darker is sparser"
    return Table(caption=caption, columns=("layer", *found), rows=rows)


def _of_arm(evidence: Evidence, arm: ArmSummary) -> dict[str, float]:
    for seen in arm.observations:
        made = evidence.of_metric(seen.job, "sparsity") if seen.job else None
        if made is not None:
            return _by_layer(made.details.get("layers"))
    return {}


def _by_layer(details: JsonValue) -> dict[str, float]:
    if not isinstance(details, dict):
        return {}
    found = ((name, row.get("sparsity") if isinstance(row, dict) else row) for name, row in details.items())
    return {name: float(value) for name, value in found if isinstance(value, int | float)}


def _cell(value: float | None) -> Cell:
    return Cell(text=MISSING, missing=True) if value is None else Cell(text=share(value), shade=round(value, 3))
