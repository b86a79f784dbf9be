"""Values that are chosen: `if (c) then e else f`, and an element of a list.

A value may hold a condition here, as a condition holds values everywhere: `values`, `conditions` and this module are
one recursion, so they import one another whole.
"""

from __future__ import annotations

from carlang.diagnostics import codes
from carlang.model.types import BOOLEAN, FLOAT, INTEGER, NULL, STRING, Kind, Type
from carlang.resolve import conditions, values
from carlang.resolve.bound import BoundExpr, Choice, Const, ElementOf
from carlang.resolve.literals import as_number, plain_value, value_as
from carlang.resolve.scope import Context, Row
from carlang.source import Span
from carlang.syntax import ast

_TAKEN_FROM_A_TEXT = frozenset({Kind.TIME, Kind.DURATION})
_PLAIN_TEXT = frozenset({Kind.STRING, Kind.PATH, Kind.NAME, Kind.GUID, Kind.HASH})
"""The types of texts that a text written out can take, whatever it is."""


def condition_or_value(ctx: Context, row: Row, expr: ast.Expr) -> BoundExpr | None:
    """Return an expression as what it can be: a condition, where one is written, else a value."""
    return conditions.condition_or_value(ctx, row, expr)


# ---- if --------------------------------------------------------------------------------------------------------------


def arms(expr: ast.IfElse) -> tuple[list[tuple[ast.Expr, ast.Expr]], ast.Expr]:
    """Return the conditions of an `if`, and of those behind its `else`, each with its value, and the last value."""
    pairs: list[tuple[ast.Expr, ast.Expr]] = []
    node: ast.Expr = expr
    while isinstance(node, ast.IfElse):  # as long a chain as is written, and no level deeper
        pairs.append((node.condition, node.then))
        node = node.otherwise
    return pairs, node


def chosen_truth(ctx: Context, row: Row, expr: ast.IfElse) -> BoundExpr | None:
    """Return an `if` as a condition: each of its values is one."""
    pairs, last = arms(expr)
    tests = [conditions.condition(ctx, row, test) for test, _ in pairs]
    truths = [conditions.condition(ctx, row, written) for written in (*(then for _, then in pairs), last)]
    return _choice(tests, truths, BOOLEAN, expr.span)


def chosen_value(ctx: Context, row: Row, expr: ast.IfElse, wanted: Type | None) -> BoundExpr | None:
    """Return an `if` as a value; its values have one type, which literals take from the others."""
    pairs, last = arms(expr)
    tests = [conditions.condition(ctx, row, test) for test, _ in pairs]
    written = [values.written_out(ctx, row, value) for value in (*(then for _, then in pairs), last)]
    known: dict[int, BoundExpr | None] = {}
    kind = NULL
    # What is no literal says of which type the literals are.
    for index, each in enumerate(written):
        if not isinstance(each, ast.Literal):
            value = _value(ctx, row, each, kind if kind is not NULL else wanted)
            known[index] = value
            kind = _common(kind, value.type) or kind if value else kind
    for index, each in enumerate(written):
        if isinstance(each, ast.Literal):
            known[index] = value = _literal(ctx, each, kind)
            kind = _common(kind, value.type) or kind if value else kind
    resolved = [known[index] for index in range(len(written))]
    fitting = [_fitting(ctx, value, kind, each.span) for value, each in zip(resolved, written, strict=True)]
    return _choice(tests, fitting, kind, expr.span)


def _choice(tests: list[BoundExpr | None], chosen: list[BoundExpr | None], kind: Type, span: Span) -> Choice | None:
    valid_tests = tuple(test for test in tests if test is not None)
    valid = tuple(value for value in chosen if value is not None)
    if len(valid_tests) < len(tests) or len(valid) < len(chosen):
        return None
    return Choice(valid_tests, valid[:-1], valid[-1], kind, span=span)


def _value(ctx: Context, row: Row, written: ast.Expr, wanted: Type | None) -> BoundExpr | None:
    if isinstance(written, ast.Condition):
        return conditions.condition(ctx, row, written)
    return values.value(ctx, row, written, wanted)


