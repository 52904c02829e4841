"""Verdicts counted in a few words, for places that have room for no more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from benchmark.schema.verdict import Status, Verdict

WORDS: dict[Status, str] = {
    "reproduced": "hold",
    "not reproduced": "do not",
    "inconclusive": "open",
    "not comparable": "open",
    "not run": "not run",
}
SINGULAR = {"hold": "holds", "do not": "does not"}
ENDS = {
    0: "as expected",
    1: "a verdict contradicts what was expected",
    3: "what was expected is undecided",
    4: "something was not measured",
}
"""What each exit code of `verify` says."""


def tally(verdicts: Iterable[Verdict]) -> str:
    """Return `14 hold, 4 do not, 12 open`; what there is none of is not named."""
    found = Counter(WORDS[verdict.status] for verdict in verdicts)
    words = (word for word in dict.fromkeys(WORDS.values()) if found[word])
    named = (f"{found[word]} {SINGULAR.get(word, word) if found[word] == 1 else word}" for word in words)
    return ", ".join(named) or "no claims"
