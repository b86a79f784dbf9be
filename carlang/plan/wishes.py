"""Wishes: what is asked of the rows of one stream, as a guard and as a condition, and how both are handed down.

A condition is kept as far as a row tells by itself whether it holds: with the parts of a conjunction that do. What
looks at other rows, at the processes behind a row, or at the time of the run is left out of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from carlang.model.types import Column
from carlang.plan.guards import OPEN, Guard, bounded, every, some, with_atoms
from carlang.resolve import Given, bound

_LARGEST = 5_000
"""How many parts a condition may have: where streams share others again and again, conditions double with each."""


@dataclass(frozen=True, slots=True)
class Wish:
    """The rows of a stream that matter pass a guard, and a condition holds of them, where there is one."""

    guard: Guard
    condition: bound.BoundExpr | None = None


EVERY_ROW = Wish(OPEN)


def either(wishes: Sequence[Wish]) -> Wish:
    """Return the wish for rows that one of some wishes asks for."""
    if len(wishes) == 1:  # as of nearly every stream; to compare conditions takes longer than all the rest
        return Wish(bounded(wishes[0].guard), wishes[0].condition)
    guard = bounded(some(wish.guard for wish in wishes))
    conditions = list(dict.fromkeys(wish.condition for wish in wishes))
    known = [condition for condition in conditions if condition is not None]
    if len(known) < len(conditions) or not known:
        return Wish(guard)
    return Wish(guard, _sized(known[0] if len(known) == 1 else bound.AnyOf(tuple(known))))


def with_values(condition: bound.BoundExpr, given: Given) -> bound.BoundExpr:
    """Return a condition with the values that a run gives in the place of its inputs."""

    def value(node: bound.BoundExpr) -> bound.BoundExpr | None:
        return given.get((node.name, node.type.kind)) if isinstance(node, bound.Param) else None

    has_input = any(isinstance(node, bound.Param) for node in bound.walk(condition))
    return bound.rewritten(condition, value) if has_input else condition


def filtered(wish: Wish, guard: Guard, condition: bound.BoundExpr, fixed: Collection[str]) -> Wish:
    """Return the wish for the rows that a filter looks at; what asks for `fixed` columns is no part of a condition."""
    parts = [*_conjuncts(wish.condition), *(part for part in _conjuncts(condition) if _is_plain(part, fixed))]
    return Wish(every([wish.guard, guard]), _all_of(parts))


def derived(wish: Wish, column: Column, value: bound.BoundExpr, fixed: Collection[str]) -> Wish:
    """Return the wish for the rows that a column is derived from."""
    guard = with_atoms(wish.guard, lambda atom: OPEN if atom.column == column.name else atom)
    return Wish(guard, _substituted(wish.condition, {column.name: value}, fixed))


def projected(
    condition: bound.BoundExpr | None, items: Sequence[bound.Item], fixed: Collection[str]
) -> bound.BoundExpr | None:
    """Return the condition for the rows that others are projected from."""
    return _substituted(condition, {item.column.name: item.value for item in items}, fixed)


def beyond_guards(condition: bound.BoundExpr | None, columns: Collection[str]) -> bound.BoundExpr | None:
    """Return what a condition says of rows of which these columns alone are known; None where a guard says it all."""
    parts = [part for part in _conjuncts(condition) if _fields(part) <= set(columns)]
    return None if len(parts) == 1 and _is_guard(parts[0]) else _all_of(parts)


def _is_guard(condition: bound.BoundExpr) -> bool:
    """Tell whether a condition compares one column with constants in a way that guards have."""
    match condition:
        case bound.AnyOf(conditions):
            return all(_is_guard(each) for each in conditions)
        case bound.Compare("==", bound.FieldRef(), bound.Const()) | bound.OneOf(bound.FieldRef()):
            return True
        case bound.Contains(bound.FieldRef(), bound.Const()) | bound.Affix(_, bound.FieldRef(), bound.Const()):
            return True
        case _:
            return False


def _substituted(
    condition: bound.BoundExpr | None, values: Mapping[str, bound.BoundExpr], fixed: Collection[str]
) -> bound.BoundExpr | None:
    """Return a condition with what columns hold in their place; parts that ask for what no row tells are left out."""

    def held(node: bound.BoundExpr) -> bound.BoundExpr | None:
        return values.get(node.column) if isinstance(node, bound.FieldRef) else None

    parts = []
    for part in _conjuncts(condition):
        asked = [values[name] for name in _fields(part) if name in values]
        if all(_is_plain(value, fixed) for value in asked):
            parts.append(bound.rewritten(part, held) if asked else part)
    return _all_of(parts)


def _conjuncts(condition: bound.BoundExpr | None) -> list[bound.BoundExpr]:
    return [] if condition is None else list(bound.conjuncts(condition))


def _all_of(parts: Iterable[bound.BoundExpr]) -> bound.BoundExpr | None:
    once = tuple(dict.fromkeys(parts))
    if not once:
        return None
    return _sized(once[0] if len(once) == 1 else bound.AllOf(once))


def _is_plain(expr: bound.BoundExpr, fixed: Collection[str]) -> bool:
    """Tell whether an expression is computed from a row's own values, and not from `fixed` ones."""
    for node in bound.walk(expr):
        match node:
            case (
                bound.Scalar()
                | bound.InStream()
                | bound.ProcessField()
                | bound.Aggregate()
                | bound.Now()
                | bound.Param()
            ):
                return False
            case bound.FieldRef(column) if column in fixed:
                return False
            case _:
                pass
    return True


def _fields(expr: bound.BoundExpr) -> set[str]:
    return {node.column for node in bound.walk(expr) if isinstance(node, bound.FieldRef)}


def _sized(condition: bound.BoundExpr) -> bound.BoundExpr | None:
    return None if next(islice(bound.walk(condition), _LARGEST, None), None) else condition
