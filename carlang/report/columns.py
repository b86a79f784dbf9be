"""The columns of an output: under which names rows are written, and which a reader sees first."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import types

from carlang.report.cells import texts
from carlang.results import Rows

LEADING = (
    "time",
    "hostname",
    "user",
    "command_line",
    "exe",
    "image_path",
    "parent_exe",
    "parent_command_line",
)
EVENT_CLASS = ("object", "action", "sensor", "source")
TIMES = ("time", "first_time", "last_time")
TRAILING = (*EVENT_CLASS, "record_id", "record_ids")

# What the formats without a frame around each output add to every row.
ADDED = ("analytic", "title", "techniques", "output")


def row_names(names: Iterable[str], taken: Collection[str] = ADDED) -> list[str]:
    """Return the names under which the columns of an output stand beside those that a format adds.

    The format's own names win: a program's column of the same name gets `row_` in front of it.
    """
    used = set(taken)
    result = []
    for name in names:
        free = name
        while free in used:
            free = f"row_{free}"
        used.add(free)
        result.append(free)
    return result


def time_columns(schema: pa.Schema) -> list[int]:
    """Return which columns say when a row was, the best first: the usual names, parts as they come, then any other."""
    columns = [number for number, kind in enumerate(schema.types) if types.is_timestamp(kind)]
    return sorted(columns, key=lambda number: _claim(schema.names[number]))


def _claim(name: str) -> int:
    field = name.rpartition(".")[2]
    return TIMES.index(field) if field in TIMES else len(TIMES)


def filled(rows: Rows) -> list[bool]:
    """Tell of each column of rows whether it has a value in any of them; reads no further than that takes."""
    has_value = [False] * len(rows.schema)
    for batch in rows.to_batches():
        for index, column in enumerate(batch.columns):
            has_value[index] = has_value[index] or column.null_count < len(column)
        if all(has_value):
            break
    return has_value


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The columns of rows for reading: those to show, in order, how many are empty, which say the same throughout.

    `columns` are positions in a row; `constants` are names and values of `object`, `action`, `sensor` and `source`
    where every row has the same.
    """

    columns: tuple[int, ...]
    empty: int
    constants: tuple[tuple[str, str], ...]


def arrange(rows: Rows) -> Arrangement:
    """Arrange the columns of rows for reading."""
    names = rows.schema.names
    seen = [_Seen() for _ in names]
    for batch in rows.to_batches():
        for index, column in enumerate(batch.columns):
            seen[index].add(column, whether_constant=names[index] in EVENT_CLASS)
    filled = [i for i in range(len(names)) if seen[i].is_filled]
    constants = {i: value for i in filled if names[i] in EVENT_CLASS and (value := seen[i].constant)}
    # Rows of nothing but constants still show their columns: a table without any would look like no rows.
    shown = [i for i in filled if i not in constants] or filled
    return Arrangement(
        columns=tuple(sorted(shown, key=lambda i: _rank(names[i]))),
        empty=len(names) - len(filled),
        constants=tuple((names[i], value) for i, value in constants.items() if i not in shown),
    )


def _rank(name: str) -> int:
    field = name.rpartition(".")[2]  # a part of a join ranks as its field does
    if field in LEADING:
        return LEADING.index(field)
    if field in TRAILING:
        return len(LEADING) + 1 + TRAILING.index(field)
    return len(LEADING)


class _Seen:
    """What was seen of a column: whether it has a value anywhere, and the values of few that it has."""

    def __init__(self) -> None:
        self.is_filled = False
        self._values: dict[str | None, None] = {}

    def add(self, column: pa.Array, *, whether_constant: bool) -> None:
        """See some more values of the column."""
        self.is_filled = self.is_filled or column.null_count < len(column)
        if whether_constant and len(self._values) <= 1:
            self._values.update(dict.fromkeys(texts(column.unique())))

    @property
    def constant(self) -> str | None:
        """The text of the value that every row has."""
        return next(iter(self._values)) if len(self._values) == 1 else None
