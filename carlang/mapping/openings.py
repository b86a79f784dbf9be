"""The first query of an ingest: what of a line is the record, and which shape the record has."""

from __future__ import annotations

from functools import cache

from carlang.database.quoting import text_literal
from carlang.mapping.expression import Expression, parse_expression
from carlang.mapping.members import MemberReader, extracted, json_path, list_reader, spread
from carlang.mapping.shapes import RAW, UNKNOWN, WRAPPERS, Shape, all_shapes, is_member

_BLANKS = "chr(32) || chr(9) || chr(13)"


@cache
def shapes_query() -> str:
    """Return the query for the shape of every line of the table `chunk`, or for why a line is no record (`fault`).

    A blank line is neither, nor is a line of Elasticsearch's bulk form that says what to do with the next one. `inside`
    is the record where it stands in a member of the line, where it is made of the text of an event, and where names
    with dots were folded into objects.
    """
    members = _evidence_members()
    wrappers = [parse_expression(text) for text in WRAPPERS]
    around = list(dict.fromkeys([*(name for wrapper in wrappers for name in wrapper.members), RAW]))
    outer = {name: f"nullif(o[{len(members) + i}], '')" for i, name in enumerate(around, start=1)}
    inside = ", ".join(wrapper.bind(outer.__getitem__) for wrapper in wrappers)
    inner_raw = f"json_extract_string(inside, {text_literal(json_path(RAW))})"
    # Put together from this package's tables and from checked expressions alone: records are never part of the text.
    # Names with dots are folded only where no shape was found: most records have none, and to look costs.
    return f"""
    WITH parsed AS (
      SELECT position, fault, line, TRY({extracted("line", [*members, *around])}) AS o
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
        CASE WHEN inside IS NULL THEN o ELSE {extracted("inside", members)} END AS d
      FROM unpacked
    ), shaped AS (
      SELECT position, fault, inside, coalesce(inside, line) AS line,
        CASE WHEN fault IS NULL THEN {_shape()} END AS shape
      FROM (SELECT *, {spread(members, {})} FROM unwrapped)
    ), records AS (
      SELECT * FROM shaped WHERE fault IS NOT NULL OR shape <> {text_literal(UNKNOWN)} OR NOT is_bulk_action(line)
    ), folded AS (
      SELECT position, fault, inside, shape, folded,
        CASE WHEN folded IS NOT NULL THEN {extracted("folded", members)} END AS d
      FROM (SELECT *, CASE WHEN shape = {text_literal(UNKNOWN)} AND has_dotted_names(line)
        THEN TRY(nested(line)) END AS folded FROM records)
    ), looked_at AS (
      SELECT position, fault, inside, shape, folded, CASE WHEN folded IS NULL THEN shape ELSE {_shape()} END AS now
      FROM (SELECT *, {spread(members, {})} FROM folded)
    )
    SELECT position, fault, CASE WHEN now = shape THEN inside ELSE folded END AS inside, now AS shape FROM looked_at
    """  # noqa: S608


@cache
def _evidence_members() -> list[str]:
    groups = (group for shape in all_shapes() for group in shape.evidence)
    return list(dict.fromkeys(name for group in groups for expression in group for name in expression.members))


def _shape() -> str:
    """Return the SQL of a record's shape, over its members as they were `spread`."""
    reader = list_reader(_evidence_members())
    cases = " ".join(f"WHEN {_evidence(s, reader)} THEN {text_literal(s.name)}" for s in all_shapes() if s.evidence)
    return f"CASE {cases} ELSE {text_literal(UNKNOWN)} END"


def _evidence(shape: Shape, reader: MemberReader) -> str:
    def holds(expression: Expression) -> str:
        return f"{expression.bind(reader)} IS NOT NULL" if is_member(expression) else f"({expression.bind(reader)})"

    return " AND ".join(f"({' OR '.join(map(holds, group))})" for group in shape.evidence)
