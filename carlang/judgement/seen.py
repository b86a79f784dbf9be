"""The rows of an inventory with numbers for what is compared of them: the host, and the kind of its events.

Of a fleet there are hundreds of thousands of rows, but few kinds: of one are rows that differ in nothing but the host,
the sensor, numbers and times. All of it is done on whole columns, as the engine's windows over texts and lists would
take longer than everything else that is judged.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from carlang.store import MARKS, mark

_LIST_OF_TEXTS = pa.list_(pa.string())
_NUMBER = 4  # bytes of the number that a name of a field is compared as


@dataclass(frozen=True, slots=True)
class Seen:
    """Rows and kinds. `ids` has the runs of records' numbers, beside the `id` of their host and what they are of.

    `rows` has the columns `id`, from 0 in the order of hosts' names, one without a name first, and `kind`; `host`,
    `object`, `action`, `log`, `sensor`, `rows`, `timed`, `hours` and `marks`; and `first_us` and `last_us`, times in
    microseconds since 1970. `kinds` has `kind`, `object`, `action`, `log`, `fields` and `present`.
    """

    rows: pa.Table
    kinds: pa.Table
    ids: pa.Table

    @classmethod
    def of(cls, inventory: pa.Table) -> Seen:
        """Return the rows and kinds of an inventory."""
        inventory = inventory.combine_chunks()
        fields, marks = _fields_and_marks(_array(inventory["filled"]))
        present = pc.greater(inventory["rows"], 0)
        kind, firsts = _kinds(inventory, fields, _array(present))
        kinds = inventory.select(["object", "action", "log"]).take(firsts)
        kinds = kinds.append_column("fields", _named(fields.take(firsts))).append_column(
            "present", present.take(firsts)
        )
        rows = inventory.select(["host", "object", "action", "log", "sensor", "rows", "timed", "hours"])
        numbers = {"id": _host_numbers(_array(inventory["host"])), "kind": kind, "marks": _named(marks)}
        # Times as numbers: those of events may lie beyond the years of a calendar.
        numbers |= {f"{name}_us": inventory[f"{name}_time"].cast(pa.int64()) for name in ("first", "last")}
        for name, column in numbers.items():
            rows = rows.append_column(name, column)
        number = pa.array(range(len(firsts)), pa.int32())
        return cls(rows, kinds.append_column("kind", number), _runs(rows, _array(inventory["ids"])))


def _host_numbers(hosts: pa.Array) -> pa.Array:
    """Number hosts from 0 in the order of their names, without case; what has no name comes first."""
    encoded = pc.utf8_lower(hosts).dictionary_encode()
    rank = pc.sort_indices(pc.sort_indices(encoded.dictionary))  # where each name stands among all
    numbers = rank.cast(pa.int32()).take(encoded.indices)
    return pc.fill_null(pc.add(numbers, pa.scalar(1, pa.int32())), 0) if numbers.null_count else numbers


def _fields_and_marks(filled: pa.MapArray) -> tuple[pa.ListArray, pa.ListArray]:
    """Return the names of the fields that rows fill, and apart from them the marks, which stand among these.

    Both are lists of numbers of names, with the names as their dictionary.
    """
    keys = filled.keys.dictionary_encode()
    is_mark = pa.repeat(pa.scalar(value=False), len(keys.dictionary))
    for field in MARKS:
        is_mark = pc.or_(is_mark, pc.starts_with(keys.dictionary, mark(field)))
    if not pc.any(is_mark).as_py():
        none = pa.repeat(pa.scalar(0, pa.int32()), len(filled) + 1)
        return pa.ListArray.from_arrays(filled.offsets, keys), pa.ListArray.from_arrays(none, keys.slice(0, 0))
    of_entry = is_mark.take(keys.indices)
    return _only(filled.offsets, keys, pc.invert(of_entry)), _only(filled.offsets, keys, of_entry)


def _only(offsets: pa.Array, items: pa.Array, wanted: pa.BooleanArray) -> pa.ListArray:
    """Return the items of lists that are wanted."""
    before = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(wanted.cast(pa.int32()))])
    return pa.ListArray.from_arrays(before.take(offsets), items.filter(wanted))


def _kinds(inventory: pa.Table, fields: pa.ListArray, present: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return the number of each row's kind, and the first row of each kind."""
    columns = [*(_array(inventory[name]) for name in ("object", "action", "log")), _as_bytes(fields), present]
    numbers = pa.repeat(pa.scalar(0, pa.int64()), len(inventory))
    for column in columns:
        encoded = column.dictionary_encode()
        codes = pc.fill_null(encoded.indices.cast(pa.int64()), len(encoded.dictionary))
        joint = pc.add(pc.multiply(numbers, len(encoded.dictionary) + 1), codes)
        numbers = joint.dictionary_encode().indices.cast(pa.int64())  # anew each time: products do not overflow
    firsts = pc.index_in(pa.array(range(pc.max(numbers).as_py() + 1 if len(numbers) else 0), pa.int64()), numbers)
    return numbers.cast(pa.int32()), firsts


def _as_bytes(lists: pa.ListArray) -> pa.Array:
    """Return lists of names as bytes, equal where the lists are: names are in one order in all of them."""
    codes = lists.values.indices.cast(pa.int32())
    content = codes.buffers()[1].slice(codes.offset * _NUMBER) if len(codes) else pa.py_buffer(b"")
    offsets = pc.multiply(lists.offsets, pa.scalar(_NUMBER, pa.int32()))
    return pa.Array.from_buffers(pa.binary(), len(lists), [None, offsets.buffers()[1], content])


def _named(lists: pa.ListArray) -> pa.ListArray:
    """Return lists of names as lists of texts."""
    return lists.cast(_LIST_OF_TEXTS)


def _runs(rows: pa.Table, ids: pa.ListArray) -> pa.Table:
    """Return the runs of records' numbers, each with the host and what it is of."""
    of_run, runs = pc.list_parent_indices(ids), ids.flatten()
    table = rows.select(["id", "object", "action", "log", "sensor"]).take(of_run)
    for field in runs.type:
        table = table.append_column(field.name, runs.field(field.name))
    return table


def _array(column: pa.ChunkedArray) -> pa.Array:
    array = column.combine_chunks()
    return array.chunk(0) if isinstance(array, pa.ChunkedArray) else array
