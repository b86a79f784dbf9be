"""Conditions: their logic, and comparisons by the types of what they compare."""

from __future__ import annotations

from carlang.diagnostics import codes
from carlang.model.types import Kind, Type
from carlang.resolve.bound import (
    AllOf,
    AnyOf,
    BoundExpr,
    Compare,
    Complement,
    InBlock,
    Present,
    Truth,
)
from carlang.resolve.equality import comparable, equals
from carlang.resolve.literals import block, plain_value, value_as
from carlang.resolve.membership import text_test, within
from carlang.resolve.row import Row
from carlang.resolve.scope import Context, InputName
from carlang.resolve.values import DEEPEST, is_literal, too_deep, value, written_out
from carlang.source import Span
from carlang.syntax import ast

_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "=="}


def condition(ctx: Context, row: Row, expr: ast.Expr) -> BoundExpr | None:
    """Return an expression as a condition, or None after reporting what is wrong with it."""
    ctx.depth += 1
    try:
        if ctx.depth > DEEPEST:
            too_deep(ctx, expr.span)
            return None
        return _condition(ctx, row, expr)
    finally:
        ctx.depth -= 1


def _condition(ctx: Context, row: Row, expr: ast.Expr) -> BoundExpr | None:
    match expr:
        case ast.Or(operands):
            branches = _all(ctx, row, operands)
            return AnyOf(branches) if branches else None
        case ast.And(operands):
            branches = _all(ctx, row, operands)
            return AllOf(branches) if branches else None
        case ast.Not(operand):
            inner = condition(ctx, row, operand)
            return Complement(inner) if inner else None
        case ast.Comparison():
            return _chain(ctx, row, expr)
        case ast.In(item, container, negated):
            return _complement(within(ctx, row, item, container), negated=negated)
        case ast.TextTest(test, subject, pattern, negated):
            return _complement(text_test(ctx, row, test, subject, pattern), negated=negated)
        case ast.Exists(operand, negated):
            inner = value(ctx, row, written_out(ctx, row, operand))
            return _complement(Present(inner) if inner else None, negated=negated)
        case _:
            return _truth(ctx, row, expr)


def _all(ctx: Context, row: Row, operands: tuple[ast.Expr, ...]) -> tuple[BoundExpr, ...] | None:
    found = [condition(ctx, row, operand) for operand in operands]
    whole = tuple(branch for branch in found if branch is not None)
    return whole if len(whole) == len(found) else None


def _complement(inner: BoundExpr | None, *, negated: bool) -> BoundExpr | None:
    return Complement(inner) if inner and negated else inner


def _truth(ctx: Context, row: Row, expr: ast.Expr) -> BoundExpr | None:
    written = written_out(ctx, row, expr)
    if isinstance(written, ast.BoolLit):
        return AllOf(()) if written.value else AnyOf(())
    if not isinstance(
        written, ast.Name | ast.Member | ast.Call | ast.Arithmetic | ast.Negative | ast.Literal | ast.ListLit
    ):
        return condition(ctx, row, written)
    operand = value(ctx, row, written)
    if operand is None:
        return None
    if operand.type.kind is not Kind.BOOLEAN:
        _not_a_condition(ctx, expr, operand.type)
        return None
    return Truth(operand)


def _not_a_condition(ctx: Context, expr: ast.Expr, kind: Type) -> None:
    fault = ctx.report(codes.NOT_A_CONDITION, f"{kind.phrase} is not a condition", expr.span)
    if isinstance(expr, ast.StringLit):
        fault = fault.with_help(
            'compare a field with each text: `exe == "a.exe" or exe == "b.exe"`, `exe in ["a.exe", "b.exe"]`'
        )
    elif isinstance(expr, ast.Name | ast.Member):
        fault = fault.with_help(f"`{ctx.source.text[expr.span.start : expr.span.end]} exists` asks for its presence")
    ctx.add(fault)


def _chain(ctx: Context, row: Row, expr: ast.Comparison) -> BoundExpr | None:
    """Lower `a < b < c` to `a < b and b < c`."""
    tests = []
    for left, operator, right in zip(expr.operands, expr.operators, expr.operands[1:], strict=False):
        span = left.span.to(right.span)
        test = compare(ctx, row, written_out(ctx, row, left), operator, written_out(ctx, row, right), span)
        tests.append(test)
    whole = tuple(test for test in tests if test is not None)
    if len(whole) < len(tests):
        return None
    return whole[0] if len(whole) == 1 else AllOf(whole)


