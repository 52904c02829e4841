"""How the report writes numbers, places and verdicts: one wording each."""

from __future__ import annotations

import math
import re
from typing import Literal

from benchmark.schema.claim import Claim, Source
from benchmark.schema.measurement import Outcome
from benchmark.schema.reference import How, Number, Place, Ribbon
from benchmark.schema.verdict import ArmSummary, Effect, Observation, Status

MISSING = "not measured"
CHANNELS = "channels"
"""What the convention of a sparsity begins with where it is a share of channels."""
MINUS = "\N{MINUS SIGN}"
SMALL, LARGE, WHOLE = 1e-5, 1e7, 1e12
"""Outside the first two a number is written with a power of ten; whole numbers in full up to the third."""

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

Bound = Literal["margin", "by", "ratio", "share"]
"""The names under which claims declare what decides them."""

KINDS: dict[str, str] = {
    "matches": "no worse than its baseline",
    "beats": "better than its baseline",
    "equals": "equal to a printed number",
    "reduces": "a cost falls to at most a ratio",
    "sparsest": "the sparsest level that still matches",
    "differs": "different from its baseline",
    "same": "the same as its baseline",
    "found_by": "an event comes in time in most runs",
}

READINGS: dict[How, str] = {
    "text": "read in the paper's text",
    "code": "read in the authors' code",
    "page": "read on the authors' page",
    "digitised": "digitised from a figure",
    "derived": "derived from numbers that were read",
    "third party": "measured by a third party",
}

ENDS: dict[Outcome, str] = {
    "diverged": "diverged",
    "unstable": "its mask never became stable",
    "failed": "failed",
    "blocked": "blocked by a failed job",
    "missing": "not run",
    "done": MISSING,
}


def number(value: float, digits: int = 3) -> str:
    """Write a number for reading: so many significant digits, or all of a whole number."""
    if not math.isfinite(value):
        text = "undefined" if math.isnan(value) else "-\N{INFINITY}" if value < 0 else "\N{INFINITY}"
    elif value == int(value) and abs(value) < WHOLE:
        text = f"{int(value):,}"
    else:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        text = _plain(value, digits - 1 - int(exponent)) if SMALL <= abs(value) < LARGE else _power(mantissa, exponent)
    return text.replace("-", MINUS)


def _plain(value: float, decimals: int) -> str:
    text = f"{value:,.{max(0, decimals)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _power(mantissa: str, exponent: str) -> str:
    return f"{_plain(float(mantissa), len(mantissa))} \N{MULTIPLICATION SIGN} 10{str(int(exponent)).translate(RAISED)}"


def share(value: float) -> str:
    """Write a fraction between 0 and 1, a sparsity above all."""
    return f"{value:.3f}"


def removed(value: float, of_channels: bool) -> str:
    """Write a sparsity, with what it is a share of where that is not weights."""
    return f"{share(value)} of channels" if of_channels else share(value)


def times(value: float) -> str:
    """Write a ratio."""
    return f"\N{MULTIPLICATION SIGN}{number(value)}"


def place(where: Place) -> str:
    """Say where a number stands in its paper."""
    named = (
        _labelled("Section", where.section),
        _labelled("Table", where.table),
        _labelled("Figure", where.figure),
        f"row {where.row}" if where.row else "",
        f"column {where.column}" if where.column else "",
    )
    return ", ".join(text for text in named if text) or "place not recorded"


def source(where: Source) -> str:
    """Say where the paper makes a claim."""
    named = (
        where.paper,
        _labelled("Section", where.section),
        _labelled("Table", where.table),
        _labelled("Figure", where.figure),
        f"page {where.page}" if where.page else "",
    )
    return ", ".join(text for text in named if text)


def _labelled(label: str, text: str | None) -> str:
    """Put the label before a bare numeral (`2`, `A.1`); what says itself what it is (`abstract`) stays as it is."""
    return f"{label} {text}" if text and re.match(r"\d|[A-Z]\.?\d", text) else text or ""


def effect(value: Effect) -> str:
    """Say an effect with its interval."""
    return f"{estimate(value)} ({interval(value)})"


def estimate(value: Effect) -> str:
    """Say an effect alone: a difference signed and with its unit, a ratio with a multiplication sign, a share."""
    if value.scale == "share":
        return f"{number(value.estimate)} {value.unit}"
    if value.scale == "ratio":
        return times(value.estimate)
    return f"{'+' if value.estimate > 0 else ''}{number(value.estimate)} {value.unit}"


def interval(value: Effect) -> str:
    """Say the interval of an effect, with its level."""
    return f"{percent(value.level)} interval {ends(value)}"


def ends(value: Effect) -> str:
    """Say the two ends of an effect's interval."""
    sign = "\N{MULTIPLICATION SIGN}" if value.scale == "ratio" else ""
    return f"{sign}{number(value.low)} to {sign}{number(value.high)}"


def percent(value: float) -> str:
    """Write the level of an interval as a percentage: whole, or of a look at growing data to a tenth."""
    return f"{100 * value:.3g}\N{NO-BREAK SPACE}%"


def bound(kind: Bound, value: Effect) -> str:
    """Say the bound that an effect was judged against."""
    if kind == "share":
        return f"at least {number(value.margin)} {value.unit}"
    if kind == "ratio":
        return f"at most {times(value.margin)}"
    return f"{'better by more than' if kind == 'by' else 'margin'} {number(value.margin)} {value.unit}"


def bound_kind(claim: Claim) -> Bound:
    """Tell which bound a claim declares."""
    named: dict[str, Bound] = {"beats": "by", "reduces": "ratio", "found_by": "share"}
    return named.get(claim.kind, "margin")


def expectation(expect: str, status: Status, as_expected: bool) -> str:
    """Say what was expected of a claim and whether it came so."""
    if expect == "any":
        return "no expectation declared"
    if as_expected:
        return f"expected: {expect}; as expected"
    if status in ("reproduced", "not reproduced"):
        return f"expected: {expect}; against expectation"
    return f"expected: {expect}; still open"


def printed(value: Number) -> str:
    """Give a number as its paper prints it, or say that nobody could read it."""
    if value.status == "not sourced" or value.value is None:
        return "not sourced"
    text = value.printed if value.printed is not None else number(value.value, 4)
    spread = f" \N{PLUS-MINUS SIGN} {number(value.spread.value)} ({value.spread.means})" if value.spread else ""
    return f"{text}{spread}{_ribbon(value.ribbon) if value.ribbon else ''}"


def _ribbon(band: Ribbon) -> str:
    error = f" \N{PLUS-MINUS SIGN}{number(band.reading_error)}" if band.reading_error else ""
    return f", ribbon {number(band.low, 4)} to {number(band.high, 4)}{error} ({band.means})"


def reading(value: Number) -> str:
    """Say how a printed number was read, and with which error."""
    if value.read is None:
        return "nobody could read it"
    error = f", reading error \N{PLUS-MINUS SIGN}{number(value.reading_error)}" if value.reading_error else ""
    return f"{READINGS[value.read]}{error}"


def average(arm: ArmSummary) -> str:
    """Say an arm's mean and standard deviation over seeds."""
    if arm.mean is None:
        return MISSING
    return number(arm.mean) if arm.sd is None else f"{number(arm.mean)} (sd {number(arm.sd)})"


def observed(seen: Observation) -> str:
    """Say one seed's value, or how its job ended without one."""
    return number(seen.value, 4) if seen.value is not None else ENDS[seen.outcome]


def count(amount: int, singular: str, plural: str | None = None) -> str:
    """Write an amount with its noun."""
    return f"{amount:,} {singular if amount == 1 else plural or singular + 's'}"
