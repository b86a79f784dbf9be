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
    members = list(dict.fromkeys(name for found in mapping.fields.values() for e in found for name in e.members))
    reader = list_reader(members, mapping.names)
    values = []
    for column, type_ in columns.items():
        if found := mapping.fields.get(column):
            # An expression that fails for a record, as by an overflow, gives null and does not fail the others.
            value = ", ".join(f"TRY({expression.bind(reader)})" for expression in found)
            value = value if len(found) == 1 else f"coalesce({value})"
        else:
            value = text_literal(mapping.sensor) if column == "sensor" else _COMMON.get(column, "NULL")
        values.append(f"TRY_CAST({value} AS {type_}) AS {quoted(column)}")
    if keep_raw:
        values.append(f"line AS {quoted(RAW)}")
    texts = ", ".join(f'"{name}": null' for name in MESSAGE_MEMBERS)
    condition = "classes IS NULL" if mapping.is_rest else f"list_contains(classes, {place})"
    return f"""
    SELECT {", ".join(values)}, file AS sort_file, source AS sort_source, number AS sort_number FROM (
      SELECT *, {extracted("data", with_other_names(members, mapping.names))} AS d,
        coalesce(computer, {text_or_null(hostname)}) AS host,
        CAST(json_merge_patch(data, {text_literal("{" + texts + "}")}) AS VARCHAR) AS event_data
      FROM records WHERE {condition})"""  # noqa: S608
