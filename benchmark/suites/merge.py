"""Changing a tree: one laid over another, and single values set by their dotted path."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from benchmark.errors import did_you_mean
from benchmark.suites.document import Node, Path, shown


class PathFault(Exception):  # noqa: N818  caught where the file and line are known, never shown by itself
    """A dotted path that leads nowhere: `path` is how far it was followed."""

    def __init__(self, path: Path, message: str) -> None:
        self.path = path
        super().__init__(message)


def merge(base: Node, over: Node) -> Node:
    """Return `over` laid over `base`: mappings merge key by key, anything else replaces. Marks are the later ones.

    A mapping with another `name` replaces too: the options of one member of a family are none of another's.
    """
    if not (isinstance(base.value, Mapping) and isinstance(over.value, Mapping)):
        return over
    if "name" in over.value and "name" in base.value and over.value["name"].value != base.value["name"].value:
        return over
    merged = dict(base.value)
    for key, node in over.value.items():
        merged[key] = merge(merged[key], node) if key in merged else node
    return replace(over, value=merged)


def put(tree: Node, keys: Sequence[str], value: Node, done: Path = ()) -> Node:
    """Return the tree with the value at a path, its parents made where they are missing.

    The keys are the parts of a dotted path; a key of the tree that has dots itself is found too.
    """
    if not keys:
        return value
    if isinstance(tree.value, tuple):
        index = _index(tree.value, keys[0], done)
        items = list(tree.value)
        items[index] = put(items[index], keys[1:], value, (*done, index))
        return replace(tree, value=tuple(items))
    if tree.value is not None and not isinstance(tree.value, Mapping):
        raise PathFault((*done, keys[0]), f"there is no such key below {shown(tree.value)}")
    size = next((n for n in range(len(keys), 1, -1) if ".".join(keys[:n]) in tree.entries), 1)
    name = ".".join(keys[:size])
    below = tree.entries.get(name, Node(None, value.mark))
    return replace(tree, value={**tree.entries, name: put(below, keys[size:], value, (*done, name))})


def expect_known(key: str, known: Collection[str], what: str, path: Path = ()) -> None:
    """Raise `PathFault` where a key is not among the known ones."""
    if key not in known:
        raise PathFault((*path, key), f"unknown {what} '{key}'{did_you_mean(key, known)}")


def _index(items: tuple[Node, ...], key: str, done: Path) -> int:
    if not (key.isdecimal() and len(key) < 6 and int(key) < len(items)):
        raise PathFault((*done, key), f"expected a position in the list, 0 to {len(items) - 1}, found '{key}'")
    return int(key)
