"""What is known of events without reading them, by host: the inventory, how it merges, and how footers hold it.

An inventory is an Arrow table, `SCHEMA`, a row for each host, object, action, log and sensor. Those of parts of a store
merge into that of the whole. Each file holds its own in its footer, as text: names stand there once, counts beside
their numbers, all of it compressed. Fifty thousand hosts with twenty fields take 3 MB of a file, which takes gigabytes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from carlang.deadline import check_time

ID_RUN = pa.struct(
    [
        ("source", pa.string()),
        ("count", pa.int64()),  # of different numbers
        ("first", pa.int64()),
        ("last", pa.int64()),
        ("start", pa.int32()),  # the hours, since 1970, of the earliest and of the latest; null where none has a time
        ("end", pa.int32()),
    ]
)
"""Records of one source by number: from one to the next there are fewer than `ID_GAP` numbers that are not there."""

ID_GAP = 10
"""So many numbers that no record has are a gap. Fewer lie between the records of any class: others of the log do."""
ID_DIGITS = 12
"""Ids of records that are longer are no numbers that a log gives one after the other."""

SCHEMA = pa.schema(
    [
        ("host", pa.string()),  # of names that differ in case the first in order; null for events without one
        ("object", pa.string()),
        ("action", pa.string()),
        ("log", pa.string()),  # of the classes in `LOGS` alone
        ("sensor", pa.string()),
        ("rows", pa.int64()),
        ("hollow", pa.int64()),  # records that would be such events, and have nothing of them in them
        ("timed", pa.int64()),  # rows that have a time
        ("first_time", pa.timestamp("us", "UTC")),
        ("last_time", pa.timestamp("us", "UTC")),
        ("filled", pa.map_(pa.string(), pa.int64())),  # by field, the rows that have a value; without those at 0
        ("hours", pa.list_(pa.struct([("start", pa.int32()), ("end", pa.int32())]))),  # runs of hours since 1970
        ("ids", pa.list_(ID_RUN)),  # runs of the numbers of records, by source
    ]
)
"""The columns of an inventory. A run of hours has events in each hour from `start` to before `end`."""

Class = tuple[str, str]
"""An object and an action."""

LOGS: tuple[Class, ...] = (("event", "log"), ("system", "log_clear"))
"""The classes that are counted by log: records of logs, and that a log was emptied."""

MARKED: Class = ("event", "log")
"""The class of which it is known, too, which texts stand in the fields of `MARKS`: among what is filled, `mark`s."""
MARKS = ("provider", "event_code")


def mark(field: str, text: str = "") -> str:
    """Return what stands for a text of a field among the names of fields, `provider=Service Control Manager`."""
    return f"{field}={text}"


NO_FILL = "MAP([]::VARCHAR[], []::BIGINT[])"
NO_IDS = '[]::STRUCT(source VARCHAR, "count" BIGINT, "first" BIGINT, "last" BIGINT, "start" INTEGER, "end" INTEGER)[]'
NO_HOURS = '[]::STRUCT("start" INTEGER, "end" INTEGER)[]'

_TEXTS = ("object", "action", "log", "sensor")
_STORED_RUN = pa.struct([pa.field("source", pa.int32()), *(field for field in ID_RUN if field.name != "source")])
_STORED = pa.schema(
    [
        SCHEMA.field("host"),
        *((name, pa.int32()) for name in _TEXTS),
        *(SCHEMA.field(name) for name in ("rows", "hollow", "timed", "first_time", "last_time")),
        ("filled", pa.map_(pa.int32(), pa.int64())),
        SCHEMA.field("hours"),
        ("ids", pa.list_(_STORED_RUN)),
    ]
)
"""The columns as footers hold them: texts are numbers of names."""
_MOST_BYTES = 1 << 30
"""What statistics may become when they are unpacked: some ten million hosts. A file that says more is not believed."""
_FORM = "1/"
"""What the text begins with, and another one where its columns are others: Arrow does not know of which they are."""
_SIZE = 4  # bytes of the number that stands in front of the names
_ALIGNED = 64  # where Arrow wants its arrays to begin, in bytes


def typed(table: pa.Table) -> pa.Table:
    """Return a table of an inventory's columns with their types."""
    return table.select(SCHEMA.names).cast(SCHEMA)


def packed(inventory: pa.Table) -> str:
    """Return the inventory of a file as its footer holds it: in ASCII, as Parquet's metadata are text."""
    table = inventory.combine_chunks()
    filled = chunk(table["filled"])
    ids = chunk(table["ids"])
    sources = ids.values.field("source")
    texts = pc.unique(pa.concat_arrays([*(chunk(table[name]) for name in _TEXTS), filled.keys, sources])).drop_null()
    names = texts.take(pc.sort_indices(texts))  # so that the order of the numbers is that of the names
    columns = {name: table[name] for name in SCHEMA.names}
    columns |= {name: pc.index_in(table[name], names) for name in _TEXTS}
    columns["filled"] = _numbered(filled, chunk(table["rows"]), names)
    columns["ids"] = _with_sources(ids, pc.index_in(sources, names), _STORED_RUN)
    batch = pa.table(columns).cast(_STORED).combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], _STORED)]
    listed = json.dumps(names.to_pylist()).encode()
    listed += b" " * (-(_SIZE + len(listed)) % _ALIGNED)
    content = len(listed).to_bytes(_SIZE, "little") + listed + batch[0].serialize().to_pybytes()
    return f"{_FORM}{len(content)}:" + base64.b64encode(pa.compress(content, "zstd", asbytes=True)).decode("ascii")


