"""Arrow columns as the values of JSON, and these as text: what every format but the tables writes.

A time is ISO 8601 with microseconds and Z, a duration a number of seconds, a missing value and a number that is not
finite None, a list a list, a record a dict. Columns are converted whole, batch by batch, so that a million rows never
stand in memory as Python objects at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from math import isfinite
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from carlang.escapes import json_escaped
from carlang.results import Rows

# Rows converted at once: enough to spread what a call of Arrow costs, few enough to hold as Python objects.
BATCH = 4096
MICROSECONDS = 1_000_000

_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False)
_COMPACT = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":"))


def values_of(rows: Rows) -> Iterator[tuple[Any, ...]]:
    """Yield rows as tuples of JSON values, in the order of their columns."""
    for batch in rows.to_batches(max_chunksize=BATCH):
        yield from zip(*(json_values(column) for column in batch.columns), strict=True)


def json_values(array: pa.Array) -> list[Any]:
    """Return the values of an array as JSON has them."""
    kind = array.type
    if types.is_dictionary(kind):
        return json_values(array.dictionary_decode())
    if types.is_timestamp(kind):
        return instants(array)
    if types.is_duration(kind):
        return [None if v is None else v / MICROSECONDS for v in microseconds(array)]
    if types.is_floating(kind):
        return [v if v is not None and isfinite(v) else None for v in array.to_pylist()]
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        items = iter(json_values(pc.list_flatten(array)))
        return [None if n is None else list(islice(items, n)) for n in pc.list_value_length(array).to_pylist()]
    if types.is_struct(kind):
        return _records(array)
    if types.is_string(kind) or types.is_large_string(kind):
        return _strings(array)
    if types.is_integer(kind) or types.is_boolean(kind) or types.is_null(kind):
        return list(array.to_pylist())
    return [_json_value(value) for value in array.to_pylist()]


def instants(array: pa.Array) -> list[str | None]:
    """Return the instants of an array of timestamps as texts; Arrow's own, for it knows years that Python does not."""
    naive = array.cast(pa.timestamp("us"), safe=False)
    return list(pc.strftime(naive, format="%Y-%m-%dT%H:%M:%SZ").to_pylist())


def microseconds(array: pa.Array) -> list[int | None]:
    """Return the length of durations, or the distance of instants from 1970, in microseconds."""
    unit = pa.duration("us") if types.is_duration(array.type) else pa.timestamp("us")
    return list(array.cast(unit, safe=False).cast(pa.int64()).to_pylist())


def instant(moment: datetime) -> str:
    """Return a moment as the results write times; one without a zone is UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def json_text(value: Any, *, compact: bool = False) -> str:
    """Return a value as JSON on one line.

    Letters of all scripts stand as they are; what a terminal obeys, a reader of lines breaks at or an eye is deceived
    by, as escapes (`json_escaped`).
    """
    return json_escaped((_COMPACT if compact else _ENCODER).encode(value))


def _records(array: pa.Array) -> list[dict[str, Any] | None]:
    names = [array.type.field(i).name for i in range(array.type.num_fields)]
    members = [json_values(member) for member in array.flatten()]
    present = array.is_valid().to_pylist()
    return [
        {name: member[i] for name, member in zip(names, members, strict=True)} if present[i] else None
        for i in range(len(array))
    ]


def _strings(array: pa.Array) -> list[str | None]:
    try:
        return list(array.to_pylist())
    except UnicodeDecodeError:  # a foreign Parquet file may hold bytes that are no UTF-8 in a column of text
        wide = types.is_large_string(array.type)
        raw = array.view(pa.large_binary() if wide else pa.binary()).to_pylist()
        return [None if v is None else v.decode("utf-8", "backslashreplace") for v in raw]


def _json_value(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if isfinite(value) else None
        case Decimal():  # the sum of integers is a 38-digit decimal in DuckDB
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime():
            return instant(value)
        case bytes():
            return value.hex()
        case Mapping():
            return {str(k): _json_value(v) for k, v in value.items()}
        case list() if all(isinstance(item, tuple) for item in value):  # an Arrow map is a list of pairs
            return {str(k): _json_value(v) for k, v in value}
        case list():
            return [_json_value(item) for item in value]
        case _:
            return str(value)
