"""Arithmetic: which types an operator takes, and what it gives of them."""

from __future__ import annotations

from carlang.diagnostics import codes
from carlang.model.types import DURATION, FLOAT, INTEGER, TIME, Kind, Type
from carlang.resolve import values
from carlang.resolve.bound import Arith, BoundExpr, Const
from carlang.resolve.literals import as_number, value_as
from carlang.resolve.scope import Context, Row
from carlang.source import Span
from carlang.syntax import ast

_DIVISOR_DEPTH = 4
"""How many levels of depth a divisor counts for: the limit on depth then bounds how often nested ones double."""
_RESULT: dict[tuple[str, str, str], Type] = {
    ("time", "-", "time"): DURATION,
    ("time", "+", "duration"): TIME,
    ("duration", "+", "time"): TIME,
    ("time", "-", "duration"): TIME,
    ("duration", "+", "duration"): DURATION,
    ("duration", "-", "duration"): DURATION,
    ("duration", "*", "number"): DURATION,
    ("number", "*", "duration"): DURATION,
    ("duration", "/", "number"): DURATION,
    ("duration", "/", "duration"): FLOAT,
}


def arithmetic_value(ctx: Context, row: Row, expr: ast.Arithmetic) -> BoundExpr | None:
    """Return a chain of operators as a value, or None after reporting one that does not take what stands beside it."""
    operands = []
    node: ast.Expr = expr
    while isinstance(node, ast.Arithmetic):  # sums lean to the left and may be long
        operands.append((node.operator, node.right, node.span))
        node = node.left
    if len(operands) > values.DEEPEST:
        values.too_deep(ctx, expr.span)
        return None
    left = values.value(ctx, row, values.written_out(ctx, row, node))
    for operator, right_side, span in reversed(operands):
        written = values.written_out(ctx, row, right_side)
        # The engine writes a divisor out twice, to see that it is not zero: nested ones double at each level.
        ctx.depth += _DIVISOR_DEPTH if operator in "/%" else 0
        right = values.value(ctx, row, written, left.type if left else None)
        ctx.depth -= _DIVISOR_DEPTH if operator in "/%" else 0
        left, right = _as_time(ctx, left, node, right), _as_time(ctx, right, written, left)
        left = _combined(ctx, operator, left, right, span) if left and right else None
    return left


def _as_time(ctx: Context, side: BoundExpr | None, written: ast.Expr, other: BoundExpr | None) -> BoundExpr | None:
    """Read a text beside a time as the time that it names."""
    if isinstance(written, ast.StringLit) and isinstance(side, Const) and other and other.type.kind is Kind.TIME:
        return value_as(ctx, written, TIME)
    return side


def _combined(ctx: Context, operator: str, left: BoundExpr, right: BoundExpr, span: Span) -> BoundExpr | None:
    left, right = as_number(left), as_number(right)
    result = _result(left.type, operator, right.type)
    if result:
        return Arith(operator, left, right, result, span=span)
    words = f"`{operator}` does not take {left.type.phrase} and {right.type.phrase}"
    fault = ctx.report(codes.BAD_OPERAND, words, span)
    if operator == "+" and (left.type.is_string or right.type.is_string):
        fault = fault.with_help("texts are joined with `concat(a, b)`")
    ctx.add(fault)
    return None


def negated(ctx: Context, operand: BoundExpr, span: Span) -> BoundExpr | None:
    """Return `-operand`; only numbers and durations have one."""
    operand = as_number(operand)
    if operand.type.is_number or operand.type.kind is Kind.DURATION:
        # `-1 hour` is a constant as `1 hour` is.
        if isinstance(operand, Const) and isinstance(operand.value, int | float):
            return Const(-operand.value, operand.type, span=span)
        return Arith("-", Const(0, operand.type, span=span), operand, operand.type, span=span)
    ctx.add(ctx.report(codes.BAD_OPERAND, f"`-` does not take {operand.type.phrase}", span))
    return None


def _result(left: Type, operator: str, right: Type) -> Type | None:
    # Whole numbers divide to a float, as in DuckDB: 1 / 2 is 0.5.
    if left.is_number and right.is_number:
        floats = operator == "/" or Kind.FLOAT in (left.kind, right.kind)
        return FLOAT if floats else INTEGER
    sides = ["number" if side.is_number else side.kind.value for side in (left, right)]
    return _RESULT.get((sides[0], operator, sides[1]))
