"""How common values are in a store: in how many events of a class they stand together, on how many hosts and days.

Only values that somebody asks for are counted. All questions about a class are one query: its files are read once, and
what is grouped are the events that have some of the values, not the class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from carlang.database import quoted, text_literal
from carlang.store.lookup import Lookup
from carlang.store.statistics import Class
from carlang.store.store import Store

_HOURS_A_DAY = 24


@dataclass(frozen=True, slots=True)
class Spread:
    """In how many events something is, on how many hosts, on how many days of UTC; what has no time is on none."""

    events: int
    hosts: int
    days: int


Values = tuple[str | None, ...]
"""The values of some columns as texts, None for a missing one."""


@dataclass(frozen=True, slots=True)
class Question:
    """Values of some columns that are asked for together; they are compared without regard to case."""

    columns: tuple[str, ...]
    values: tuple[Values, ...]


def class_spread(store: Store, name: Class) -> Spread:
    """Return in how many events, on how many hosts and days a class is; from the footers, without reading events."""
    # In Arrow, as there is a row a host and sensor, and a fleet has thousands.
    seen = store.inventory([name], ()).select(["host", "object", "action", "rows", "hours"])
    is_class = pc.and_(pc.equal(seen["object"], name[0]), pc.equal(seen["action"], name[1]))
    of_class = seen.filter(pc.and_(is_class, pc.greater(seen["rows"], 0)))
    hosts = pc.unique(pc.fill_null(pc.utf8_lower(of_class["host"]), ""))
    runs = pc.list_flatten(of_class["hours"])
    starts, ends = (pc.struct_field(runs, part).to_pylist() for part in ("start", "end"))
    stretches = {(start // _HOURS_A_DAY, (end - 1) // _HOURS_A_DAY) for start, end in zip(starts, ends, strict=True)}
    days = {day for first, last in stretches for day in range(first, last + 1)}
    return Spread(pc.sum(of_class["rows"]).as_py() or 0, len(hosts), len(days))


def value_spreads(lookup: Lookup, name: Class, questions: Sequence[Question]) -> list[dict[Values, Spread]]:
    """Return for each question how common its values are in a class; what no event has is not there.

    A column that the class has nowhere is missing in each event. Raises `EngineError` where the limits are passed.
    """
    of_class = [file for file in lookup.store.files(name[0], [name[1]]) if file.rows]
    if not of_class or not questions:
        return [{} for _ in questions]
    present = set().union(*(file.filled for file in of_class))
    tables = {_asked(number): _table(question) for number, question in enumerate(questions)}
    counted = lookup.rows(_query(questions, [str(file.path) for file in of_class], present), tables)
    answers: list[dict[Values, Spread]] = []
    for number, question in enumerate(questions):
        spreads = {row[1]: Spread(*row[2:]) for row in counted if row[0] == number}
        firsts = lookup.rows(_firsts(number, question), tables)
        answers.append({question.values[i]: spreads[first] for i, first in firsts if first in spreads})
    return answers


def _asked(number: int) -> str:
    return f"asked {number}"


def _table(question: Question) -> pa.Table:
    columns = zip(*question.values, strict=True) if question.values else [[] for _ in question.columns]
    named = {f"c{i}": pa.array(column, pa.string()) for i, column in enumerate(columns)}
    return pa.table({"id": pa.array(range(len(question.values)), pa.int64()), **named})


def _folded(number: int, question: Question) -> str:
    """Return the query of a question's values without case; a missing one is as an empty one, to be joined by `=`."""
    texts = ", ".join(f"lower(coalesce(c{i}, '')) AS c{i}" for i in range(len(question.columns)))
    return f"SELECT id, {texts} FROM {quoted(_asked(number))}"  # noqa: S608  # quoted


def _firsts(number: int, question: Question) -> str:
    """Return the query of ids, each with the first id whose values differ from its own in case alone."""
    keys = ", ".join(f"c{i}" for i in range(len(question.columns)))
    return f"SELECT id, min(id) OVER (PARTITION BY {keys}) FROM ({_folded(number, question)})"  # noqa: S608  # as above


def _query(questions: Sequence[Question], files: Sequence[str], present: set[str]) -> str:
    """Return the query that counts the events of each question's values: its number, the values' id, the counts."""
    paths = ", ".join(text_literal(path) for path in files)
    rows = f"read_parquet([{paths}], union_by_name = true, hive_partitioning = false)"
    host = "lower(CAST(hostname AS VARCHAR))" if "hostname" in present else "''"
    day = "CAST(TRY_CAST(time AS TIMESTAMPTZ) AS DATE)" if "time" in present else "NULL"
    columns = sorted({column for question in questions for column in question.columns})
    texts = [
        f"{f'lower(coalesce(CAST({quoted(c)} AS VARCHAR), {_EMPTY}))' if c in present else _EMPTY} AS {quoted(c)}"
        for c in columns
    ]
    events = f'SELECT coalesce({host}, \'\') AS "#host", {day} AS "#day", {", ".join(texts)} FROM {rows}'  # noqa: S608
    joins, ids = [], []
    for number, question in enumerate(questions):
        keys = ", ".join(f"c{i}" for i in range(len(question.columns)))
        values = f"SELECT min(id) AS id, {keys} FROM ({_folded(number, question)}) GROUP BY {keys}"  # noqa: S608
        alias = f"q{number}"
        same = " AND ".join(f"{alias}.c{i} = event.{quoted(column)}" for i, column in enumerate(question.columns))
        joins.append(f"LEFT JOIN ({values}) AS {alias} ON {same}")
        ids.append(f"{alias}.id")
    numbers = " ".join(f"WHEN {each} IS NOT NULL THEN {number}" for number, each in enumerate(ids))
    return (
        f"SELECT CASE {numbers} END, coalesce({', '.join(ids)}), count(*), "  # noqa: S608  # names and texts are quoted
        f'count(DISTINCT "#host"), count(DISTINCT "#day") FROM ({events}) AS event {" ".join(joins)} '
        f"WHERE coalesce({', '.join(ids)}) IS NOT NULL "
        f"GROUP BY GROUPING SETS ({', '.join(f'({each})' for each in ids)}) "
        f"HAVING coalesce({', '.join(ids)}) IS NOT NULL"
    )


_EMPTY = "''"
