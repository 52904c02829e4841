"""The verdicts as Markdown for a pull request: counts, and a table of claims, within what a comment may hold."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from benchmark.schema.measurement import FRUITLESS, Outcome
from benchmark.schema.suite import Suite
from benchmark.schema.verdict import Verdict
from reports.comparisons import decisive
from reports.exports.source import Source
from reports.exports.tally import ENDS, tally
from reports.wording import bound, bound_kind, count, ends, estimate, percent

LIMIT = 65_536
"""The most characters that GitHub takes in a comment or a pull request's text."""
APART = "<!-- -->"
"""Behind an at sign or a number sign it keeps GitHub from seeing a person, a team or an issue there."""
LONGEST = 240
"""What is longer is cut: a claim says itself in a sentence."""
MOST_GONE = 10
COLUMNS = ("", "claim", "verdict", "effect", "interval", "margin", "n")
SINCE = "before"
MARKS = {"reproduced": "✓", "not reproduced": "✗", "inconclusive": "?", "not comparable": "≠", "not run": "○"}
SPECIAL = re.compile(r"[\\`*_\[\]~|<>&$!@#]")
"""What Markdown, HTML, or GitHub's formulas, mentions and numbers of issues may take for their own."""

Key = tuple[str, str, str]


class _Row(NamedTuple):
    suite: str
    urgency: int
    text: str


def markdown(source: Source) -> str:
    """Return a summary of at most `LIMIT` characters; claims that do not fit are counted, the most urgent stay.

    First stand verdicts against expectation and claims that were not run, then what was expected and is open, then what
    changed since `before`.
    """
    before = None if source.before is None else {_key(one): one for one in source.before.verdicts}
    rows = [_row(verdict, before) for verdict in source.verdicts.verdicts]
    head = [f"### ticketbench: {tally(source.verdicts.verdicts)}", "", *_facts(source, before)]
    suites = {key: [*_header(evidence.suite, before is not None)] for key, evidence in source.evidence.items()}
    room = LIMIT - len(_text(head, suites, rows, ()))
    return _text(head, suites, rows, _fitting(rows, room))


def _text(
    head: Sequence[str], suites: Mapping[str, Sequence[str]], rows: Sequence[_Row], chosen: Sequence[_Row]
) -> str:
    lines = [*head]
    for key, header in suites.items():
        shown = [row.text for row in chosen if row.suite == key]
        missing = sum(row.suite == key for row in rows) - len(shown)
        lines += [
            "",
            *header,
            *shown,
            *(["", f"{count(missing, 'more claim')} did not fit in here."] if missing else []),
        ]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return a text that Markdown, HTML and GitHub show as it is, on one line, cut where it is too long."""
    line = "".join(" " if unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") else one for one in text)
    line = line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
    # Entities, not backslashes: a backslash before a pipe is read twice, by the table and by the text.
    return SPECIAL.sub(lambda found: f"{found[0]}{APART}" if found[0] in "@#" else f"&#{ord(found[0])};", line)


def _facts(source: Source, before: Mapping[Key, Verdict] | None) -> Iterator[str]:
    yield f"{ENDS[source.exit_code].capitalize()} (exit code {source.exit_code})."
    ended = Counter(source.outcomes.values())
    order: tuple[Outcome, ...] = ("failed", "blocked", "missing", "diverged", "unstable")
    told = [f"{ended[end]} {FRUITLESS.get(end, end)}" for end in order if ended[end]]
    if told:
        yield f"Of {count(len(source.outcomes), 'training')}: {', '.join(told)}."
    if before is not None:
        yield from ("", _changes(source.verdicts.verdicts, before))


def _changes(verdicts: Sequence[Verdict], before: Mapping[Key, Verdict]) -> str:
    now = {_key(one): one for one in verdicts}
    changed = sum(one.status != before[key].status for key, one in now.items() if key in before)
    counts = {"as before": len(now.keys() & before.keys()) - changed, "new": len(now.keys() - before.keys())}
    told = "".join(f", {number} {word}" for word, number in counts.items() if number)
    gone = sorted("/".join((key[0], key[2])) for key in before.keys() - now.keys())
    named = f"{', '.join(map(escaped, gone[:MOST_GONE]))}{', ...' if len(gone) > MOST_GONE else ''}"
    return f"{count(changed, 'verdict')} changed{told}{f', {len(gone)} gone: {named}' if gone else ''}."


def _header(suite: Suite, compares: bool) -> Iterator[str]:
    names = (*COLUMNS, SINCE) if compares else COLUMNS
    yield from (f"#### {escaped(suite.title)} (scale {escaped(suite.scale)})", "")
    yield from (_line(names), _line("---" for _ in names))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _fitting(rows: Sequence[_Row], room: int) -> list[_Row]:
    """Return the most urgent rows that have room, most urgent first, else in their order."""
    found = []
    for row in sorted(rows, key=lambda row: row.urgency):
        room -= len(row.text) + 1
        if room < 0:
            break
        found.append(row)
    return found


def _row(verdict: Verdict, before: Mapping[Key, Verdict] | None) -> _Row:
    was = None if before is None else before.get(_key(verdict))
    is_changed = before is not None and (was is None or was.status != verdict.status)
    cells = [
        MARKS[verdict.status],
        f"{escaped(verdict.claim.says)}<br><sub>{escaped(verdict.claim_id)}</sub>",
        _verdict(verdict),
        *_effect(verdict),
        *([] if before is None else [_since(verdict, was)]),
    ]
    urgent = (_is_against(verdict) or verdict.status == "not run", not verdict.as_expected, is_changed)
    return _Row(verdict.suite, (*urgent, True).index(True), _line(cells))


def _is_against(verdict: Verdict) -> bool:
    return not verdict.as_expected and verdict.status in ("reproduced", "not reproduced")


def _verdict(verdict: Verdict) -> str:
    tags = {
        "fragile": verdict.fragile,
        "contested": bool(verdict.claim.contested),
        "**against expectation**": _is_against(verdict),
        f"**expected: {verdict.claim.expect}**": not verdict.as_expected and not _is_against(verdict),
    }
    return ", ".join((verdict.label, *(tag for tag, holds in tags.items() if holds)))


def _effect(verdict: Verdict) -> Iterator[str]:
    shown = decisive(verdict)
    found = None if shown is None else shown.effect
    if found is None:
        yield from ("", "", "", "")
        return
    yield escaped(estimate(found))
    yield f"{ends(found)} ({percent(found.level)})"
    yield escaped(bound(bound_kind(verdict.claim), found).removeprefix("margin "))
    yield str(found.n)


def _since(verdict: Verdict, was: Verdict | None) -> str:
    if was is None:
        return "new"
    shown = decisive(was)
    effect = "" if shown is None or shown.effect is None else f", {escaped(estimate(shown.effect))}"
    return f"{'as before' if was.status == verdict.status else f'**{was.label}**'}{effect}"


def _key(verdict: Verdict) -> Key:
    return verdict.suite, verdict.scale, verdict.claim_id
