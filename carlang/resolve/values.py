"""Expressions as typed values: names, members of what they name, arithmetic, calls of functions and aggregates.

`value` is the one way in, and comes back to itself for every operand and argument.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import assert_never

from carlang.deadline import check_time
from carlang.diagnostics import codes
from carlang.model import functions
from carlang.model.functions import NUMBERED_TOP
from carlang.model.types import DURATION, FLOAT, INTEGER, STRING, TIME, Kind, Type
from carlang.resolve import choices
from carlang.resolve.bound import Arith, BoundExpr, Const, EachText, FieldRef, MemberRef, Param, ProcessField, Scalar
from carlang.resolve.calls import aggregate_takes, aggregated, apply, is_aggregate_call
from carlang.resolve.literals import as_number, plain_value, value_as
from carlang.resolve.names import is_foreign, unknown_base, unknown_name
from carlang.resolve.processes import PROCESS, Path, path_of, process_field, process_row
from carlang.resolve.scope import (
    EACH_TEXT,
    BrokenName,
    ConstantName,
    Context,
    Flow,
    InputName,
    Row,
    ScalarName,
    StreamName,
)
from carlang.resolve.symbols import SymbolKind
from carlang.resolve.texts import is_any
from carlang.source import Span
from carlang.syntax import ast
from carlang.syntax.brackets import connectives_beside
from carlang.syntax.dialects import near_keywords

DEEPEST = 32
"""How many conditions, calls, operators and the like may stand inside one another.

