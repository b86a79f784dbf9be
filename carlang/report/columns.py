"""The columns of an output: under which names rows are written, and which a reader sees first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import types

from carlang.model.telling import TELLING
from carlang.model.types import field_of
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
_WHERE = frozenset({"time", "hostname", "user"})
_IDENTIFYING = frozenset({"time", "hostname", "object", "action", *TELLING})
"""What a table shows of an event whatever was looked for: when, where, by whom, and what tells what it was."""
_FIRST_NEEDED = frozenset({"time", "hostname"})
_AS_IT_COMES, _LAST = 3, 4
"""Needs, of which the lowest stays longest: time and host have 0, what was tested 1, command lines 2."""
_LESS_NEEDED = frozenset({"user", "parent_exe", "object", "action", "log_name", "event_code"})
_OF_MACHINES = ("pid", "tid", "guid")
"""How names of fields end that tell machines which events belong together, and readers nothing."""
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
    field = field_of(name)
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
    """The columns of rows for reading: those that have a value, in order, and those of them that a table shows.

    `columns` are positions in a row. `shown` are those of them which identify an event or tell what it was, which
    conditions tested and which the program made; where there is less room, those with the least `need` come first.
    `empty` is how many have no value. `constants` are names and values of `object`, `action`, `sensor` and `source`
    where every row has the same.
    """

    columns: tuple[int, ...]
    shown: tuple[int, ...]
    need: tuple[int, ...]
    empty: int
    constants: tuple[tuple[str, str], ...]

    @property
    def same_text(self) -> str:
        """What every row has the same: `object process, action create`; empty where there is nothing."""
        # The files that rows came from have long names, and say nothing of what happened.
        return ", ".join(f"{name} {value}" for name, value in self.constants if name != "source")


def arrange(rows: Rows, tested: Collection[str] = (), computed: Collection[str] = ()) -> Arrangement:
    """Arrange the columns of rows for reading."""
    names = rows.schema.names
    seen = [_Seen() for _ in names]
    first_of = _first_parts(names)
    for batch in rows.to_batches():
        for index, column in enumerate(batch.columns):
            seen[index].add(column, whether_constant=names[index] in EVENT_CLASS)
            if index in first_of:
                seen[index].compare(column, batch.column(first_of[index]))
    has_value = [i for i in range(len(names)) if seen[i].is_filled]
    constants = {i: value for i in has_value if names[i] in EVENT_CLASS and (value := seen[i].constant)}
    # Rows of nothing but constants still show their columns: a table without any would look like no rows.
    kept = [i for i in has_value if i not in constants] or has_value
    columns = sorted(kept, key=lambda i: _rank(names[i], tested))
    needs = {i: _need(names[i], names, tested, computed, is_later=i in first_of) for i in columns}
    filled_names = {names[i] for i in columns}
    for i in columns:
        is_repeated = i in first_of and seen[i].is_repeated
        if is_repeated or (names[i] not in tested and _says_again(names[i], names, filled_names)):
            needs[i] = None
    shown = [i for i in columns if needs[i] is not None] or columns
    return Arrangement(
        columns=tuple(columns),
        shown=tuple(shown),
        need=tuple(needs[i] or 0 for i in shown),
        empty=len(names) - len(has_value),
        constants=tuple((names[i], value) for i, value in constants.items() if i not in kept),
    )


def _is_of_event(name: str, names: Collection[str]) -> bool:
    """Tell whether a column is one of a whole event: only these have the id of their record beside their object."""
    part = name[: name.rfind(".") + 1]
    return part + "object" in names and part + "record_id" in names


def _says_again(name: str, names: Collection[str], filled_names: Collection[str]) -> bool:
    """Tell whether a column of an event says at length what another one has: the path of a program beside its name."""
    part, field = name[: name.rfind(".") + 1], field_of(name)
    return field == "image_path" and part + "exe" in filled_names and _is_of_event(name, names)


def _first_parts(names: Sequence[str]) -> dict[int, int]:
    """Return of columns of later events of a row that say where, when and by whom, the same of the first event."""
    first: dict[str, int] = {}
    first_of = {}
    for index, name in enumerate(names):
        field = field_of(name)
        if field in _WHERE and _is_of_event(name, names) and first.setdefault(field, index) != index:
            first_of[index] = first[field]
    return first_of


def _rank(name: str, tested: Collection[str]) -> int:
    field = field_of(name)  # a part of a join ranks as its field does
    if field in LEADING:
        return LEADING.index(field)
    if field in TRAILING:
        return len(LEADING) + 2 + TRAILING.index(field)
    return len(LEADING) + (name not in tested)


def _need(
    name: str, names: Collection[str], tested: Collection[str], computed: Collection[str], *, is_later: bool
) -> int | None:
    """Return how soon a column is given up where there is no room, that with the highest number first; None at once.

    Whoever selects columns wants them all. Of whole events, which have fifty, those are shown that identify one, that
    tell what it was, that were tested, and that the program made.
    """
    field = field_of(name)
    if not _is_of_event(name, names):
        return _AS_IT_COMES
    if field in _FIRST_NEEDED and not is_later:
        return 0
    if name in tested:
        return _LAST if is_later or field.endswith(_OF_MACHINES) else 1
    if name in computed:
        return _AS_IT_COMES
    # Of the events in a join the names say what they are.
    if field not in _IDENTIFYING or (field in EVENT_CLASS and field != name):
        return None
    if field == "command_line":
        return 2
    return _LAST if field in _LESS_NEEDED or is_later or field.endswith(_OF_MACHINES) else _AS_IT_COMES


class _Seen:
    """What was seen of a column: whether it has a value anywhere, the values of few that it has, what it repeats."""

    def __init__(self) -> None:
        self.is_filled = False
        self.is_repeated = True
        self._values: dict[str | None, None] = {}

    def add(self, column: pa.Array, *, whether_constant: bool) -> None:
        """See some more values of the column."""
        self.is_filled = self.is_filled or column.null_count < len(column)
        if whether_constant and len(self._values) <= 1:
            self._values.update(dict.fromkeys(texts(column.unique())))

    def compare(self, column: pa.Array, other: pa.Array) -> None:
        """See whether the column is the same as another one."""
        self.is_repeated = self.is_repeated and bool(column.equals(other))

    @property
    def constant(self) -> str | None:
        """The text of the value that every row has."""
        return next(iter(self._values)) if len(self._values) == 1 else None
