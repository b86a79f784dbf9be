"""Names and members as values: fields of rows, of parts of a join, of processes, of records, and the program's names.

What a name stands for may be any expression, so this module and `values` are one recursion.
"""

from __future__ import annotations

from dataclasses import replace

from carlang.diagnostics import codes
from carlang.model.types import STRING, Kind, Type
from carlang.resolve import values
from carlang.resolve.bound import BoundExpr, Const, EachText, FieldRef, MemberRef, Param, ProcessField
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

DEEPEST_NAMED = 64
"""The same, with what computed values stand for put in the place of their names."""

MOST_VALUES = 20_000
"""How many values the names of computed ones may stand for in a statement. Each that is twice the one before it doubles
the query, and so the time and memory that it takes; one of so many compiles in a few seconds."""


def name_value(ctx: Context, row: Row, name: ast.Name, wanted: Type | None) -> BoundExpr | None:
    """Return what a name stands for, or None after reporting what is wrong with it; `wanted` as in `values.value`."""
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
            return values.value(ctx, row, values.written_out(ctx, row, name), wanted)
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


def member_value(ctx: Context, row: Row, member: ast.Member) -> BoundExpr | None:
    """Read a path from the left: a stream's own name, a part of a join, a column, and a member of a record."""
    names = path_names(member)
    if is_any(ctx, row, member):
        _lone_any(ctx, member.span)
        return None
    if not names:
        record = values.value(ctx, row, member.base)
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
        field = name_value(ctx, row, name, None)
    else:
        return unknown_name(ctx, row, name, is_stream=False)
    return replace(field, span=member.span) if isinstance(field, FieldRef) else field


def path_names(member: ast.Member) -> list[ast.Name]:
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
    row, names = flow.row(), path_names(key)
    rest = row.strip([name.ident for name in names])
    if row.exact(".".join(rest)):
        return None
    qualified = len(rest) < len(names)
    if path_of(ctx, row, names[len(names) - len(rest) :], qualified=qualified) is None:
        return None
    field = values.value(ctx, row, key)
    return field if isinstance(field, ProcessField) else None


def _of_process(ctx: Context, row: Row, path: Path, member: ast.Member) -> BoundExpr | None:
    """Read a field of the process behind a row, or report that processes have none of that name."""
    if PROCESS not in ctx.model.objects:
        return unknown_name(ctx, row, path.words[0], is_stream=False)
    process, name = process_row(ctx, path), member.name
    columns = process.bare(name.ident)
    field = _column(ctx, process, name, columns) if columns else None
    if not field and process.by_alias(name.ident):
        field = name_value(ctx, process, name, None)
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
        field = name_value(ctx, part, name, None)
    if isinstance(field, FieldRef):
        return FieldRef(f"{prefix}.{field.column}", field.type, span=member.span)
    return None if columns else unknown_name(ctx, part, name, is_stream=False)
