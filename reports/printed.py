"""A claim's printed numbers beside what was measured, and the protocols of both field by field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmark.comparability import differences, reference_differences
from benchmark.schema.measurement import Measurement
from benchmark.schema.protocol import Protocol
from benchmark.schema.reference import Number
from benchmark.schema.verdict import Verdict
from benchmark.statistics import mean
from reports.comparisons import arms_of, sparsity
from reports.evidence import Evidence
from reports.lines import experiments_of
from reports.page import Cell, Table
from reports.ratios import cost, is_relative
from reports.times import timed_protocols
from reports.wording import average, count, effect, number, place, printed, reading, share

NO_COUNTERPART = "no counterpart measured"
NEAR = 0.01
"""So far apart two sparsities may lie that stand beside each other."""
MOST_TOGETHER = 3
"""So many printed numbers are named at the head of their column; the lines above the table name all."""


def references_of(verdict: Verdict) -> tuple[str, ...]:
    """Return the names of the printed numbers that a claim shows or is compared with."""
    compared = (comparison.reference for comparison in verdict.claim.compare if comparison.reference)
    return tuple(dict.fromkeys((*compared, *verdict.claim.references)))


def printed_numbers(evidence: Evidence, verdict: Verdict) -> Table | None:
    """List the printed numbers of a claim with their origin, what was measured in a column of its own."""
    names = references_of(verdict)
    if not names:
        return None
    metric = next((protocol.metric for protocol in protocols(evidence, verdict)), None)
    rows = tuple(_row(evidence, name, verdict, metric) for name in names)
    columns = ("number", "printed", "measured here", "measured alike", "unit", "where")
    return Table(caption="Printed in the paper, and beside it what was measured here", columns=columns, rows=rows)


def readings(evidence: Evidence, verdict: Verdict) -> Table | None:
    """Say of each printed number how and from what it was read, and what asks for care."""
    held = [(name, evidence.reference(name)) for name in references_of(verdict)]
    rows = tuple(
        (
            Cell(text=name, head=True),
            Cell(text=reading(found), missing=found.read is None),
            Cell(text=found.source or "no source", missing=found.source is None),
            Cell(text="not stated" if found.runs is None else str(found.runs), missing=found.runs is None),
            Cell(text="; ".join(found.cautions) or "none"),
        )
        for name, found in held
        if found is not None
    )
    columns = ("number", "how read", "read from", "runs", "cautions")
    return Table(caption="How each printed number was read", columns=columns, rows=rows) if rows else None


def protocols(evidence: Evidence, verdict: Verdict) -> tuple[Protocol, ...]:
    """Return the distinct protocols of the measurements a verdict rests on."""
    if verdict.claim.timing is not None:
        return timed_protocols(evidence, verdict.claim.timing, verdict.claim.metric)
    return tuple(dict.fromkeys(made.protocol for made in _measurements(evidence, verdict)))


def protocol_table(evidence: Evidence, verdict: Verdict) -> Table | None:
    """Set the measuring protocol beside those of the printed numbers; what keeps them apart is marked.

    Printed numbers of one protocol share a column.
    """
    measured = protocols(evidence, verdict)
    if not measured:
        return None
    named: dict[Protocol, list[str]] = {}
    for name, found in _of_same_metric(evidence, verdict, measured):
        named.setdefault(found.protocol, []).append(name)
    blocking = [_blocking(measured, protocol, verdict) for protocol in named]
    apart = frozenset(differences(measured))
    rows = []
    for field in Protocol.model_fields:
        ours = [getattr(one, field) for one in measured]
        theirs = [getattr(protocol, field) for protocol in named]
        if any(value is not None for value in (*ours, *theirs)):
            cells = (_theirs(value, field in fields) for value, fields in zip(theirs, blocking, strict=True))
            rows.append((Cell(text=field.replace("_", " "), head=True), _ours(ours, field in apart), *cells))
    caption = f"How {verdict.claim.metric} was measured; fields that stand against a comparison are marked"
    return Table(caption=caption, columns=("field", "measured here", *map(_together, named.values())), rows=tuple(rows))


def _together(names: Sequence[str]) -> str:
    further = f" and {len(names) - MOST_TOGETHER} more" if len(names) > MOST_TOGETHER else ""
    return f"{', '.join(names[:MOST_TOGETHER])}{further}"


def protocol_remarks(evidence: Evidence, verdict: Verdict) -> tuple[str, ...]:
    """Name the fields that keep each printed number from being compared, what is assumed, and what asks for care."""
    measured = protocols(evidence, verdict)
    apart: dict[tuple[str, ...], list[str]] = {}
    for name, found in _of_same_metric(evidence, verdict, measured):
        apart.setdefault(_blocking(measured, found.protocol, verdict), []).append(name)
    lines = [
        f"Not comparable with {', '.join(names)}: {', '.join(fields)} differ or were never stated."
        for fields, names in apart.items()
        if fields
    ]
    lines += [f"Assumed for {field}: {why}" for field, why in sorted(verdict.claim.assume.items())]
    if any(made.details.get("rank_deficient") is True for made in _measurements(evidence, verdict)):
        lines.append("Fewer images than feature dimensions: read the values against each other, not by themselves.")
    return tuple(lines)


def _of_same_metric(evidence: Evidence, verdict: Verdict, measured: Sequence[Protocol]) -> list[tuple[str, Number]]:
    """Return the printed numbers of the metric that was measured; a printed sparsity has no protocol of a FID."""
    metrics = {one.metric for one in measured}
    unknown = {None} if verdict.claim.kind != "found_by" else set()  # of an event's, most are settings
    held = ((name, evidence.reference(name)) for name in references_of(verdict))
    return [
        (name, found)
        for name, found in held
        if measured and found is not None and found.protocol.metric in metrics | unknown
    ]


def _measurements(evidence: Evidence, verdict: Verdict) -> Iterator[Measurement]:
    jobs = (seen.job for arm in arms_of(verdict) for seen in arm.observations if seen.job)
    yield from (made for job in jobs if (made := evidence.measurement(job, verdict.claim.metric)) is not None)


def _blocking(measured: Sequence[Protocol], theirs: Protocol, verdict: Verdict) -> tuple[str, ...]:
    fields = {field for one in measured for field in reference_differences(one, theirs, verdict.claim.assume)}
    return tuple(field for field in Protocol.model_fields if field in fields)


def _ours(values: Sequence[object], apart: bool) -> Cell:
    texts = dict.fromkeys("does not apply" if value is None else str(value) for value in values)
    return Cell(text="; ".join(texts), missing=all(value is None for value in values), notable=apart)


def _theirs(value: object, blocks: bool) -> Cell:
    text = "not stated" if value is None else str(value)
    return Cell(
        text=f"{text} (differs)" if blocks and value is not None else text, missing=value is None, notable=blocks
    )


def _row(evidence: Evidence, name: str, verdict: Verdict, metric: str | None) -> tuple[Cell, ...]:
    found = evidence.reference(name)
    if found is None:
        gap = Cell(text="not in the reference files of this campaign", missing=True)
        return (Cell(text=name, head=True), gap, *(Cell(text="", missing=True) for _ in range(4)))
    counterpart = _measured(evidence, name, found, verdict, metric)
    return (
        Cell(text=name, head=True),
        Cell(text=printed(found), missing=found.value is None),
        counterpart,
        Cell(text="", missing=True) if counterpart.missing else _alike(evidence, found, verdict),
        Cell(text=found.unit),
        Cell(text=place(found.place)),
    )


def _alike(evidence: Evidence, found: Number, verdict: Verdict) -> Cell:
    """Tell whether a printed number may be compared with what was measured, by how many fields it may not."""
    measured = protocols(evidence, verdict)
    if found.protocol.metric not in {one.metric for one in measured}:
        return Cell(text="not by this metric", missing=True)
    fields = _blocking(measured, found.protocol, verdict)
    return Cell(text=f"no: {count(len(fields), 'field')}" if fields else "yes", notable=bool(fields))


def _measured(evidence: Evidence, name: str, found: Number, verdict: Verdict, metric: str | None) -> Cell:
    """Give the counterpart of a printed number: a sparsity for a sparsity, a mean for the same metric."""
    if found.protocol.metric == "sparsity" or (found.protocol.metric is None and found.unit == "fraction"):
        return _sparsity(evidence, verdict)
    if is_relative(found, cost(metric)):
        return _ratios(verdict)
    if "sparsity" in found.at and found.protocol.metric == metric:
        return _levels_at(evidence, found.at["sparsity"], verdict)
    compared = any(comparison.reference == name for comparison in verdict.claim.compare)
    of_event = verdict.claim.kind == "found_by" and found.unit in ("epoch", "step")
    if compared or of_event or (found.protocol.metric is not None and found.protocol.metric == metric):
        arms = [arm for arm in arms_of(verdict) if arm.observations and arm.mean is not None]
        if arms:
            return Cell(text="; ".join(f"{arm.name}: {average(arm)}" for arm in arms))
    return Cell(text=NO_COUNTERPART, missing=True)


def _levels_at(evidence: Evidence, place: float, verdict: Verdict) -> Cell:
    """Give the means of the claim's levels at a printed sparsity, as near as `NEAR`."""
    found = []
    for experiment in experiments_of(verdict.claim):
        for level, seeds in sorted(evidence.arms.get(experiment, {}).items()):
            reached = [one for job in seeds.values() if (one := evidence.sparsity(job)) is not None]
            values = (evidence.measurement(job, verdict.claim.metric) for job in seeds.values())
            made = [one.value for one in values if one is not None]
            if reached and made and abs(mean(reached) - place) <= NEAR:
                found.append(f"{experiment}@{level}: {number(mean(made))}")
    return Cell(text="; ".join(found) or f"no level at sparsity {share(place)}", missing=not found)


def _ratios(verdict: Verdict) -> Cell:
    """Give the ratios that were judged, each with its sides: a paper may print one the other way round, or its rest."""
    judged = ((part, part.effect) for part in verdict.parts if part.effect is not None)
    found = [f"{part.arm.name} to {part.baseline.name}: {effect(one)}" for part, one in judged if one.scale == "ratio"]
    return Cell(text="; ".join(found) or NO_COUNTERPART, missing=not found)


def _sparsity(evidence: Evidence, verdict: Verdict) -> Cell:
    if verdict.claim.kind == "sparsest":
        none = verdict.sparsest is None
        return Cell(text="no level matched" if none else share(verdict.sparsest or 0.0), missing=none)
    arms = {part.arm.name: sparsity(evidence, part.arm) for part in verdict.parts}
    text = "; ".join(f"{name}: {text}" for name, text in arms.items() if text is not None)
    return Cell(text=text or NO_COUNTERPART, missing=not text)
