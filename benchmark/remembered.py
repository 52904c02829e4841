"""Small JSON files of the cache directory that remember what was seen before: a convenience, never a truth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from benchmark.errors import ArtifactError
from benchmark.prepare import cache_directory
from benchmark.storage import write_file


def recall(name: str) -> dict[str, Any]:
    """Return what a file remembers by key; nothing where it is missing or damaged."""
    try:
        found = json.loads((cache_directory() / name).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def remember(name: str, found: Mapping[str, Any]) -> None:
    """Add to what a file remembers; where it cannot be written, what is known later is less and nothing else."""
    with suppress(ArtifactError):
        text = json.dumps(recall(name) | dict(found), indent=1, sort_keys=True)
        write_file(cache_directory() / name, text.encode())
