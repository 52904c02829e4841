"""Whether two numbers were measured alike: protocol records compared field by field before anything is judged."""

from __future__ import annotations

from collections.abc import Container, Iterable

from benchmark.schema.protocol import Protocol


def differences(protocols: Iterable[Protocol]) -> tuple[str, ...]:
    """Return the names of the fields in which measurements differ; every field blocks."""
    found = list(protocols)
    return tuple(name for name in Protocol.model_fields if len({getattr(one, name) for one in found}) > 1)


def reference_differences(measured: Protocol, reference: Protocol, assumed: Container[str] = ()) -> tuple[str, ...]:
    """Return the fields that keep a measurement from being compared with a printed number.

    A field the paper left unsaid counts as differing, unless it is among those `assumed` with a justification;
    a field that both state differently can't be assumed away. Informative fields never block.
    """
    return tuple(
        name
        for name in Protocol.model_fields
        if name not in Protocol.informative and _blocks(name, measured, reference, assumed)
    )


def used_assumptions(measured: Protocol, reference: Protocol, assumed: Iterable[str]) -> tuple[str, ...]:
    """Return those assumed fields on which the comparison really rests."""
    names = set(assumed)
    needed = reference_differences(measured, reference)
    return tuple(name for name in needed if name in names and getattr(reference, name) is None)


def _blocks(name: str, measured: Protocol, reference: Protocol, assumed: Container[str]) -> bool:
    ours, theirs = getattr(measured, name), getattr(reference, name)
    if theirs is None:
        return ours is not None and name not in assumed
    return bool(ours != theirs)
