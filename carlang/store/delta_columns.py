"""Columns of a store as fields of a Delta table, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import deltalake
from deltalake.schema import PrimitiveType

# Delta's names for the types that `column_type` gives. Records are text in both: a nested column would have a type of
# its own for every set of members, and Delta cannot merge those.
_DELTA = {
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "BIGINT": "long",
    "DOUBLE": "double",
    "BOOLEAN": "boolean",
    "VARCHAR": "string",
}

_FROM_DELTA = {delta: name for name, delta in _DELTA.items()}


def delta_fields(columns: Mapping[str, str]) -> list[deltalake.Field]:
    """Return columns as fields of a Delta table.

    All of them may be null: a file has the columns of its object only, and a reader fills in the others.
    """
    return [deltalake.Field(name, PrimitiveType(_DELTA[type_]), nullable=True) for name, type_ in columns.items()]


def duckdb_columns(fields: Iterable[deltalake.Field]) -> dict[str, str]:
    """Return the fields of a Delta table as columns with DuckDB's types; what DuckDB has no plain type for is text."""
    return {f.name: _FROM_DELTA.get(getattr(f.type, "type", ""), "VARCHAR") for f in fields}
