"""The second query of an ingest: the headers of records, and their data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import cache, lru_cache

from carlang.database.quoting import text_literal
from carlang.mapping.members import (
    NOTHING,
    NULL_TEXT,
    MemberReader,
    extracted,
    first_of,
    first_part,
    json_path,
    list_reader,
    spread,
    stands_in,
)
from carlang.mapping.shapes import (
    HEADER_FIELDS,
    MESSAGE_MEMBERS,
    NAME_MEMBERS,
    TEXT_MEMBERS,
    UNKNOWN,
    Alternatives,
    Renamed,
    Shape,
    all_shapes,
    is_member,
    shape_named,
)
from carlang.mapping.times import ODD, RECORD_END, UNZONED, asked


@lru_cache(maxsize=256)  # shapes that files have at once, with what names they have
def header_query(name: str, names: frozenset[str] | None = None) -> str:
    """Return the query for the headers of records of one shape, which stand in the column `line` of the table `bodies`.

    `data` and `message` are null where the line itself is the data; else the message is what the log says in words, an
    empty text where it says nothing. `members` are the names of what a record of unknown shape has. `told_time` is
    what `times.spelled` reads, where the time is missing, or another than the best one was read. Of records that have
    members of certain `names` alone, no others are looked for.
    """
    shape = _possible(shape_named(name), names)
    members = [member for member in _members(shape) if stands_in(member, names)]
    reader = list_reader(members, names)
    columns = ", ".join(filter(None, (NOTHING, spread(members, {}))))
    fields = ", ".join(f"{_first(shape.header.get(field, ()), reader)} AS {field}" for field in HEADER_FIELDS)
    doubts = first_of(asked("doubt", each.bind(reader)) for each in shape.time)
    has_data = bool(shape.data) or shape.is_made_over
    keys = "CAST(to_json(json_keys(coalesce(data, line))) AS VARCHAR)" if name == UNKNOWN else NULL_TEXT
    # Records are never part of the text, as above. Data of the form {"Data": [...]} are told by their beginning before
    # they are parsed: most are not, and the test costs next to nothing.
    return f"""
    SELECT position, channel, event_id, provider, computer, record_id, level, event_time, {_made_data(shape, reader)},
      CASE WHEN event_time IS NULL OR doubt = {ODD} THEN {_told_times(shape, reader)} END AS told_time,
      doubt = {UNZONED} AND default_zone() IS NULL AS unzoned,
      CASE WHEN data IS NOT NULL THEN coalesce(message, '') END AS message, {keys} AS members
    FROM (
      SELECT * REPLACE (given(channel) AS channel, number(event_id) AS event_id, given(provider) AS provider,
        given(computer) AS computer, given(trim(record_id)) AS record_id, level_name(level) AS level,
        CASE WHEN starts_with(data, '{{"Data":') AND contains(data, 'Name":')
          THEN coalesce({_named_data("data")}, data) ELSE data END AS data)
      FROM (
        SELECT *, {fields}, CAST(TRY({_first(shape.time, reader)}) AS TIMESTAMPTZ) AS event_time,
          TRY({doubts}) AS doubt,
          {_data(shape, reader)} AS data,
          {_first(shape.message, reader) if has_data else NULL_TEXT} AS message
        FROM (SELECT *, {columns} FROM (SELECT *, {extracted("line", members)} AS d FROM bodies))))
    """  # noqa: S608


def cast_query() -> str:
    """Return the query for the times that the texts in the column `line` of the table `bodies` are, in ISO 8601."""
    return "SELECT position, finite(TRY_CAST(line AS TIMESTAMPTZ)) AS event_time FROM bodies"


@cache
def own_message() -> tuple[str, tuple[str, ...]]:
    """Return the SQL condition of records that may hold a message among their own data, and the members to look at."""
    names = ", ".join(text_literal(shape.name) for shape in _own_data())
    members = dict.fromkeys(name for shape in _own_data() for each in shape.message for name in each.members)
    return f"message IS NULL AND shape IN ({names})", tuple(members)


@cache
def message_sql(column: str) -> str:
    """Return the SQL for the message, where the members were extracted into columns of this name and a number."""
    numbers = {name: number for number, name in enumerate(own_message()[1], start=1)}

    def values() -> Iterator[str]:
        for shape in _own_data():
            message = _first(shape.message, lambda name: f"nullif({column}{numbers[name]}, '')")
            yield f"WHEN {text_literal(shape.name)} THEN {message}"

    return f"CASE WHEN message IS NULL THEN CASE shape {' '.join(values())} END ELSE nullif(message, '') END"


@cache
def made_over() -> frozenset[str]:
    """Return the names of the shapes whose data are made: of their records, only the line holds all that they say."""
    return frozenset(shape.name for shape in all_shapes() if shape.is_made_over)


@cache
def own_header_members() -> frozenset[str]:
    """Return the members of records that are their own data in which their headers stand; they are none of the data."""
    headers = (values for shape in _own_data() for values in shape.header.values())
    return frozenset(name for values in headers for each in values if is_member(each) for name in each.members)


@cache
def beside_frame() -> str:
    """Return the SQL condition of records whose own members stand beside those of their frame."""
    shapes = [shape for shape in all_shapes() if shape.beside_frame]
    made = ", ".join(text_literal(shape.name) for shape in shapes if shape.is_made_over)
    just_so = ", ".join(text_literal(shape.name) for shape in shapes if not shape.is_made_over)
    return f"(shape IN ({made}) OR (is_own_data AND shape IN ({just_so})))"


@cache
def header_names() -> frozenset[str]:
    """Return the names of all members of records in which something of a header or of data may stand."""
    return frozenset(first_part(name) for shape in all_shapes() for name in _members(shape))


def _own_data() -> tuple[Shape, ...]:
    """Return the shapes of records that may be their own data."""
    return tuple(shape for shape in all_shapes() if shape.may_be_own_data)


def _possible(shape: Shape, names: AbstractSet[str] | None) -> Shape:
    """Return a shape without what cannot be in records that have members of these names."""

    def kept(alternatives: Alternatives) -> Alternatives:
        return tuple(each for each in alternatives if not is_member(each) or stands_in(each.members[0], names))

    return replace(
        shape,
        header={field: kept(values) for field, values in shape.header.items()},
        # No time comes of nothing, whatever the expression.
        time=tuple(each for each in shape.time if any(stands_in(name, names) for name in each.members)),
        message=kept(shape.message),
        renamed=tuple(
            replace(each, members={name: kept(values) for name, values in each.members.items()})
            for each in shape.renamed
        ),
    )


def _members(shape: Shape) -> list[str]:
    """Return all members that a shape's header and data are taken from."""
    expressions = [each for alternatives in shape.header.values() for each in alternatives]
    expressions += [*shape.data, *shape.time]
    expressions += shape.message if shape.data or shape.is_made_over else ()
    expressions += [each for renamed in shape.renamed for values in renamed.members.values() for each in values]
    return list(dict.fromkeys(name.removesuffix(".*") for each in expressions for name in each.members))


