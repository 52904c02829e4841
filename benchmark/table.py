"""A family's table: names to members that are imported only when used, with torch-free option schemas.

A family package (`benchmark.models`, ...) holds one `Table` in its `__init__`. A plug-in adds to it with an entry
point in the group `ticketbench.<family>` that loads an `Entry`.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import entry_points
from typing import Any

from pydantic import JsonValue, ValidationError
from pydantic_core import PydanticCustomError

from benchmark.errors import UsageError, did_you_mean
from benchmark.schema.record import Options, Resolved, Selection


@dataclass(frozen=True)
class Entry:
    """One member: `target` is `module:attribute`; `facts` are what plan and list need without importing it."""

    target: str
    options: type[Options]
    says: str
    version: int = 1
    facts: Mapping[str, Any] = field(default_factory=dict)

    def load(self) -> Any:
        """Import the member and return it."""
        module, _, attribute = self.target.partition(":")
        return getattr(importlib.import_module(module), attribute)


class OptionError(UsageError):
    """An option of a selection is wrong: `keys` is its path below the selection."""

    def __init__(self, keys: tuple[str | int, ...], message: str) -> None:
        self.keys = keys
        super().__init__(message)


class Table:
    """The members of one family by name, plug-ins included."""

    def __init__(self, family: str, members: Mapping[str, Entry]) -> None:
        self.family = family
        self._own = dict(members)
        self._chosen: dict[str, dict[str, JsonValue]] = {}

    @cached_property
    def _members(self) -> dict[str, Entry]:
        found = {point.name: point.load() for point in entry_points(group=f"ticketbench.{self.family}")}
        return {**found, **self._own}

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._members))

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __getitem__(self, name: str) -> Entry:
        if name not in self._members:
            hint = did_you_mean(name, self._members)
            raise OptionError(("name",), f"unknown name '{name}' among {self.family}{hint}")
        return self._members[name]

    def resolve(self, selection: Selection) -> Resolved:
        """Return the selection with every option explicit; raise `OptionError` where it does not fit."""
        entry = self[selection.name]
        try:
            options = entry.options.model_validate_json(json.dumps(selection.options))
        except ValidationError as error:
            raise _first_fault(error, entry) from None
        return Resolved(name=selection.name, version=entry.version, options=options.model_dump(mode="json"))

    def choice(self, written: Any) -> Any:
        """Return what options of another family say of a member, `{name: NAME, OPTION: ...}`, resolved: for pydantic.

        What is resolved already is left as it is.
        """
        if not isinstance(written, dict) or "options" in written:
            return written
        try:
            return self.resolve(Selection.model_validate(written))
        except OptionError as fault:
            raise PydanticCustomError("member", "{reason}", {"reason": str(fault)}) from None

    def non_defaults(self, resolved: Resolved) -> dict[str, JsonValue]:
        """Return the options that differ from the member's defaults: what counts for a job's identity."""
        text = resolved.model_dump_json()
        if text not in self._chosen:  # thousands of jobs name the same few
            self._chosen[text] = self.parse(resolved).model_dump(mode="json", exclude_defaults=True)
        return self._chosen[text]

    def parse(self, resolved: Resolved) -> Options:
        """Return the typed options of a resolved selection."""
        return self[resolved.name].options.model_validate_json(json.dumps(resolved.options))


def _first_fault(error: ValidationError, entry: Entry) -> OptionError:
    fault = error.errors(include_url=False)[0]
    if fault["type"] == "extra_forbidden":
        key = str(fault["loc"][-1])
        return OptionError(fault["loc"], f"unknown option '{key}'{did_you_mean(key, entry.options.model_fields)}")
    message = fault["msg"].removeprefix("Value error, ")
    return OptionError(fault["loc"], "is missing" if fault["type"] == "missing" else message)
