"""Which jobs were seen to fit their networks, so that torch, which takes seconds to import, is not asked of them again.

A job's id stands for its recipe and those of its inputs, so that whether it fits is known for the id and the code that
looked (not for that of plug-ins). Whoever runs the job checks its shapes anyway.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from benchmark import remembered

FILE = "fits.json"


def unseen(jobs: Iterable[str]) -> list[str]:
    """Return those of these ids that this code has not seen to fit."""
    seen = remembered.recall(FILE)
    return [job for job in jobs if seen.get(job) != code()]


def keep(jobs: Iterable[str]) -> None:
    """Remember that jobs with these ids fit."""
    remembered.remember(FILE, dict.fromkeys(jobs, code()))


@cache
def code() -> str:
    """Return a digest of the sizes and modification times of this package's modules."""
    package = Path(__file__).parent
    found = [(path, path.stat()) for path in sorted(package.rglob("*.py"))]
    stamps = [(path.relative_to(package).as_posix(), state.st_size, state.st_mtime_ns) for path, state in found]
    return hashlib.sha256(repr(stamps).encode()).hexdigest()[:16]
