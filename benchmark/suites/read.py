"""From the text of a suite or reference file to its typed form, with every fault told by file, line and key."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from pydantic import ValidationError

from benchmark.errors import SuiteError, did_you_mean
from benchmark.schema.reference import References
from benchmark.schema.suite import Suite
from benchmark.suites.checks import check_references, check_suite
from benchmark.suites.document import (
    Fault,
    Mark,
    Node,
    Path,
    nearest,
    one_line,
    read_document,
    read_value,
    settle,
    shown,
)
from benchmark.suites.expand import expand_experiments
from benchmark.suites.faults import faults_of
from benchmark.suites.json_schema import NAMED_KEYS, SCALE_KEYS, SUITE_KEYS, references_schema, suite_schema
from benchmark.suites.merge import PathFault, expect_known, merge, put
from benchmark.suites.presence import at_scale

FIXED = {"format", "key", "scales", "small"}  # a run may not rename a suite, nor call a small scale a large one


@dataclass(frozen=True)
class Loaded:
    """A suite at one scale, and where each of its values was written."""

    suite: Suite
    tree: Node

    def problem(self, path: Path, message: str) -> str:
        """Return the line `FILE:LINE: KEY.PATH: message` for a path of the resolved suite."""
        return str(Fault(nearest(self.tree, path), path, message))

    def raise_problems(self, problems: Sequence[str]) -> None:
        """Raise `SuiteError` with these lines, each once."""
        if problems:
            raise SuiteError(dict.fromkeys(problems))

    def check_references(self, references: Mapping[str, References]) -> None:
        """Raise `SuiteError` where a claim refers to a number that its paper's file does not have."""
        self.raise_problems([self.problem(path, text) for path, text in check_references(self.suite, references)])


def read_suite(text: str, file: str, scale: str, overrides: Sequence[str] = ()) -> Loaded:
    """Return a suite at a scale; raise `SuiteError` with all faults found.

    The scale's changes are merged in first, then the overrides (`path=value`), then `extends` and `matrix` are
    resolved. What has an `only_at` without the scale is left out, and with it the comparisons and lines of figures
    that name an experiment so left out.
    """
    faults: list[Fault] = []
    written = _known_keys(read_document(text, file, faults), faults)
    scales = _scales(written, faults)
    if scales.entries and scale not in scales.entries:
        faults.append(Fault(scales.mark, ("scales",), f"no scale '{scale}'{did_you_mean(scale, scales.entries)}"))
        scale = next(iter(scales.entries))  # so that the rest of the file is checked too
    tree = _overridden(_scaled(written, scale, faults), overrides, faults)
    experiments = tree.child("experiments")
    if experiments is not None and isinstance(experiments.value, Mapping):
        tree = put(tree, ["experiments"], expand_experiments(experiments, faults))
    tree = at_scale(tree, scale, scales, faults)
    tree = put(tree, ["scale"], Node(scale, nearest(scales, (scale,)), scale))
    loaded = Loaded(_validated(tree, faults), tree)
    loaded.raise_problems([loaded.problem(path, message) for path, message in check_suite(loaded.suite)])
    return loaded


def scale_names(text: str, file: str) -> tuple[str, ...]:
    """Return the scales of a suite in the order they are written; raise `SuiteError` if that cannot be read."""
    faults: list[Fault] = []
    scales = _scales(read_document(text, file, faults), faults)
    if not scales.entries:
        settle(faults)
    return tuple(scales.entries)


@lru_cache(maxsize=8)
def read_references(text: str, file: str) -> References:
    """Return a paper's printed numbers; raise `SuiteError` with all faults found."""
    faults: list[Fault] = []
    tree = read_document(text, file, faults)
    try:
        references = References.model_validate_json(json.dumps(tree.plain()))
    except ValidationError as error:
        faults += faults_of(error, tree, references_schema())
    settle(faults)
    return references


