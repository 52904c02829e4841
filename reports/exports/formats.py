"""The formats that a results directory can be exported to, by the ending of the file's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from benchmark.documents import as_json
from benchmark.errors import UsageError, did_you_mean
from reports.exports.badge import badge
from reports.exports.gather import document
from reports.exports.markdown import markdown
from reports.exports.source import Source
from reports.exports.table import TABLES
from reports.exports.tabular import check_parquet, csv_bytes, parquet_bytes
from reports.junit import junit_xml

FORMATS: Mapping[str, Callable[[Source, str], bytes]] = {
    ".json": lambda source, table: as_json(document(source).model_dump(mode="json")),
    ".csv": lambda source, table: csv_bytes(TABLES[table](source)),
    ".parquet": lambda source, table: parquet_bytes(TABLES[table](source)),
    ".md": lambda source, table: markdown(source).encode(),
    ".svg": lambda source, table: badge(source).encode(),
    ".xml": lambda source, table: junit_xml(source.verdicts).encode(),
}
"""What makes a file's bytes; of CSV and Parquet there is one for each of the `TABLES`."""


def check(path: Path, table: str) -> None:
    """Raise `UsageError` for an ending or a table that is unknown, or where a format needs what is not installed."""
    if table not in TABLES:
        raise UsageError(f"no table '{table}'{did_you_mean(table, TABLES)}")
    if _ending(path) not in FORMATS:
        raise UsageError(f"{path}: the ending says what to write, and must be one of {' '.join(FORMATS)}")
    if _ending(path) == ".parquet":
        check_parquet()


def exported(source: Source, path: Path, table: str) -> bytes:
    """Return a file's bytes; what it asks for must be checked."""
    return FORMATS[_ending(path)](source, table)


def _ending(path: Path) -> str:
    return path.suffix.lower()
