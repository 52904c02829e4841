"""The verdicts as a badge: a small SVG for a README."""

from __future__ import annotations

from html import escape

from reports.exports.source import Source
from reports.exports.tally import ENDS, tally

NAME = "ticketbench"
GRAY = "#505050"
COLORS = {0: "#2a7530", 1: "#b3261e", 3: "#8a5a00", 4: "#6b3fa0"}
"""By exit code: as expected, contradicted, undecided, not all measured. White text has a contrast of 4.5 or more."""
CHARACTER, PADDING = 6.5, 6
"""Pixels. Whatever font a reader has, `textLength` fits the text into the width reckoned with here."""
HEIGHT = 20
BASELINE = 14


def badge(source: Source) -> str:
    """Return the badge as SVG; its color is that of the exit code of `verify`, which its title says in words."""
    text, code = tally(source.verdicts.verdicts), source.exit_code
    left, right = (round(len(one) * CHARACTER) + 2 * PADDING for one in (NAME, text))
    title = escape(f"{NAME}: {text}; {ENDS[code]}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT}" role="img" '
        f'aria-label="{title}">\n'
        f"<title>{title}</title>\n"
        f'<rect width="{left}" height="{HEIGHT}" fill="{GRAY}"/>\n'
        f'<rect x="{left}" width="{right}" height="{HEIGHT}" fill="{COLORS[code]}"/>\n'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">\n'
        f"{_text(NAME, 0, left)}\n{_text(text, left, right)}\n"
        "</g>\n</svg>\n"
    )


def _text(text: str, start: int, width: int) -> str:
    place = f'x="{start + PADDING}" y="{BASELINE}" textLength="{width - 2 * PADDING}"'
    return f'<text {place} lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