def compare(ctx: Context, row: Row, left: ast.Expr, operator: str, right: ast.Expr, span: Span) -> BoundExpr | None:
    """Return the comparison of two operands; `!=` is the exact complement of `==`."""
    if operator == "!=":
        return _complement(compare(ctx, row, left, "==", right, span), negated=True)
    if isinstance(left, ast.NullLit) or isinstance(right, ast.NullLit):
        return _with_null(ctx, row, right if isinstance(left, ast.NullLit) else left, operator, span)
    if isinstance(right, ast.ListLit) or isinstance(left, ast.ListLit):
        fault = ctx.report(codes.INCOMPARABLE, f"`{operator}` does not compare with a list", span)
        ctx.add(fault.with_help("`in` asks whether a value is in a list"))
        return None
    if is_literal(right) and not is_literal(left):
        return _with_literal(ctx, row, left, operator, right, literal_on_the_right=True)
    if is_literal(left) and not is_literal(right):
        return _with_literal(ctx, row, right, _MIRRORED[operator], left, literal_on_the_right=False)
    if isinstance(left, ast.Literal) and isinstance(right, ast.Literal):
        return _of_literals(ctx, left, operator, right, span)
    if _is_untyped_input(ctx, row, left):
        b = value(ctx, row, right)
        a = value(ctx, row, left, b.type if b else None)
    else:
        a = value(ctx, row, left)
        b = value(ctx, row, right, a.type if a else None)
    if a is None or b is None:
        return None
    return Compare(operator, a, b) if _compared(ctx, a, operator, b, span) else None


def _of_literals(ctx: Context, left: ast.Literal, operator: str, right: ast.Literal, span: Span) -> BoundExpr | None:
    """Compare two literals: a text takes the other's type."""
    a, b = plain_value(left), plain_value(right)
    if isinstance(left, ast.StringLit):
        a = value_as(ctx, left, b.type) or a
    elif isinstance(right, ast.StringLit):
        b = value_as(ctx, right, a.type) or b
    return Compare(operator, a, b) if _compared(ctx, a, operator, b, span) else None


def _is_untyped_input(ctx: Context, row: Row, expr: ast.Expr) -> bool:
    if not isinstance(expr, ast.Name) or row.bare(expr.ident):
        return False
    meaning = ctx.names.get(expr.ident)
    return isinstance(meaning, InputName) and meaning.type is None


def _with_null(ctx: Context, row: Row, operand: ast.Expr, operator: str, span: Span) -> BoundExpr | None:
    if operator != "==":
        ctx.add(ctx.report(codes.BAD_OPERAND, f"`{operator}` does not compare with null", span))
        return None
    inner = value(ctx, row, operand)
    return Complement(Present(inner)) if inner else None


def _with_literal(
    ctx: Context, row: Row, operand: ast.Expr, operator: str, literal: ast.Expr, *, literal_on_the_right: bool
) -> BoundExpr | None:
    subject = value(ctx, row, operand)
    if subject is None or not isinstance(literal, ast.Literal):
        return None
    if operator == "==":
        return equals(ctx, subject, literal, wildcards_apply=literal_on_the_right)
    if subject.type.kind is Kind.IP or isinstance(literal, ast.AddressLit):
        return _address_order(ctx, subject, operator, literal)
    if subject.type.kind is Kind.BOOLEAN or subject.type.kind in (Kind.RECORD, Kind.LIST):
        ctx.add(ctx.report(codes.BAD_OPERAND, f"`{operator}` does not order {subject.type.phrase}", operand.span))
        return None
    constant = value_as(ctx, literal, subject.type)
    return Compare(operator, subject, constant) if constant else None


def _address_order(ctx: Context, subject: BoundExpr, operator: str, literal: ast.Literal) -> BoundExpr | None:
    text = literal.text if isinstance(literal, ast.AddressLit) else getattr(literal, "value", "")
    bounds = block(str(text))
    if bounds is None or bounds[0] != bounds[1]:
        ctx.add(ctx.report(codes.BAD_CIDR, "not a single IP address", literal.span))
        return None
    address = bounds[0]
    low, high = {
        "<": (0, address - 1),
        "<=": (0, address),
        ">": (address + 1, 2**128 - 1),
        ">=": (address, 2**128 - 1),
    }[operator]
    return InBlock(subject, low, high)


def _compared(ctx: Context, a: BoundExpr, operator: str, b: BoundExpr, span: Span) -> bool:
    if comparable(a.type, operator, b.type):
        return True
    fault = ctx.report(codes.INCOMPARABLE, f"`{operator}` does not compare {_named(a)} with {_named(b)}", span)
    if {a.type.is_string, b.type.is_string} == {True, False} and (a.type.is_number or b.type.is_number):
        fault = fault.with_help("`to_string(number)` and `to_int(text)` convert one into the other")
    ctx.add(fault)
    return False


def _named(expr: BoundExpr) -> str:
    return "a text" if expr.type.is_string else expr.type.phrase
