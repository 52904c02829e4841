"""The JSON Schemas of `report.json` and `verdicts.json`, as the documentation carries them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmark.schema.record import Record
from benchmark.schema.verdict import Verdicts
from reports.exports.document import ReportDocument

DOCUMENTS: dict[str, type[Record]] = {"report": ReportDocument, "verdicts": Verdicts}


def schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a document as it is written.

    Every field is written, null or not; keys that it does not know are allowed, for fields may be added without a new
    `format`.
    """
    found = DOCUMENTS[name].model_json_schema(mode="serialization")
    for one in (found, *found["$defs"].values()):
        if one.get("additionalProperties") is False:
            del one["additionalProperties"]
            one["required"] = list(one["properties"])
    return found | {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"ticketbench {name}.json",
    }


def write_schemas(folder: Path) -> None:
    """Write both schemas."""
    for name in DOCUMENTS:
        text = json.dumps(schema(name), indent=1, sort_keys=True) + "\n"
        (folder / f"{name}.schema.json").write_text(text, encoding="utf-8")
