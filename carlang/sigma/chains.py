"""Conditions that hold together, or one of which holds, as a person would write them."""

from __future__ import annotations

from collections.abc import Sequence

from carlang.source import Span
from carlang.syntax import ast


def all_of(conditions: Sequence[ast.Expr]) -> ast.Expr:
    """Return that all of some conditions hold."""
    operands = [part for each in conditions for part in (each.operands if isinstance(each, ast.And) else (each,))]
    return operands[0] if len(operands) == 1 else ast.And(tuple(operands), operands[0].span)


def either(conditions: Sequence[ast.Expr], span: Span) -> ast.Expr:
    """Return that one of some conditions holds; tests of one field for several texts become one for a list of them."""
    operands = [part for each in conditions for part in _alternatives(each)]
    lists: dict[object, list[ast.Expr]] = {}
    for operand in operands:
        lists.setdefault(_kind(operand), []).append(operand)
    joined = [_listed(alike) if len(alike) > 1 else alike[0] for alike in lists.values()]
    return joined[0] if len(joined) == 1 else ast.Or(tuple(joined), span)


def _alternatives(condition: ast.Expr) -> tuple[ast.Expr, ...]:
    match condition:
        case ast.Or(operands):
            return tuple(part for each in operands for part in _alternatives(each))
        case ast.TextTest(test, subject, ast.ListLit(items), False, span):
            return tuple(ast.TextTest(test, subject, item, negated=False, span=span) for item in items)
        case ast.In(subject, ast.ListLit(items), False, span):
            return tuple(ast.Comparison((subject, item), ("==",), span) for item in items)
        case _:
            return (condition,)


def _kind(condition: ast.Expr) -> object:
    """Return what tests have in common that differ in their texts alone; of any other condition, itself."""
    match condition:
        case ast.TextTest(test, subject, ast.StringLit(), False):
            return test, subject
        case ast.Comparison((subject, ast.StringLit()), ("==",)):
            return "==", subject
        case ast.Comparison((subject, ast.NumberLit()), ("==",)):
            return "== number", subject
        case _:
            return condition


def _listed(tests: Sequence[ast.Expr]) -> ast.Expr:
    match tests[0]:
        case ast.TextTest(test, subject, _, _, span):
            patterns = [each.pattern for each in tests if isinstance(each, ast.TextTest)]
            return ast.TextTest(test, subject, _list(patterns), negated=False, span=span)
        case ast.Comparison((subject, _), _, span):
            values = [each.operands[1] for each in tests if isinstance(each, ast.Comparison)]
            alternatives = _list(values)
            if isinstance(alternatives, ast.ListLit):
                return ast.In(subject, alternatives, negated=False, span=span)
            return tests[0]  # one value written twice: `in` would look for the field inside of the text
        case same:
            return same


def _list(items: Sequence[ast.Expr]) -> ast.Expr:
    unique = tuple(dict.fromkeys(items))
    return unique[0] if len(unique) == 1 else ast.ListLit(unique, unique[0].span)
