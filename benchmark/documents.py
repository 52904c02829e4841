"""JSON documents of a results directory: how they are written, and how a fault in one is told."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from benchmark.errors import ArtifactError, CampaignError
from benchmark.schema.record import Record
from benchmark.schema.suite import FORMAT

R = TypeVar("R", bound=Record)


def as_json(value: Any, by_name: bool = False) -> bytes:
    """Return the text of a plain value; records keep the order of their suite, documents may be put by name."""
    return (json.dumps(value, indent=1, sort_keys=by_name, allow_nan=False) + "\n").encode()


def check_format(path: Path) -> None:
    """Raise `CampaignError` for a newer format; asked before the checksum, which a newer version may keep elsewhere."""
    try:
        found = _format_of(path.read_bytes())
    except (ValueError, OSError):
        return  # damaged: whoever reads it says so
    if found is not None and found > FORMAT:
        raise CampaignError(f"{path}: written by a newer ticketbench (format {found}; this one reads up to {FORMAT})")


def _format_of(data: bytes) -> int | None:
    """Return the format that a document says it has: as a rule first, and a campaign may have many megabytes."""
    first = re.match(rb'\s*{\s*"format"\s*:\s*(\d+)\s*[,}]', data)
    if first is not None:
        return int(first[1])
    found = json.loads(data)
    stated = found.get("format") if isinstance(found, dict) else None
    return stated if isinstance(stated, int) else None


def parsed(data: bytes, kind: type[R], path: Path) -> R:
    """Return a document as a record; `ArtifactError` names the file, the key and what is wrong with it."""
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(str(key) for key in fault["loc"]) or "not a JSON object"
        raise ArtifactError(f"{path}: {where}: {fault['msg']}") from None
