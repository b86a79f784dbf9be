"""The second half of an ingest in SQL: the records that one mapping is for become its events."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from carlang.database.quoting import quoted, text_literal
from carlang.mapping.event_mapping import Document, EventMapping
from carlang.mapping.expression import Expression
from carlang.mapping.headers import beside_frame, made_over, message_sql, own_header_members, own_message
from carlang.mapping.macros import text_or_null
from carlang.mapping.members import (
    MemberReader,
    column_reader,
    extracted,
    first_of,
    list_reader,
    spread,
    with_other_names,
)
from carlang.mapping.shapes import MESSAGE_MEMBERS, is_frame_name
from carlang.mapping.tables import POSITION
from carlang.store import CLAIMED_BY, RAW

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
    CLAIMED_BY: CLAIMED_BY,
}

HOLLOW = "hollow"
"""The column that tells of an event that its record has none of the members which the mapping's own fields are of."""

MISFITS = "misfits"
"""The column that names of an event of a document the fields whose values did not fit them."""

_NOT_OWN = frozenset({*_COMMON, "sensor"})
"""Fields that say of an event where and when it was seen, and not what happened."""


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
    `position` tells which did, and `hollow`, where the mapping names members, which of these events say nothing.
    `hostname` is for records that name no computer. `keep_members` keeps what was taken out of each record, for
    `traced_query`.
    """
    values = [f"{value} AS {quoted(column)}" for column, value in _column_values(mapping, columns).items() if value]
    if mapping.document is not None:
        values.append(f"json_keys(misfits) AS {MISFITS}")
    if is_guarded(mapping):
        values.append(f"({_is_hollow(mapping)}) AS {HOLLOW}")
    if keep_raw:
        values.append(f"line AS {quoted(RAW)}")
    if keep_members:
        values.append(f"d AS {_TRACED_MEMBERS}")
    # Expressions were checked when their file was read; names are quoted.
    return f"SELECT {POSITION}, {', '.join(values)} FROM {_mapped_records(mapping, hostname)}"  # noqa: S608


def is_guarded(mapping: EventMapping) -> bool:
    """Tell whether a mapping's events are none where their records have none of its own members.

    The rest keeps whatever it gets; and what names no members, as that a log was cleared, needs none.
    """
    return not (mapping.keeps or mapping.says_all) and bool(mapping.own_members(_NOT_OWN))


def unclaimed_query(mapping: EventMapping) -> str:
    """Return the query for those records in `records` that have no member of the mapping's condition or own fields.

    By its channel and event id, such a record is the mapping's, and nothing says that the condition is not met.
    """
    reader = column_reader("data", mapping.names)
    missing = [_own_text(name, mapping, reader) for name in mapping.condition_members]
    members = [_own_text(name, mapping, reader) for name in mapping.own_members(_NOT_OWN)]
    return f"""
    SELECT {POSITION}
    FROM (SELECT * EXCLUDE (data), coalesce(data, line) AS data, message IS NULL AS is_own_data FROM records)
    WHERE {_says_nothing(missing)} AND {_says_nothing(members)}"""  # noqa: S608  # paths are quoted


def _is_hollow(mapping: EventMapping) -> str:
    """Return the SQL that tells whether a record has no member of the mapping's own fields that says something."""
    texts = [_own_text(name, mapping, list_reader(mapping.members)) for name in mapping.own_members(_NOT_OWN)]
    if _names(mapping, "message"):
        # What stands in the message alone is content, too.
        reader = list_reader(mapping.members)
        fields = (expressions for name, expressions in mapping.fields.items() if name not in _NOT_OWN)
        values = (
            f"CAST({_tried(each, reader)} AS VARCHAR)"
            for expressions in fields
            for each in expressions
            if "message" in " ".join(each.pieces)
        )
        return f"{_says_nothing(texts)} AND {first_of(values)} IS NULL"
    return _says_nothing(texts)


def _own_text(member: str, mapping: EventMapping, reader: MemberReader) -> str:
    """Return the SQL of a member's value; null for what is or may be the header or frame of a record.

    Of these, only records can be meant that are their own data.
    """
    value = reader(member)
    names = (member, *mapping.names.get(member, ()))
    header, frame = (frozenset(filter(is_of, names)) for is_of in (own_header_members().__contains__, is_frame_name))
    if mapping.document is not None or not header | frame:
        return value
    conditions = [*(["is_own_data"] if header else []), *([beside_frame()] if frame else [])]
    others = [name for name in names if name not in header | frame]
    # Read from the record again: the reader gives the first of all names.
    rest = first_of(map(column_reader("data", {}), others))
    return f"CASE WHEN {' OR '.join(conditions)} THEN {rest} ELSE {value} END"


