"""A YAML 1.2 file read strictly into a tree in which every value knows the line it was written on."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from benchmark.errors import SuiteError

Path = tuple[str | int, ...]
Scalar = str | int | float | bool | None

MAX_DEPTH = 32
MAX_VALUES = 50_000  # aliases counted as often as they are used, so that a few lines cannot expand without end
MAX_INTEGER = 2**63 - 1

_TAG = "tag:yaml.org,2002:"
_TEXT_TAGS = {_TAG + "str", _TAG + "timestamp", _TAG + "value"}  # YAML 1.2's core schema has no dates
_SCALAR_TAGS = {_TAG + "int", _TAG + "float", _TAG + "bool", _TAG + "null"}


@dataclass(frozen=True)
class Mark:
    """Where a value was written: a file and a line, or an option of the command line (line 0)."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Node:
    """A value and its mark; an entry of a mapping has the mark of its key. `text` is a scalar as written."""

    value: Scalar | Mapping[str, Node] | tuple[Node, ...]
    mark: Mark
    text: str = ""

    def child(self, key: str | int) -> Node | None:
        """Return the entry or item under a key, or null."""
        if isinstance(self.value, Mapping):
            return self.value.get(key) if isinstance(key, str) else None
        if isinstance(self.value, tuple) and isinstance(key, int) and 0 <= key < len(self.value):
            return self.value[key]
        return None

    @property
    def entries(self) -> Mapping[str, Node]:
        """The entries of a mapping; of anything else, none."""
        return self.value if isinstance(self.value, Mapping) else {}

    @property
    def items(self) -> tuple[Node, ...]:
        """The items of a list; of anything else, none."""
        return self.value if isinstance(self.value, tuple) else ()

    def plain(self) -> Any:
        """Return the value without marks, as JSON has it."""
        if isinstance(self.value, Mapping):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, tuple):
            return [node.plain() for node in self.value]
        return self.value


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a file."""

    mark: Mark
    path: Path
    message: str

    def __str__(self) -> str:
        where = f"{self.mark}: {dotted(self.path)}" if self.path else str(self.mark)
        return f"{where}: {self.message}"


def settle(faults: Iterable[Fault]) -> None:
    """Raise `SuiteError` if there are faults: in the order of the file, one that several places share only once."""
    once: dict[object, Fault] = {}
    for fault in sorted(faults, key=lambda fault: fault.mark.line):
        once.setdefault((fault.mark, fault.path[-1:], fault.message), fault)
    if once:
        raise SuiteError(map(str, once.values()))


def dotted(path: Path) -> str:
    """Return a key path as it is printed and as `--set` takes it; odd characters are escaped."""
    return one_line(".".join(map(str, path)))


def one_line(text: str) -> str:
    """Return a text without line ends and control characters: those are escaped."""
    return text if text.isprintable() else ascii(text)[1:-1]


def shown(value: Any) -> str:
    """Return a short text of a value and its type for an error line."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return f"{str(value).lower()} (true or false)"
    if isinstance(value, str):
        short = value if len(value) <= 40 else value[:37] + "..."
        return f"'{one_line(short)}' (text)"
    return f"{value} (a number)"


def nearest(tree: Node, path: Path) -> Mark:
    """Return the mark of the value at a path, or of its nearest ancestor that exists."""
    mark, node = tree.mark, tree
    for step in path:
        child = node.child(step)
        if child is None:
            return mark
        mark, node = child.mark, child
    return mark


def read_document(text: str, file: str, faults: list[Fault]) -> Node:
    """Return a YAML text as a tree whose root is a mapping.

    Faults that leave the rest readable are added to `faults`; one that doesn't is raised as `SuiteError`.
    """
    tree, found = _document(text, file)
    faults += found
    return tree


@lru_cache(maxsize=8)  # a suite is read at each of its scales, and parsing is most of reading
def _document(text: str, file: str) -> tuple[Node, tuple[Fault, ...]]:
    root = _compose(text, lambda line: Mark(file, line))
    if not isinstance(root, MappingNode):
        what = "the file is empty" if root is None else "the file is not a mapping"
        raise SuiteError([f"{file}:1: {what}, expected lines of the form 'key: value'"])
    found: list[Fault] = []
    return _Builder(lambda line: Mark(file, line), found).node(root, (), Mark(file, 1)), tuple(found)


def read_value(text: str, origin: str, path: Path) -> Node:
    """Return a YAML scalar, list or mapping given on the command line as a tree; every mark is `origin`."""
    faults: list[Fault] = []
    mark = Mark(origin, 0)
    root = _compose(text, lambda line: mark)
    if root is None:
        raise SuiteError([str(Fault(mark, path, "there is no value; write 'null' for none, '\"\"' for an empty text"))])
    node = _Builder(lambda line: mark, faults).node(root, path, mark)
    settle(faults)
    return node