def _first(alternatives: Alternatives, reader: MemberReader) -> str:
    return first_of(each.bind(reader) for each in alternatives)


def _told_times(shape: Shape, reader: MemberReader) -> str:
    """Return the SQL of all texts that may be a record's time, for `times.spelled`."""
    texts = ", ".join(asked("told", each.bind(reader)) for each in shape.time)
    if not texts:
        return NULL_TEXT
    return f"TRY(nullif(concat_ws(chr({RECORD_END}), {texts}), ''))"


def _data(shape: Shape, reader: MemberReader) -> str:
    """Return the first of the shape's data objects that is there; `x.*` is the first object inside of `x`.

    Null, which stands for the record itself, where there is none.
    """
    objects = []
    for expression in shape.data:
        value = f"object_text({expression.bind(lambda name: reader(name.removesuffix('.*')))})"
        if is_member(expression) and expression.members[0].endswith(".*"):
            inner = f"json_merge_patch({value}, '{{\"#attributes\":null}}')"
            value = f"object_text(CAST(json_extract({inner}, '$.*')[1] AS VARCHAR))"
        objects.append(value)
    if shape.data_elsewhere:
        objects.append("'{}'")
    elif shape.renamed or shape.frame:
        objects.append(f"CAST(json_merge_patch(line, {_nulls(_not_data(shape))}) AS VARCHAR)")
    return first_of(objects)


