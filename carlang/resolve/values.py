"""Expressions as typed values.

`value` is the one way in, and comes back to itself for every operand and argument: `fields` reads names and members,
`arithmetic` sums and the like, `aggregates` the calls that run over rows, `choices` an `if` and elements of lists.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import assert_never

from carlang.deadline import check_time
from carlang.diagnostics import codes
from carlang.model import functions
from carlang.model.functions import NUMBERED_TOP
from carlang.model.types import INTEGER, Kind, Type
from carlang.resolve import aggregates, arithmetic, choices, fields
from carlang.resolve.bound import BoundExpr
from carlang.resolve.calls import apply, is_aggregate_call
from carlang.resolve.literals import plain_value
from carlang.resolve.scope import ConstantName, Context, Row, ScalarName
from carlang.resolve.symbols import SymbolKind
from carlang.source import Span
from carlang.syntax import ast
from carlang.syntax.brackets import connectives_beside
from carlang.syntax.dialects import near_keywords

DEEPEST = 32
"""How many conditions, calls, operators and the like may stand inside one another.

Each level costs several frames of Python's stack here, in the lowering and in the engine's parser; published programs
have six at most.
"""

_ENDS = {"first": 0, "last": -1}
_LIST_FUNCTIONS = frozenset({"split", "values", "top", "rare"})


def written_out(ctx: Context, row: Row, expr: ast.Expr) -> ast.Expr:
    """Return what a constant's name, or an element of a list of constants, stands for, at the place where it stands.

    Anything else is returned as it is.
    """
    if isinstance(expr, ast.Element):
        container = written_out(ctx, row, expr.base)
        item = choices.listed(container, expr.index) if isinstance(container, ast.ListLit) else None
        return expr if item is None else replace(written_out(ctx, row, item), span=expr.span)
    if not isinstance(expr, ast.Name) or row.bare(expr.ident):
        return expr
    meaning = ctx.names.get(expr.ident)
    if not isinstance(meaning, ConstantName):
        return expr
    ctx.symbols.use(meaning.symbol, expr)
    literal = replace(meaning.value, span=expr.span)
    if meaning.span is None and isinstance(literal, ast.ListLit):
        # Its items stand in another text, so what is wrong with one is wrong with the name.
        literal = replace(literal, items=tuple(replace(item, span=expr.span) for item in literal.items))
    return literal


def as_regex(expr: ast.Expr) -> ast.Expr:
    """Return a constant's text as the regular expression that it stands for; one written in place is that already."""
    if isinstance(expr, ast.StringLit) and expr.pattern is not None:
        return ast.StringLit(expr.pattern, expr.span)
    return expr


def value(ctx: Context, row: Row, expr: ast.Expr, wanted: Type | None = None) -> BoundExpr | None:
    """Return an expression as a typed value, or None after reporting what is wrong with it.

    `wanted` is the type of what it stands beside, which an input without a type of its own takes.
    """
    check_time()
    ctx.depth += 1
    ctx.size += 1
    ctx.deepest = max(ctx.deepest, ctx.depth)
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
            return fields.name_value(ctx, row, expr, wanted)
        case ast.Member():
            return fields.member_value(ctx, row, expr)
        case ast.Arithmetic():
            return arithmetic.arithmetic_value(ctx, row, expr)
        case ast.Negative(operand):
            if isinstance(operand, ast.Condition):
                fault = ctx.report(codes.BAD_OPERAND, "a condition is negated with `not`", expr.span)
                ctx.add(fault.repaired_by("not ", Span(expr.span.start, operand.span.start), certain=False))
                return None
            inner = value(ctx, row, written_out(ctx, row, operand), INTEGER)
            return arithmetic.negated(ctx, inner, expr.span) if inner else None
        case ast.Element():
            return choices.element(ctx, row, expr, wanted)
        case ast.IfElse():
            return choices.chosen_value(ctx, row, expr, wanted)
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
        case (
            ast.Or()
            | ast.And()
            | ast.Not()
            | ast.Comparison()
            | ast.In()
            | ast.TextTest()
            | ast.Between()
            | ast.Exists()
        ):
            fault = ctx.report(codes.BAD_OPERAND, "a condition cannot stand here", expr.span)
            ctx.add(fault.with_label("a value is expected"))
            return None
        case _:
            assert_never(expr)


