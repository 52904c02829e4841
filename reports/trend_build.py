"""A trend -> the model of its page: every metric over the nights, what was detected, what to run next."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence

from benchmark.schema.trend import Change, Night, SuiteTrend, Trend
from reports.blocks import Cell, Fact, Link, Table
from reports.trend_page import SparkRow, Standing, StandingCount, Step, TrendPage, TrendSection
from reports.trend_rows import WORDS, missing_claims, numbers_table, rows, speed_rows
from reports.wording import MISSING, count, number

ORDER: tuple[Standing, ...] = (
    "confirmed",
    "suspected",
    "missing",
    "dismissed",
    "not comparable",
    "better",
    "within",
    "same",
    "shown",
)
"""Of standings, the worst first."""
DETECTED = frozenset({"confirmed", "suspected", "missing", "dismissed", "not comparable", "better"})
MOST_UNCLAIMED = 200
"""Rows of metrics of no claim; `trend --json` has them all."""


def trend_page(trend: Trend) -> TrendPage:
    """Return the page of a trend, a section for each suite at its scale."""
    sections = tuple(_section(suite, f"{suite.suite}-{suite.scale}") for suite in trend.suites)
    return TrendPage(title=", ".join(section.title for section in sections) or "no suite", sections=sections)


def odds_said(night: Night) -> tuple[str, ...]:
    """Say what chance alone may bring of a night's comparisons, and of the suspected."""
    found = {"comparisons": night.odds, "speeds": night.speed_odds}
    lines = []
    for what, odds in found.items():
        if not odds.tests:
            continue
        says = (
            f"{odds.tests} {what} tested: without any change, {odds.by_chance:.2g} would lie beyond their margins by "
            "chance"
        )
        false = (
            f"at most {odds.false:.2g} are expected to be false, and {odds.alarms:.2g} to be false alarms after fresh "
            "seeds"
        )
        after = f"{odds.suspected} suspected after correction, of which {false}"
        lines.append(f"{says}; {after if odds.suspected else 'none is suspected after correction'}")
    return tuple(lines)


def _section(suite: SuiteTrend, anchor: str) -> TrendSection:
    newest = suite.nights[-1]
    metrics, speeds = rows(suite, anchor), speed_rows(suite, anchor)
    return TrendSection(
        anchor=anchor,
        title=f"{suite.suite} at scale {suite.scale}",
        heading=_heading(newest, [*metrics, *speeds]),
        counts=_counts([*metrics, *speeds]),
        facts=tuple(_facts(suite)),
        steps=tuple(_steps(newest, {row.standing for row in (*metrics, *speeds)})),
        detected=tuple(_detected([*metrics, *speeds])),
        missing=tuple(one.what for one in newest.missing),
        rows=metrics,
        numbers=numbers_table(suite),
        speeds=speeds,
        speeds_note=_speeds_note(suite),
        verdicts=_verdicts(newest),
        told=(*newest.facts, *odds_said(newest)),
        unclaimed=_unclaimed(newest),
        nights=_nights(suite),
    )


def _heading(newest: Night, found: Sequence[SparkRow]) -> str:
    """Say the worst that the newest night has, in one line."""
    if not newest.directory:
        return "No night ran this suite."
    standings = [row.standing for row in found]
    said = [
        f"{standings.count(one)} {WORDS[one]}"
        for one in ORDER
        if one in ("confirmed", "suspected") and one in standings
    ]
    if newest.missing:
        said.append(f"{count(len(newest.missing), 'thing')} missing")
    return f"{newest.directory}: {', '.join(said) or 'nothing got worse'}"


def _counts(found: Sequence[SparkRow]) -> tuple[StandingCount, ...]:
    counted = Counter(row.standing for row in found)
    return tuple(StandingCount(standing=one, word=WORDS[one], number=counted[one]) for one in ORDER if one in counted)


def _facts(suite: SuiteTrend) -> Iterator[Fact]:
    seeds = ", ".join(map(str, suite.seeds))
    nights = [night for night in suite.nights if night.directory]
    yield Fact(term="seeds of the baseline", text=seeds)
    yield Fact(term="nights", text=str(len(nights)))
    if suite.machine is not None:
        yield Fact(term="the baseline's machine", text=suite.machine)
    if nights and nights[-1].confirmed_by:
        yield Fact(term="newest night confirmed by", text=nights[-1].confirmed_by)