def _says_nothing(texts: Sequence[str]) -> str:
    """Return the SQL condition that none of some texts says something, which an empty object or list does not."""
    if not texts:
        return "true"

    def said(text: str) -> str:
        return f"nullif(nullif(given({text}), '{{}}'), '[]') IS NOT NULL"

    # Nearly all records have the first. The others share one condition: to plan one for each took longer than to plan
    # all fields of an event.
    others = f"len(list_filter([{', '.join(texts[1:])}], lambda t: {said('t')})) = 0" if texts[1:] else "true"
    return f"CASE WHEN {said(texts[0])} THEN false ELSE {others} END"


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
            value = first_of(_tried(expression, reader) for expression in expressions)
            is_of_type = all(_type(expression) == type_ for expression in expressions)
        else:
            value = text_literal(mapping.sensor) if column == "sensor" else _COMMON.get(column, "")
            is_of_type = type_ == _TEXT and column not in _NO_TEXTS
        values[column] = value if is_of_type or not value else f"TRY_CAST({value} AS {type_})"
    return values


_TEXT, _NUMBER = "VARCHAR", "BIGINT"
_NO_TEXTS = frozenset({"time"})

_OF_EMPTY = {
    "given": _TEXT, "windows_path": _TEXT, "guid": _TEXT, "hash_of": _TEXT, "number": _NUMBER, "port": _NUMBER,
}  # fmt: skip
"""Macros that cannot fail and give null for an empty text, with what they give else."""

_TYPES = {"": _TEXT, "base_name": _TEXT, "lower": _TEXT, **_OF_EMPTY}
"""What an expression is of that is a member, or one of these functions of a member, and so cannot fail."""

_CALL = re.compile(r"(?:base_name\(|lower\()?(?:(?P<name>[a-z_]+)\()?\?(?P<rest>(?:, '[A-Z0-9]+')?)\)*")


def _type(expression: Expression) -> str | None:
    """Return the type of an expression that cannot fail: a member, or one of these functions of it; else None."""
    call = _CALL.fullmatch(expression.bind(lambda _: "?"))
    if call is None or (name := call["name"] or "") not in _TYPES or bool(call["rest"]) != (name == "hash_of"):
        return None
    return _TYPES[expression.pieces[0].partition("(")[0]]


def _tried(expression: Expression, reader: MemberReader) -> str:
    """Return the SQL of an expression that gives null where it fails for a record, as by an overflow."""
    sql = expression.bind(reader)
    # To try costs a pass over the rows of each field, and to plan it a tenth of all.
    return sql if _type(expression) is not None else f"TRY({sql})"


def _members_as_they_are(mapping: EventMapping) -> frozenset[str]:
    """Return the members of which every expression makes null of an empty text: to do so beforehand is not needed."""
    if mapping.document is not None:
        return frozenset()
    expressions = [each for alternatives in mapping.fields.values() for each in alternatives]
    needed = {
        name
        for each in expressions
        for name, before, after in zip(each.members, each.pieces, each.pieces[1:], strict=False)
        if (call := _BEGUN.search(before)) is None or call["name"] not in _OF_EMPTY or after[:1] not in {")", ","}
    }
    return frozenset(mapping.members) - needed


_BEGUN = re.compile(r"\b(?P<name>[a-z_]+)\($")


