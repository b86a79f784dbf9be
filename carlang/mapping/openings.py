"""The first queries of an ingest: what of a line is the record, and which shape the record has."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import cache, lru_cache

from carlang.database.quoting import text_literal
from carlang.mapping.expression import Expression, parse_expression
from carlang.mapping.members import (
    NOTHING,
    MemberReader,
    extracted,
    first_part,
    json_path,
    list_reader,
    spread,
    stands_in,
)
from carlang.mapping.shapes import DOTTED, RAW, UNKNOWN, WRAPPERS, Alternatives, Shape, all_shapes, is_member

_BLANKS = "chr(32) || chr(9) || chr(13)"


def names_query() -> str:
    """Return the query for the names of all members that the records in the table `chunk` have."""
    return "SELECT DISTINCT unnest(TRY(json_keys(line))) AS name FROM chunk"


@cache
def evidence_names() -> frozenset[str]:
    """Return the names of all members of records in which there may be evidence of a shape."""
    return frozenset(first_part(name) for shape in all_shapes() for name in _members(shape.evidence))


@cache
def hiding_names() -> frozenset[str]:
    """Return the names of members in which a record may stand as a whole, and those that stand for objects."""
    wrapped = (name for wrapper in _wrappers() for name in wrapper.members)
    return frozenset(map(first_part, (RAW, *wrapped, *DOTTED)))


@cache
def _wrappers() -> tuple[Expression, ...]:
    return tuple(map(parse_expression, WRAPPERS))


@lru_cache(maxsize=64)  # the files of an ingest are of few kinds
def shapes_query(names: frozenset[str] | None) -> str:
    """Return the query for the shape of every line of the table `chunk`, or for why a line is no record (`fault`).

    A blank line is neither, nor is a line of Elasticsearch's bulk form that says what to do with the next one. `inside`
    is the record where it stands in a member of the line, where it is made of the text of an event, and where names
    with dots were folded into objects.

    Where `names` are those of all members that records have, and none is one of the `hiding_names`, others are not
    looked for: to plan and to run the query for all takes several times as long.
    """
    members = _evidence_members(names)
    columns = ", ".join(filter(None, (NOTHING, spread(members, {}))))
    # Put together from this package's tables and from checked expressions alone: records are never part of the text.
    return f"""
    WITH {_opened(members) if names is None else _plain(members)}
    SELECT position, fault, inside, shape FROM (
      SELECT position, fault, inside, record, CASE WHEN fault IS NULL THEN {_shape(names)} END AS shape
      FROM (SELECT *, coalesce(inside, line) AS record, {columns} FROM opened))
    WHERE fault IS NOT NULL OR shape <> {text_literal(UNKNOWN)} OR NOT is_bulk_action(record)
    """  # noqa: S608


def _parsed(members: Sequence[str]) -> str:
    """Return the SQL of the lines that are not blank, with members of each, null where it is not JSON."""
    return f"""
      SELECT position, fault, line, TRY({extracted("line", members)}) AS o
      FROM chunk WHERE fault IS NOT NULL OR starts_with(line, '{{') OR ltrim(line, {_BLANKS}) <> ''"""  # noqa: S608


_FAULT = f"""
        CASE WHEN fault IS NOT NULL THEN fault WHEN o IS NULL THEN 'not valid JSON'
             WHEN starts_with(line, '{{') OR starts_with(ltrim(line, {_BLANKS}), '{{') THEN NULL
             ELSE 'JSON, but not an object' END AS fault"""


def _plain(members: Sequence[str]) -> str:
    """Return the SQL of lines each of which is a record, if it is one."""
    # A line is found out to be no JSON by what is taken out of it, so there has to be something.
    return f"""
    parsed AS ({_parsed(members or (RAW,))}), opened AS (
      SELECT position, line, CAST(NULL AS VARCHAR) AS inside, o AS d, {_FAULT} FROM parsed
    )"""  # noqa: S608


def _opened(members: Sequence[str]) -> str:
    """Return the SQL of lines each of which is a record or has one in it, in one of several ways."""
    looked_for = [*members, *DOTTED]
    around = list(dict.fromkeys([*(name for wrapper in _wrappers() for name in wrapper.members), RAW]))
    outer = {name: f"nullif(o[{len(looked_for) + i}], '')" for i, name in enumerate(around, start=1)}
    inside = ", ".join(wrapper.bind(outer.__getitem__) for wrapper in _wrappers())
    inner_raw = f"json_extract_string(inside, {text_literal(json_path(RAW))})"
    dotted = ", ".join(f"d[{len(members) + i}]" for i in range(1, len(DOTTED) + 1))
    # What only few records need stands inside of a CASE, whose branches DuckDB runs for their rows alone.
    return f"""
    parsed AS ({_parsed([*looked_for, *around])}), wrapped AS (
      SELECT position, line, o, CASE WHEN fault IS NULL THEN coalesce({inside}) END AS inside, {_FAULT}
      FROM parsed
    ), unpacked AS (
      SELECT * REPLACE (CASE WHEN raw IS NULL THEN inside ELSE coalesce(TRY(raw_event(coalesce(inside, line), raw)),
        inside) END AS inside)
      FROM (SELECT *, CASE WHEN inside IS NULL THEN {outer[RAW]} ELSE {inner_raw} END AS raw FROM wrapped)
    ), unwrapped AS (
      SELECT position, fault, inside, line,
        CASE WHEN inside IS NULL THEN o ELSE {extracted("inside", looked_for)} END AS d
      FROM unpacked
    ), opened AS (
      SELECT position, fault, line, CASE WHEN folded IS NULL THEN inside ELSE folded END AS inside,
        CASE WHEN folded IS NULL THEN d ELSE {extracted("folded", members)} END AS d
      FROM (SELECT *, CASE WHEN coalesce({dotted}) IS NOT NULL THEN TRY(nested(coalesce(inside, line))) END AS folded
        FROM unwrapped)
    )"""  # noqa: S608


def _evidence_members(names: AbstractSet[str] | None) -> list[str]:
    """Return the members that are looked for in all records that have members of these names."""
    members = _members([group for shape in all_shapes() for group in _first_look(shape)])
    return [name for name in members if stands_in(name, names)]


def _first_look(shape: Shape) -> tuple[Alternatives, ...]:
    return shape.evidence[:1] if shape.rare else shape.evidence


def _members(groups: Sequence[Alternatives]) -> list[str]:
    return list(dict.fromkeys(name for group in groups for expression in group for name in expression.members))


def _shape(names: AbstractSet[str] | None) -> str:
    """Return the SQL of a record's shape, over its members as they were `spread` and over the whole `record`."""
    shapes = ((shape, _possible(shape.evidence, names)) for shape in all_shapes() if shape.evidence)
    cases = [
        f"WHEN {_evidence(shape, evidence, names)} THEN {text_literal(shape.name)}"
        for shape, evidence in shapes
        if all(evidence)
    ]
    return f"CASE {' '.join(cases)} ELSE {text_literal(UNKNOWN)} END" if cases else text_literal(UNKNOWN)


