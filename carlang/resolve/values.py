"""Names, members, arithmetic and calls as typed values."""

from __future__ import annotations

import re
from dataclasses import replace

from carlang.diagnostics import codes, nearest
from carlang.model.types import DURATION, FLOAT, INTEGER, TIME, Kind, Type
from carlang.resolve.bound import Arith, BoundExpr, FieldRef, MemberRef
from carlang.resolve.functions import apply
from carlang.resolve.literals import plain_value
from carlang.resolve.scope import BrokenName, ConstantName, Context, Row, StreamName
from carlang.syntax import ast

LONGEST = 64
"""How many operators a sum or product may have."""

_FILE_NAME = re.compile(r"\w+\.(exe|dll|sys|bat|cmd|ps1|vbs|js|scr|com|msi|hta|py|sh)", re.IGNORECASE)
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


def is_literal(expr: ast.Expr) -> bool:
    """Tell whether an expression is a literal, so that it can take another type."""
    return isinstance(expr, ast.Literal)


def written_out(ctx: Context, row: Row, expr: ast.Expr) -> ast.Expr:
    """Return what a constant's name stands for, at the place of the name; anything else as it is."""
    if not isinstance(expr, ast.Name) or row.column(expr.ident):
        return expr
    meaning = ctx.names.get(expr.ident)
    if not isinstance(meaning, ConstantName):
        return expr
    ctx.used.add(expr.ident)
    return replace(meaning.value, span=expr.span)


def value(ctx: Context, row: Row, expr: ast.Expr) -> BoundExpr | None:
    """Return an expression as a typed value, or None after reporting what is wrong with it."""
    match expr:
        case ast.Name():
            return _name(ctx, row, expr)
        case ast.Member():
            return _member(ctx, row, expr)
        case ast.Arithmetic():
            return _arithmetic(ctx, row, expr)
        case ast.Negative(operand):
            zero = ast.NumberLit(0, expr.span)
            return _arithmetic(ctx, row, ast.Arithmetic("-", zero, operand, expr.span))
        case ast.Call(_, arguments):
            given = tuple(value(ctx, row, written_out(ctx, row, argument)) for argument in arguments)
            return apply(ctx, expr, given)
        case ast.ListLit():
            fault = ctx.report(codes.BAD_OPERAND, "a list cannot stand here", expr.span)
            ctx.add(fault.with_help("lists stand behind `in`, `not in`, `contains`, `startswith`, `endswith`, `match`"))
            return None
        case (
            ast.StringLit()
            | ast.NumberLit()
            | ast.DurationLit()
            | ast.BoolLit()
            | ast.NullLit()
            | ast.NowLit()
            | ast.AddressLit()
        ):
            return plain_value(expr)
        case _:
            fault = ctx.report(codes.BAD_OPERAND, "a condition cannot stand here", expr.span)
            ctx.add(fault.with_label("a value is expected"))
            return None


def _name(ctx: Context, row: Row, name: ast.Name) -> BoundExpr | None:
    column = row.column(name.ident)
    meaning = ctx.names.get(name.ident)
    if column:
        if isinstance(meaning, ConstantName):
            fault = ctx.report(codes.FIELD_AND_CONSTANT, f"`{name.ident}` is a field and a constant", name.span)
            ctx.add(fault.with_label("the field is taken").pointing_to(meaning.span, "the constant"))
        return FieldRef(column, row.columns[column])
    if isinstance(meaning, ConstantName):
        return value(ctx, row, written_out(ctx, row, name))
    if isinstance(meaning, BrokenName):
        return None
    field = row.by_alias(name.ident)
    if field:
        message = f"{row.title} calls `{name.ident}` `{field.name}`"
        ctx.add(ctx.report(codes.FIELD_ALIAS, message, name.span).repaired_by(field.name))
        return FieldRef(field.name, field.type)
    _unknown(ctx, row, name, is_stream=meaning is not None)
    return None


def _unknown(ctx: Context, row: Row, name: ast.Name, *, is_stream: bool) -> None:
    if is_stream:
        fault = ctx.report(codes.WRONG_NAME_KIND, f"`{name.ident}` is a stream, not a value", name.span)
        ctx.add(fault.with_label("a field, a constant or a literal is expected"))
        return
    if not row.columns:
        fault = ctx.report(codes.UNKNOWN_STREAM, f"nothing is called `{name.ident}` here", name.span)
    else:
        fault = ctx.report(codes.UNKNOWN_FIELD, f"{row.title} has no field `{name.ident}`", name.span)
    near = nearest(name.ident, [*row.columns, *ctx.constants()])
    if near:
        fault = fault.with_label(f"did you mean `{near}`?").repaired_by(near, certain=False)
    elif owners := [o.name for o in ctx.model.objects_with_field(name.ident)]:
        fault = fault.with_note(f"{' and '.join(owners)} {'has' if len(owners) == 1 else 'have'} a field of this name")
    elif "*" not in name.ident:
        fault = fault.with_label(f'a text is written in quotes: "{name.ident}"')
    if row.origin:
        fault = fault.pointing_to(row.origin, "rows come from here")
    ctx.add(fault)