def _mapped_records(mapping: EventMapping, hostname: str | None) -> str:
    """Return the SQL of the rows of `records` that a mapping is for, with the members that it needs as columns."""
    members = with_other_names(mapping.members, mapping.names)
    taken = {
        "d": extracted("data", members),
        "host": f"coalesce(computer, {text_or_null(hostname)})",
        "is_own_data": "message IS NULL",  # before the message is looked for in the data
        "event_data": _event_data() if _names(mapping, "event_data") else "data",
    }
    columns = (
        spread(mapping.members, mapping.names, _members_as_they_are(mapping)) or "0"
    )  # a SELECT needs something after the comma
    message = "message"
    # Most mappings do not ask for the message: to look for it in the data would read each record once more.
    if _names(mapping, "message"):
        condition, message_members = own_message()
        taken["m"] = f"CASE WHEN {condition} THEN {extracted('data', message_members)} END"
        columns += "".join(f", m[{number}] AS m{number}" for number in range(1, len(message_members) + 1))
        message = message_sql("m")
    condition = f"TRY({mapping.where.bind(column_reader('data', mapping.names))})" if mapping.where else "true"
    extra = ""
    if mapping.document is not None:
        misfits = f"TRY({mapping.document.misfits.bind(list_reader(mapping.members))})"
        extra = f", {misfits} AS misfits, merged(unknown, {misfits}) AS extra"
    element = f", unnest({mapping.each.bind(column_reader('data', mapping.names))}) AS element" if mapping.each else ""
    return f"""(
    SELECT * REPLACE ({message} AS message){extra}{element} FROM (
      SELECT *, {columns} FROM (
        SELECT *, {", ".join(f"{sql} AS {name}" for name, sql in taken.items())}
        FROM {_opened(mapping.document)}))
    WHERE {condition})"""  # noqa: S608


def _opened(document: Document | None) -> str:
    """Return the SQL of `records` with their data; of documents, with their fields under the names of the model.

    `unknown` is an object of the members that are no fields.
    """
    opened = "(SELECT * EXCLUDE (data), coalesce(data, line) AS data FROM records)"
    if document is None:
        return opened
    known = ", ".join(map(text_literal, document.known))
    plain = ", ".join(map(text_literal, document.aliases))
    fields = ", ".join(map(text_literal, document.aliases.values()))
    field_of = f"list_extract([{fields}], list_position([{plain}], plain_name(k)))"
    # Most documents have the model's names alone: they are known by their keys, and nothing of them is made anew.
    # Of two names for one field the first counts, and none does beside the field's own.
    return f"""(
      SELECT * REPLACE (CASE WHEN len(aliased) = 0 THEN data ELSE CAST(json_merge_patch(data,
          json_part(data, aliased, list_transform(aliased, lambda k: {field_of}))) AS VARCHAR) END AS data),
        CASE WHEN len(strange) > len(aliased) THEN json_part(data,
          list_filter(strange, lambda k: NOT list_contains(aliased, k)),
          list_filter(strange, lambda k: NOT list_contains(aliased, k))) END AS unknown
      FROM (
        SELECT *, CASE WHEN len(strange) = 0 THEN [] ELSE list_filter(strange, lambda k, i:
            {field_of} IS NOT NULL AND NOT list_contains(names, {field_of})
            AND list_position(meant, {field_of}) = i) END AS aliased
        FROM (
          SELECT *, list_transform(strange, lambda k: {field_of}) AS meant
          FROM (
            SELECT *, CASE WHEN list_has_all([{known}], names) THEN [] ELSE
              list_filter(names, lambda k: NOT list_contains([{known}], k)) END AS strange
            FROM (SELECT *, json_keys(data) AS names FROM {opened})))))"""  # noqa: S608


def _event_data() -> str:
    """Return the SQL of all that a record says, without its message.

    Where the data were made, they stand beside what the record holds, so that programs find a member of the event
    under its own name whatever tool exported it.
    """
    texts = text_literal("{" + ", ".join(f'"{name}": null' for name in MESSAGE_MEMBERS) + "}")
    shapes = ", ".join(text_literal(name) for name in sorted(made_over()))
    made = "coalesce(CAST(json_merge_patch(line, data) AS VARCHAR), line)"
    everything = f"CASE WHEN shape IN ({shapes}) THEN {made} ELSE data END" if shapes else "data"
    return f"CAST(json_merge_patch({everything}, {texts}) AS VARCHAR)"


def reads_line(mapping: EventMapping) -> bool:
    """Tell whether a mapping needs the line of records whose data stand in a member of it."""
    return _names(mapping, "line")


def _names(mapping: EventMapping, column: str) -> bool:
    """Tell whether a mapping's expressions have a column's name in them."""
    expressions = [each for alternatives in mapping.fields.values() for each in alternatives]
    expressions += [mapping.where] if mapping.where else []
    return any(column in piece for expression in expressions for piece in expression.pieces)
