"""Names, members, arithmetic and calls as typed values."""

from __future__ import annotations

import re
from dataclasses import replace

from carlang.diagnostics import codes
from carlang.model.functions import NUMBERED_TOP, scalar
from carlang.model.types import DURATION, FLOAT, INTEGER, STRING, TIME, Kind, Type
from carlang.resolve.aggregates import aggregate_call, is_aggregate, is_aggregate_call
from carlang.resolve.bound import Arith, BoundExpr, Const, FieldRef, MemberRef, Param
from carlang.resolve.functions import apply
from carlang.resolve.literals import plain_value, value_as
from carlang.resolve.names import unknown_base, unknown_name
from carlang.resolve.row import Row
from carlang.resolve.scope import BrokenName, ConstantName, Context, InputName, ScalarName, StreamName
from carlang.source import Span
from carlang.syntax import ast

DEEPEST = 32
"""How many conditions, calls, operators and the like may stand inside one another."""

_DIVISOR_DEPTH = 4
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
    if not isinstance(expr, ast.Name) or row.bare(expr.ident):
        return expr
    meaning = ctx.names.get(expr.ident)
    return replace(meaning.value, span=expr.span) if isinstance(meaning, ConstantName) else expr


def value(ctx: Context, row: Row, expr: ast.Expr, wanted: Type | None = None) -> BoundExpr | None:
    """Return an expression as a typed value, or None after reporting what is wrong with it.

    `wanted` is the type of what it stands beside, which an input without a type of its own takes.
    """
    ctx.depth += 1
    try:
        if ctx.depth > DEEPEST:
            too_deep(ctx, expr.span)
            return None
        return _value(ctx, row, expr, wanted)
    finally:
        ctx.depth -= 1


def too_deep(ctx: Context, span: Span) -> None:
    """Report something that is nested too deeply."""
    fault = ctx.report(codes.TOO_DEEP, f"nested more than {DEEPEST} levels deep", span)
    ctx.add(fault.with_help("give parts of it names, or filter in several steps"))


def _value(ctx: Context, row: Row, expr: ast.Expr, wanted: Type | None) -> BoundExpr | None:
    match expr:
        case ast.Name():
            return _name(ctx, row, expr, wanted)
        case ast.Member():
            return _member(ctx, row, expr)
        case ast.Arithmetic():
            return _arithmetic(ctx, row, expr)
        case ast.Negative(operand):
            inner = value(ctx, row, operand, INTEGER)
            return _negated(ctx, inner, expr.span) if inner else None
        case ast.Call():
            return _call(ctx, row, expr)
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


def _name(ctx: Context, row: Row, name: ast.Name, wanted: Type | None) -> BoundExpr | None:
    columns = row.bare(name.ident)
    meaning = ctx.names.get(name.ident)
    if columns:
        if isinstance(meaning, ConstantName | ScalarName | InputName):
            fault = ctx.report(
                codes.FIELD_AND_CONSTANT, f"`{name.ident}` is a field and a value of the program", name.span
            )
            ctx.add(fault.with_label("the field is taken").pointing_to(meaning.span, "the value"))
        return _column(ctx, row, name, columns)
    match meaning:
        case ConstantName():
            return value(ctx, row, written_out(ctx, row, name), wanted)
        case ScalarName(computed):
            return computed
        case InputName(ident, declared):
            return _input(ctx, ident, declared or wanted or STRING)
        case BrokenName():
            return None
    aliased = row.by_alias(name.ident)
    if aliased:
        column = _column(ctx, row, name, [column for column, _ in aliased])
        field = aliased[0][1]
        message = f"{row.title} calls `{name.ident}` `{field.name}`"
        ctx.add(ctx.report(codes.FIELD_ALIAS, message, name.span).repaired_by(field.name))
        return column
    return unknown_name(ctx, row, name, is_stream=isinstance(meaning, StreamName))


def _input(ctx: Context, ident: str, kind: Type) -> Param:
    use = ctx.inputs[ident]
    taken = STRING if kind.kind in (Kind.NULL, Kind.LIST, Kind.RECORD) else kind
    if taken not in use.types:
        use.types.append(taken)
    return Param(ident, taken)


