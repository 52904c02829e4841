"""A table as the bytes of a file: CSV as it is, Parquet by pyarrow."""

from __future__ import annotations

import importlib.util
import io
import re

from benchmark.errors import UsageError
from reports.exports.table import Cell, Table

QUOTE = '"'
QUOTED = re.compile('[",\r\n]')
"""What a field can't hold as it is."""


def csv_bytes(table: Table) -> bytes:
    """Return a table as CSV (RFC 4180, lines end with a line feed); null is an empty field, floats have all digits."""
    rows = (map(row.get, table.columns) for row in table.rows)
    return "".join(f"{','.join(map(_field, row))}\n" for row in (table.columns, *rows)).encode()


def _field(value: Cell) -> str:
    text = "" if value is None else str(value)
    # The standard library's writer leaves a carriage return unquoted where lines end with a line feed (Python 3.11).
    return f'"{text.replace(QUOTE, 2 * QUOTE)}"' if QUOTED.search(text) else text


def check_parquet() -> None:
    """Raise `UsageError` where Parquet can't be written."""
    if importlib.util.find_spec("pyarrow") is None:
        raise UsageError('.parquet needs pyarrow: pip install "ticketbench[parquet]"')


def parquet_bytes(table: Table) -> bytes:
    """Return a table as Parquet; every column may be null."""
    import pyarrow
    from pyarrow import parquet

    kinds = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64(), bool: pyarrow.bool_()}
    schema = pyarrow.schema([(name, kinds[kind]) for name, kind in table.columns.items()])
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(list(table.rows), schema=schema), buffer)
    return buffer.getvalue()
