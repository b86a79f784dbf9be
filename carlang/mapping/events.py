"""The second half of an ingest in SQL: the records that one mapping is for become its events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from carlang.database.quoting import quoted, text_literal
from carlang.mapping.event_mapping import EventMapping
from carlang.mapping.expression import Expression
from carlang.mapping.headers import made_over, message_sql, own_message
from carlang.mapping.macros import text_or_null
from carlang.mapping.members import MemberReader, column_reader, extracted, list_reader, spread, with_other_names
from carlang.mapping.shapes import MESSAGE_MEMBERS
from carlang.mapping.tables import POSITION
from carlang.store.columns import RAW

_TRACED_MEMBERS = "traced_members"
_TRACED_TEXTS = "traced_texts"

TRACE_COLUMNS = (_TRACED_MEMBERS, _TRACED_TEXTS)
"""Of a traced event: the members taken out of its record, in the order of `with_other_names`, and its fields as texts,
in the order of `traced_fields`."""

_COMMON = {
    "time": "event_time",
    "hostname": "host_label(host)",
    "fqdn": "domain_name(host)",
    "record_id": "record_id",
    "source": "source",
}


def events_query(
    mapping: EventMapping,
    columns: Mapping[str, str],
    *,
    hostname: str | None,
    keep_raw: bool,
    keep_members: bool = False,
) -> str:
    """Return the query that makes the events of the records in the table `records`, all of which the mapping is for.

    Columns that would hold nothing are left out. Records of which the mapping's condition is not true give no event;
    `position` tells which did. `hostname` is for records that name no computer. `keep_members` keeps what was taken
    out of each record, for `traced_query`.
    """
    values = [f"{value} AS {quoted(column)}" for column, value in _column_values(mapping, columns).items() if value]
    if keep_raw:
        values.append(f"line AS {quoted(RAW)}")
    if keep_members:
        values.append(f"d AS {_TRACED_MEMBERS}")
    # Expressions were checked when their file was read; names are quoted.
    return f"SELECT {POSITION}, {', '.join(values)} FROM {_mapped_records(mapping, hostname)}"  # noqa: S608


def traced_query(mapping: EventMapping, columns: Mapping[str, str], events: str) -> str:
    """Return the query of a mapping's events with what an explanation says of each: see `TRACE_COLUMNS`.

    The texts are those of the very values that are stored, not of another evaluation of their expressions.
    """
    texts = ", ".join(f"CAST({quoted(name)} AS VARCHAR)" for name in traced_fields(mapping, columns)) or "NULL"
    return f"SELECT *, [{texts}] AS {_TRACED_TEXTS} FROM ({events})"  # noqa: S608  # names are quoted


def traced_fields(mapping: EventMapping, columns: Iterable[str]) -> list[str]:
    """Return the fields whose texts a traced event has, in their order: those that the mapping gives a value."""
    return [name for name in columns if mapping.fields.get(name)]


def _column_values(mapping: EventMapping, columns: Mapping[str, str]) -> dict[str, str]:
    """Return the SQL of each column's value, over `_mapped_records` of the mapping; empty for a column without any."""
    reader = list_reader(mapping.members)
    values = {}
    for column, type_ in columns.items():
        if expressions := mapping.fields.get(column):
            # An expression that fails for a record, as by an overflow, gives null and does not fail the others.
            value = ", ".join(_tried(expression, reader) for expression in expressions)
            value = value if len(expressions) == 1 else f"coalesce({value})"
        else:
            value = text_literal(mapping.sensor) if column == "sensor" else _COMMON.get(column, "")
        values[column] = f"TRY_CAST({value} AS {type_})" if value else ""
    return values


def _tried(expression: Expression, reader: MemberReader) -> str:
    sql = expression.bind(reader)
    # A member alone cannot fail, and TRY costs a pass over the rows of each field.
    return f"TRY({sql})" if any(expression.pieces) else sql


def _mapped_records(mapping: EventMapping, hostname: str | None) -> str:
    """Return the SQL of the rows of `records` that a mapping is for, with the members that it needs as columns."""
    members = with_other_names(mapping.members, mapping.names)
    taken = {
        "d": extracted("data", members),
        "host": f"coalesce(computer, {text_or_null(hostname)})",
        "event_data": _event_data() if _names(mapping, "event_data") else "data",
    }
    columns = spread(mapping.members, mapping.names) or "0"  # a SELECT needs something after the comma
    message = "message"
    # Most mappings do not ask for the message: to look for it in the data would read each record once more.
    if _names(mapping, "message"):
        condition, message_members = own_message()
        taken["m"] = f"CASE WHEN {condition} THEN {extracted('data', message_members)} END"
        columns += "".join(f", m[{number}] AS m{number}" for number in range(1, len(message_members) + 1))
        message = message_sql("m")
    condition = f"TRY({mapping.where.bind(column_reader('data', mapping.names))})" if mapping.where else "true"
    return f"""(
    SELECT * REPLACE ({message} AS message) FROM (
      SELECT *, {columns} FROM (
        SELECT *, {", ".join(f"{sql} AS {name}" for name, sql in taken.items())}
        FROM (SELECT * EXCLUDE (data), coalesce(data, line) AS data FROM records)))
    WHERE {condition})"""  # noqa: S608


def _event_data() -> str:
    """Return the SQL of all that a record says, without its message."""
    texts = text_literal("{" + ", ".join(f'"{name}": null' for name in MESSAGE_MEMBERS) + "}")
    shapes = ", ".join(text_literal(name) for name in sorted(made_over()))
    everything = f"CASE WHEN shape IN ({shapes}) THEN line ELSE data END" if shapes else "data"
    return f"CAST(json_merge_patch({everything}, {texts}) AS VARCHAR)"


def reads_line(mapping: EventMapping) -> bool:
    """Tell whether a mapping needs the line of records whose data stand in a member of it."""
    return _names(mapping, "line")


def _names(mapping: EventMapping, column: str) -> bool:
    """Tell whether a mapping's expressions have a column's name in them."""
    expressions = [each for alternatives in mapping.fields.values() for each in alternatives]
    expressions += [mapping.where] if mapping.where else []
    return any(column in piece for expression in expressions for piece in expression.pieces)