Each level costs several frames of Python's stack here, in the lowering and in the engine's parser; published programs
have six at most.
"""

DEEPEST_NAMED = 64
"""The same, with what computed values stand for put in the place of their names."""

MOST_VALUES = 20_000
"""How many values the names of computed ones may stand for in a statement. Each that is twice the one before it doubles
the query, and so the time and memory that it takes; one of so many compiles in a few seconds."""

_DIVISOR_DEPTH = 4
_ENDS = {"first": 0, "last": -1}
_LIST_FUNCTIONS = frozenset({"split", "values", "top", "rare"})
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


def _computed(ctx: Context, meaning: ScalarName, span: Span) -> BoundExpr | None:
    """Return what a name stands for, unless that is too much: the query has it as often as its name is used."""
    depth = ctx.depth + meaning.depth
    ctx.size += meaning.size
    ctx.named_size += meaning.size
    ctx.deepest = max(ctx.deepest, depth)
    if depth <= DEEPEST_NAMED and ctx.named_size <= MOST_VALUES:
        return meaning.value
    measure = f"{DEEPEST_NAMED} levels deep" if depth > DEEPEST_NAMED else f"{MOST_VALUES:,} values"
    fault = ctx.report(codes.TOO_DEEP, f"more than {measure}, with what names stand for", span)
    ctx.add(fault.with_help("compute the value, or make it a field of the stream: `stream.field = …`"))
    return None


def _value(ctx: Context, row: Row, expr: ast.Expr, wanted: Type | None) -> BoundExpr | None:
    match expr:
        case ast.Name():
            return _name(ctx, row, expr, wanted)
        case ast.Member():
            return _member(ctx, row, expr)
        case ast.Arithmetic():
            return _arithmetic(ctx, row, expr)
        case ast.Negative(operand):
            if isinstance(operand, ast.Condition):
                fault = ctx.report(codes.BAD_OPERAND, "a condition is negated with `not`", expr.span)
                ctx.add(fault.repaired_by("not ", Span(expr.span.start, operand.span.start), certain=False))
                return None
            inner = value(ctx, row, written_out(ctx, row, operand), INTEGER)
            return _negated(ctx, inner, expr.span) if inner else None
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


# ---- names and members -----------------------------------------------------------------------------------------------


def _name(ctx: Context, row: Row, name: ast.Name, wanted: Type | None) -> BoundExpr | None:
    columns = row.bare(name.ident)
    meaning = ctx.names.get(name.ident)
    # The field wins: the same condition means the same in a program that binds its name to something else.
    if columns:
        if isinstance(meaning, ConstantName | ScalarName | InputName):
            message = f"`{name.ident}` is a field and a value of the program"
            fault = ctx.report(codes.FIELD_AND_CONSTANT, message, name.span).with_label("the field is taken")
            ctx.add(fault.pointing_to(meaning.span, "the value") if meaning.span else fault)
        return _column(ctx, row, name, columns)
    match meaning:
        case ConstantName():
            return value(ctx, row, written_out(ctx, row, name), wanted)
        case ScalarName():
            ctx.symbols.use(meaning.symbol, name)
            return _computed(ctx, meaning, name.span)
        case InputName(ident, declared, _, symbol):
            ctx.symbols.use(symbol, name)
            return _input(ctx, ident, declared or wanted or STRING, name.span)
        case BrokenName(_, symbol):
            ctx.symbols.use(symbol, name)
            return None
    # Other names for fields come last: a program that calls a constant `Image` means the constant.
    if aliased := row.by_alias(name.ident):
        column = _column(ctx, row, name, [column for column, _ in aliased])
        field = aliased[0][1]
        message = f"{row.title} calls `{name.ident}` `{field.name}`"
        ctx.add(ctx.report(codes.FIELD_ALIAS, message, name.span).repaired_by(field.name))
        return column
    if is_any(ctx, row, name):
        _lone_any(ctx, name.span)
        return None
    return unknown_name(ctx, row, name, is_stream=isinstance(meaning, StreamName))


def _lone_any(ctx: Context, span: Span) -> None:
    fault = ctx.report(codes.BAD_OPERAND, "`any` is every text of an event, not one value", span)
    ctx.add(fault.with_help('it is tested: `any contains "x"`, `any == "x*"`, `any in ["x", "y"]`, `any match "re"`'))


def _input(ctx: Context, ident: str, kind: Type, span: Span) -> Param:
    # Beside null, a list or a record nothing is said of the type.
    taken = STRING if kind.kind in (Kind.NULL, Kind.LIST, Kind.RECORD) else kind
    ctx.inputs[ident] = ctx.inputs[ident].used_as(taken)
    return Param(ident, taken, span=span)


def _column(ctx: Context, row: Row, name: ast.Name, columns: list[str]) -> BoundExpr | None:
    if len(columns) == 1:
        return _field(ctx, row, columns[0], name, name.span)
    which = " and ".join(f"`{column}`" for column in columns)
    fault = ctx.report(codes.AMBIGUOUS_FIELD, f"`{name.ident}` can be {which}", name.span)
    ctx.add(fault.with_label("more than one part of the join has it").with_help("say which part is meant"))
    return None


def _field(ctx: Context, row: Row, column: str, name: ast.Name, span: Span) -> FieldRef | EachText:
    if column == EACH_TEXT:
        return EachText(span=span)
    ctx.use_column(row, column, name)
    return FieldRef(column, row.columns[column], span=span)


def _member(ctx: Context, row: Row, member: ast.Member) -> BoundExpr | None:
    """Read a path from the left: a stream's own name, a part of a join, a column, and a member of a record."""
    names = _path(member)
    if is_any(ctx, row, member):
        _lone_any(ctx, member.span)
        return None
    if not names:
        record = value(ctx, row, member.base)
        return _record_member(ctx, record, member) if record else None
    first = names[0]
    path = [name.ident for name in names]
    rest = row.strip(path)
    if len(rest) < len(path):
        ctx.symbols.use(row.names[first.ident], first)
        names = names[1:]
    # From here on the order decides: what is spelled exactly, then a part, then a record.
    if len(rest) == 1:
        return _own_field(ctx, row, member)
    # A column of a join is called `part.field`, so its path is its name.
    if column := row.exact(".".join(rest)):
        ctx.use_parts(row, names[:-1])
        return _field(ctx, row, column, member.name, member.span)
    path_to_process = path_of(ctx, row, names, qualified=len(rest) < len(path))
    if path_to_process is not None:
        ctx.use_parts(row, names[: -len(path_to_process.words)])
        return _of_process(ctx, row, path_to_process, member)
    prefix = ".".join(rest[:-1])
    if prefix in row.parts:
        ctx.use_parts(row, names[:-1])
        return _in_part(ctx, row, prefix, member)
    # Any member may be asked of a record; the store knows which ones there are, the model does not.
    record = _record(ctx, row, names[:-1], member.base.span)
    if record is not None:
        return _record_member(ctx, record, member)
    # The stream has been reported where it was bound.
    if isinstance(ctx.names.get(first.ident), BrokenName):
        return None
    unknown_base(ctx, row, member, first)
    return None


def _own_field(ctx: Context, row: Row, member: ast.Member) -> BoundExpr | None:
    """Read `s.f` where s is the stream at hand: f is a field of it, never a value of the program."""
    name = member.name
    field: BoundExpr | None
    if columns := row.bare(name.ident):
        field = _column(ctx, row, name, columns)
    elif row.by_alias(name.ident):
        field = _name(ctx, row, name, None)
    else:
        return unknown_name(ctx, row, name, is_stream=False)
    return replace(field, span=member.span) if isinstance(field, FieldRef) else field