def _column(ctx: Context, row: Row, name: ast.Name, columns: list[str]) -> BoundExpr | None:
    if len(columns) == 1:
        return FieldRef(columns[0], row.columns[columns[0]])
    which = " and ".join(f"`{column}`" for column in columns)
    fault = ctx.report(codes.AMBIGUOUS_FIELD, f"`{name.ident}` can be {which}", name.span)
    ctx.add(fault.with_label("more than one part of the join has it").with_help("say which part is meant"))
    return None


def _member(ctx: Context, row: Row, member: ast.Member) -> BoundExpr | None:
    """Read a path from the left: a stream's own name, a part of a join, a column, and a member of a record."""
    path, names = _path(member)
    if names is None:
        record = value(ctx, row, member.base)
        return _record_member(ctx, record, member) if record else None
    rest = row.strip(path)
    if len(rest) == 1:
        return _own_field(ctx, row, member.name)
    if found := row.exact(".".join(rest)):
        return FieldRef(found, row.columns[found])
    prefix = ".".join(rest[:-1])
    if prefix in row.parts:
        return _in_part(ctx, row, prefix, member.name)
    record = _record(ctx, row, rest[:-1], names[len(path) - len(rest) : -1])
    if record is not None:
        return _record_member(ctx, record, member)
    if isinstance(ctx.names.get(path[0]), BrokenName):
        return None
    unknown_base(ctx, row, member, names[0])
    return None


def _own_field(ctx: Context, row: Row, name: ast.Name) -> BoundExpr | None:
    """Read `s.f` where s is the stream at hand: f is a field of it, never a value of the program."""
    if columns := row.bare(name.ident):
        return _column(ctx, row, name, columns)
    if row.by_alias(name.ident):
        return _name(ctx, row, name, None)
    return unknown_name(ctx, row, name, is_stream=False)


def _path(member: ast.Member) -> tuple[list[str], list[ast.Name] | None]:
    """Return a member as a path of words; no names where its base is not a path."""
    words: list[ast.Name] = []
    node: ast.Expr = member
    while isinstance(node, ast.Member):
        words.append(node.name)
        node = node.base
    if not isinstance(node, ast.Name):
        return [], None
    words.append(node)
    words.reverse()
    return [word.ident for word in words], words


def _record(ctx: Context, row: Row, path: list[str], names: list[ast.Name]) -> BoundExpr | None:
    """Return the column that a path names, where it is a record of members."""
    found = row.exact(".".join(path))
    if not found and len(path) == 1:
        candidates = row.bare(path[0]) or [column for column, _ in row.by_alias(path[0])]
        if len(candidates) > 1:
            _column(ctx, row, names[0], candidates)
            return Const(None, STRING)
        found = candidates[0] if candidates else None
    return FieldRef(found, row.columns[found]) if found else None


def _record_member(ctx: Context, record: BoundExpr, member: ast.Member) -> BoundExpr | None:
    if record.type.kind is Kind.RECORD:
        return MemberRef(record, member.name.ident)
    if isinstance(record, Const) and record.value is None:
        return None
    base = ctx.source.text[member.base.span.start : member.base.span.end]
    message = f"`{base}` is {record.type.phrase} and has no members"
    ctx.add(ctx.report(codes.BAD_OPERAND, message, member.span))
    return None


def _in_part(ctx: Context, row: Row, prefix: str, name: ast.Name) -> BoundExpr | None:
    """Report a field that a part of a join does not have, or take the one that it is another name for."""
    part = Row(
        {c[len(prefix) + 1 :]: t for c, t in row.columns.items() if c.startswith(f"{prefix}.")},
        {p[len(prefix) + 1 :]: o for p, o in row.owners.items() if p.startswith(f"{prefix}.")},
        title=f"`{prefix}`",
    )
    found = part.bare(name.ident) and _column(ctx, part, name, part.bare(name.ident))
    if not found and part.by_alias(name.ident):
        found = _name(ctx, part, name, None)
    if isinstance(found, FieldRef):
        return FieldRef(f"{prefix}.{found.column}", found.type)
    return None if part.bare(name.ident) else unknown_name(ctx, part, name, is_stream=False)


