"""What a scale does not have: everything whose `only_at` names other scales, and what speaks of such experiments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from benchmark.errors import did_you_mean
from benchmark.suites.document import Fault, Node
from benchmark.suites.json_schema import NAMED_KEYS
from benchmark.suites.merge import put


def at_scale(tree: Node, scale: str, scales: Node, faults: list[Fault]) -> Node:
    """Return the suite without what this scale does not have; unknown scales in an `only_at` are noted."""
    absent: set[str] = set()
    for kind in NAMED_KEYS:
        members = tree.child(kind)
        if members is not None and isinstance(members.value, Mapping):
            missing = {
                name for name, node in members.value.items() if not _has(kind, name, node, scale, scales, faults)
            }
            kept = {name: node for name, node in members.value.items() if name not in missing}
            absent |= missing if kind == "experiments" else set()
            tree = put(tree, [kind], replace(members, value=kept))
    for kind, key, is_absent in (("claims", "compare", _compares), ("figures", "experiments", _draws)):
        tree = _without(tree, kind, key, is_absent, absent)
    return tree


def _has(kind: str, name: str, node: Node, scale: str, scales: Node, faults: list[Fault]) -> bool:
    only = node.child("only_at") or Node((), node.mark)
    for index, item in enumerate(only.items):
        if item.value not in scales.entries:
            message = f"no scale '{item.text}'{did_you_mean(item.text, scales.entries)}"
            faults.append(Fault(item.mark, (kind, name, "only_at", index), message))
    return not only.items or scale in [item.value for item in only.items]


def _without(tree: Node, kind: str, key: str, is_absent: Callable[[Node, set[str]], bool], absent: set[str]) -> Node:
    """Leave out of every member's list what speaks of absent experiments; a member left with nothing goes too."""
    members = tree.child(kind)
    if not absent or members is None or not isinstance(members.value, Mapping):
        return tree
    kept = {}
    for name, node in members.value.items():
        listed = node.child(key)
        if listed is None or not listed.items:
            kept[name] = node
            continue
        left = tuple(item for item in listed.items if not is_absent(item, absent))
        if left:
            kept[name] = put(node, [key], replace(listed, value=left))
    return put(tree, [kind], replace(members, value=kept))


def _compares(comparison: Node, absent: set[str]) -> bool:
    arms = (comparison.child("arm"), comparison.child("baseline"))
    return any(arm is not None and str(arm.value).partition("@")[0] in absent for arm in arms)


def _draws(experiment: Node, absent: set[str]) -> bool:
    return str(experiment.value) in absent | {name.partition("[")[0] for name in absent}  # a matrix as one line