def _call(ctx: Context, row: Row, call: ast.Call) -> BoundExpr | None:
    name = call.function.ident
    if takes_element(ctx, row, call):
        ctx.symbols.use(ctx.symbols.shared(SymbolKind.FUNCTION, name.casefold(), within="aggregate"), call.function)
        return choices.element(ctx, row, ast.Element(call.arguments[0], _ENDS[name.casefold()], call.span), None)
    # `min` and `max` are aggregates of one argument and functions of several.
    if functions.aggregate(name) and is_aggregate_call(call):
        return aggregates.aggregate_call(ctx, row, call, name)
    # Published programs write `TOP30(user)`.
    if NUMBERED_TOP.fullmatch(name) and len(call.arguments) == 1:
        count = ast.NumberLit(int(name[len("top") :]), call.function.span)
        return aggregates.aggregate_call(ctx, row, replace(call, arguments=(*call.arguments, count)), "top")
    if _runs_on(ctx, call) or _is_keyword(ctx, call):
        return None
    # An unknown function may be a misspelt aggregate: in a group its arguments are then those of the group's rows.
    known = functions.scalar(name) or row.members is None
    rows = row if known else replace(row.members or row, members=None, stream=None)
    regexes = functions.regex_parameters(name)
    written = [written_out(ctx, rows, argument) for argument in call.arguments]
    written = [as_regex(argument) if index in regexes else argument for index, argument in enumerate(written)]
    # A function of another language may take conditions: of those nothing is said, only of the function.
    read = value if functions.scalar(name) else choices.condition_or_value
    arguments = tuple(read(ctx, rows, argument) for argument in written)
    return apply(ctx, call, arguments)


def takes_element(ctx: Context, row: Row, call: ast.Call) -> bool:
    """Tell whether a call is `first` or `last` of a list, which is one of its elements: an aggregate takes no lists."""
    return (
        call.function.ident.casefold() in _ENDS and len(call.arguments) == 1 and _is_list(ctx, row, call.arguments[0])
    )


def _is_list(ctx: Context, row: Row, expr: ast.Expr) -> bool:
    match written_out(ctx, row, expr):
        case ast.ListLit():
            return True
        case ast.Call(function):
            name = function.ident.casefold()
            return name in _LIST_FUNCTIONS or NUMBERED_TOP.fullmatch(name) is not None
        case ast.Name(ident):
            columns = row.bare(ident)
            meaning = ctx.names.get(ident)
            if not columns and isinstance(meaning, ScalarName):
                return meaning.value.type.kind is Kind.LIST
        case ast.Member() as member if path := fields.path_names(member):
            column = row.exact(".".join(row.strip([name.ident for name in path])))
            columns = [column] if column else []
        case _:
            return False
    return len(columns) == 1 and row.columns[columns[0]].kind is Kind.LIST


def _runs_on(ctx: Context, call: ast.Call) -> bool:
    """Report a name that only looks like a function: a condition in parentheses stands on the line below it."""
    name = call.function
    behind = re.match(r"\s*\n\s*", ctx.source.text[name.span.end : call.span.end])
    if behind is None or functions.scalar(name.ident):
        return False
    at = name.span.end + behind.end()
    fault = ctx.report(codes.SYNTAX, "`and` or `or` is missing before `(`", Span(at, at + 1))
    fault = fault.with_label("an operator is missing before this").pointing_to(name.span, "behind this")
    # Where all others in the same brackets are one connective, this one is it too.
    beside = connectives_beside(ctx.source.text, name.span.start)
    if len(beside) == 1:
        fault = fault.repaired_by(f" {next(iter(beside))}", Span(name.span.end, name.span.end))
    ctx.add(fault)
    return True


def _is_keyword(ctx: Context, call: ast.Call) -> bool:
    """Report a name that only looks like a function: `wehre (…)`, a misspelt keyword before a condition."""
    name = call.function
    if functions.scalar(name.ident) or not (len(call.arguments) == 1 and isinstance(call.arguments[0], ast.Condition)):
        return False
    near = near_keywords(name.ident)
    if not near:
        return False
    fault = ctx.report(codes.MISSPELT_KEYWORD, f"`{name.ident}` is not a word of the language", name.span)
    ctx.add(fault.with_label(f"did you mean `{near[0]}`?").repaired_by(near[0], certain=False))
    return True
