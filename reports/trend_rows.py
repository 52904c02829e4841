"""A suite's nights as rows: each metric of an arm that claims ask about, and each kind of job's speed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from benchmark.schema.trend import Change, Night, SpeedChange, SuiteTrend
from benchmark.trend.speed import SLOWER
from reports.blocks import Cell, Table
from reports.spark import Dot, spark
from reports.trend_page import SparkRow, Standing
from reports.wording import MISSING, count, number, times

WORDS: Mapping[Standing, str] = {
    "same": "same to the bit",
    "within": "within the margin",
    "better": "better",
    "suspected": "suspected",
    "confirmed": "confirmed",
    "dismissed": "dismissed",
    "shown": "not judged",
    "not comparable": "measured otherwise",
    "missing": "missing",
}

PLAIN = frozenset({"same", "within"})
"""Of these the numbers of the row say all."""

Question = tuple[str, str, float | None]
"""An arm, a metric, a margin: claims that ask the same make one row."""


def rows(suite: SuiteTrend, anchor: str) -> tuple[SparkRow, ...]:
    """Return a row for each metric of an arm that any night compared for a claim, in the claims' order."""
    return tuple(
        _row(suite, question, claims, f"{anchor}-metric-{place}")
        for place, (question, claims) in enumerate(_questions(suite).items(), start=1)
    )


def speed_rows(suite: SuiteTrend, anchor: str) -> tuple[SparkRow, ...]:
    """Return a row for each kind of job that any night has times of, all kinds together first."""
    kinds = dict.fromkeys(one.kind for night in suite.nights for one in night.speeds)
    return tuple(_speed_row(suite, kind, f"{anchor}-speed-{place}") for place, kind in enumerate(kinds, start=1))


def numbers_table(suite: SuiteTrend) -> Table | None:
    """Tabulate what the sparklines draw, a column a night."""
    found = []
    for question in _questions(suite):
        arm, metric, _ = question
        changes = [_answer(night, question) for night in suite.nights]
        before = next((one.before for one in changes if one is not None and one.before is not None), None)
        found.append((Cell(text=arm, head=True), Cell(text=metric), _number(before), *map(_cell, changes)))
    columns = ("arm", "metric", "baseline", *(night.directory or "no night" for night in suite.nights))
    caption = "The numbers behind the sparklines: means over seeds, and what became of them"
    return Table(caption=caption, columns=columns, rows=tuple(found)) if found else None


def missing_claims(night: Night) -> frozenset[str]:
    """Return the claims that something of a night is missing for."""
    return frozenset(claim for one in night.missing for claim in one.claims)


def _questions(suite: SuiteTrend) -> dict[Question, list[str]]:
    found: dict[Question, list[str]] = {}
    for night in suite.nights:
        for one in night.changes:
            if one.claim is not None:
                claims = found.setdefault((one.arm, one.metric, one.margin), [])
                if one.claim not in claims:
                    claims.append(one.claim)
    return found


def _answer(night: Night, question: Question) -> Change | None:
    found = (one for one in night.changes if one.claim is not None and (one.arm, one.metric, one.margin) == question)
    return next(found, None)


def _row(suite: SuiteTrend, question: Question, claims: Sequence[str], anchor: str) -> SparkRow:
    arm, metric, margin = question
    changes = [_answer(night, question) for night in suite.nights]
    dots = [_dot(night, change) for night, change in zip(suite.nights, changes, strict=True)]
    newest = changes[-1]
    told = next(one for one in reversed(changes) if one is not None)
    standing: Standing = "missing" if newest is None else newest.state
    word = WORDS[standing]
    return SparkRow(
        anchor=anchor,
        name=arm,
        metric=metric,
        claims=", ".join(claims),
        spark=spark(dots, margin, told.band, f"{arm} {metric} over {count(len(dots), 'night')}; the newest: {word}"),
        before=_with_unit(told.before, told.unit),
        now=MISSING if newest is None else _with_unit(newest.now, told.unit),
        shift=_shift(newest),
        bound="" if margin is None else f"margin {number(margin)} {told.unit}".rstrip(),
        standing=standing,
        word=word,
        says="" if newest is None or newest.state in PLAIN else newest.says,
    )


def _dot(night: Night, change: Change | None) -> Dot:
    if change is None:
        return Dot("missing", f"{night.directory or 'no night'}: missing")
    value = 0.0 if change.state == "same" else change.estimate
    return Dot(change.state, f"{night.directory}: {WORDS[change.state]}; {change.says}", value, change.low, change.high)


def _shift(change: Change | None) -> str:
    """Say a shift with its interval; larger is worse, or higher where neither side is."""
    if change is None or change.estimate is None or change.low is None or change.high is None:
        return ""
    sign = "+" if change.estimate > 0 else ""
    return f"{sign}{number(change.estimate)} ({number(change.low)} to {number(change.high)})"


def _speed_row(suite: SuiteTrend, kind: str, anchor: str) -> SparkRow:
    changes = [next((one for one in night.speeds if one.kind == kind), None) for night in suite.nights]
    dots = [_speed_dot(night, change) for night, change in zip(suite.nights, changes, strict=True)]
    newest = changes[-1]
    standing: Standing = "shown" if newest is None else newest.state
    word = "nothing to compare" if newest is None else WORDS[standing].replace("margin", "bound")
    return SparkRow(
        anchor=anchor,
        name=kind,
        metric="seconds per step",
        claims="",
        spark=spark(
            dots, math.log(SLOWER), None, f"Speed of {kind} over {count(len(dots), 'night')}; the newest: {word}"
        ),
        before=times(1.0),
        now=MISSING if newest is None else times(newest.ratio),
        shift=_ends(newest),
        bound=f"slower than {times(SLOWER)}",
        standing=standing,
        word=word,
        says="" if newest is None or newest.state in PLAIN else newest.says,
    )


def _speed_dot(night: Night, change: SpeedChange | None) -> Dot:
    if change is None:
        return Dot("shown", f"{night.directory or 'no night'}: no times to compare")
    low, high = (None if end is None else math.log(end) for end in (change.low, change.high))
    return Dot(change.state, f"{night.directory}: {change.says}", math.log(change.ratio), low, high)


def _ends(change: SpeedChange | None) -> str:
    if change is None or change.low is None or change.high is None:
        return ""
    return f"{times(change.low)} to {times(change.high)}"


def _with_unit(value: float | None, unit: str) -> str:
    return MISSING if value is None else f"{number(value, 4)} {unit}".rstrip()


def _number(value: float | None) -> Cell:
    return Cell(text=MISSING if value is None else number(value, 4), missing=value is None)


def _cell(change: Change | None) -> Cell:
    if change is None or change.now is None:
        return Cell(text=WORDS["missing"] if change is None else WORDS[change.state], missing=True)
    worse = change.state in ("suspected", "confirmed")
    return Cell(text=f"{number(change.now, 4)} ({WORDS[change.state]})", notable=worse)
