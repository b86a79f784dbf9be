"""The second half of an ingest in SQL: records become events of one object and action."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from carlang.ingest.macros import text_or_null
from carlang.ingest.mapping import EventMapping
from carlang.ingest.members import extracted, list_reader, with_other_names
from carlang.ingest.shapes import MESSAGE_MEMBERS
from carlang.store.columns import RAW
from carlang.store.quoting import quoted, text_literal

_COMMON = {
    "time": "event_time",
    "hostname": "host_label(host)",
    "fqdn": "domain_name(host)",
    "record_id": "record_id",
    "source": "source",
}


def events_query(
    mappings: Sequence[tuple[int, EventMapping]], columns: Mapping[str, str], *, hostname: str | None, keep_raw: bool
) -> str:
    """Return the query for the events of one object and action, in the order of their time.

    `mappings` come with their places, by which `classes` names them. `hostname` is for records that name no computer.
    """
    parts = (_mapped(place, mapping, columns, hostname, keep_raw=keep_raw) for place, mapping in mappings)
    names = [quoted(name) for name in (*columns, *([RAW] if keep_raw else []))]
    order = 'ORDER BY "time" NULLS LAST, sort_file, sort_source, sort_number'
    # Expressions were checked when their file was read; names are quoted.
    return f"SELECT {', '.join(names)} FROM ({' UNION ALL '.join(parts)}) {order}"  # noqa: S608


def _mapped(
    place: int, mapping: EventMapping, columns: Mapping[str, str], hostname: str | None, *, keep_raw: bool
) -> str:
    values = [f"{value} AS {quoted(column)}" for column, value in column_values(mapping, columns).items()]
    if keep_raw:
        values.append(f"line AS {quoted(RAW)}")
    return f"""
    SELECT {", ".join(values)}, file AS sort_file, source AS sort_source, number AS sort_number
    FROM {mapped_records(place, mapping, hostname)}"""  # noqa: S608


def column_values(mapping: EventMapping, columns: Mapping[str, str]) -> dict[str, str]:
    """Return the SQL of each column's value, over `mapped_records` of the mapping."""
    reader = list_reader(mapping.members, mapping.names)
    values = {}
    for column, type_ in columns.items():
        if found := mapping.fields.get(column):
            # An expression that fails for a record, as by an overflow, gives null and does not fail the others.
            value = ", ".join(f"TRY({expression.bind(reader)})" for expression in found)
            value = value if len(found) == 1 else f"coalesce({value})"
        else:
            value = text_literal(mapping.sensor) if column == "sensor" else _COMMON.get(column, "NULL")
        values[column] = f"TRY_CAST({value} AS {type_})"
    return values


def mapped_records(place: int, mapping: EventMapping, hostname: str | None) -> str:
    """Return the SQL of the records that a mapping is for, with the members that it needs as the list `d`."""
    texts = ", ".join(f'"{name}": null' for name in MESSAGE_MEMBERS)
    condition = "classes IS NULL OR kept" if mapping.is_rest else f"list_contains(classes, {place})"
    return f"""(
      SELECT *, {extracted("data", with_other_names(mapping.members, mapping.names))} AS d,
        coalesce(computer, {text_or_null(hostname)}) AS host,
        CAST(json_merge_patch(data, {text_literal("{" + texts + "}")}) AS VARCHAR) AS event_data
      FROM records WHERE {condition})"""  # noqa: S608