def _possible(groups: Sequence[Alternatives], names: AbstractSet[str] | None) -> list[Alternatives]:
    """Return evidence without the members that records do not have."""
    return [
        tuple(each for each in group if not is_member(each) or stands_in(each.members[0], names)) for group in groups
    ]


def _evidence(shape: Shape, evidence: Sequence[Alternatives], names: AbstractSet[str] | None) -> str:
    """Return the SQL condition of a record that has a shape; what is rare reads the record once more."""
    reader = list_reader(_evidence_members(names), names)
    if not shape.rare or len(evidence) == 1:
        return _all_of(evidence, reader)
    groups = evidence[1:]
    numbers = {name: number for number, name in enumerate(_members(groups), start=1)}
    rest = _all_of(groups, lambda name: f"nullif(m[{numbers[name]}], '')")
    second = f"list_transform([{extracted('record', list(numbers))}], lambda m: {rest})[1]"
    return f"CASE WHEN {_all_of(evidence[:1], reader)} THEN {second} ELSE false END"


def _all_of(groups: Sequence[Alternatives], reader: MemberReader) -> str:
    def holds(expression: Expression) -> str:
        return f"{expression.bind(reader)} IS NOT NULL" if is_member(expression) else f"({expression.bind(reader)})"

    return " AND ".join(f"({' OR '.join(map(holds, group))})" for group in groups)