def _with_sources(ids: pa.ListArray, sources: pa.Array, run: pa.StructType) -> pa.ListArray:
    """Return runs of numbers with their sources by another name."""
    columns = [sources if field.name == "source" else ids.values.field(field.name) for field in run]
    return pa.ListArray.from_arrays(ids.offsets, pa.StructArray.from_arrays(columns, fields=list(run)))


def _numbered(filled: pa.MapArray, rows: pa.Array, names: pa.Array) -> pa.MapArray:
    """Return maps by numbers of names, what all rows have first: the same counts side by side take hardly any room."""
    is_part = pc.not_equal(filled.items, rows.take(pc.list_parent_indices(as_lists(filled))))
    return ordered(pa.MapArray.from_arrays(filled.offsets, pc.index_in(filled.keys, names), filled.items), is_part)


def ordered(filled: pa.MapArray, first: pa.Array | None = None) -> pa.MapArray:
    """Return maps with their entries in the order of `first`, if it is given, and then of their keys."""
    keys = {"row": pc.list_parent_indices(as_lists(filled)), "first": first, "key": filled.keys}
    entries = pa.table({name: column for name, column in keys.items() if column is not None})
    order = pc.sort_indices(entries, sort_keys=[(name, "ascending") for name in entries.column_names])
    return pa.MapArray.from_arrays(filled.offsets, filled.keys.take(order), filled.items.take(order))


def as_lists(filled: pa.MapArray) -> pa.ListArray:
    """Return the lists of counts of maps: Arrow tells the row of each entry for lists alone."""
    return pa.ListArray.from_arrays(filled.offsets, filled.items)


def unpacked(texts: Sequence[str], *, in_order: bool = True) -> tuple[pa.Table, pa.Array]:
    """Return the inventories that footers hold, one below the other, and for each row the number of its text.

    A text that is no inventory, as another program may have written it, has no rows. Unless they are wanted `in_order`,
    the fields of a row are in any.
    """
    names: list[pa.Array] = [pa.array([], pa.string())]
    count = 0
    columns: dict[str, list[int]] = {"part": [], "first": [], "size": []}
    batches: list[pa.RecordBatch] = []
    for number, text in enumerate(texts):
        check_time()  # there may be thousands, of some megabytes each
        if (read := _read(text)) is not None:
            batches.append(read[1])
            for name, value in {"part": number, "first": count, "size": len(read[0])}.items():
                columns[name] += [value] * read[1].num_rows
            names.append(read[0])
            count += len(read[0])
    # All at once: what Arrow does to a hundred rows takes as long as what it does to one.
    stored = pa.Table.from_batches(batches, _STORED).combine_chunks()
    part, first, size = (pa.array(column, pa.int32()) for column in columns.values())
    if unsound := _unsound(stored, part, size):
        return unpacked(["" if number in unsound else text for number, text in enumerate(texts)], in_order=in_order)
    return _named(stored, pa.concat_arrays(names), first, in_order=in_order), part


def _unsound(stored: pa.Table, part: pa.Array, size: pa.Array) -> set[int]:
    """Return the numbers of the texts in which there are numbers of names that they do not have."""
    filled = chunk(stored["filled"])
    of_entry = pc.list_parent_indices(as_lists(filled))
    unsound: set[int] = set()
    numbers = [(chunk(stored[name]), size, part) for name in _TEXTS]
    ids = chunk(stored["ids"])
    of_run = pc.list_parent_indices(ids)
    numbers.append((filled.keys, size.take(of_entry), part.take(of_entry)))
    numbers.append((ids.flatten().field("source"), size.take(of_run), part.take(of_run)))
    for number, count, of in numbers:
        unsound |= set(of.filter(pc.or_(pc.less(number, 0), pc.greater_equal(number, count))).to_pylist())
    return unsound


def _named(stored: pa.Table, names: pa.Array, first: pa.Array, *, in_order: bool) -> pa.Table:
    """Return rows with names for their numbers; `first` is where those of a row's text begin."""
    columns = {name: stored[name] for name in SCHEMA.names}
    columns |= {name: names.take(pc.add(chunk(stored[name]), first)) for name in _TEXTS}
    filled = chunk(stored["filled"])
    keys = pc.add(filled.keys, first.take(pc.list_parent_indices(as_lists(filled))))
    filled = pa.MapArray.from_arrays(filled.offsets, keys, filled.items)
    filled = ordered(filled) if in_order else filled
    columns["filled"] = pa.MapArray.from_arrays(filled.offsets, names.take(filled.keys), filled.items)
    ids = chunk(stored["ids"])
    sources = pc.add(ids.values.field("source"), first.take(pc.list_parent_indices(ids)))
    columns["ids"] = _with_sources(ids, names.take(sources), ID_RUN)
    return pa.table(columns, schema=SCHEMA)


def _read(text: str) -> tuple[pa.Array, pa.RecordBatch] | None:
    """Return the names and the rows that a text holds; None where it is no inventory."""
    try:
        size, _, content = text.removeprefix(_FORM).partition(":") if text.startswith(_FORM) else ("", "", "")
        if not 0 < int(size) <= _MOST_BYTES:
            return None
        raw = pa.decompress(base64.b64decode(content, validate=True), int(size), "zstd")
        behind = _SIZE + int.from_bytes(raw[:_SIZE].to_pybytes(), "little")
        if behind % _ALIGNED:
            return None
        listed = json.loads(raw[_SIZE:behind].to_pybytes())
        if not isinstance(listed, list):
            return None
        names = pa.array(listed, pa.string())
        batch = pa.ipc.read_record_batch(raw[behind:], _STORED)
        batch.validate(full=True)
    except (ValueError, TypeError, OSError, pa.ArrowException):
        return None
    return None if names.null_count else (names, batch)


def chunk(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array."""
    array = column.combine_chunks()
    return array.chunk(0) if isinstance(array, pa.ChunkedArray) else array
