"""The engine asked why an output found its rows, or none, in a few queries a stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from carlang.errors import EngineError
from carlang.resolve import bound
from carlang.resolve.bound import BoundOutput
from carlang.results import ConditionRows, StreamRows, Why
from carlang.why.conditions import tests
from carlang.why.hits import hits_of
from carlang.why.inquiry import Inquiry, Texts
from carlang.why.nearest import nearest_to
from carlang.why.passages import Passage, passages
from carlang.why.queries import MOST_TESTS, Queries
from carlang.why.wording import begun, unsaid, written


def explain_output(inquiry: Inquiry, output: BoundOutput, total: int, texts: Texts) -> Why:
    """Return why an output has the rows that it has, which are `total`.

    What fails on the way ends it, and is said.
    """
    why, queries = Why(), Queries(inquiry)
    try:
        ways = passages(output, texts.program, texts.find)
        for passage in ways.values():
            why = replace(why, streams=(*why.streams, _counted(queries, passage)))
        rows = {id(passage): counted for passage, counted in zip(ways.values(), why.streams, strict=True)}
        if not total:
            return _without_hits(queries, why, ways, rows)
        for passage in _of_output(ways, ways[id(output.stream)]):
            why = _with_hits(queries, why, passage, rows[id(passage)].left)
    except EngineError as error:
        return replace(why, error=str(error))
    except RecursionError:
        return replace(why, error="the program is nested too deeply to be asked; give parts of it names")
    return why


def _counted(queries: Queries, passage: Passage) -> StreamRows:
    rows, *left = queries.left(passage.base, [each.expression for each in passage.asked])
    of_conditions = [
        ConditionRows(each.stream, written(each.condition, each.text), count)
        for each, count in zip(passage.asked, left, strict=True)
    ]
    return StreamRows(passage.stream, begun(passage), rows, tuple(of_conditions))


def _of_output(ways: Mapping[int, Passage], passage: Passage) -> Iterator[Passage]:
    """Yield the passages whose rows are those of an output: of a union both sides."""
    if isinstance(passage.made, bound.Union) and not passage.asked:
        for side in (passage.made.left, passage.made.right):
            yield from _of_output(ways, ways[id(side)])
    else:
        yield passage


def _with_hits(queries: Queries, why: Why, passage: Passage, total: int) -> Why:
    if not passage.implied:
        why = _not_saying(why, unsaid(passage))
    asked = (*passage.implied, *passage.asked)
    if (number := sum(1 for each in asked for _ in tests(each.condition))) > MOST_TESTS:
        return _not_saying(why, f"which of {number} tests rows of {passage.stream} met")
    if not asked or not queries.inquiry.hits:
        return why
    return replace(why, hits=(*why.hits, hits_of(queries, passage, total)))


def _without_hits(queries: Queries, why: Why, ways: Mapping[int, Passage], rows: Mapping[int, StreamRows]) -> Why:
    """Say where rows are lost: at conditions, of which the nearest rows are asked, or at what makes the rows."""
    streams: list[StreamRows] = []
    for passage in ways.values():
        counted = rows[id(passage)]
        if not counted.rows:
            sources = [rows[id(ways[id(each)])].left for each in passage.sources]
            if sources and all(sources):
                why = _not_saying(why, unsaid(passage))
        elif not counted.left:
            never = queries.never(passage.base, [each.condition for each in passage.asked])
            judged = [replace(of, never=reasons) for of, reasons in zip(counted.conditions, never, strict=True)]
            counted = replace(counted, conditions=tuple(judged))
            why = _with_nearest(queries, why, passage)
        streams.append(counted)
    return replace(why, streams=tuple(streams))


def _with_nearest(queries: Queries, why: Why, passage: Passage) -> Why:
    if (number := sum(1 for each in passage.asked for _ in tests(each.condition))) > MOST_TESTS:
        return _not_saying(why, f"which rows of {passage.stream} are nearest to {number} tests")
    nearest, sentence = nearest_to(queries, passage)
    return _not_saying(replace(why, nearest=(*why.nearest, nearest)), sentence)


def _not_saying(why: Why, sentence: str) -> Why:
    return replace(why, unsaid=(*why.unsaid, sentence)) if sentence else why
