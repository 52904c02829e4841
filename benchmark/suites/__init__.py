"""YAML files -> `Suite` and `References`; what is wrong with one is told by file, line and key path."""

from benchmark.suites.json_schema import references_schema, suite_schema, write_schemas
from benchmark.suites.read import Loaded, read_references, read_suite, scale_names

__all__ = [
    "Loaded",
    "read_references",
    "read_suite",
    "references_schema",
    "scale_names",
    "suite_schema",
    "write_schemas",
]
