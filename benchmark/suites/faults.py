"""What pydantic finds wrong, told in the file's own terms: key path, line, expectation, suggestion."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from benchmark.errors import did_you_mean
from benchmark.suites.document import Fault, Node, Path, nearest, shown
from benchmark.suites.json_schema import Schema, constants_at, keys_at

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "tuple_type": "a list",
}

_NUMBER = re.compile(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?")

Finding = dict[str, Any]
"""One of pydantic's error details, with `path` beside them."""


def faults_of(error: ValidationError, tree: Node, schema: Schema) -> list[Fault]:
    """Return the faults of a tree that failed validation.

    Pydantic puts the tags of unions into its locations, which are no keys of the file: a union's alternatives are
    told as one fault, or as those of the alternative that went furthest.
    """
    unions: dict[Path, dict[str, list[Finding]]] = {}
    plain: list[Finding] = []
    for detail in error.errors(include_url=False):
        path, union = _located(tree, detail)
        finding: Finding = {**detail, "path": path}
        if union is None:
            plain.append(finding)
        else:
            unions.setdefault(union[0], {}).setdefault(union[1], []).append(finding)
    likely = [finding for path, alternatives in unions.items() for finding in _likeliest(path, alternatives)]
    return [_fault(finding, tree, schema) for finding in plain + likely]


def _located(tree: Node, finding: ErrorDetails) -> tuple[Path, tuple[Path, str] | None]:
    """Return the key path of a finding, and the first union on the way: its path and the alternative's tag."""
    path: Path = ()
    union: tuple[Path, str] | None = None
    node: Node | None = tree
    for index, step in enumerate(finding["loc"]):
        child = node.child(step) if node else None
        last = index == len(finding["loc"]) - 1
        if child is not None or (last and finding["type"] == "missing"):
            path, node = (*path, step), child
        elif step != "[key]" and union is None:
            union = (path, str(step))
    return path, union


def _likeliest(path: Path, alternatives: dict[str, list[Finding]]) -> list[Finding]:
    reach = {tag: max(len(finding["path"]) for finding in findings) for tag, findings in alternatives.items()}
    furthest = max(reach, key=lambda tag: reach[tag])
    if len(alternatives) == 1 or reach[furthest] > len(path):
        return alternatives[furthest]
    first = [findings[0] for findings in alternatives.values()]
    return [{**first[0], "type": "union", "msg": " or ".join(dict.fromkeys(map(_expected, first)))}]


def _fault(finding: Finding, tree: Node, schema: Schema) -> Fault:
    path, context = finding["path"], finding.get("ctx", {})
    match finding["type"]:
        case "missing":
            message = "is missing"
        case "extra_forbidden":
            message = f"unknown key{did_you_mean(str(path[-1]), keys_at(schema, tree, path[:-1]))}"
        case "union_tag_not_found" | "union_tag_invalid":
            key = context["discriminator"].strip("'")
            known = constants_at(schema, tree, path, key)
            written = context.get("tag", "")
            message = f"unknown {key} '{written}'" if written else "is missing"
            path, message = (*path, key), message + did_you_mean(written, known)
        case "value_error":
            message = str(context["error"])
        case _:
            message = f"expected {_expected(finding)}, found {shown(finding['input'])}{_hint(finding)}"
    return Fault(nearest(tree, path), path, " ".join(message.split()))


def _expected(finding: Finding) -> str:
    if finding["type"] in _EXPECTED:
        return _EXPECTED[finding["type"]]
    if finding["type"] == "string_pattern_mismatch":
        name = finding["ctx"]["pattern"].startswith("^[a-z]")
        return "a name of small letters, digits and _" if name else "digits as printed, such as 89.2% or 1.12e16"
    message = str(finding.get("ctx", {}).get("expected", finding["msg"]))
    return re.sub(r"^(Input|\w+) should (be|have) (a |an )?(valid )?|( after validation)?, not \d+$", "", message)


def _hint(finding: Finding) -> str:
    given = finding["input"]
    if finding["type"] == "string_type" and isinstance(given, int | float):
        return "; quotes make it text"
    if finding["type"] in ("int_type", "float_type") and isinstance(given, str) and _NUMBER.fullmatch(given):
        return "; without quotes it is a number"
    if finding["type"] == "literal_error" and isinstance(given, str):
        return did_you_mean(given, re.findall(r"'([^']*)'", finding["ctx"]["expected"]))
    return ""
