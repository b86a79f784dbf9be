"""`x in s`: whether a value is among those of a stream of one column, or of a field of one, `unique(s.f)`."""

from __future__ import annotations

from dataclasses import dataclass

from carlang.diagnostics import Diagnostic, codes
from carlang.model.types import Kind
from carlang.resolve.bound import BoundExpr, FieldRef, InStream
from carlang.resolve.literals import alike, comparable
from carlang.resolve.scope import BrokenName, Context, Flow, Row, StreamName
from carlang.resolve.symbols import SymbolKind
from carlang.resolve.values import value, written_out
from carlang.source import Span
from carlang.syntax import ast


@dataclass(frozen=True, slots=True)
class Membership:
    """A test of membership in a stream; None where it has errors, which have been reported."""

    test: BoundExpr | None


def membership(ctx: Context, row: Row, test: ast.In) -> Membership | None:
    """Return `item in stream`, or None where what stands behind `in` is no stream."""
    match test.container:
        case ast.Name() as name if row.bare(name.ident):
            _remark_on_field(ctx, name)
        case ast.Name() as name:
            return _in_named(ctx, row, test, name)
        case ast.Call(function, (ast.Member(ast.Name() as base, field),)) if function.ident.casefold() == "unique":
            ctx.symbols.use(ctx.symbols.shared(SymbolKind.FUNCTION, "unique"), function)
            return _in_named(ctx, row, test, base, field)
        case ast.Member(ast.Name() as base, field) if _is_elsewhere(ctx, row, base):
            return _in_field(ctx, row, test, base, field)
    return None


def _remark_on_field(ctx: Context, name: ast.Name) -> None:
    """Say that a field is meant where a stream of one column has the same name."""
    meaning = ctx.names.get(name.ident)
    if isinstance(meaning, StreamName) and len(meaning.flow.stream.columns) == 1:
        message = f"`{name.ident}` is a field and a stream of one column"
        fault = ctx.report(codes.FIELD_AND_CONSTANT, message, name.span).with_label("the field is taken")
        ctx.add(fault.with_help("give the stream another name to look into it"))


def _in_named(ctx: Context, row: Row, test: ast.In, name: ast.Name, field: ast.Name | None = None) -> Membership | None:
    meaning = ctx.names.get(name.ident)
    match meaning:
        case StreamName():
            ctx.symbols.use(meaning.symbol, name)
            ctx.used.add(meaning.stream.key)
            subject = value(ctx, row, written_out(ctx, row, test.item))
            other = _field(ctx, meaning, field) if field else _only_column(ctx, test, meaning.flow, name)
            return Membership(_among(ctx, subject, meaning.flow, other, test.span) if subject and other else None)
        case BrokenName():
            ctx.symbols.use(meaning.symbol, name)
            return Membership(None)
        case _ if field is not None:
            fault = ctx.report(codes.UNKNOWN_STREAM, f"there is no stream `{name.ident}`", name.span)
            if near := ctx.nearest(name.ident, ctx.streams()):
                fault = fault.with_label(f"did you mean `{near}`?").repaired_by(near, certain=False)
            ctx.add(fault)
            return Membership(None)
        case _:
            return None


def _is_elsewhere(ctx: Context, row: Row, base: ast.Name) -> bool:
    """Tell whether a path begins with a stream other than the one at hand, and with no part or field of this one."""
    at_hand = base.ident in row.names or base.ident in row.parts or row.bare(base.ident)
    return not at_hand and isinstance(ctx.names.get(base.ident), StreamName)


def _in_field(ctx: Context, row: Row, test: ast.In, base: ast.Name, field: ast.Name) -> Membership:
    """Report `x in s.f`, which asks for a field of one row where the values of all rows are meant; go on with those."""
    container = test.container
    fault = ctx.report(codes.WRONG_NAME_KIND, f"the rows here are not those of `{base.ident}`", container.span)
    meant = f"unique({base.ident}.{field.ident})"
    ctx.add(fault.with_label(f"`{meant}` are the values of all of its rows").repaired_by(meant, certain=False))
    _in_named(ctx, row, test, base, field)  # for what else is wrong
    return Membership(None)


def _field(ctx: Context, meaning: StreamName, field: ast.Name) -> BoundExpr | None:
    other = value(ctx, meaning.flow.row(), field)
    if other is None or (isinstance(other, FieldRef) and other.type.kind not in (Kind.RECORD, Kind.LIST)):
        return other
    ctx.add(ctx.report(codes.BAD_ARGUMENTS, "`unique` takes a field of a stream: `unique(s.user)`", field.span))
    return None


def _only_column(ctx: Context, test: ast.In, flow: Flow, name: ast.Name) -> BoundExpr | None:
    """Return the one column of a stream, or None after reporting that it has several."""
    columns = flow.stream.columns
    if len(columns) == 1:
        return FieldRef(columns[0].name, columns[0].type)
    message = f"`in` looks into a stream of one column, and `{name.ident}` has {len(columns)}"
    ctx.add(_with_column(test, flow, ctx.report(codes.BAD_OPERAND, message, name.span), name))
    return None


def _with_column(test: ast.In, flow: Flow, fault: Diagnostic, name: ast.Name) -> Diagnostic:
    """Say which column is probably meant: the one of the name that is looked for."""
    word = test.item.name.ident if isinstance(test.item, ast.Member) else getattr(test.item, "ident", "")
    columns = flow.row().bare(word) if word else []
    if len(columns) != 1 or "." in columns[0]:
        return fault.with_help(f"`unique({name.ident}.field)` are the values of one of its fields")
    meant = f"unique({name.ident}.{columns[0]})"
    return fault.with_label(f"the values of one field: `{meant}`?").repaired_by(meant, certain=False)


def _among(ctx: Context, subject: BoundExpr, flow: Flow, other: BoundExpr, span: Span) -> BoundExpr | None:
    subject, other = alike(subject, "==", other)
    if comparable(subject.type, "==", other.type):
        return InStream(subject, flow.stream, other, span=span)
    message = f"{subject.type.phrase} is never among values that are {other.type.phrase}"
    ctx.add(ctx.report(codes.INCOMPARABLE, message, span))
    return None
