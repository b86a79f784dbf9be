"""The first half of an ingest in SQL: raw lines become records with a header and their data."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from carlang.database.quoting import text_literal
from carlang.mapping.expression import parse_expression
from carlang.mapping.members import MemberReader, extracted, first_of, list_reader, spread
from carlang.mapping.shapes import HEADER_FIELDS, NAME_MEMBERS, SHAPES, TEXT_MEMBERS, UNKNOWN, WRAPPERS, Shape

_BLANKS = "chr(32) || chr(9) || chr(13)"

_OWN_DATA = tuple(shape for shape in SHAPES if shape.message and shape.no_data == "NULL")
"""The shapes of records that may be their own data."""


@cache
def shapes_query() -> str:
    """Return the query for the shape of every line of the table `chunk`, or for why a line is no record (`fault`).

    A blank line is neither. `inside` is the record where it stands in a member of the line.
    """
    members = list(dict.fromkeys(name for shape in SHAPES for group in shape.evidence for name in group))
    reader = list_reader(members)
    shapes = " ".join(f"WHEN {_evidence(s, reader)} THEN {text_literal(s.name)}" for s in SHAPES if s.evidence)
    inside = ", ".join(f"object_text(o[{len(members) + i}])" for i in range(1, len(WRAPPERS) + 1))
    # Put together from this package's tables and from checked expressions alone: records are never part of the text.
    return f"""
    WITH parsed AS (
      SELECT position, fault, line, TRY({extracted("line", [*members, *WRAPPERS])}) AS o
      FROM chunk WHERE fault IS NOT NULL OR starts_with(line, '{{') OR ltrim(line, {_BLANKS}) <> ''
    ), opened AS (
      SELECT position, o, CASE WHEN fault IS NULL THEN coalesce({inside}) END AS inside,
        CASE WHEN fault IS NOT NULL THEN fault WHEN o IS NULL THEN 'not valid JSON'
             WHEN starts_with(line, '{{') OR starts_with(ltrim(line, {_BLANKS}), '{{') THEN NULL
             ELSE 'JSON, but not an object' END AS fault
      FROM parsed
    ), unwrapped AS (
      SELECT position, fault, inside, CASE WHEN inside IS NULL THEN o ELSE {extracted("inside", members)} END AS d
      FROM opened
    )
    SELECT position, fault, inside,
      CASE WHEN fault IS NOT NULL THEN NULL {shapes} ELSE {text_literal(UNKNOWN)} END AS shape
    FROM (SELECT *, {spread(members, {})} FROM unwrapped)
    """  # noqa: S608


@cache
def header_query(name: str) -> str:
    """Return the query for the headers of records of one shape, which stand in the column `line` of the table `bodies`.

    `data` and `message` are null where the line itself is the data; else the message is what the log says in words, an
    empty text where it says nothing. `members` are the names of what a record of unknown shape has.
    """
    shape = next(each for each in SHAPES if each.name == name)
    members = _members(shape)
    reader = list_reader(members)
    fields = ", ".join(f"{_header_field(shape, name, reader)} AS {name}" for name in HEADER_FIELDS)
    names = "CAST(to_json(json_keys(coalesce(data, line))) AS VARCHAR)" if name == UNKNOWN else "CAST(NULL AS VARCHAR)"
    # Records are never part of the text, as above. Data of the form {"Data": [...]} are told by their beginning before
    # they are parsed: most are not, and the test costs next to nothing.
    return f"""
    SELECT position, given(channel) AS channel, number(event_id) AS event_id, given(provider) AS provider,
      given(computer) AS computer, number(record_id) AS record_id, level_name(level) AS level, event_time,
      CASE WHEN starts_with(data, '{{"Data":') AND contains(data, 'Name":') THEN coalesce({_named_data("data")}, data)
        ELSE data END AS data,
      CASE WHEN data IS NOT NULL THEN coalesce(message, '') END AS message, {names} AS members
    FROM (
      SELECT position, line, {fields}, TRY({parse_expression(shape.time).bind(reader)}) AS event_time,
        {_data(shape, reader) if shape.data else "CAST(NULL AS VARCHAR)"} AS data,
        {first_of(map(reader, shape.message)) if shape.data else "CAST(NULL AS VARCHAR)"} AS message
      FROM (SELECT *, {spread(members, {})} FROM (SELECT *, {extracted("line", members)} AS d FROM bodies)))
    """  # noqa: S608


@cache
def own_message() -> tuple[str, tuple[str, ...]]:
    """Return the SQL condition of records that may hold a message among their own data, and the members to look at."""
    names = ", ".join(text_literal(shape.name) for shape in _OWN_DATA)
    members = dict.fromkeys(name for shape in _OWN_DATA for name in shape.message)
    return f"message IS NULL AND shape IN ({names})", tuple(members)


@cache
def message_sql(column: str) -> str:
    """Return the SQL for the message, where the members were extracted into columns of this name and a number."""
    numbers = {name: number for number, name in enumerate(own_message()[1], start=1)}

    def values() -> Iterator[str]:
        for shape in _OWN_DATA:
            texts = (f"nullif({column}{numbers[name]}, '')" for name in shape.message)
            yield f"WHEN {text_literal(shape.name)} THEN {first_of(texts)}"

    return f"CASE WHEN message IS NULL THEN CASE shape {' '.join(values())} END ELSE nullif(message, '') END"


def _members(shape: Shape) -> list[str]:
    """Return all members that a shape's header and data are taken from."""
    members = [name for names in shape.header.values() for name in names]
    members += [name.removesuffix(".*") for name in shape.data]
    members += shape.message if shape.data else ()
    for sql in (shape.time, *shape.constants.values()):
        members += parse_expression(sql).members
    return list(dict.fromkeys(members))