def _path(member: ast.Member) -> list[ast.Name]:
    """Return a member as the names that it is made of, none where its base is no path."""
    names: list[ast.Name] = []
    node: ast.Expr = member
    while isinstance(node, ast.Member):
        names.append(node.name)
        node = node.base
    return [node, *reversed(names)] if isinstance(node, ast.Name) else []


def _record(ctx: Context, row: Row, names: list[ast.Name], span: Span) -> BoundExpr | None:
    """Return the column that a path names, where it is a record of members."""
    column = row.exact(".".join(name.ident for name in names))
    if not column and len(names) == 1:
        ident = names[0].ident
        candidates = row.bare(ident) or [aliased for aliased, _ in row.by_alias(ident)]
        if len(candidates) > 1:
            _column(ctx, row, names[0], candidates)
            return Const(None, STRING, span=span)  # reported: stands in for a value that has no members
        column = candidates[0] if candidates else None
    if not column:
        return None
    ctx.use_parts(row, names[:-1])
    return _field(ctx, row, column, names[-1], span)


def _record_member(ctx: Context, record: BoundExpr, member: ast.Member) -> BoundExpr | None:
    if record.type.kind is Kind.RECORD:
        within = record.column if isinstance(record, FieldRef) else ""
        ctx.symbols.use(ctx.symbols.shared(SymbolKind.MEMBER, member.name.ident, STRING, within=within), member.name)
        return MemberRef(record, member.name.ident, span=member.span)
    if isinstance(record, Const) and record.value is None:
        return None
    base = ctx.source.text[member.base.span.start : member.base.span.end]
    message = f"`{base}` is {record.type.phrase} and has no members"
    ctx.add(ctx.report(codes.BAD_OPERAND, message, member.span))
    return None


def asked_process_field(ctx: Context, flow: Flow, key: ast.Name | ast.Member) -> ProcessField | None:
    """Return the field of the process behind a stream's rows that a key asks for, or None where it asks for another."""
    if isinstance(key, ast.Name):
        return None
    row, names = flow.row(), _path(key)
    rest = row.strip([name.ident for name in names])
    if row.exact(".".join(rest)):
        return None
    qualified = len(rest) < len(names)
    if path_of(ctx, row, names[len(names) - len(rest) :], qualified=qualified) is None:
        return None
    field = value(ctx, row, key)
    return field if isinstance(field, ProcessField) else None


def _of_process(ctx: Context, row: Row, path: Path, member: ast.Member) -> BoundExpr | None:
    """Read a field of the process behind a row, or report that processes have none of that name."""
    if PROCESS not in ctx.model.objects:
        return unknown_name(ctx, row, path.words[0], is_stream=False)
    process, name = process_row(ctx, path), member.name
    columns = process.bare(name.ident)
    field = _column(ctx, process, name, columns) if columns else None
    if not field and process.by_alias(name.ident):
        field = _name(ctx, process, name, None)
    if isinstance(field, FieldRef):
        return process_field(ctx, row, path, field, member.span)
    if not path.part and is_foreign(ctx, row, member):
        unknown_base(ctx, row, member, path.words[0])
        return None
    return unknown_name(ctx, process, name, is_stream=False)


def _in_part(ctx: Context, row: Row, prefix: str, member: ast.Member) -> BoundExpr | None:
    """Report a field that a part of a join does not have, or take the one that it is another name for."""
    part, name = row.part(prefix), member.name
    columns = part.bare(name.ident)
    field = _column(ctx, part, name, columns) if columns else None
    if not field and part.by_alias(name.ident):
        field = _name(ctx, part, name, None)
    if isinstance(field, FieldRef):
        return FieldRef(f"{prefix}.{field.column}", field.type, span=member.span)
    return None if columns else unknown_name(ctx, part, name, is_stream=False)


# ---- calls -----------------------------------------------------------------------------------------------------------


def _call(ctx: Context, row: Row, call: ast.Call) -> BoundExpr | None:
    name = call.function.ident
    if takes_element(ctx, row, call):
        ctx.symbols.use(ctx.symbols.shared(SymbolKind.FUNCTION, name.casefold(), within="aggregate"), call.function)
        return choices.element(ctx, row, ast.Element(call.arguments[0], _ENDS[name.casefold()], call.span), None)
    # `min` and `max` are aggregates of one argument and functions of several.
    if functions.aggregate(name) and is_aggregate_call(call):
        return _aggregate_call(ctx, row, call, name)
    # Published programs write `TOP30(user)`.
    if NUMBERED_TOP.fullmatch(name) and len(call.arguments) == 1:
        count = ast.NumberLit(int(name[len("top") :]), call.function.span)
        return _aggregate_call(ctx, row, replace(call, arguments=(*call.arguments, count)), "top")
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
        case ast.Member() as member if path := _path(member):
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