def _member(ctx: Context, row: Row, member: ast.Member) -> BoundExpr | None:
    base = member.base
    if isinstance(base, ast.Name) and row.column(base.ident) is None and not row.by_alias(base.ident):
        if base.ident in row.names:
            return _name(ctx, row, replace(member.name, span=member.name.span))
        if not isinstance(ctx.names.get(base.ident), ConstantName):
            _unknown_base(ctx, row, member, base)
            return None
    record = value(ctx, row, base)
    if record is None:
        return None
    if record.type.kind is Kind.RECORD:
        return MemberRef(record, member.name.ident)
    if isinstance(record, FieldRef) and record.type.is_string and _is_file_name(member):
        _file_name(ctx, member)
        return None
    message = f"`{_text(ctx, base)}` is {record.type.phrase} and has no members"
    ctx.add(ctx.report(codes.BAD_OPERAND, message, member.span))
    return None


def _unknown_base(ctx: Context, row: Row, member: ast.Member, base: ast.Name) -> None:
    meaning = ctx.names.get(base.ident)
    if isinstance(meaning, BrokenName):
        return
    if isinstance(meaning, StreamName):
        message = f"the rows here are not those of `{base.ident}`"
        fault = ctx.report(codes.WRONG_NAME_KIND, message, base.span)
        if row.origin:
            fault = fault.pointing_to(row.origin, "rows come from here")
        ctx.add(fault.with_help(f"leave `{base.ident}.` out to ask for a field of the rows at hand"))
        return
    if _is_file_name(member):
        _file_name(ctx, member)
        return
    fault = ctx.report(codes.UNKNOWN_STREAM, f"nothing is called `{base.ident}` here", base.span)
    near = nearest(base.ident, [*row.names, *row.columns])
    ctx.add(fault.with_label(f"did you mean `{near}`?").repaired_by(near, certain=False) if near else fault)


def _is_file_name(member: ast.Member) -> bool:
    base = member.base
    return isinstance(base, ast.Name) and _FILE_NAME.fullmatch(f"{base.ident}.{member.name.ident}") is not None


def _file_name(ctx: Context, member: ast.Member) -> None:
    text = _text(ctx, member)
    fault = ctx.report(codes.UNKNOWN_STREAM, f"nothing is called `{text}` here", member.span)
    ctx.add(fault.with_label(f'a file name is written in quotes: "{text}"').repaired_by(f'"{text}"'))


def _text(ctx: Context, expr: ast.Expr) -> str:
    return ctx.source.text[expr.span.start : expr.span.end]


def _arithmetic(ctx: Context, row: Row, expr: ast.Arithmetic) -> BoundExpr | None:
    operands = []
    node: ast.Expr = expr
    while isinstance(node, ast.Arithmetic):  # sums lean to the left and may be long
        operands.append((node.operator, node.right, node.span))
        node = node.left
    if len(operands) > LONGEST:
        ctx.add(ctx.report(codes.TOO_DEEP, f"a sum of more than {LONGEST} operands", expr.span))
        return None
    left = value(ctx, row, written_out(ctx, row, node))
    for operator, right_side, span in reversed(operands):
        right = value(ctx, row, written_out(ctx, row, right_side))
        if left is None or right is None:
            left = None
            continue
        result = _result(left.type, operator, right.type)
        if result is None:
            words = f"`{operator}` does not take {left.type.phrase} and {right.type.phrase}"
            fault = ctx.report(codes.BAD_OPERAND, words, span)
            if operator == "+" and (left.type.is_string or right.type.is_string):
                fault = fault.with_help("texts are joined with `concat(a, b)`")
            ctx.add(fault)
        left = Arith(operator, left, right, result) if result else None
    return left


def _result(left: Type, operator: str, right: Type) -> Type | None:
    if left.is_number and right.is_number:
        floats = operator == "/" or Kind.FLOAT in (left.kind, right.kind)
        return FLOAT if floats else INTEGER
    sides = ["number" if side.is_number else side.kind.value for side in (left, right)]
    return _RESULT.get((sides[0], operator, sides[1]))