def _evidence(shape: Shape, reader: MemberReader) -> str:
    groups = (" OR ".join(f"{reader(name)} IS NOT NULL" for name in group) for group in shape.evidence)
    return " AND ".join(f"({group})" for group in groups)


def _header_field(shape: Shape, name: str, reader: MemberReader) -> str:
    if name in shape.constants:
        return parse_expression(shape.constants[name]).bind(reader)
    return first_of(map(reader, shape.header.get(name, ())))


def _data(shape: Shape, reader: MemberReader) -> str:
    """Return the first of the shape's data objects that is there; `x.*` is the first object inside of `x`.

    Null, which stands for the record itself, where there is none.
    """
    objects = []
    for name in shape.data:
        value = f"object_text({reader(name.removesuffix('.*'))})"
        if name.endswith(".*"):
            inner = f"json_merge_patch({value}, '{{\"#attributes\":null}}')"
            value = f"object_text(CAST(json_extract({inner}, '$.*')[1] AS VARCHAR))"
        objects.append(value)
    return f"coalesce({', '.join([*objects, shape.no_data])})"


def _named_data(data: str) -> str:
    """Return the SQL that makes an object of the list of named texts that XML has, as some exports keep it.

    Null where the data are something else, or where a name stands in the list twice.
    """
    entries = f"""
        CASE json_type({data}, '$.Data') WHEN 'ARRAY' THEN json_extract({data}, '$.Data[*]')
          WHEN 'OBJECT' THEN [json_extract({data}, '$.Data')] END"""
    name = ", ".join(f"json_extract_string(e, {text_literal(path)})" for path in NAME_MEMBERS)
    text = ", ".join(f"json_extract_string(e, {text_literal(path)})" for path in TEXT_MEMBERS)
    pairs = f"list_transform({entries}, lambda e: {{'k': coalesce({name}), 'v': coalesce({text}, '')}})"
    return f"TRY(CAST(to_json(map_from_entries({pairs})) AS VARCHAR))"
