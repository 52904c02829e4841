"""Experiments as written -> experiments as planned: `extends` resolved, then `matrix` multiplied out."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from benchmark.errors import did_you_mean
from benchmark.suites.document import Fault, Node, Path, shown
from benchmark.suites.merge import PathFault, merge, put

MAX_COMBINATIONS = 1000
_NAME = re.compile(r"[a-z][a-z0-9_]*")

Combination = dict[str, Node]
"""Dotted paths below an experiment, each with its value."""


def expand_experiments(experiments: Node, faults: list[Fault]) -> Node:
    """Return the experiments without `extends` and `matrix`; one with a fault is noted and left out."""
    found: dict[str, Node] = {}
    for name, node in _extended(experiments, faults).items():
        if not _NAME.fullmatch(name):
            faults.append(Fault(node.mark, ("experiments", name), "expected a name of small letters, digits and _"))
        elif "matrix" not in node.entries:
            found[name] = node
        else:
            found.update(_Matrix(name, node, faults).experiments())
    return replace(experiments, value=found)


def _extended(experiments: Node, faults: list[Fault]) -> dict[str, Node]:
    """Resolve every `extends`; children of a faulty experiment are left out in silence, their parent is named."""
    done: dict[str, Node | None] = {}
    for name in experiments.entries:
        chain: list[str] = []
        current = name
        while current not in done and "extends" in experiments.entries[current].entries:
            parent = experiments.entries[current].entries["extends"]
            chain.append(current)
            fault = _parent_fault(parent, chain, experiments)
            if fault:
                faults.append(Fault(parent.mark, ("experiments", current, "extends"), fault))
                done[current] = None
                break
            current = str(parent.value)
        base = done.get(current, experiments.entries[current])
        done.setdefault(current, base)
        for child in reversed([link for link in chain if link not in done]):
            base = done[child] = base and _over(base, experiments.entries[child])
    return {name: node for name in experiments.entries if (node := done[name]) is not None}


def _parent_fault(parent: Node, chain: list[str], experiments: Node) -> str | None:
    if not isinstance(parent.value, str):
        return f"expected the name of an experiment, found {shown(parent.value)}"
    if parent.value in chain:
        return f"experiments extend each other: {' -> '.join([*chain, parent.value])}"
    if parent.value not in experiments.entries:
        return f"unknown experiment '{parent.value}'{did_you_mean(parent.value, experiments.entries)}"
    return None


def _over(base: Node, child: Node) -> Node:
    own = {key: node for key, node in child.entries.items() if key != "extends"}
    return merge(base, replace(child, value=own))


@dataclass
class _Matrix:
    """One experiment's `matrix`, read as GitHub Actions reads it."""

    name: str
    node: Node
    faults: list[Fault]
    sound: bool = field(default=True, init=False)

    def experiments(self) -> dict[str, Node]:
        """Return `NAME[key=value,...]` with its values put in, one for each combination; none after a fault."""
        combinations = self._combinations()
        for key in sorted({"include", "exclude"} & self.node.entries.keys()):
            mark, message = (
                self.node.entries[key].mark,
                "it belongs into 'matrix', beside the values, as in GitHub Actions",
            )
            self.faults.append(Fault(mark, ("experiments", self.name, key), message))
            self.sound = False
        body = replace(self.node, value={key: node for key, node in self.node.entries.items() if key != "matrix"})
        found: dict[str, Node] = {}
        for label, values in combinations:
            made = body
            for path, value in values.items():
                try:
                    made = put(made, path.split("."), value)
                except PathFault as fault:
                    self._note((path,), value, str(fault))
            if label in found:
                self._note((), self.node.entries["matrix"], f"two combinations have the name [{label}]")
            found[label] = made
        return {f"{self.name}[{label}]": made for label, made in found.items()} if self.sound else {}

    def _combinations(self) -> list[tuple[str, Combination]]:
        axes = self._axes()
        entries = self.node.entries["matrix"].entries
        excludes = self._changes("exclude", entries)
        includes = self._changes("include", entries)
        for index, change in enumerate(excludes):
            for key in change.keys() - axes.keys():
                self._note(("exclude", index, key), change[key], f"not a key of this matrix{did_you_mean(key, axes)}")
        if not self.sound:
            return []
        kept = self._excluded(
            [dict(zip(axes, row, strict=True)) for row in itertools.product(*axes.values())], excludes
        )
        return self._included(kept, includes, axes)

    def _axes(self) -> dict[str, tuple[Node, ...]]:
        matrix = self.node.entries["matrix"]
        if not isinstance(matrix.value, Mapping):
            self._note(
                (), matrix, f"expected a mapping of dotted paths to lists of values, found {shown(matrix.value)}"
            )
        axes = {key: node for key, node in matrix.entries.items() if key not in ("include", "exclude")}
        for key, axis in axes.items():
            self._check_axis(key, axis)
        if self.sound and not axes:
            self._note((), matrix, "there is nothing to vary, expected a dotted path with a list of values")
        if math.prod(len(axis.items) for axis in axes.values()) > MAX_COMBINATIONS:
            self._note((), matrix, f"more than {MAX_COMBINATIONS} combinations")
        return {key: axis.items for key, axis in axes.items()}

    def _check_axis(self, key: str, axis: Node) -> None:
        if not axis.items:
            self._note((key,), axis, f"expected a list of one value or more, found {shown(axis.value)}")
        if key.split(".")[0] in ("matrix", "extends"):
            self._note((key,), axis, f"'{key}' cannot be varied")
        for index, item in enumerate(axis.items):
            if isinstance(item.value, Mapping | tuple) or not re.fullmatch(r"[^\[\]@,=\s]+", item.text):
                self._note(
                    (key, index),
                    item,
                    f"expected a number or a word, which names the experiment, found {shown(item.value)}",
                )
            elif any(_equal(item, other) for other in axis.items[:index]):
                self._note((key, index), item, f"the value {item.text} is given twice")

    def _changes(self, kind: str, entries: Mapping[str, Node]) -> list[Combination]:
        if kind not in entries:
            return []
        changes = entries[kind]
        if not changes.items or not all(change.entries for change in changes.items):
            self._note((kind,), changes, "expected a list of mappings of dotted paths to values")
        return [dict(change.entries) for change in changes.items]

    def _excluded(self, rows: list[Combination], excludes: list[Combination]) -> list[Combination]:
        for index, change in enumerate(excludes):
            if not any(_fits(row, change) for row in rows):
                self._note(("exclude", index), next(iter(change.values())), "it matches no combination")
        kept = [row for row in rows if not any(_fits(row, change) for change in excludes)]
        if not kept:
            self._note(("exclude",), self.node.entries["matrix"], "nothing is left of the matrix")
        return kept

    def _included(
        self, rows: list[Combination], includes: list[Combination], axes: Mapping[str, object]
    ) -> list[tuple[str, Combination]]:
        """Add each include to the combinations it fits; one that names every key may be a new combination."""
        combinations = [(_label(row, axes), row) for row in rows]
        for index, change in enumerate(includes):
            fixed = {key: node for key, node in change.items() if key in axes}
            fitting = [number for number, row in enumerate(rows) if _fits(row, fixed)]
            for number in fitting:
                label, values = combinations[number]
                combinations[number] = (label, {**values, **change})
            path, first = ("include", index), next(iter(change.values()))
            if fitting and len(fixed) == len(change):
                self._note(path, first, "the combination exists already, and nothing is added to it")
            elif not fitting and len(fixed) == len(axes):
                for key, node in fixed.items():
                    self._check_axis(key, replace(node, value=(node,)))
                combinations.append((_label(fixed, axes), change))
            elif not fitting:
                self._note(path, first, "it matches no combination; a new one names every key of the matrix")
        return combinations

    def _note(self, path: Path, node: Node, message: str) -> None:
        self.sound = False
        self.faults.append(Fault(node.mark, ("experiments", self.name, "matrix", *path), message))


def _fits(row: Combination, change: Combination) -> bool:
    return all(_equal(row[key], node) for key, node in change.items())


def _equal(one: Node, other: Node) -> bool:
    """Compare values as YAML has them: 1 equals 1.0, but true is not 1."""
    return one.value == other.value and isinstance(one.value, bool) == isinstance(other.value, bool)


def _label(row: Combination, axes: Mapping[str, object]) -> str:
    last = [path.rpartition(".")[2] for path in axes]
    return ",".join(f"{_short(path, last)}={row[path].text}" for path in axes)


def _short(path: str, last: list[str]) -> str:
    segment = path.rpartition(".")[2]
    return segment if last.count(segment) == 1 else path