def _aggregate_call(ctx: Context, row: Row, call: ast.Call, name: str) -> BoundExpr | None:
    """Return a call of an aggregate: over the stream that its argument names, the group at hand, or the rows filtered.

    Reports an error and returns None where there are no rows to take it over, or the arguments do not fit.
    """
    function = functions.aggregate(name)
    if function is None or not aggregate_takes(ctx, call, function):
        return None
    ctx.symbols.use(ctx.symbols.shared(SymbolKind.FUNCTION, function.name, within="aggregate"), call.function)
    meaning = stream_of(ctx, row, call)
    if isinstance(meaning, BrokenName):
        return None
    if meaning is not None:
        rows, over = meaning.flow, meaning.flow.stream
        call, row = _of_stream(ctx, meaning, call), replace(rows, names={meaning.symbol.name: meaning.symbol}).row()
    elif row.members is not None:
        row, over = row.members, None
    elif row.stream is not None:
        over = row.stream
    else:
        fault = ctx.report(codes.BAD_ARGUMENTS, f"`{call.function.ident}` has no rows to run over here", call.span)
        ctx.add(fault.with_help(f"name a stream: `{call.function.ident}(stream.field)`"))
        return None
    # Its arguments are of one row: no aggregate stands inside another.
    row = replace(row, members=None, stream=None)
    match call.arguments:
        case (ast.Name(word) as own,) if function.name == "count" and word in row.names and not row.bare(word):
            ctx.symbols.use(row.names[word], own)
            call = replace(call, arguments=())  # `count(s)` in a condition on groups of s counts their rows
    aggregate = aggregated(ctx, call, function, tuple(value(ctx, row, argument) for argument in call.arguments))
    if aggregate is None or over is None:
        return aggregate
    return Scalar(over, aggregate, aggregate.type, span=call.span)


def stream_of(ctx: Context, row: Row, call: ast.Call) -> StreamName | BrokenName | None:
    """Return the stream that an aggregate's first argument names, or None where it runs over the rows at hand."""
    name = _first_word(call)
    if name is None or name.ident in row.names:
        return None
    # A field of the rows at hand, a part of a join among them, comes before a stream of the same name.
    at_hand = row.members or row
    first = call.arguments[0]
    path = ctx.source.text[first.span.start : first.span.end].replace(" ", "")
    if at_hand.exact(path) or (isinstance(first, ast.Name) and at_hand.bare(first.ident)):
        return None
    meaning = ctx.names.get(name.ident)
    return meaning if isinstance(meaning, StreamName | BrokenName) else None


def _first_word(call: ast.Call) -> ast.Name | None:
    """Return `a` of `max(a.b.c)`."""
    node: ast.Expr | None = call.arguments[0] if call.arguments else None
    while isinstance(node, ast.Member):
        node = node.base
    return node if isinstance(node, ast.Name) else None


def _of_stream(ctx: Context, meaning: StreamName, call: ast.Call) -> ast.Call:
    """Return a call over a named stream: `count(s)` counts its rows, `average(s)` takes the one number that s has."""
    ctx.used.add(meaning.stream.key)
    name = call.arguments[0]
    if not isinstance(name, ast.Name):
        return call
    ctx.symbols.use(meaning.symbol, name)
    # Published programs write `average(counts)` where `counts` is a stream of groups.
    if call.function.ident.casefold() == "count":
        return replace(call, arguments=())
    columns = meaning.flow.stream.columns
    numbers = [c.name for c in columns if c.type.is_number or c.type.kind is Kind.DURATION]
    # A stream of groups has its keys beside the count, and these may be numbers too.
    if "count" in numbers:
        numbers = ["count"]
    if len(numbers) != 1:
        return call
    message = f"`{call.function.ident}` of a stream is read as that of its `{numbers[0]}`"
    ctx.add(ctx.report(codes.WHOLE_STREAM, message, name.span))
    return replace(call, arguments=(ast.Name(numbers[0], name.span), *call.arguments[1:]))


# ---- arithmetic ------------------------------------------------------------------------------------------------------


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


def _negated(ctx: Context, operand: BoundExpr, span: Span) -> BoundExpr | None:
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
