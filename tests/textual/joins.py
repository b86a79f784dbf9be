"""Joins with optional parts: which of the conditions that `and` joins are about the partners of which part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise, product

from carlang.syntax import ast, walk
from tests.textual.expressions import Test
from tests.textual.views import Place, Row, View, path_of


def joined(
    sides: Mapping[str, Sequence[Row]],
    optional: frozenset[str],
    condition: ast.Expr | None,
    view: View,
    read: Callable[[View, ast.Expr], Test],
) -> list[Row]:
    """Return the rows of a join; those of a part stand under its name in every column."""
    required = [name for name in sides if name not in optional]
    rows = [_one(*combination) for combination in product(*(sides[name] for name in required))]
    tests = [(read(view, each), _parts(each, view)) for each in _apart(condition)] if condition else []
    everything_stays = len(required) == 1 and bool(optional)
    for test, names in tests:
        if not names & optional and not everything_stays:
            rows = [row for row in rows if test(Place(row))]
    at_hand: set[str] = set()
    for name in (name for name in sides if name in optional):
        at_hand.add(name)
        own = [
            test
            for test, names in tests
            if (name in names and names & optional <= at_hand) or (everything_stays and not names & optional)
        ]
        rows = [each for row in rows for each in _with_partners(row, sides[name], own)]
    return rows


def _with_partners(row: Row, others: Sequence[Row], tests: Sequence[Test]) -> list[Row]:
    pairs = [_one(row, other) for other in others]
    return [pair for pair in pairs if all(test(Place(pair)) for test in tests)] or [row]


def _one(*rows: Row) -> Row:
    return {column: value for row in rows for column, value in row.items()}


def _apart(condition: ast.Expr) -> Iterator[ast.Expr]:
    """Yield what `and` joins; a chain of comparisons, and `between`, is one of its links after the other."""
    match condition:
        case ast.And(operands):
            for operand in operands:
                yield from _apart(operand)
        case ast.Comparison(operands, operators, span):
            for sides, operator in zip(pairwise(operands), operators, strict=True):
                yield ast.Comparison(sides, (operator,), span)
        case ast.Between(subject, low, high, False, span):
            yield ast.Comparison((subject, low), (">=",), span)
            yield ast.Comparison((subject, high), ("<=",), span)
        case _:
            yield condition


def _parts(condition: ast.Expr, view: View) -> set[str]:
    """Return the parts whose fields a condition asks for; the values of another stream are none of them."""
    named: set[str] = set()
    for node in walk(condition, stop=lambda each: isinstance(each, ast.Member) or _is_unique(each)):
        path = path_of(node) if isinstance(node, ast.Name | ast.Member) else None
        if path and (column := view.column(path) or (view.column(path[:-1]) if len(path) > 1 else None)):
            named.add(column.partition(".")[0])
    return named


def _is_unique(node: ast.Node) -> bool:
    return isinstance(node, ast.Call) and node.function.ident.casefold() == "unique"