def _compose(text: str, mark: Callable[[int], Mark]) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # ruamel.yaml warns where an anchor is defined twice
            return YAML(typ="safe", pure=True).compose(text)
    except Exception as error:  # noqa: BLE001  the parser raises more than its own errors on damaged text
        line, what = _diagnosis(error, text)
        raise SuiteError([f"{mark(line)}: not valid YAML: {what}"]) from None


def _diagnosis(error: Exception, text: str) -> tuple[int, str]:
    if isinstance(error, MarkedYAMLError):
        place = error.problem_mark or error.context_mark
        what = ", ".join(part for part in (error.context, error.problem) if part)
        if "'\\t'" in what:
            what = "a tab where only spaces may stand, expected spaces as indentation"
        return (place.line + 1 if place else 1), " ".join(what.split())
    if isinstance(error, RecursionError):
        return 1, f"nested too deeply, expected at most {MAX_DEPTH} levels"
    position = getattr(error, "position", None)
    if isinstance(error, YAMLError) and isinstance(position, int):
        return text.count("\n", 0, position) + 1, "a control character, expected text; is this a binary file?"
    if isinstance(error, Warning):
        return 1, "an anchor (&name) is defined twice"
    return 1, f"damaged text ({' '.join(str(error).split())})"


class _Builder:
    """Turns the parser's nodes into ours, noting what is wrong with them."""

    def __init__(self, mark: Callable[[int], Mark], faults: list[Fault]) -> None:
        self.mark = mark
        self.faults = faults
        self.count = 0
        self.constructor = YAML(typ="safe", pure=True).constructor

    def node(self, raw: Any, path: Path, mark: Mark) -> Node:
        self.count += 1
        if self.count > MAX_VALUES or len(path) > MAX_DEPTH:
            limit = f"nested more than {MAX_DEPTH} deep" if len(path) > MAX_DEPTH else f"more than {MAX_VALUES} values"
            raise SuiteError([str(Fault(mark, path[:4], f"{limit}, aliases (*name) included"))])
        if isinstance(raw, ScalarNode):
            return Node(self._scalar(raw, path, mark), mark, raw.value)
        if raw.tag not in (_TAG + "map", _TAG + "seq"):
            self._note_tag(raw, path, mark)
        if isinstance(raw, SequenceNode):
            items = enumerate(raw.value)
            return Node(tuple(self.node(item, (*path, i), self._place(item)) for i, item in items), mark)
        return Node(dict(self._entries(raw, path)), mark)

    def _entries(self, raw: MappingNode, path: Path) -> Iterator[tuple[str, Node]]:
        first: dict[str, Mark] = {}
        for key, value in raw.value:
            mark = self._place(key)
            name = key.value if isinstance(key, ScalarNode) else "?"
            if name == "<<":
                self._note(mark, (*path, name), "merge keys are not supported; use 'extends' in an experiment")
            elif not isinstance(key, ScalarNode) or key.tag not in _TEXT_TAGS:
                self._note(mark, (*path, name), f'a key must be text, expected quotes around it: "{name}"')
            elif name in first:
                self._note(mark, (*path, name), f"the key was already given in line {first[name].line}")
            elif self._sound(name, (*path, name), mark):
                first[name] = mark
                yield name, self.node(value, (*path, name), mark)

    def _scalar(self, raw: ScalarNode, path: Path, mark: Mark) -> Scalar:
        if raw.tag in _TEXT_TAGS:
            return raw.value if self._sound(raw.value, path, mark) else None
        if raw.tag not in _SCALAR_TAGS:
            self._note_tag(raw, path, mark)
            return None
        try:
            value: Scalar = self.constructor.construct_object(raw)
        except (ValueError, KeyError, IndexError):
            value = math.nan
        if isinstance(value, float) and not math.isfinite(value):
            self._note(mark, path, f"{shown(raw.value)} is not a finite number, expected one")
        elif isinstance(value, int) and abs(value) > MAX_INTEGER:
            self._note(mark, path, "the whole number is too large, expected at most 2^63 - 1")
        else:
            return value
        return None

    def _sound(self, text: str, path: Path, mark: Mark) -> bool:
        sound = not any("\ud800" <= character <= "\udfff" for character in text)
        if not sound:
            self._note(mark, path[:-1], "half of a surrogate pair, expected whole characters")
        return sound

    def _place(self, raw: Any) -> Mark:
        return self.mark(raw.start_mark.line + 1)

    def _note_tag(self, raw: Any, path: Path, mark: Mark) -> None:
        self._note(mark, path, f"the tag '{str(raw.tag).removeprefix(_TAG)}' is not allowed, expected plain YAML")

    def _note(self, mark: Mark, path: Path, message: str) -> None:
        self.faults.append(Fault(mark, path, message))
