"""Fields as keys, and columns of streams that are made of others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from carlang.diagnostics import codes
from carlang.model.types import TIME, Column, Kind, Type
from carlang.resolve.bound import FieldRef
from carlang.resolve.row import Flow, Row
from carlang.resolve.scope import Context
from carlang.resolve.values import value
from carlang.syntax import ast

_SINGLE_OUT = frozenset({"time", "record_id", "source", "pid", "ppid", "tid"})
_SINGLE_OUT_ENDINGS = ("_pid", "_tid")


def key_columns(ctx: Context, row: Row, keys: Sequence[ast.Name | ast.Member]) -> list[Column] | None:
    """Return the columns that keys name, or None after reporting those that are not there."""
    found: list[Column] = []
    whole = True
    for key in keys:
        resolved = value(ctx, row, key)
        if resolved is None:
            whole = False
        elif not isinstance(resolved, FieldRef) or resolved.type.kind in (Kind.RECORD, Kind.LIST):
            ctx.add(ctx.report(codes.BAD_OPERAND, "a key is a field", key.span))
            whole = False
        elif resolved.column not in [c.name for c in found]:
            found.append(Column(resolved.column, resolved.type))
    return found if whole else None


def singles_out(column: Column) -> bool:
    """Tell whether a column tells one event from others like it: its time, its record, processes by number or GUID."""
    name = column.name.rpartition(".")[2]
    return name in _SINGLE_OUT or name.endswith(_SINGLE_OUT_ENDINGS) or column.type.kind is Kind.GUID


def all_columns(flows: Iterable[Flow]) -> tuple[Column, ...]:
    """Return the columns of several streams, each once, in order."""
    columns: dict[str, Column] = {}
    for flow in flows:
        for column in flow.stream.columns:
            columns.setdefault(column.name, column)
    return tuple(columns.values())


def same_types(ctx: Context, flows: Sequence[tuple[Flow, ast.Stream | ast.Expr]]) -> bool:
    """Tell whether columns of one name hold the same kind of values in all streams; report where they do not."""
    seen: dict[str, Type] = {}
    for flow, written in flows:
        for column in flow.stream.columns:
            other = seen.setdefault(column.name, column.type)
            if not _alike(other, column.type):
                message = f"`{column.name}` is {column.type.phrase} here and {other.phrase} before"
                ctx.add(ctx.report(codes.INCOMPARABLE, message, written.span))
                return False
    return True


def _alike(a: Type, b: Type) -> bool:
    return a.kind is b.kind or (a.is_string and b.is_string) or (a.is_number and b.is_number)


def has_time(columns: Iterable[Column]) -> bool:
    """Tell whether rows have a time of their own."""
    return any(c.name == "time" and c.type == TIME for c in columns)
