"""The trainings of two directories: which are the same bytes, and which are planned otherwise, by which field."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from benchmark.accounts import FILES
from reports.blocks import Cell, Table
from reports.compare_side import Difference, Side, differences
from reports.wording import count

MOST_NAMED = 3
WORDS = {"mask": "mask", "start": "start weights", "found": "found mask", "weights": "trained weights"}


@dataclass(frozen=True)
class Trainings:
    """What two sides have at the same places of their plans: a job's id on either side, each pair once."""

    before: Side
    now: Side
    pairs: Mapping[tuple[str, str], str]
    """The first place at which each pair of jobs stands."""
    only: tuple[tuple[str, ...], tuple[str, ...]]
    """The places that one side alone has."""

    @property
    def other(self) -> list[tuple[str, str]]:
        """The pairs whose ids differ."""
        return [pair for pair in self.pairs if pair[0] != pair[1]]


def trainings(before: Side, now: Side) -> Trainings:
    """Pair the trainings of two sides by experiment, level and seed."""
    pairs: dict[tuple[str, str], str] = {}
    for place, job in before.jobs.items():
        if place in now.jobs:
            pairs.setdefault((job, now.jobs[place]), place)
    return Trainings(before, now, pairs, (_alone(before, now), _alone(now, before)))


def sentences(found: Trainings) -> tuple[str, ...]:
    """Say how many trainings are planned alike, how many of them are the same bytes, and what one side alone has."""
    alike = [pair[0] for pair in found.pairs if pair[0] == pair[1]]
    lines = []
    if alike:
        lines.append(f"{count(len(alike), 'training')} planned alike (one id): {_bytes(found, alike)}.")
    if found.other:
        named = [found.pairs[pair] for pair in found.other]
        lines.append(f"{count(len(named), 'training')} planned otherwise (other ids): {_named(named)}.")
    for side, places in zip((found.before, found.now), found.only, strict=True):
        if places:
            lines.append(f"{count(len(places), 'training')} in {side.letter} alone: {_named(places)}.")
    return tuple(lines)


def fields(found: Trainings) -> Table | None:
    """Tabulate the fields in which trainings at the same place differ; null where none does.

    That a training begins with another training follows from the fields of that one, and is counted, not listed.
    """
    where: dict[Difference, list[str]] = defaultdict(list)
    for pair in found.other:
        for one in list(_differing(found, *pair)) or [_without_fields(found, *pair)]:
            where[one].append(found.pairs[pair])
    rows = [
        (Cell(text=one.path, head=True), Cell(text=one.before), Cell(text=one.now), _places_cell(named))
        for one, named in where.items()
    ]
    columns = ("field", found.before.letter, found.now.letter, "trainings")
    return Table(caption="Why plans differ, field by field", columns=columns, rows=tuple(rows)) if rows else None


def _alone(side: Side, other: Side) -> tuple[str, ...]:
    """Return the places of jobs that stand at no place that both have."""
    shared = {job for place, job in side.jobs.items() if place in other.jobs}
    return tuple(place for job, place in side.places.items() if job not in shared)


def _bytes(found: Trainings, jobs: Sequence[str]) -> str:
    same: list[str] = []
    parted: dict[str, list[str]] = defaultdict(list)
    unfinished = 0
    for job in jobs:
        sides = [side.evidence.results.run(job).files for side in (found.before, found.now)]
        digests = [{name: held.recorded_digest(file) for name, file in FILES.items()} for held in sides]
        if None in (one["weights"] for one in digests):
            unfinished += 1
            continue
        other = [name for name in FILES if digests[0][name] != digests[1][name]]
        (parted[other[0]] if other else same).append(found.pairs[job, job])
    said = [f"{len(same)} with the same bytes"] if same else []
    for name, named in parted.items():
        said.append(f"{len(named)} with other bytes from the {WORDS[name]} on ({_named(named)})")
    if unfinished:
        said.append(f"{unfinished} without trained weights on one side or both")
    return "; ".join(said)


def _differing(found: Trainings, old: str, new: str) -> Iterator[Difference]:
    """Yield the fields of two jobs that differ; inputs go by their places, so that ids alone make no difference."""
    yield from differences(_plain(found.before, old), _plain(found.now, new))


def _without_fields(found: Trainings, old: str, new: str) -> Difference:
    """Return what stands for two jobs that differ in no field: in what they begin with, or in how ids are made."""
    inputs = [side.planned[job].inputs for side, job in ((found.before, old), (found.now, new))]
    if inputs[0] != inputs[1]:
        return Difference("no field but the trainings it begins with", "as before", "as before")
    return Difference("no field: ids are made otherwise", "as before", "as before")


def _plain(side: Side, job: str) -> JsonValue:
    plain: JsonValue = side.planned[job].model_dump(mode="json")
    return _with_places(plain, side.places)


def _with_places(value: JsonValue, places: Mapping[str, str]) -> JsonValue:
    if isinstance(value, dict):
        return {key: _with_places(item, places) for key, item in value.items()}
    return places.get(value, value) if isinstance(value, str) else value


def _places_cell(named: Sequence[str]) -> Cell:
    return Cell(text=f"{len(named)} ({_named(named)})")


def _named(places: Sequence[str]) -> str:
    return ", ".join(places[:MOST_NAMED]) + (", \N{HORIZONTAL ELLIPSIS}" if len(places) > MOST_NAMED else "")
