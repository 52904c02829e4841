"""A table as a data frame, and that as the bytes of a file: CSV, or Parquet where pyarrow is installed."""

from __future__ import annotations

import importlib.util
import io
from typing import TYPE_CHECKING

from benchmark.errors import UsageError
from reports.exports.table import Table

if TYPE_CHECKING:
    import pandas

DTYPES = {str: "string", int: "Int64", float: "Float64", bool: "boolean"}
"""Any column may have nulls, and keeps its kind with them."""


def frame(table: Table) -> pandas.DataFrame:
    """Return a table as a data frame, a null where there is none."""
    import pandas  # a third of a second, for those who ask for tables alone

    rows = pandas.DataFrame(list(table.rows), columns=list(table.columns), dtype=object)
    return rows.astype({name: DTYPES[kind] for name, kind in table.columns.items()})


def csv_bytes(table: Table) -> bytes:
    """Return a table as CSV (RFC 4180); null is an empty field, floats have all digits."""
    return frame(table).to_csv(index=False, lineterminator="\r\n").encode()


def check_parquet() -> None:
    """Raise `UsageError` where Parquet can't be written."""
    if importlib.util.find_spec("pyarrow") is None:
        raise UsageError('.parquet needs pyarrow: pip install "ticketbench[parquet]"')


def parquet_bytes(table: Table) -> bytes:
    """Return a table as Parquet; every column may be null."""
    buffer = io.BytesIO()
    frame(table).to_parquet(buffer, engine="pyarrow", index=False)
    return buffer.getvalue()
