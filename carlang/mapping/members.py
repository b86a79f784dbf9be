"""Access to a record's members in SQL: all that a query needs are taken out of the JSON at once, as a list `d`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

import duckdb

from carlang.database.quoting import text_literal
from carlang.readers import tuning

EMPTY_RECORDS = "records_like_these"
"""A table without rows that has the columns which expressions may use."""

_COLUMNS = """
    source VARCHAR, number BIGINT, line VARCHAR, shape VARCHAR, channel VARCHAR, event_id BIGINT,
    provider VARCHAR, computer VARCHAR, host VARCHAR, record_id VARCHAR, level VARCHAR, message VARCHAR,
    event_time TIMESTAMP WITH TIME ZONE, data VARCHAR, event_data VARCHAR, claimed_by VARCHAR, element VARCHAR
"""

_ESCAPE = "\\"
_DOT = re.compile(r"(?<!\\)\.")

NULL_TEXT = "CAST(NULL AS VARCHAR)"

NOTHING = f"{NULL_TEXT} AS nothing"
"""The column of members that no record has. As a literal, DuckDB would not bind it wherever a member may stand: of a
function of null it does not see that it would be a list."""

NONE: frozenset[str] = frozenset()

MemberReader = Callable[[str], str]
"""Gives for a member's name the SQL of its value; an empty text counts as missing."""


def define_empty_records(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the empty table."""
    members = ", ".join(f"d{index} VARCHAR" for index in range(1, tuning.MEMBERS_OF_EXPRESSION + 1))
    connection.execute(f"CREATE TEMP TABLE {EMPTY_RECORDS} ({_COLUMNS}, {members})")


def json_path(name: str) -> str:
    r"""Return a member's name, its parts set off by dots, as a JSON path; `\.` is a dot inside of a part."""
    return "$" + "".join(f'."{part.replace(_ESCAPE, "")}"' for part in _DOT.split(name))


def first_part(name: str) -> str:
    """Return the member of the record itself in which a member stands, or which it is."""
    return _DOT.split(name, maxsplit=1)[0].replace(_ESCAPE, "")


def stands_in(name: str, names: AbstractSet[str] | None) -> bool:
    """Tell whether records that have members of these names may have a member; None stands for any names."""
    return names is None or first_part(name) in names


def extracted(column: str, members: Sequence[str]) -> str:
    """Return the SQL of the list `d`; one call reads the record once, however many members it takes."""
    if not members:
        return "CAST([] AS VARCHAR[])"
    return f"json_extract_string({column}, [{', '.join(text_literal(json_path(name)) for name in members)}])"


def with_other_names(members: Iterable[str], names: Mapping[str, Sequence[str]]) -> list[str]:
    """Return members and the other names that exports have for them, each once."""
    return list(dict.fromkeys(name for member in members for name in (member, *names.get(member, ()))))


def spread(members: Sequence[str], names: Mapping[str, Sequence[str]], as_they_are: AbstractSet[str] = NONE) -> str:
    """Return the SQL of columns `d1`, `d2`, … for members whose values, under all their names, are in the list `d`.

    The first name that has a value counts; an empty text counts as missing, but may be what there is of a member that
    is wanted `as_they_are`. Expressions read columns: inside of a CASE, DuckDB copies all of a list's values for every
    one that is taken out.
    """
    indexes = {name: index for index, name in enumerate(with_other_names(members, names), start=1)}

    def value(member: str) -> str:
        *others, last = (f"d[{indexes[name]}]" for name in (member, *names.get(member, ())))
        last = last if member in as_they_are else f"nullif({last}, '')"
        return first_of([*(f"nullif({other}, '')" for other in others), last])

    values = map(value, dict.fromkeys(members))
    return ", ".join(f"{value} AS d{number}" for number, value in enumerate(values, start=1))


def list_reader(members: Sequence[str], names: AbstractSet[str] | None = None) -> MemberReader:
    """Return a reader of members that were `spread`.

    Of records that have members of certain `names` alone, all others are in the column of `NOTHING`.
    """
    numbers = {name: number for number, name in enumerate(dict.fromkeys(members), start=1)}
    return lambda member: f"d{numbers[member]}" if stands_in(member, names) else "nothing"


def column_reader(column: str, names: Mapping[str, Sequence[str]]) -> MemberReader:
    """Return a reader that takes a member straight from a column of JSON."""

    def read(member: str) -> str:
        paths = (text_literal(json_path(name)) for name in (member, *names.get(member, ())))
        return first_of(f"nullif(json_extract_string({column}, {path}), '')" for path in paths)

    return read


def first_of(values: Iterable[str]) -> str:
    """Return the SQL of the first of some texts that is not null; null where there are none."""
    texts = list(values)
    if not texts:
        return NULL_TEXT
    return texts[0] if len(texts) == 1 else f"coalesce({', '.join(texts)})"
