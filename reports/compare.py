"""Directories that hold one suite at one scale, held against each other: each with the one before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from benchmark.schema.verdict import Verdict
from reports.blocks import Cell, Fact, Link, Table
from reports.compare_arms import arms_table, deltas, remarks
from reports.compare_claims import because, passages
from reports.compare_jobs import fields, sentences, trainings
from reports.compare_side import ABSENT, Side
from reports.comparison_page import ChangedClaim, Comparison, SideFacts
from reports.comparisons import decisive
from reports.wording import count, effect

DIGITS = 10
"""Of a commit."""
SOFTWARE = ("commit", "dirty", "python")
"""What tells of software besides the versions of packages."""


def comparisons(sides: Sequence[Side]) -> tuple[Comparison, ...]:
    """Compare each side with the next later one of its suite and scale, in the order given."""
    together: dict[tuple[str, str], list[Side]] = {}
    for side in sides:
        together.setdefault((side.evidence.suite.key, side.evidence.suite.scale), []).append(side)
    return tuple(_compared(*pair) for held in together.values() for pair in pairwise(held))


def _compared(before: Side, now: Side) -> Comparison:
    claims = dict.fromkeys((*before.verdicts, *now.verdicts))
    both = [name for name in claims if name in before.verdicts and name in now.verdicts]
    changed = [name for name in claims if _has_changed(before, now, name)]
    found, paired = deltas(before, now, both), trainings(before, now)
    anchor = f"compare-{before.anchor}-{now.anchor}"
    letters = (before.letter, now.letter)
    return Comparison(
        anchor=anchor,
        title=f"{before.letter} to {now.letter}: {now.evidence.suite.title}",
        heading=_heading(before, now, changed, both),
        sides=(_facts(before), _facts(now)),
        warnings=tuple(_warnings(before, now)),
        changed=tuple(
            ChangedClaim(
                anchor=f"{anchor}-{name}",
                name=name,
                says=(now.verdicts.get(name) or before.verdicts[name]).claim.says,
                passages=passages(before, now, name),
                because=because(before, now, name),
                arms=arms_table(
                    f"What the arms of {name} did", letters, (one for one in found.values() if name in one[1])
                ),
            )
            for name in changed
        ),
        claims=_claims(before, now, list(claims)),
        arms=arms_table("Every arm that a claim is about", letters, found.values()),
        arms_remarks=remarks(before, now, [delta for delta, _ in found.values()]),
        jobs=sentences(paired),
        fields=fields(paired),
        environment=_environment(before, now),
    )


def _has_changed(before: Side, now: Side, claim: str) -> bool:
    statuses = [side.verdicts[claim].status if claim in side.verdicts else None for side in (before, now)]
    return statuses[0] != statuses[1]


def _heading(before: Side, now: Side, changed: Sequence[str], both: Sequence[str]) -> str:
    of_both = sum(name in both for name in changed)
    said = [f"{count(of_both, 'verdict') if of_both else 'No verdict'} changed", f"{len(both) - of_both} as before"]
    for side in (before, now):
        alone = sum(name not in both for name in side.verdicts)
        if alone:
            said.append(f"{count(alone, 'claim')} in {side.letter} alone")
    return ", ".join(said)


def _facts(side: Side) -> SideFacts:
    suite, campaign = side.evidence.suite, side.evidence.campaign
    last = suite.first_seed + suite.seeds - 1
    facts = {
        "seeds": f"{suite.first_seed} to {last}" if suite.seeds > 1 else str(last),
        "commit": ", ".join(side.environment.get("commit", ())),
        "torch": ", ".join(side.environment.get("version_torch", ())),
        "changed settings": ", ".join(campaign.overrides),
    }
    chapter = Link(text=f"{side.letter}: {suite.title}", href=f"#{side.anchor}")
    return SideFacts(chapter=chapter, facts=tuple(Fact(term=term, text=text) for term, text in facts.items() if text))


def _warnings(before: Side, now: Side) -> Iterator[str]:
    """Say what could be the cause of any difference: mixed versions, other code, another suite."""
    parted = [
        f"{key.removeprefix('version_').replace('_', ' ')} {_short(before, key)} ({before.letter}), "
        f"{_short(now, key)} ({now.letter})"
        for key in _differing(before, now)
        if key in SOFTWARE or key.startswith("version_")
    ]
    if parted:
        yield f"Mixed versions: {'; '.join(parted)}. What differs below may come from the software."
    for side in (before, now):
        mixed = [key for key, values in side.environment.items() if len(values) > 1]
        if mixed:
            names = ", ".join(sorted(key.removeprefix("version_").replace("_", " ") for key in mixed))
            yield f"The trainings of {side.letter} did not all run alike: {names}."
    if before.evidence.campaign.text != now.evidence.campaign.text:
        yield "The text of the suite is not the same on both sides."


def _claims(before: Side, now: Side, names: Sequence[str]) -> Table | None:
    rows = tuple((Cell(text=name, head=True), *_cells(before, name), *_cells(now, name)) for name in names)
    columns = ("claim", *(text for side in (before, now) for text in (side.letter, f"effect in {side.letter}")))
    return Table(caption="Every claim, before and after", columns=columns, rows=rows) if rows else None


def _cells(side: Side, name: str) -> Iterator[Cell]:
    verdict = side.verdicts.get(name)
    if verdict is None:
        yield from (Cell(text="not claimed", missing=True), Cell(text="none", missing=True))
        return
    shown = _effect(verdict)
    yield Cell(text=verdict.label, status=verdict.status, href=side.anchor_of(name))
    yield Cell(text=shown or "no effect computed", missing=not shown)


def _effect(verdict: Verdict) -> str:
    shown = decisive(verdict)
    return effect(shown.effect) if shown is not None and shown.effect is not None else ""


def _environment(before: Side, now: Side) -> Table | None:
    rows = tuple(
        (Cell(text=key.replace("_", " "), head=True), *(Cell(text=_values(side, key)) for side in (before, now)))
        for key in _differing(before, now)
    )
    columns = ("what", before.letter, now.letter)
    return Table(caption="Where machine and software differ", columns=columns, rows=rows) if rows else None


def _differing(before: Side, now: Side) -> list[str]:
    ours, theirs = before.environment, now.environment
    if not ours or not theirs:
        return []
    return sorted(key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key))


def _values(side: Side, key: str) -> str:
    return "; ".join(side.environment.get(key, (ABSENT,)))


def _short(side: Side, key: str) -> str:
    """Return the values of a fact for a sentence: a commit by its first digits."""
    values = side.environment.get(key, (ABSENT,))
    return " and ".join(value[:DIGITS] if key == "commit" else value for value in values)
