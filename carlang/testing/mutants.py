"""Mutants of a program: the same program with one condition dropped or negated.

A condition is a comparison, a membership, a test of text or of presence, or a truth value, as it is written; a chained
comparison has one for each pair. Where a mutant gives what the tests expect, no test depends on the condition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from carlang.source import Span
from carlang.syntax import ast, rewrite, walk

_CONNECTIVES = ast.And | ast.Or | ast.Not
_TRUE = ast.BoolLit(value=True, span=Span(0, 0))
"""Stands where a condition was dropped; known by its identity, since a program may have a `true` of its own."""


@dataclass(frozen=True)
class Mutant:
    """A program that differs from the original in the condition at `span`, which was `dropped` or `negated`."""

    program: ast.Program
    span: Span
    change: str


def mutants(program: ast.Program) -> Iterator[Mutant]:
    """Yield all mutants of a program, in the order of its text."""
    for index, statement in enumerate(program.statements):
        before, after = program.statements[:index], program.statements[index + 1 :]
        for old in _tests(statement):
            for new, span, change in _changed(old):
                changed = _with(statement, old, new)
                yield Mutant(replace(program, statements=(*before, changed, *after)), span, change)


def _tests(statement: ast.Statement) -> Iterator[ast.Expr]:
    """Yield the tests of a statement's conditions: what `and`, `or` and `not` put together."""
    conditions: set[int] = set()
    for node in walk(statement):
        match node:
            case ast.Search(_, condition) | ast.Filter(_, condition) | ast.Join(_, condition) if condition:
                conditions.add(id(condition))
            case ast.BareStmt(value) if not isinstance(value, ast.StreamForm):
                conditions.add(id(value))
        if id(node) in conditions:
            # A call may have conditions among its arguments; they are no conditions of the statement.
            below = walk(node, stop=lambda inner: not isinstance(inner, _CONNECTIVES))
            yield from (inner for inner in below if isinstance(inner, ast.Expr) and not isinstance(inner, _CONNECTIVES))


def _changed(test: ast.Expr) -> Iterator[tuple[ast.Expr, Span, str]]:
    """Yield a test negated, and dropped; of a chained comparison, `a < b < c`, one pair after the other."""
    if not isinstance(test, ast.Comparison) or len(test.operators) == 1:
        yield ast.Not(test, test.span), test.span, "negated"
        yield _TRUE, test.span, "dropped"
        return
    pairs = [
        ast.Comparison(operands, (operator,), operands[0].span.to(operands[1].span))
        for operands, operator in zip(pairwise(test.operands), test.operators, strict=True)
    ]
    chain = ast.And(tuple(pairs), test.span)
    for pair in pairs:
        for new, span, change in _changed(pair):
            yield _with(chain, pair, new), span, change


def _with(tree: ast.Node, old: ast.Expr, new: ast.Expr) -> Any:  # what may stand where `tree` stood
    """Return a tree with another node in the place of one of its own; what was dropped leaves its `and` or `or`."""

    def change(node: ast.Node) -> ast.Node:
        if node is old:
            return new
        if isinstance(node, ast.And | ast.Or) and any(operand is _TRUE for operand in node.operands):
            rest = tuple(operand for operand in node.operands if operand is not _TRUE)
            return rest[0] if len(rest) == 1 else replace(node, operands=rest)
        return node

    return rewrite(tree, change)