def _not_data(shape: Shape) -> list[str]:
    """Return the members of a record that is its own data which are none: its frame, its header, its message."""
    expressions = [each for alternatives in shape.header.values() for each in alternatives]
    names = [name.split(".")[0] for each in expressions if is_member(each) for name in each.members]
    return list(dict.fromkeys([*shape.frame, *names, *MESSAGE_MEMBERS]))


def _nulls(names: Iterable[str]) -> str:
    """Return the literal of an object that takes members of these names away where it is merged into another."""
    return text_literal(json.dumps(dict.fromkeys(names)))


def _made_data(shape: Shape, reader: MemberReader) -> str:
    """Return the SQL of a record's data with the members that its exporter keeps elsewhere, as the column `data`."""
    if not shape.renamed:
        return "data"
    kinds = ", ".join(f"coalesce({_renamed(renamed, reader)}, '{{}}')" for renamed in shape.renamed)
    # To merge a null into an object would take the member away that it has.
    return f"CAST(json_merge_patch(data, {kinds}) AS VARCHAR) AS data"


def _renamed(renamed: Renamed, reader: MemberReader) -> str:
    """Return the SQL of an object of members that the data lack, null where a record is of no kind that has them."""
    conditions = [f"lower({name}) = {text_literal(wanted)}" for name, wanted in _log(renamed) if wanted]
    if renamed.event_ids:
        conditions.append(f"event_id IN ({', '.join(map(str, renamed.event_ids))})")
    pairs = ", ".join(
        f"{text_literal(name)}, CASE WHEN {_lacks(name)} THEN {_first(values, reader)} END"
        for name, values in renamed.members.items()
    )
    return f"CASE WHEN {' AND '.join(conditions) or 'true'} THEN json_merge_patch('{{}}', json_object({pairs})) END"


def _log(renamed: Renamed) -> tuple[tuple[str, str | None], ...]:
    return (("channel", renamed.channel), ("provider", renamed.provider))


def _lacks(name: str) -> str:
    return f"coalesce(json_extract_string(data, {text_literal(json_path(name))}), '') = ''"


def _named_data(data: str) -> str:
    """Return the SQL that makes an object of the list of named texts that XML has, as some exports keep it.

    What stands beside the list, as an event's bytes, stays. Null where the data are something else, or where a name
    stands in the list twice.
    """
    entries = f"""
        CASE json_type({data}, '$.Data') WHEN 'ARRAY' THEN json_extract({data}, '$.Data[*]')
          WHEN 'OBJECT' THEN [json_extract({data}, '$.Data')] END"""
    name = ", ".join(f"json_extract_string(e, {text_literal(path)})" for path in NAME_MEMBERS)
    text = ", ".join(f"json_extract_string(e, {text_literal(path)})" for path in TEXT_MEMBERS)
    pairs = f"list_transform({entries}, lambda e: {{'k': coalesce({name}), 'v': coalesce({text}, '')}})"
    beside = f"json_merge_patch({data}, '{{\"Data\":null}}')"
    return f"TRY(CAST(json_merge_patch({beside}, to_json(map_from_entries({pairs}))) AS VARCHAR))"
