"""Mutants of a program: the same program with one condition dropped or negated.

A condition is a comparison, a membership, a test of text or of presence, or a truth value, as it is written; a chained
comparison has one for each pair. Where a mutant gives what the tests expect, no test depends on the condition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from carlang.source import Span
from carlang.syntax import ast

_LEAVES = (ast.Comparison, ast.In, ast.TextTest, ast.Exists)
_TRUE = ast.BoolLit(value=True, span=Span(0, 0))


@dataclass(frozen=True)
class Mutant:
    """A program that differs from the original in the condition at `span`, which was `dropped` or `negated`."""

    program: ast.Program
    span: Span
    change: str


def mutants(program: ast.Program) -> Iterator[Mutant]:
    """Yield all mutants of a program, in the order of its text."""
    for index, statement in enumerate(program.statements):
        for changed, span, change in _changed(statement):
            statements = (*program.statements[:index], changed, *program.statements[index + 1 :])
            yield Mutant(ast.Program(statements), span, change)


def _changed(node: Any) -> Iterator[tuple[Any, Span, str]]:
    """Yield a node with one condition in it changed; conditions stand in `condition` and, bare, in `value`."""
    if isinstance(node, tuple):
        for index, item in enumerate(node):
            for changed, span, change in _changed(item):
                yield (*node[:index], changed, *node[index + 1 :]), span, change
        return
    if not is_dataclass(node):
        return
    for field in fields(node):
        value = getattr(node, field.name)
        is_condition = field.name == "condition" or (isinstance(node, ast.BareStmt) and not _is_stream(value))
        if is_condition and value is not None:
            yield from ((replace(node, **{field.name: c}), s, w) for c, s, w in _condition(value))  # type: ignore[type-var]  # a dataclass of ast
        elif field.name != "span":
            yield from ((replace(node, **{field.name: c}), s, w) for c, s, w in _changed(value))  # type: ignore[type-var]  # a dataclass of ast


def _is_stream(value: Any) -> bool:
    return isinstance(value, ast.StreamForm)


def _condition(expr: ast.Expr) -> Iterator[tuple[ast.Expr, Span, str]]:
    """Yield a condition with one of its parts negated, and with one dropped."""
    match expr:
        case ast.And(operands) | ast.Or(operands):
            yield from _several(expr, operands)
        case ast.Not(operand):
            for changed, span, change in _condition(operand):
                yield replace(expr, operand=changed), span, change
        case ast.Comparison(operands, operators) if len(operators) > 1:
            yield from _chain(expr)
        case _:
            yield ast.Not(expr, expr.span), expr.span, "negated"
            yield _TRUE, expr.span, "dropped"


def _several(expr: ast.And | ast.Or, operands: tuple[ast.Expr, ...]) -> Iterator[tuple[ast.Expr, Span, str]]:
    for index, operand in enumerate(operands):
        whole = isinstance(operand, _LEAVES) and not (
            isinstance(operand, ast.Comparison) and len(operand.operators) > 1
        )
        rest = (*operands[:index], *operands[index + 1 :])
        for changed, span, change in _condition(operand):
            if change == "dropped" and (whole or changed is _TRUE):
                yield (rest[0] if len(rest) == 1 else replace(expr, operands=rest)), span, change
            else:
                yield replace(expr, operands=(*operands[:index], changed, *operands[index + 1 :])), span, change


def _chain(expr: ast.Comparison) -> Iterator[tuple[ast.Expr, Span, str]]:
    pairs = [
        ast.Comparison((left, right), (operator,), left.span.to(right.span))
        for left, operator, right in zip(expr.operands, expr.operators, expr.operands[1:], strict=False)
    ]
    yield from _several(ast.And(tuple(pairs), expr.span), tuple(pairs))
