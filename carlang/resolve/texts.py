"""`any`: every text of an event, so that one test is made of all of them.

A field, a part of a join and a name of the program that are called `any` come before it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from carlang.diagnostics import codes
from carlang.model.types import STRING, Kind, Type, field_of
from carlang.resolve.bound import BoundExpr, FieldRef, SomeText
from carlang.resolve.scope import EACH_TEXT, Context, Row
from carlang.resolve.symbols import SymbolKind
from carlang.source import Span
from carlang.syntax import ast

_NOT_OF_THE_EVENT = frozenset({"source", "sensor"})
"""Where an event was read from, and through what, is nothing that it tells."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The operands of a test, a text in the place of `any`; the row that has it, and the values it is taken from."""

    operands: tuple[ast.Expr, ...]
    row: Row
    texts: tuple[BoundExpr, ...]

    def some(self, test: BoundExpr | None, span: Span) -> BoundExpr | None:
        """Return the test that one of the texts passes a test."""
        return SomeText(self.texts, test, span=span) if test else None


def asked_of_any(ctx: Context, row: Row, *operands: ast.Expr) -> Asked | None:
    """Return what a test asks of every text of an event, or None where none of its operands is `any`."""
    prefixes = [_prefix(ctx, row, operand) for operand in operands]
    index = next((i for i, prefix in enumerate(prefixes) if prefix is not None), None)
    if index is None or any(isinstance(operand, ast.NullLit) for operand in operands):
        return None
    word = operands[index]
    *before, name = _path(word)
    if before and len(row.strip([each.ident for each in (*before, name)])) <= len(before):
        own, *before = before
        ctx.symbols.use(row.names[own.ident], own)
    ctx.use_parts(row, before)
    ctx.symbols.use(ctx.symbols.shared(SymbolKind.FIELD, "any", STRING), name)
    each = ast.Name(EACH_TEXT, word.span)
    texts = tuple(
        FieldRef(column, kind, span=word.span)
        for column, kind in row.columns.items()
        if column.startswith(prefixes[index] or "") and _has_texts(column, kind)
    )
    if not texts:
        ctx.add(ctx.report(codes.BAD_OPERAND, "these rows have no text", word.span))
    changed = (*operands[:index], each, *operands[index + 1 :])
    return Asked(changed, replace(row, columns={**row.columns, EACH_TEXT: STRING}), texts)


def is_any(ctx: Context, row: Row, expr: ast.Expr) -> bool:
    """Tell whether an expression is `any`, every text of the event at hand or of a part of a join."""
    return _prefix(ctx, row, expr) is not None


def _prefix(ctx: Context, row: Row, expr: ast.Expr) -> str | None:
    """Return what the columns begin with that `any` speaks of: of a part of a join its name; None for anything else."""
    path = [name.ident for name in _path(expr)]
    if not path or path[-1].casefold() != "any":
        return None
    rest = row.strip(path)
    if len(rest) == 1:
        known = row.bare(rest[0]) or row.by_alias(rest[0]) or (len(path) == 1 and rest[0] in ctx.names)
        return None if known else row.own  # in a step of a sequence, its own event
    prefix = ".".join(rest[:-1])
    return f"{prefix}." if prefix in row.parts and not row.exact(".".join(rest)) else None


def _path(expr: ast.Expr) -> list[ast.Name]:
    """Return `a.b.c` as its names, none where an expression is no path."""
    names: list[ast.Name] = []
    node = expr
    while isinstance(node, ast.Member):
        names.insert(0, node.name)
        node = node.base
    return [node, *names] if isinstance(node, ast.Name) else []


def _has_texts(column: str, kind: Type) -> bool:
    if field_of(column) in _NOT_OF_THE_EVENT:
        return False
    return kind.is_string or kind.kind is Kind.RECORD or (kind.kind is Kind.LIST and (kind.item or STRING).is_string)