def _steps(newest: Night, standings: set[Standing]) -> Iterator[Step]:
    """Say what to run next, after the newest night."""
    if newest.missing:
        what = "Run the night's own command again: what is there is kept, what is missing is trained and measured."
        yield Step(text=what if newest.directory else "Run the suite: no night has it.")
    if newest.confirm:
        fresh = newest.confirm[newest.confirm.index("--results") + 1]
        commands = (("ticketbench", *newest.confirm), ("ticketbench", "trend", newest.directory, fresh))
        text = "Train what is suspected again with fresh seeds, and ask again:"
        yield Step(text=text, commands=tuple(map(shlex.join, commands)))
    if "confirmed" in standings:
        text = "A regression is confirmed. Look for its cause; if the change is meant, accept this night instead:"
        yield Step(text=text, commands=(_accept(newest),))
    elif "better" in standings and not newest.missing:
        text = "Some of it got better. If that is to be kept, accept this night as the baseline:"
        yield Step(text=text, commands=(_accept(newest),))
    if not (newest.missing or newest.confirm or standings & {"confirmed", "better"}):
        yield Step(text="Nothing; the next night.")


def _accept(newest: Night) -> str:
    return shlex.join(("ticketbench", "baseline", "accept", newest.directory, "--force"))


def _detected(found: Sequence[SparkRow]) -> Iterator[Link]:
    for standing in (one for one in ORDER if one in DETECTED):
        for row in found:
            if row.standing == standing:
                yield Link(text=f"{row.word}: {row.name} {row.metric}".rstrip(), href=f"#{row.anchor}")


def _speeds_note(suite: SuiteTrend) -> str:
    newest = suite.nights[-1]
    if newest.speeds:
        return ""
    if newest.directory and not newest.same_machine:
        return "Speeds compare within one class of machine only, and the newest night's is another or unknown."
    return "No step times stand on both sides."


def _verdicts(newest: Night) -> Table | None:
    rows = tuple(
        (
            Cell(text=one.claim, head=True),
            Cell(text=one.before, status=one.before),
            Cell(text=one.now or "gone", status=one.now, missing=one.now is None),
        )
        for one in newest.verdicts
    )
    caption = "Verdicts of the newest night that are not the baseline's"
    return Table(caption=caption, columns=("claim", "baseline", "newest night"), rows=rows) if rows else None


def _unclaimed(newest: Night) -> Table | None:
    found = [one for one in newest.changes if one.claim is None]
    rows = tuple(
        (
            Cell(text=one.arm, head=True),
            Cell(text=one.metric),
            *(Cell(text=MISSING if value is None else number(value, 4)) for value in (one.before, one.now)),
            Cell(text=one.says),
        )
        for one in found[:MOST_UNCLAIMED]
    )
    more = (
        f"; {count(len(found) - MOST_UNCLAIMED, 'row')} more in `trend --json`" if len(found) > MOST_UNCLAIMED else ""
    )
    caption = f"Metrics of no claim that are not the same to the bit, shown only{more}"
    columns = ("arm", "metric", "baseline", "newest night", "what became of it")
    return Table(caption=caption, columns=columns, rows=rows) if rows else None


def _nights(suite: SuiteTrend) -> Table:
    rows = tuple(tuple(_night(night)) for night in suite.nights)
    columns = ("night", "confirmed by", "machine", "claims' numbers", "missing", "other verdicts")
    return Table(caption="The nights, oldest first", columns=columns, rows=rows)


def _night(night: Night) -> Iterator[Cell]:
    standings = Counter(_worst(one) for one in _questions(night).values())
    told = [f"{standings[one]} {WORDS[one]}" for one in ORDER if one in standings]
    yield Cell(text=night.directory or "no night", head=True)
    yield Cell(text=night.confirmed_by or "none", missing=night.confirmed_by is None)
    yield Cell(text=night.machine or "unknown", missing=night.machine is None, notable=not night.same_machine)
    yield Cell(text=", ".join(told) or "none compared", notable=bool(standings & Counter(("confirmed", "suspected"))))
    yield Cell(text=_missing(night), notable=bool(night.missing))
    yield Cell(text=str(len(night.verdicts)))


def _missing(night: Night) -> str:
    claims = missing_claims(night)
    return f"{len(night.missing)} ({count(len(claims), 'claim')})" if night.missing else "0"


def _questions(night: Night) -> dict[tuple[str, str, float | None], list[Change]]:
    found: dict[tuple[str, str, float | None], list[Change]] = {}
    for one in night.changes:
        if one.claim is not None:
            found.setdefault((one.arm, one.metric, one.margin), []).append(one)
    return found


def _worst(found: Sequence[Change]) -> Standing:
    return min((one.state for one in found), key=ORDER.index)
