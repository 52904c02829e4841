"""Every error a user may meet, with its exit code.

    TicketbenchError
    ├── UsageError               exit 2: the call, a suite or a directory cannot be used as given
    │   ├── SuiteError           a suite or reference file is wrong: file, line, key, expectation
    │   ├── CampaignError        the results directory does not fit this call
    │   └── MissingAssetError    data or weights are not here; says which command brings them
    └── RunError                 exit 4: something failed while running
        ├── ArtifactError        a file of a results directory is damaged or missing
        ├── AuditError           a ticket is not what its job says it is
        └── NondeterminismError  the same job gave other bytes than before

A training that diverges (`benchmark.training.Diverged`), or never comes to its event, is no error but an outcome.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MAX_LISTED = 30
"""Known names up to which all are listed where none is close."""


class TicketbenchError(Exception):
    """A failure that has one clear line for the user."""

    exit_code = 4


class UsageError(TicketbenchError):
    """The call, a suite or a directory cannot be used as given."""

    exit_code = 2


class SuiteError(UsageError):
    """One or more faults of a suite or reference file, each a line `file:line: key: what`."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class CampaignError(UsageError):
    """The results directory does not fit this call."""


class MissingAssetError(UsageError):
    """Data or weights are not on this machine; the message names the command that brings them."""


class RunError(TicketbenchError):
    """Something failed while running."""


class ArtifactError(RunError):
    """A file of a results directory is damaged or missing."""


class AuditError(RunError):
    """A ticket is not what its job says it is."""


class NondeterminismError(RunError):
    """The same job gave other bytes than before."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the closest known name, else the list of known names if it is short."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(names)}" if 0 < len(names) <= MAX_LISTED else ""
