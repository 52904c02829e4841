"""What a scale does not have: everything whose `only_at` names other scales, and what speaks of such experiments.

Metrics too have an `only_at`. Where a claim or a figure names several metrics, it means the first that the scale has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from benchmark.errors import did_you_mean
from benchmark.suites.document import Fault, Node, Path
from benchmark.suites.json_schema import NAMED_KEYS
from benchmark.suites.merge import put

FEWEST_ARMS = 2
"""A timing sets arms against each other."""


def at_scale(tree: Node, scale: str, scales: Node, faults: list[Fault]) -> Node:
    """Return the suite without what this scale does not have; unknown scales in an `only_at` are noted."""
    here = _Scale(scale, scales, faults)
    absent: set[str] = set()
    timings = set(_members(tree, "timings"))
    for kind in NAMED_KEYS:
        members = tree.child(kind)
        if members is not None and isinstance(members.value, Mapping):
            kept = here.present((kind,), members)
            absent |= members.value.keys() - kept.entries.keys() if kind == "experiments" else set()
            tree = put(tree, [kind], kept)
    tree = _with_metrics_of(here, tree)
    for kind, key, is_absent in (("claims", "compare", _compares), ("figures", "experiments", _draws)):
        tree = _without(tree, kind, key, is_absent, absent)
    tree = _without_arms(tree, absent)
    return _without_readers(tree, timings - _members(tree, "timings").keys())


@dataclass(frozen=True)
class _Scale:
    """A scale among others, and where faults are noted."""

    name: str
    scales: Node
    faults: list[Fault]

    def present(self, path: Path, members: Node) -> Node:
        """Return a mapping with those of its members that this scale has."""
        return replace(
            members, value={key: node for key, node in members.entries.items() if self._has(path, key, node)}
        )

    def _has(self, path: Path, key: str, node: Node) -> bool:
        only = node.child("only_at") or Node((), node.mark)
        for index, item in enumerate(only.items):
            if item.value not in self.scales.entries:
                message = f"no scale '{item.text}'{did_you_mean(item.text, self.scales.entries)}"
                self.faults.append(Fault(item.mark, (*path, key, "only_at", index), message))
        return not only.items or self.name in [item.value for item in only.items]


def _with_metrics_of(here: _Scale, tree: Node) -> Node:
    """Return the suite with the metrics that the scale has, and of those that a claim or figure names the first."""
    known: set[str] = set()
    for name, experiment in _members(tree, "experiments").items():
        metrics = experiment.child("metrics")
        if metrics is not None and metrics.entries:
            kept = here.present(("experiments", name, "metrics"), metrics)
            known |= kept.entries.keys()
            bare = replace(kept, value={key: _bare(node) for key, node in kept.entries.items()})
            tree = put(tree, ["experiments", name, "metrics"], bare)
    for kind, key in (("claims", "metric"), ("figures", "x"), ("figures", "y")):
        for name, member in _members(tree, kind).items():
            choice = member.child(key)
            if choice is not None and choice.items:
                chosen = next((item for item in choice.items if item.value in known), choice.items[0])
                tree = put(tree, [kind, name, key], chosen)
    return tree


def _members(tree: Node, kind: str) -> Mapping[str, Node]:
    members = tree.child(kind)
    return {} if members is None else members.entries


def _bare(metric: Node) -> Node:
    """Return a metric without its `only_at`, which is none of its options."""
    return replace(
        metric, value={key: node for key, node in metric.entries.items() if key != "only_at"} or metric.value
    )


def _without(tree: Node, kind: str, key: str, is_absent: Callable[[Node, set[str]], bool], absent: set[str]) -> Node:
    """Leave out of every member's list what speaks of absent experiments; a member left with nothing goes too."""
    for name, node in _members(tree, kind).items():
        listed = node.child(key)
        items = () if listed is None else listed.items
        left = tuple(item for item in items if not is_absent(item, absent))
        if listed is not None and left:
            tree = put(tree, [kind, name, key], replace(listed, value=left))
        elif items:
            tree = _lacking(tree, kind, name)
    return tree


def _without_arms(tree: Node, absent: set[str]) -> Node:
    """Leave the arms of absent experiments out of every timing; one that is left with none to compare goes too."""
    for name, node in _members(tree, "timings").items():
        arms = node.child("arms")
        if arms is None or not any(_names(arm, absent) for arm in arms.entries.values()):
            continue
        left = {key: arm for key, arm in arms.entries.items() if not _names(arm, absent)}
        if len(left) < FEWEST_ARMS:
            tree = _lacking(tree, "timings", name)
        else:
            tree = put(tree, ["timings", name, "arms"], replace(arms, value=left))
    return tree


def _without_readers(tree: Node, timings: set[str]) -> Node:
    """Leave out the claims and figures that are read from absent timings."""
    for kind in ("claims", "figures"):
        for name, node in _members(tree, kind).items():
            timing = node.child("timing")
            if timing is not None and timing.value in timings:
                tree = _lacking(tree, kind, name)
    return tree


def _lacking(tree: Node, kind: str, name: str) -> Node:
    members = tree.entries[kind]
    return put(
        tree, [kind], replace(members, value={key: node for key, node in members.entries.items() if key != name})
    )


def _compares(comparison: Node, absent: set[str]) -> bool:
    arms = (comparison.child("arm"), comparison.child("baseline"))
    return any(arm is not None and _names(arm, absent) for arm in arms)


def _names(arm: Node, absent: set[str]) -> bool:
    return str(arm.value).partition("@")[0] in absent


def _draws(experiment: Node, absent: set[str]) -> bool:
    return str(experiment.value) in absent | {name.partition("[")[0] for name in absent}  # a matrix as one line
