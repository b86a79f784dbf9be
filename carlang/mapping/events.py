"""The second half of an ingest in SQL: the records that one mapping is for become its events."""

from __future__ import annotations

from collections.abc import Mapping

from carlang.database.quoting import quoted, text_literal
from carlang.mapping.event_mapping import EventMapping
from carlang.mapping.expression import Expression
from carlang.mapping.headers import message_sql, own_message
from carlang.mapping.macros import text_or_null
from carlang.mapping.members import MemberReader, column_reader, extracted, list_reader, spread, with_other_names
from carlang.mapping.shapes import MESSAGE_MEMBERS
from carlang.store.columns import RAW

POSITION = "position"
"""The column that tells of which record of the chunk an event is."""

_COMMON = {
    "time": "event_time",
    "hostname": "host_label(host)",
    "fqdn": "domain_name(host)",
    "record_id": "record_id",
    "source": "source",
}


def events_query(mapping: EventMapping, columns: Mapping[str, str], *, hostname: str | None, keep_raw: bool) -> str:
    """Return the query that makes the events of the records in the table `records`, all of which the mapping is for.

    Columns that would hold nothing are left out. Records of which the mapping's condition is not true give no event;
    `position` tells which did. `hostname` is for records that name no computer.
    """
    values = [f"{value} AS {quoted(column)}" for column, value in column_values(mapping, columns).items() if value]
    if keep_raw:
        values.append(f"line AS {quoted(RAW)}")
    # Expressions were checked when their file was read; names are quoted.
    return f"SELECT {POSITION}, {', '.join(values)} FROM {mapped_records(mapping, hostname)}"  # noqa: S608


def column_values(mapping: EventMapping, columns: Mapping[str, str]) -> dict[str, str]:
    """Return the SQL of each column's value, over `mapped_records` of the mapping; empty for a column without any."""
    reader = list_reader(mapping.members)
    values = {}
    for column, type_ in columns.items():
        if found := mapping.fields.get(column):
            # An expression that fails for a record, as by an overflow, gives null and does not fail the others.
            value = ", ".join(_tried(expression, reader) for expression in found)
            value = value if len(found) == 1 else f"coalesce({value})"
        else:
            value = text_literal(mapping.sensor) if column == "sensor" else _COMMON.get(column, "")
        values[column] = f"TRY_CAST({value} AS {type_})" if value else ""
    return values


def _tried(expression: Expression, reader: MemberReader) -> str:
    sql = expression.bind(reader)
    return f"TRY({sql})" if any(expression.pieces) else sql


def mapped_records(mapping: EventMapping, hostname: str | None) -> str:
    """Return the SQL of the rows of `records` that a mapping is for, with the members that it needs as columns."""
    members = with_other_names(mapping.members, mapping.names)
    texts = text_literal("{" + ", ".join(f'"{name}": null' for name in MESSAGE_MEMBERS) + "}")
    taken = {
        "d": extracted("data", members),
        "host": f"coalesce(computer, {text_or_null(hostname)})",
        "event_data": f"CAST(json_merge_patch(data, {texts}) AS VARCHAR)" if _names(mapping, "event_data") else "data",
    }
    columns = spread(mapping.members, mapping.names) or "0"
    message = "message"
    if _names(mapping, "message"):
        condition, own = own_message()
        taken["m"] = f"CASE WHEN {condition} THEN {extracted('data', own)} END"
        columns += "".join(f", m[{number}] AS m{number}" for number in range(1, len(own) + 1))
        message = message_sql("m")
    condition = f"TRY({mapping.where.bind(column_reader('data', mapping.names))})" if mapping.where else "true"
    return f"""(
    SELECT * REPLACE ({message} AS message) FROM (
      SELECT *, {columns} FROM (
        SELECT *, {", ".join(f"{sql} AS {name}" for name, sql in taken.items())}
        FROM (SELECT * EXCLUDE (data), coalesce(data, line) AS data FROM records)))
    WHERE {condition})"""  # noqa: S608


def reads_line(mapping: EventMapping) -> bool:
    """Tell whether a mapping needs the line of records whose data stand in a member of it."""
    return _names(mapping, "line")


def _names(mapping: EventMapping, column: str) -> bool:
    """Tell whether a mapping's expressions have a column's name in them."""
    expressions = [each for found in mapping.fields.values() for each in found]
    expressions += [mapping.where] if mapping.where else []
    return any(column in piece for expression in expressions for piece in expression.pieces)
