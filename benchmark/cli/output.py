"""How commands print: data on stdout (tables for people, JSON for programs), talk on stderr."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDEST = 400

stdout = Console(soft_wrap=True)
stderr = Console(stderr=True)


def print_json(value: Any) -> None:
    """Print a plain value as JSON on stdout."""
    stdout.out(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False), highlight=False)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows as a table on stdout; on a terminal long cells are folded, elsewhere each row is one line."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    # A pipe has no width: rich would fold at 80 columns, and a program could not read the rows.
    Console(width=None if stdout.is_terminal else WIDEST).print(table)


def print_line(text: str = "") -> None:
    """Print one line of data on stdout, as it is."""
    stdout.out(text, highlight=False)


def say(text: str) -> None:
    """Print one line of talk on stderr, as it is."""
    stderr.out(text, highlight=False)
