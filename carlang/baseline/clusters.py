"""Rows of an output that are alike, counted batch by batch: by who did it to what, and within that by how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from carlang.baseline.exclusions import Exactly
from carlang.baseline.likenesses import TellingColumns, text_likeness
from carlang.model.types import field_of
from carlang.results import Rows

MOST_KINDS = 20_000
"""How many kinds of rows of an output are told apart: with command lines, some ten megabytes. Who has more than that is
not helped by naming them."""
MOST_HOSTS = 1_000
"""How many hosts of a kind are counted by name."""
_BATCH = 10_000
"""Rows that are looked at as Python's objects at a time: some ten megabytes of wide events."""

Key = tuple[Any, ...]


class _Missing:
    """Stands in a key for a value that is not there, as None stands for any."""

    def __repr__(self) -> str:
        return "missing"


MISSING: Any = _Missing()


@dataclass(slots=True)
class Kind:
    """Rows that are alike in the values of `key`: how many, on which hosts, from when to when.

    A value of the key is a pattern, `MISSING`, or None, which is any. Times are microseconds since 1970.
    """

    key: Key
    rows: int = 0
    hosts: set[str] = field(default_factory=set)
    first: int | None = None
    last: int | None = None

    def add(self, other: Kind) -> None:
        """Count others among these."""
        self.rows += other.rows
        self.hosts |= other.hosts if len(self.hosts) < MOST_HOSTS else set()
        self.first = min((t for t in (self.first, other.first) if t is not None), default=None)
        self.last = max((t for t in (self.last, other.last) if t is not None), default=None)


@dataclass(slots=True)
class Clusters:
    """The kinds of an output's rows by what each of the columns of `telling` has; `rest` are rows of kinds too many."""

    telling: TellingColumns
    rest: Kind = field(default_factory=lambda: Kind(()))
    _by_fold: dict[Key, Kind] = field(default_factory=dict)

    @classmethod
    def of(cls, telling: TellingColumns, rows: Rows) -> Clusters:
        """Count rows."""
        clusters = cls(telling)
        for batch in rows.to_batches(max_chunksize=_BATCH):
            for kind in _counted(telling, batch):
                clusters._add(kind)
        return clusters

    def _add(self, kind: Kind) -> None:
        fold = folded_key(kind.key)
        if fold in self._by_fold:
            self._by_fold[fold].add(kind)
        elif len(self._by_fold) < MOST_KINDS:
            self._by_fold[fold] = kind
        else:
            self.rest.add(kind)

    @property
    def kinds(self) -> list[Kind]:
        """The kinds in the order in which they were met."""
        return list(self._by_fold.values())

    @property
    def filled(self) -> frozenset[str]:
        """The columns that have a value in some row."""
        keys = [kind.key for kind in self.kinds]
        columns = zip(self.telling.names, zip(*keys, strict=True), strict=True) if keys else ()
        return frozenset(name for name, values in columns if any(value is not MISSING for value in values))


def _counted(telling: TellingColumns, batch: pa.RecordBatch) -> Iterator[Kind]:
    """Yield the kinds of rows in a batch, in the order in which each is met first."""
    names = batch.schema.names
    places = [names.index(name) for name in telling.names]
    hosts = [i for i, name in enumerate(names) if field_of(name) == "hostname"][:1]
    times = [i for i, f in enumerate(batch.schema) if types.is_timestamp(f.type)]
    timed = [i for i in times if field_of(names[i]) in {"time", "first_time"}][:1] or times[:1]
    nothing = pa.nulls(batch.num_rows, pa.string())
    columns = [_plain(batch.column(i)) for i in places]
    columns.append(_plain(batch.column(hosts[0])) if hosts else nothing)
    moments = batch.column(timed[0]).cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.int64()) if timed else None
    columns.append(moments if moments is not None else pa.nulls(batch.num_rows, pa.int64()))
    labels = [str(i) for i in range(len(columns) - 1)]
    table = pa.table(columns, [*labels, "time"])
    grouped = table.group_by(labels, use_threads=False).aggregate([("time", "min"), ("time", "max"), ([], "count_all")])
    values = zip(*(grouped[label].to_pylist() for label in labels), strict=True)
    counts = (grouped[name].to_pylist() for name in ("time_min", "time_max", "count_all"))
    for texts, first, last, rows in zip(values, *counts, strict=True):
        key = tuple(_likeness(telling, name, value) for name, value in zip(telling.names, texts, strict=False))
        yield Kind(key, rows, {texts[-1].casefold()} if texts[-1] else set(), first, last)


def _plain(column: pa.Array) -> pa.Array:
    """Return a column as one that rows are grouped by."""
    kind = column.type
    if types.is_dictionary(kind):
        return column.dictionary_decode()
    return column if types.is_primitive(kind) or types.is_string(kind) else pc.cast(column, pa.string())


def _likeness(telling: TellingColumns, name: str, value: Any) -> Any:
    if value is None:
        return MISSING
    return text_likeness(telling, name, value) if isinstance(value, str) else value


def folded_key(key: Key) -> Key:
    """Return a key in which texts that differ in the case of ASCII letters alone are the same."""
    return tuple(_folded(value) for value in key)


def _folded(value: Any) -> Any:
    match value:
        case str():
            return "t", _ascii_lower(value)
        case Exactly(text):
            return "x", _ascii_lower(text)
        case _:
            return type(value).__name__, value


_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def _ascii_lower(text: str) -> str:
    # Beyond ASCII, Python and the engine need not agree on which letters are the same.
    return text.translate(_LOWER)
