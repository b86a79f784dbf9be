"""The first half of an ingest in SQL: raw lines become records with a head, their data, and the classes they are of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from carlang.ingest.expression import parse_expression
from carlang.ingest.mapping import EventMapping, Sensors
from carlang.ingest.members import MemberReader, data_reader, extracted, list_reader
from carlang.ingest.shapes import HEADS, SHAPES, Shape
from carlang.store.quoting import text_literal

LINES = """
    CREATE OR REPLACE TEMP TABLE lines AS
    SELECT file, source, number, line,
      CASE WHEN fault IS NOT NULL THEN fault
           WHEN NOT json_valid(line) THEN 'not valid JSON'
           WHEN json_type(line) IS DISTINCT FROM 'OBJECT' THEN 'JSON, but not an object' END AS fault
    FROM chunk WHERE fault IS NOT NULL OR trim(line, chr(32) || chr(9) || chr(13)) <> ''
"""
"""Sorts out what is no record; a blank line is neither a record nor a fault."""

_WRAPPERS = ("_source", "result")  # Elasticsearch's and Splunk's exports put the record into a member


def records_query(sensors: Sensors) -> str:
    """Return the statement that makes the table `records` of the lines without a fault.

    A record's `classes` are the places of the mappings that are for it; null where none is. `kept` are records that
    go to the rest's mapping whether one is for them or not.
    """
    members = _members()
    reader = list_reader(members, {})
    evidence = " ".join(f"WHEN {_evidence(s, reader)} THEN {text_literal(s.name)}" for s in SHAPES if s.evidence)
    heads = ", ".join(f"{_head(name, reader)} AS {name}" for name in HEADS)
    times = _cases((s, parse_expression(s.time).bind(reader)) for s in SHAPES)
    data = _cases((s, _data(s, reader)) for s in SHAPES if s.data)
    # Put together from this package's tables and from checked expressions alone: records are never part of the text.
    return f"""
    CREATE OR REPLACE TEMP TABLE records AS
    WITH members AS (
      SELECT file, source, number, line, {_unwrapped()} AS body, {extracted("body", members)} AS d
      FROM lines WHERE fault IS NULL
    ), shaped AS (
      SELECT *, CASE {evidence} ELSE {text_literal(SHAPES[-1].name)} END AS shape FROM members
    ), headed AS (
      SELECT file, source, number, line, body, shape, {heads}, TRY({times}) AS event_time, {data} AS data FROM shaped
    ), typed AS (
      SELECT file, source, number, line, shape, given(channel) AS channel, number(event_id) AS event_id,
        given(provider) AS provider, given(computer) AS computer, number(record_id) AS record_id,
        level_name(level) AS level, message, event_time, coalesce(data, body) AS data
      FROM headed
    )
    SELECT *, {_classes(sensors.mappings)} AS classes, {_kept(sensors.kept)} AS kept FROM typed
    """  # noqa: S608


def _members() -> list[str]:
    """Return all members that any shape looks at."""
    found: list[str] = []
    for shape in SHAPES:
        found += [name for group in shape.evidence for name in group]
        found += [name for names in shape.heads.values() for name in names]
        found += [name.removesuffix(".*") for name in shape.data]
        for sql in (shape.time, *shape.constants.values()):
            found += parse_expression(sql).members
    return list(dict.fromkeys(found))


def _unwrapped() -> str:
    cases = (
        f"WHEN contains(line, '\"{name}\"') AND json_type(line, '$.{name}') = 'OBJECT'"
        f" THEN CAST(json_extract(line, '$.{name}') AS VARCHAR)"
        for name in _WRAPPERS
    )
    return f"CASE {' '.join(cases)} ELSE line END"


def _cases(values: Iterator[tuple[Shape, str]]) -> str:
    return f"CASE shape {' '.join(f'WHEN {text_literal(shape.name)} THEN {sql}' for shape, sql in values)} END"


def _evidence(shape: Shape, reader: MemberReader) -> str:
    groups = (" OR ".join(f"{reader(name)} IS NOT NULL" for name in group) for group in shape.evidence)
    return " AND ".join(f"({group})" for group in groups)


def _head(name: str, reader: MemberReader) -> str:
    def values() -> Iterator[tuple[Shape, str]]:
        for shape in SHAPES:
            if name in shape.constants:
                yield shape, parse_expression(shape.constants[name]).bind(reader)
            elif members := shape.heads.get(name):
                yield shape, f"coalesce({', '.join(reader(member) for member in members)})"

    return _cases(values())


def _data(shape: Shape, reader: MemberReader) -> str:
    """Return the first of the shape's data objects that is there; `x.*` is the first object inside of `x`.

    Null, which stands for the record itself, where there is none.
    """
    found = []
    for name in shape.data:
        value = f"object_text({reader(name.removesuffix('.*'))})"
        if name.endswith(".*"):
            inner = f"json_merge_patch({value}, '{{\"#attributes\":null}}')"
            value = f"object_text(CAST(json_extract({inner}, '$.*')[1] AS VARCHAR))"
        found.append(value)
    return f"coalesce({', '.join([*found, shape.no_data])})"


def _classes(mappings: Sequence[EventMapping]) -> str:
    """Return the SQL of a record's classes: by its log first, then by its event id, then by conditions on its data."""
    logs: dict[tuple[str | None, str | None], dict[int | None, list[int]]] = {}
    for place, mapping in enumerate(mappings):
        for event_id in () if mapping.is_rest else mapping.event_ids or (None,):
            logs.setdefault((mapping.channel, mapping.provider), {}).setdefault(event_id, []).append(place)
    cases = []
    for log, ids in logs.items():
        of_all = ids.pop(None, [])
        by_id = " ".join(
            f"WHEN {event_id} THEN {_places([(place, mappings[place]) for place in sorted(places + of_all)])}"
            for event_id, places in ids.items()
        )
        otherwise = _places([(place, mappings[place]) for place in of_all]) if of_all else "NULL"
        found = f"CASE event_id {by_id} ELSE {otherwise} END" if by_id else otherwise
        cases.append(f"CASE WHEN {_log_condition(*log)} THEN {found} END")
    return f"coalesce({', '.join([*cases, 'CAST(NULL AS INTEGER[])'])})"


def _log_condition(channel: str | None, provider: str | None) -> str:
    wanted = {"channel": channel, "provider": provider}
    named = {column: text_literal(name.lower()) for column, name in wanted.items() if name}
    equal = (f"coalesce(lower({column}) = {name}, true)" for column, name in named.items())
    return f"{' AND '.join(equal)} AND coalesce({', '.join(named)}) IS NOT NULL"


def _kept(channels: Iterable[str]) -> str:
    named = ", ".join(text_literal(channel.lower()) for channel in sorted(channels))
    return f"coalesce(lower(channel) IN ({named}), false)" if named else "false"


def _places(mappings: Sequence[tuple[int, EventMapping]]) -> str:
    if all(mapping.where is None for _, mapping in mappings):
        return f"[{', '.join(str(place) for place, _ in mappings)}]"
    places = (
        f"CASE WHEN TRY({m.where.bind(data_reader(m.names))}) THEN {place} END" if m.where else str(place)
        for place, m in mappings
    )
    return f"nullif(list_filter([{', '.join(places)}], lambda place: place IS NOT NULL), CAST([] AS INTEGER[]))"
