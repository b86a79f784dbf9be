"""What an expression of a program is, as a key: the same for all that a rule cannot tell apart."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import fields
from typing import Any

from carlang.resolve.bound import BoundExpr, Const, ProcessField


def meaning(expr: BoundExpr) -> Hashable:
    """Return what an expression is, whatever the case of its texts and wherever it stands."""
    match expr:
        case Const(value=str(text)):
            return Const, text.casefold()
        case ProcessField(column, generation):
            return ProcessField, column, generation
        case _:
            parts = ((each.name, getattr(expr, each.name)) for each in fields(expr) if each.compare)
            return type(expr), *(_plain(value) for name, value in parts if name != "type")


def _plain(value: Any) -> Hashable:
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    if isinstance(value, BoundExpr):
        return meaning(value)
    return value.casefold() if isinstance(value, str) else value
