"""Which jobs were seen to fit their networks, so that torch, which takes seconds to import, is not asked of them again.

A job's id stands for its recipe and those of its inputs, so that whether it fits is known for the id and the code that
looked, plug-ins included. Whoever runs the job checks its shapes anyway.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import distributions
from importlib.util import find_spec
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
    """Return a digest of the sizes and modification times of the modules of this package and of plug-ins."""
    found = [(path.as_posix(), path.stat()) for root in _roots() for path in sorted(_modules(root))]
    stamps = [(name, state.st_size, state.st_mtime_ns) for name, state in found]
    return hashlib.sha256(repr(stamps).encode()).hexdigest()[:16]


def _roots() -> Iterator[Path]:
    """Yield the folders and files of this package and of those that add to its families, importing none."""
    yield Path(__file__).parent
    points = (point for installed in distributions() for point in installed.entry_points)
    for name in sorted({one.module.partition(".")[0] for one in points if one.group.startswith("ticketbench.")}):
        spec = find_spec(name)
        if spec is not None:
            yield from map(Path, spec.submodule_search_locations or filter(None, [spec.origin]))


def _modules(root: Path) -> Iterable[Path]:
    return [root] if root.is_file() else root.rglob("*.py")
