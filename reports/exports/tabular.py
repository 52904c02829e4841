"""A table as the bytes of a file: CSV as it is, Parquet by pyarrow."""

from __future__ import annotations

import csv
import importlib.util
import io

from benchmark.errors import UsageError
from reports.exports.table import Table


def csv_bytes(table: Table) -> bytes:
    """Return a table as CSV (RFC 4180, lines end with a line feed); null is an empty field, floats have all digits."""
    text = io.StringIO()
    writer = csv.DictWriter(text, table.columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table.rows)
    return text.getvalue().encode()


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
