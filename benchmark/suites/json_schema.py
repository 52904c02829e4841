"""JSON Schemas of the two kinds of file, for editors, and the keys they allow at a place, for suggestions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path as FilePath
from typing import Any

from benchmark.schema.reference import References
from benchmark.schema.suite import Suite
from benchmark.suites.document import Node, Path

Schema = dict[str, Any]

NAMED_KEYS = ("experiments", "claims", "timings", "figures")
"""What a suite has many of, by name: a scale changes those that are there, and may lack some."""
SCALE_KEYS = ("small", "seeds", "first_seed", "top_up", "budget", "notes", *NAMED_KEYS)
SUITE_KEYS = ("format", "key", "title", "paper", "notes", "seeds", "first_seed", "top_up", *NAMED_KEYS, "scales")

_LINK = re.compile(r'"#/\$defs/(\w+)"')

_CHANGES: Schema = {"type": "object", "additionalProperties": {"type": ["object", "null"]}}
_MATRIX: Schema = {
    "type": "object",
    "description": "Dotted paths below the experiment, each with the values it takes, as in GitHub Actions.",
    "properties": {
        "include": {"type": "array", "minItems": 1, "items": {"type": "object", "minProperties": 1}},
        "exclude": {"type": "array", "minItems": 1, "items": {"type": "object", "minProperties": 1}},
    },
    "additionalProperties": {
        "type": "array",
        "minItems": 1,
        "items": {"type": ["number", "string", "boolean", "null"]},
    },
}

_FIRST_OF: Schema = {
    "type": "array",
    "description": "Of these metrics the first that the scale has.",
    "minItems": 1,
    "items": {"type": "string"},
}


@cache
def suite_schema() -> Schema:
    """Return the JSON Schema of a suite file as it is written.

    Nothing is required inside an experiment: `extends`, `matrix` and the scales may bring what is left out.
    """
    schema = Suite.model_json_schema()
    types, top = schema["$defs"], schema["properties"]
    scale = {key: top[key] for key in SCALE_KEYS} | dict.fromkeys(NAMED_KEYS, _CHANGES)
    types["Scale"] = {"type": "object", "additionalProperties": False, "properties": scale}
    for name in _within(types, "Experiment"):
        types[name].pop("required", None)
    for name, key in [("Figure", "x"), ("Figure", "y"), *((kind, "metric") for kind in _kinds(types))]:
        types[name]["properties"][key] = {"anyOf": [types[name]["properties"][key], _FIRST_OF]}
    extends = {"type": "string", "description": "Another experiment, which this one is laid over."}
    types["Experiment"]["properties"] |= {"extends": extends, "matrix": _MATRIX}
    top["scales"] = {"type": "object", "minProperties": 1, "additionalProperties": {"$ref": "#/$defs/Scale"}}
    required = [key for key in schema["required"] if key in SUITE_KEYS]
    return schema | {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ticketbench suite",
        "description": "Experiments, the claims that join them, and the scales they run at.",
        "properties": {key: top[key] for key in SUITE_KEYS},
        "required": [*required, "scales"],
    }


def _within(types: Schema, name: str) -> set[str]:
    """Return the names of a type and of all that it is made of."""
    found, ahead = set[str](), {name}
    while ahead:
        found |= ahead
        ahead = {inner for outer in ahead for inner in _LINK.findall(json.dumps(types[outer]))} - found
    return found


def _kinds(types: Schema) -> list[str]:
    """Return the names of the types that are kinds of claim."""
    return [name for name, found in types.items() if "compare" in found.get("properties", {})]


@cache
def references_schema() -> Schema:
    """Return the JSON Schema of a file of `reference_results/`."""
    return References.model_json_schema() | {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ticketbench references",
    }


def write_schemas(folder: FilePath) -> None:
    """Write both schemas, as the documentation carries them."""
    for name, schema in (("suite", suite_schema()), ("references", references_schema())):
        text = json.dumps(schema, indent=1, sort_keys=True) + "\n"
        (folder / f"{name}.schema.json").write_text(text, encoding="utf-8")


def keys_at(schema: Schema, tree: Node, path: Path) -> list[str]:
    """Return the keys that a mapping at a path may have."""
    return sorted({key for option in _at(schema, tree, path) for key in option.get("properties", {})})


def constants_at(schema: Schema, tree: Node, path: Path, key: str) -> list[str]:
    """Return the values of a key that tell the kinds of mapping at a path apart."""
    below = [found for option in _at(schema, tree, path[:-1]) if (found := _below(option, path[-1]))]
    kinds = [option.get("properties", {}) for found in below for option in _options(schema, found, None)]
    return sorted(kind[key]["const"] for kind in kinds if "const" in kind.get(key, {}))


def _at(schema: Schema, tree: Node, path: Path) -> list[Schema]:
    node: Node | None = tree
    options = list(_options(schema, schema, node))
    for step in path:
        node = node.child(step) if node else None
        below = (_below(option, step) for option in options)
        options = [option for found in below if found for option in _options(schema, found, node)]
    return options


def _below(option: Schema, step: str | int) -> Schema | None:
    if isinstance(step, int):
        items = option.get("items")
        return items if isinstance(items, dict) else None
    named = {**option.get("patternProperties", {}), "": option.get("additionalProperties")}
    found = option.get("properties", {}).get(step, next(iter(named.values())))
    return found if isinstance(found, dict) else None


def _options(root: Schema, schema: Schema, node: Node | None) -> Iterator[Schema]:
    """Follow references and alternatives; where `kind` tells alternatives apart, only the one written stays."""
    if "$ref" in schema:
        yield from _options(root, root["$defs"][schema["$ref"].rpartition("/")[2]], node)
        return
    alternatives = schema.get("anyOf", []) + schema.get("oneOf", [])
    for alternative in alternatives:
        yield from _options(root, alternative, node)
    kind = node.child("kind") if node else None
    constant = schema.get("properties", {}).get("kind", {}).get("const")
    if not alternatives and (kind is None or constant in (None, kind.value)):
        yield schema
