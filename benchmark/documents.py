"""JSON documents of a results directory: how they are written, and how a fault in one is told."""

from __future__ import annotations

import json
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
        found = json.loads(path.read_bytes())
    except (ValueError, OSError):
        return  # damaged: whoever reads it says so
    if isinstance(found, dict) and isinstance(found.get("format"), int) and found["format"] > FORMAT:
        raise CampaignError(
            f"{path}: written by a newer ticketbench (format {found['format']}; this one reads up to {FORMAT})"
        )


def parsed(data: bytes, kind: type[R], path: Path) -> R:
    """Return a document as a record; `ArtifactError` names the file, the key and what is wrong with it."""
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(str(key) for key in fault["loc"]) or "not a JSON object"
        raise ArtifactError(f"{path}: {where}: {fault['msg']}") from None