def _known_keys(tree: Node, faults: list[Fault]) -> Node:
    """Return the suite without keys that do not belong there as it is written, those noted."""
    for key in tree.entries.keys() - set(SUITE_KEYS):
        hint = "; it belongs into a scale" if key in SCALE_KEYS else did_you_mean(key, SUITE_KEYS)
        faults.append(Fault(tree.entries[key].mark, (key,), f"unknown key{hint}"))
    return replace(tree, value={key: node for key, node in tree.entries.items() if key in SUITE_KEYS})


def _scales(tree: Node, faults: list[Fault]) -> Node:
    scales = tree.child("scales")
    if scales is None or not scales.entries:
        what = "is missing" if scales is None else f"expected a mapping, found {shown(scales.value)}"
        faults.append(
            Fault(scales.mark if scales else tree.mark, ("scales",), f"{what}; a suite has one scale or more")
        )
        return scales or Node(None, tree.mark)
    for name, node in scales.entries.items():
        if node.value is not None and not isinstance(node.value, Mapping):
            faults.append(Fault(node.mark, ("scales", name), f"expected a mapping, found {shown(node.value)}"))
        for key in node.entries.keys() - set(SCALE_KEYS):
            message = f"unknown key{did_you_mean(key, SCALE_KEYS)}"
            faults.append(Fault(node.entries[key].mark, ("scales", name, key), message))
    return scales


def _scaled(tree: Node, scale: str, faults: list[Fault]) -> Node:
    changes = (tree.child("scales") or tree).child(scale) or Node(None, tree.mark)
    base = replace(tree, value={key: node for key, node in tree.entries.items() if key != "scales"})
    known = {key: node for key, node in changes.entries.items() if key in SCALE_KEYS}
    for kind in known.keys() & set(NAMED_KEYS):
        there = base.entries[kind].entries if kind in base.entries else {}
        for name in known[kind].entries.keys() - there.keys():
            message = f"a scale changes what the suite has, but '{name}' is not there{did_you_mean(name, there)}"
            faults.append(Fault(known[kind].entries[name].mark, ("scales", scale, kind, name), message))
        if isinstance(known[kind].value, Mapping):
            shared = {
                name: replace(node, mark=there[name].mark)
                for name, node in known[kind].entries.items()
                if name in there
            }
            known[kind] = replace(known[kind], value=shared)
    return merge(base, replace(changes, value=known))


def _overridden(tree: Node, overrides: Sequence[str], faults: list[Fault]) -> Node:
    for override in overrides:
        try:
            tree = _override(tree, override)
        except PathFault as fault:
            faults.append(Fault(Mark(_origin(override), 0), fault.path, str(fault)))
    return tree


def _override(tree: Node, override: str) -> Node:
    dotted_path, equals, text = override.partition("=")
    keys = dotted_path.split(".")
    if not equals:
        raise PathFault((), "expected PATH=VALUE")
    expect_known(keys[0], {*SUITE_KEYS, *SCALE_KEYS} - FIXED, "key")
    if keys[0] in NAMED_KEYS and len(keys) > 1:
        there = tree.child(keys[0]) or Node(None, tree.mark)
        expect_known(keys[1], there.entries, keys[0][:-1], path=(keys[0],))
    return put(tree, keys, read_value(text, _origin(override), tuple(keys)))


def _origin(override: str) -> str:
    return f"--set {one_line(override)}"


def _validated(tree: Node, faults: list[Fault]) -> Suite:
    try:
        suite = Suite.model_validate_json(json.dumps(tree.plain()))
    except ValidationError as error:
        faults = faults + _untold(faults_of(error, tree, suite_schema()), faults)
    settle(faults)
    return suite


def _untold(found: list[Fault], told: list[Fault]) -> list[Fault]:
    """Return the faults that do not follow from those told: at the same place, above it, or inherited from it."""
    paths = [fault.path for fault in told]
    above = [fault for fault in found if any(path[: len(fault.path)] == fault.path for path in paths)]
    places = {(fault.mark, fault.path[-1:]) for fault in [*told, *above]}
    return [fault for fault in found if (fault.mark, fault.path[-1:]) not in places]
