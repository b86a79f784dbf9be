"""Which columns a store has: the types of CAR's fields as DuckDB and as Delta Lake name them."""

from __future__ import annotations

from collections.abc import Iterable

from carlang.model.schema import Model, Object
from carlang.model.types import Kind, Type

PARTITIONS = ("object", "action")
"""The columns that stand in the names of folders and not in the files."""

RAW = "raw"
"""The column that keeps the record as it was read, where an ingest asks for it."""

RECORD_ID = "record_id"
"""The column of a record's id: text, in files that carlang 0.1 wrote a number."""

_DUCKDB = {
    Kind.TIME: "TIMESTAMP WITH TIME ZONE",
    Kind.INTEGER: "BIGINT",
    Kind.PORT: "BIGINT",
    Kind.DURATION: "BIGINT",
    Kind.FLOAT: "DOUBLE",
    Kind.BOOLEAN: "BOOLEAN",
}


def column_type(type_: Type) -> str:
    """Return DuckDB's type for a field's values; records are JSON text."""
    return _DUCKDB.get(type_.kind, "VARCHAR")


def row_order(columns: Iterable[str]) -> list[str]:
    """Return the keys by which rows with some of these columns stand in files: by `time`, then by `record_id`.

    Ids of digits only come first, as numbers.
    """
    present = set(columns)
    # In two steps, as a cast of a text with letters may be a number too: `1e5`.
    digits = f"TRY_CAST(CASE WHEN regexp_full_match({RECORD_ID}, '[0-9]+') THEN {RECORD_ID} END AS DECIMAL(38, 0))"
    keys = ["time"] if "time" in present else []
    keys += [digits, RECORD_ID] if RECORD_ID in present else []
    return [f"{key} NULLS LAST" for key in keys]


def object_columns(object_: Object) -> dict[str, str]:
    """Return the columns of an object's files, in the model's order, each with its DuckDB type."""
    return {f.name: column_type(f.type) for f in object_.fields.values() if f.name not in PARTITIONS}


def model_columns(model: Model) -> dict[str, str]:
    """Return the columns of a table of all objects: the partitions, then every field once."""
    columns = dict.fromkeys(PARTITIONS, "VARCHAR")
    for object_ in model.objects.values():
        columns |= object_columns(object_)
    return columns