def _literal(ctx: Context, literal: ast.Literal, kind: Type) -> BoundExpr | None:
    if isinstance(literal, ast.StringLit) and kind.kind in _TAKEN_FROM_A_TEXT:
        return value_as(ctx, literal, kind)
    value = plain_value(literal)
    if isinstance(value, Const) and isinstance(literal, ast.StringLit) and kind.kind in _PLAIN_TEXT:
        return Const(value.value, kind, literal.span)
    return value


def _fitting(ctx: Context, value: BoundExpr | None, kind: Type, span: Span) -> BoundExpr | None:
    """Return a value of an `if` as the type of all of them, or None after reporting that it is of another."""
    if value is None:
        return None
    if value.type.kind is Kind.RECORD:
        fault = ctx.report(codes.BAD_OPERAND, "`if` does not give a record", span)
        ctx.add(fault.with_help("ask for one of its members, `record.member`"))
        return None
    if _common(value.type, kind) != kind:
        message = f"an `if` gives {kind.phrase} or {value.type.phrase}, not both"
        fault = ctx.report(codes.BAD_OPERAND, message, span)
        ctx.add(fault.with_label("all values of an `if` are of one type").with_help(_conversion(value.type, kind)))
        return None
    return as_number(value) if kind.is_number else value


def _conversion(of: Type, wanted: Type) -> str:
    if wanted.is_string:
        return "`to_string(value)` makes it a text"
    if wanted.is_number and of.is_string:
        return "`to_int(text)` and `to_number(text)` make it a number"
    return "`null` stands for no value"


def _common(a: Type, b: Type) -> Type | None:
    """Return the type that holds the values of two types, or None where there is none."""
    if a == b or b is NULL or b.kind is Kind.NULL:
        return a
    if a.kind is Kind.NULL:
        return b
    # The id of a record is a number beside numbers.
    numbers = [kind.is_number or kind.kind is Kind.ID for kind in (a, b)]
    if all(numbers) and (a.is_number or b.is_number):
        return FLOAT if Kind.FLOAT in (a.kind, b.kind) else INTEGER
    return STRING if a.is_string and b.is_string else None


# ---- elements --------------------------------------------------------------------------------------------------------


def element(ctx: Context, row: Row, expr: ast.Element, wanted: Type | None) -> BoundExpr | None:
    """Return `xs[0]`; missing where the list has no such element."""
    container = values.written_out(ctx, row, expr.base)
    if isinstance(container, ast.ListLit):
        item = listed(container, expr.index)
        if item is not None:
            return values.value(ctx, row, item, wanted)
        kinds = [plain_value(each).type for each in container.items if isinstance(each, ast.Literal)]
        return Const(None, kinds[0] if kinds else STRING, span=expr.span)
    inner = values.value(ctx, row, container)
    return element_of(ctx, inner, expr.index, expr.span) if inner else None


def element_of(ctx: Context, inner: BoundExpr, index: int, span: Span) -> BoundExpr | None:
    """Return an element of a list, or None after reporting that a value is none."""
    if inner.type.kind is Kind.LIST:
        return ElementOf(inner, index, inner.type.item or STRING, span=span)
    fault = ctx.report(codes.BAD_OPERAND, f"`[{index}]` takes an element of a list, not of {inner.type.phrase}", span)
    if inner.type.kind is Kind.RECORD:
        fault = fault.with_help('a member of a record has a name: `record.member`, `record["a name"]`')
    elif inner.type.is_string:
        fault = fault.with_help('`split(text, ",")[0]` takes one of its parts, `substring(text, 0, 1)` a character')
    ctx.add(fault)
    return None


def listed(container: ast.ListLit, index: int) -> ast.Expr | None:
    """Return an element of a list that is written out, counted from 0 or, below it, from the end."""
    at = index if index >= 0 else len(container.items) + index
    return container.items[at] if 0 <= at < len(container.items) else None
