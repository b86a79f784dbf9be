"""What a correlation measures in a time frame, as a condition on the events of a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from carlang.diagnostics.codes import SIGMA_UNSAID
from carlang.sigma.chains import all_of
from carlang.sigma.correlations import Bound, Combined, Kind, Occurrence, Occurs
from carlang.sigma.log_sources import Held
from carlang.sigma.parts import Parts, Reached
from carlang.sigma.programs import NOWHERE
from carlang.sigma.streams import Part
from carlang.source import Span
from carlang.syntax import ast

_FUNCTIONS = {
    Kind.VALUE_SUM: "sum",
    Kind.VALUE_AVG: "avg",
    Kind.VALUE_MEDIAN: "median",
    Kind.VALUE_PERCENTILE: "percentile",
}


@dataclass(frozen=True)
class Measured:
    """A condition on the events of a group, and the columns that it asks for."""

    condition: ast.Expr
    columns: tuple[ast.Name, ...] = ()


def having(parts: Parts, reached: Reached, streams: Sequence[Part]) -> Measured:
    """Return the condition of a correlation on the events of a time frame; raises `RefusedError`.

    `streams` are its parts, which get the columns that it needs.
    """
    correlation = reached.correlation
    match correlation.kind:
        case Kind.EVENT_COUNT:
            return Measured(_compared(reached, ast.Call(_named("count"), (), distinct=False, span=NOWHERE)))
        case Kind.VALUE_COUNT:
            column = _counted(parts, reached, streams)
            return Measured(_compared(reached, _call("count", column, is_distinct=True)), (column,))
        case Kind.VALUE_SUM | Kind.VALUE_AVG | Kind.VALUE_MEDIAN | Kind.VALUE_PERCENTILE:
            column = _number(parts, reached, streams)
            return Measured(_compared(reached, _aggregate(parts, reached, column)), (column,))
        case Kind.TEMPORAL | Kind.TEMPORAL_ORDERED:
            return _occurring(parts, reached, streams)
        case _:
            assert_never(correlation.kind)


def _occurring(parts: Parts, reached: Reached, streams: Sequence[Part]) -> Measured:
    """Return the condition on which rules have events in the time frame."""
    correlation = reached.correlation
    if correlation.occurrence is None:
        column = parts.draft.name("rule")
        for number, part in enumerate(streams, start=1):
            names = [each.title.casefold() for each in streams]
            mark = part.title if names.count(part.title.casefold()) == 1 else str(number)
            parts.draft.derive(part.stream, column, ast.StringLit(mark, part.at), part.at)
        return Measured(_compared(reached, _call("count", column, is_distinct=True)), (column,))
    marks = tuple(parts.draft.name(f"is_{part.title}") for part in streams)
    for part, flag in zip(streams, marks, strict=True):
        parts.draft.derive(part.stream, flag, ast.BoolLit(value=True, span=part.at), part.at)
    return Measured(_occurs(correlation.occurrence, marks), marks)


def _occurs(occurrence: Occurrence, marks: Sequence[ast.Name]) -> ast.Expr:
    match occurrence:
        case Occurs(rule):
            return _comparison(_call("count", marks[rule]), ">", 0, NOWHERE)
        case Combined("not", (Occurs(rule),)):
            return _comparison(_call("count", marks[rule]), "==", 0, NOWHERE)
        case Combined("not", (operand,)):
            return ast.Not(_occurs(operand, marks), NOWHERE)
        case Combined("and", operands):
            return all_of([_occurs(each, marks) for each in operands])
        case Combined(_, operands):
            return ast.Or(tuple(_occurs(each, marks) for each in operands), NOWHERE)


# ---- values ---------------------------------------------------------------------------------------------------------


def _counted(parts: Parts, reached: Reached, streams: Sequence[Part]) -> ast.Name:
    """Return the column whose values are counted; of several fields one of what they are together."""
    fields = reached.correlation.fields
    place = _place(reached)
    held = [[parts.held(part, name, place) for name in fields] for part in streams]
    if len(fields) == 1:
        return parts.column(streams, [each for (each,) in held], fields[0], place, "value")
    joined = [Held(_joined(each), each[0].type) for each in held]
    return parts.column(streams, joined, "_and_".join(fields), place, "value")


def _joined(fields: Sequence[Held]) -> ast.Expr:
    """Return the values of several fields as one text, that of two lists of values only where they are the same."""
    texts = [each.expression if each.type.is_string else _call("to_string", each.expression) for each in fields]
    pieces: list[ast.Expr] = []
    for text in texts[:-1]:
        # Where one ends and the next begins is told by its length, as any separator may stand in a value.
        pieces += [_call("to_string", _call("length", text)), ast.StringLit(":", NOWHERE), text]
    return ast.Call(_named("concat"), (*pieces, texts[-1]), distinct=False, span=NOWHERE)


def _number(parts: Parts, reached: Reached, streams: Sequence[Part]) -> ast.Name:
    """Return the column of numbers that are added up; those that are kept as texts are read as such."""
    fields, place = reached.correlation.fields, _place(reached)
    if len(fields) > 1:
        raise parts.refused(SIGMA_UNSAID, "the values of several fields have no sum and no mean", place)
    held = []
    for part in streams:
        here = parts.held(part, fields[0], place)
        if here.type.is_string:
            here = Held(_call("to_number", here.expression), here.type)
        elif not here.type.is_number:
            message = f"`{fields[0]}` is {here.type.phrase} here, and no number"
            raise parts.refused(SIGMA_UNSAID, message, place)
        held.append(here)
    return parts.column(streams, held, fields[0], place, "value")


def _aggregate(parts: Parts, reached: Reached, column: ast.Name) -> ast.Expr:
    function = _FUNCTIONS[reached.correlation.kind]
    if reached.correlation.kind is not Kind.VALUE_PERCENTILE:
        return _call(function, column)
    percentile = reached.correlation.percentile
    at = reached.span(("correlation", "condition"))
    if percentile is None or not 0 <= percentile <= _HIGHEST:
        raise parts.refused(SIGMA_UNSAID, "a percentile is a number from 0 to 100, in the condition", at)
    arguments = (column, ast.NumberLit(percentile, NOWHERE))
    return ast.Call(_named(function), arguments, distinct=False, span=NOWHERE)


_HIGHEST = 100


def _place(reached: Reached) -> Span:
    return reached.span(("correlation", "condition", "field"))


# ---- conditions -----------------------------------------------------------------------------------------------------


def _compared(reached: Reached, measure: ast.Expr) -> ast.Expr:
    bounds = reached.correlation.bounds
    return all_of([_bound(reached, measure, each) for each in bounds])


def _bound(reached: Reached, measure: ast.Expr, bound: Bound) -> ast.Expr:
    place = reached.span(bound.path)
    if bound.operator == "!=" and reached.correlation.kind in _FUNCTIONS:
        # Of no number there is no sum and no mean, of which `!=` would be true.
        sides = (_comparison(measure, "<", bound.number, place), _comparison(measure, ">", bound.number, place))
        return ast.Or(sides, NOWHERE)
    return _comparison(measure, bound.operator, bound.number, place)


def _comparison(measure: ast.Expr, operator: str, number: float, place: Span) -> ast.Expr:
    return ast.Comparison((measure, ast.NumberLit(number, place)), (operator,), NOWHERE)


def _call(function: str, argument: ast.Expr, *, is_distinct: bool = False) -> ast.Call:
    return ast.Call(_named(function), (argument,), distinct=is_distinct, span=NOWHERE)


def _named(function: str) -> ast.Name:
    return ast.Name(function, NOWHERE)
