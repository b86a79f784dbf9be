"""The first query of an ingest: what of a line is the record, and which shape the record has."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from carlang.database.quoting import text_literal
from carlang.mapping.expression import Expression, parse_expression
from carlang.mapping.members import MemberReader, extracted, json_path, list_reader, spread
from carlang.mapping.shapes import DOTTED, RAW, UNKNOWN, WRAPPERS, Alternatives, Shape, all_shapes, is_member

_BLANKS = "chr(32) || chr(9) || chr(13)"


@cache
def shapes_query() -> str:
    """Return the query for the shape of every line of the table `chunk`, or for why a line is no record (`fault`).

    A blank line is neither, nor is a line of Elasticsearch's bulk form that says what to do with the next one. `inside`
    is the record where it stands in a member of the line, where it is made of the text of an event, and where names
    with dots were folded into objects.
    """
    members = _evidence_members()
    looked_for = [*members, *DOTTED]
    wrappers = [parse_expression(text) for text in WRAPPERS]
    around = list(dict.fromkeys([*(name for wrapper in wrappers for name in wrapper.members), RAW]))
    outer = {name: f"nullif(o[{len(looked_for) + i}], '')" for i, name in enumerate(around, start=1)}
    inside = ", ".join(wrapper.bind(outer.__getitem__) for wrapper in wrappers)
    inner_raw = f"json_extract_string(inside, {text_literal(json_path(RAW))})"
    dotted = ", ".join(f"d[{len(members) + i}]" for i in range(1, len(DOTTED) + 1))
    # Put together from this package's tables and from checked expressions alone: records are never part of the text.
    # What only few records need stands inside of a CASE, whose branches DuckDB runs for their rows alone.
    return f"""
    WITH parsed AS (
      SELECT position, fault, line, TRY({extracted("line", [*looked_for, *around])}) AS o
      FROM chunk WHERE fault IS NOT NULL OR starts_with(line, '{{') OR ltrim(line, {_BLANKS}) <> ''
    ), opened AS (
      SELECT position, line, o, CASE WHEN fault IS NULL THEN coalesce({inside}) END AS inside,
        CASE WHEN fault IS NOT NULL THEN fault WHEN o IS NULL THEN 'not valid JSON'
             WHEN starts_with(line, '{{') OR starts_with(ltrim(line, {_BLANKS}), '{{') THEN NULL
             ELSE 'JSON, but not an object' END AS fault
      FROM parsed
    ), unpacked AS (
      SELECT * REPLACE (CASE WHEN raw IS NULL THEN inside ELSE coalesce(TRY(raw_event(coalesce(inside, line), raw)),
        inside) END AS inside)
      FROM (SELECT *, CASE WHEN inside IS NULL THEN {outer[RAW]} ELSE {inner_raw} END AS raw FROM opened)
    ), unwrapped AS (
      SELECT position, fault, inside, line,
        CASE WHEN inside IS NULL THEN o ELSE {extracted("inside", looked_for)} END AS d
      FROM unpacked
    ), folded AS (
      SELECT position, fault, line, CASE WHEN folded IS NULL THEN inside ELSE folded END AS inside,
        CASE WHEN folded IS NULL THEN d ELSE {extracted("folded", members)} END AS d
      FROM (SELECT *, CASE WHEN coalesce({dotted}) IS NOT NULL THEN TRY(nested(coalesce(inside, line))) END AS folded
        FROM unwrapped)
    )
    SELECT position, fault, inside, shape FROM (
      SELECT position, fault, inside, record, CASE WHEN fault IS NULL THEN {_shape()} END AS shape
      FROM (SELECT *, coalesce(inside, line) AS record, {spread(members, {})} FROM folded))
    WHERE fault IS NOT NULL OR shape <> {text_literal(UNKNOWN)} OR NOT is_bulk_action(record)
    """  # noqa: S608


@cache
def _evidence_members() -> list[str]:
    """Return the members that are looked for in all records."""
    return _members([group for shape in all_shapes() for group in _first_look(shape)])


def _first_look(shape: Shape) -> tuple[Alternatives, ...]:
    return shape.evidence[:1] if shape.rare else shape.evidence


def _members(groups: Sequence[Alternatives]) -> list[str]:
    return list(dict.fromkeys(name for group in groups for expression in group for name in expression.members))


def _shape() -> str:
    """Return the SQL of a record's shape, over its members as they were `spread` and over the whole `record`."""
    cases = " ".join(f"WHEN {_evidence(s)} THEN {text_literal(s.name)}" for s in all_shapes() if s.evidence)
    return f"CASE {cases} ELSE {text_literal(UNKNOWN)} END"


def _evidence(shape: Shape) -> str:
    """Return the SQL condition of a record that has a shape; what is rare reads the record once more."""
    first = _all_of(_first_look(shape), list_reader(_evidence_members()))
    if not shape.rare or len(shape.evidence) == 1:
        return first
    groups = shape.evidence[1:]
    numbers = {name: number for number, name in enumerate(_members(groups), start=1)}
    rest = _all_of(groups, lambda name: f"nullif(m[{numbers[name]}], '')")
    second = f"list_transform([{extracted('record', list(numbers))}], lambda m: {rest})[1]"
    return f"CASE WHEN {first} THEN {second} ELSE false END"


def _all_of(groups: Sequence[Alternatives], reader: MemberReader) -> str:
    def holds(expression: Expression) -> str:
        return f"{expression.bind(reader)} IS NOT NULL" if is_member(expression) else f"({expression.bind(reader)})"

    return " AND ".join(f"({' OR '.join(map(holds, group))})" for group in groups)