def _call(ctx: Context, row: Row, call: ast.Call) -> BoundExpr | None:
    name = call.function.ident
    if is_aggregate(name) and is_aggregate_call(call):
        return aggregate_call(ctx, row, call, value)
    if NUMBERED_TOP.fullmatch(name) and len(call.arguments) == 1:
        count = ast.NumberLit(int(name[len("top") :]), call.function.span)
        top = ast.Call(replace(call.function, ident="top"), (*call.arguments, count), distinct=False, span=call.span)
        return aggregate_call(ctx, row, top, value)
    if _runs_on(ctx, call):
        return None
    given = tuple(value(ctx, row, written_out(ctx, row, argument)) for argument in call.arguments)
    return apply(ctx, call, given)


def _runs_on(ctx: Context, call: ast.Call) -> bool:
    """Report a name that only looks like a function: a condition in parentheses stands on the line below it."""
    name = call.function
    behind = re.match(r"\s*\n\s*", ctx.source.text[name.span.end : call.span.end])
    if behind is None or scalar(name.ident):
        return False
    at = name.span.end + behind.end()
    fault = ctx.report(codes.SYNTAX, "`and` or `or` is missing before `(`", Span(at, at + 1))
    ctx.add(fault.with_label("an operator is missing before this").pointing_to(name.span, "behind this"))
    return True


def _arithmetic(ctx: Context, row: Row, expr: ast.Arithmetic) -> BoundExpr | None:
    operands = []
    node: ast.Expr = expr
    while isinstance(node, ast.Arithmetic):  # sums lean to the left and may be long
        operands.append((node.operator, node.right, node.span))
        node = node.left
    if len(operands) > DEEPEST:
        too_deep(ctx, expr.span)
        return None
    left = value(ctx, row, written_out(ctx, row, node))
    for operator, right_side, span in reversed(operands):
        written = written_out(ctx, row, right_side)
        # The engine writes a divisor out twice, to see that it is not zero: nested ones double at each level.
        ctx.depth += _DIVISOR_DEPTH if operator in "/%" else 0
        right = value(ctx, row, written, left.type if left else None)
        ctx.depth -= _DIVISOR_DEPTH if operator in "/%" else 0
        left, right = _as_time(ctx, left, node, right), _as_time(ctx, right, written, left)
        left = combined(ctx, operator, left, right, span) if left and right else None
    return left


def _as_time(ctx: Context, side: BoundExpr | None, written: ast.Expr, other: BoundExpr | None) -> BoundExpr | None:
    """Read a text beside a time as the time that it names."""
    if isinstance(written, ast.StringLit) and isinstance(side, Const) and other and other.type.kind is Kind.TIME:
        return value_as(ctx, written, TIME)
    return side


def combined(ctx: Context, operator: str, left: BoundExpr, right: BoundExpr, span: Span) -> BoundExpr | None:
    """Return two values added, subtracted, multiplied or divided, or None after reporting that they cannot be."""
    result = _result(left.type, operator, right.type)
    if result:
        return Arith(operator, left, right, result)
    words = f"`{operator}` does not take {left.type.phrase} and {right.type.phrase}"
    fault = ctx.report(codes.BAD_OPERAND, words, span)
    if operator == "+" and (left.type.is_string or right.type.is_string):
        fault = fault.with_help("texts are joined with `concat(a, b)`")
    ctx.add(fault)
    return None


def _negated(ctx: Context, operand: BoundExpr, span: Span) -> BoundExpr | None:
    if operand.type.is_number or operand.type.kind is Kind.DURATION:
        if isinstance(operand, Const) and isinstance(operand.value, int | float):
            return Const(-operand.value, operand.type)
        return Arith("-", Const(0, operand.type), operand, operand.type)
    ctx.add(ctx.report(codes.BAD_OPERAND, f"`-` does not take {operand.type.phrase}", span))
    return None


def _result(left: Type, operator: str, right: Type) -> Type | None:
    if left.is_number and right.is_number:
        floats = operator == "/" or Kind.FLOAT in (left.kind, right.kind)
        return FLOAT if floats else INTEGER
    sides = ["number" if side.is_number else side.kind.value for side in (left, right)]
    return _RESULT.get((sides[0], operator, sides[1]))
