"""Event classes: `Process:Create`, `search File:Create,Modify`, `Registry:Edit`."""

from __future__ import annotations

from collections.abc import Iterable

from carlang.diagnostics import codes
from carlang.model.schema import Action, Object
from carlang.model.types import Column
from carlang.resolve.bound import Events, EventSet
from carlang.resolve.scope import Context
from carlang.syntax import ast


def events(ctx: Context, search: ast.Search) -> tuple[Events, tuple[Object, ...]] | None:
    """Return the events that a search asks for and the objects they belong to, or None where no object is known.

    An unknown object or action is reported; what was probably meant stands in for it, so that the rest of the program
    can be checked against its fields.
    """
    for conjunction in search.conjunctions:
        fault = ctx.report(codes.EVENTS_AND, "no event is of two classes at once; read as `or`", conjunction)
        ctx.add(fault.repaired_by("or"))
    whole = [known for written in search.classes if (known := _event_class(ctx, written)) is not None]
    if not whole:
        return None
    actions: dict[str, dict[str, None]] = {}
    objects: dict[str, Object] = {}
    for owner, several in whole:
        objects[owner.name] = owner
        actions.setdefault(owner.name, {}).update(dict.fromkeys(action.name for action in several))
    sets = tuple(EventSet(name, tuple(names)) for name, names in actions.items())
    return Events(sets, _columns(objects.values())), tuple(objects.values())


def _event_class(ctx: Context, written: ast.EventClass) -> tuple[Object, tuple[Action, ...]] | None:
    name = written.object
    owner = ctx.model.object(name.ident)
    if owner is None:
        fault = ctx.report(codes.UNKNOWN_OBJECT, f"the data model has no object `{name.ident}`", name.span)
        near = ctx.nearest(name.ident, [o.title for o in ctx.model.objects.values()])
        if near is None:
            ctx.add(fault.with_note(f"its objects are {', '.join(ctx.model.objects)}"))
            return None
        fault = fault.with_label(f"did you mean `{near}`?").repaired_by(near.replace(" ", "_"), certain=False)
        ctx.add(fault)
        owner = ctx.model.object(near)
        if owner is None:
            return None
    if not written.actions:
        return owner, owner.actions
    found = [_actions(ctx, owner, action) for action in written.actions]
    whole = tuple(action for several in found for action in several)
    return owner, whole or owner.actions


def _actions(ctx: Context, owner: Object, name: ast.Name) -> tuple[Action, ...]:
    if action := owner.action(name.ident):
        return (action,)
    if several := owner.actions_by_alias(name.ident):
        names = " and ".join(f"`{action.name}`" for action in several)
        fault = ctx.report(codes.CLASS_ALIAS, f"{owner.title} calls `{name.ident}` {names}", name.span)
        ctx.add(fault.repaired_by(",".join(action.name for action in several)))
        return several
    fault = ctx.report(codes.UNKNOWN_ACTION, f"{owner.title} has no action `{name.ident}`", name.span)
    known = [action.name for action in owner.actions]
    if near := ctx.nearest(name.ident, known):
        fault = fault.with_label(f"did you mean `{near}`?").repaired_by(near, certain=False)
    ctx.add(fault.with_note(f"its actions are {', '.join(known)}"))
    return ()


def _columns(objects: Iterable[Object]) -> tuple[Column, ...]:
    columns: dict[str, Column] = {}
    for owner in objects:
        for field in owner.fields.values():
            columns.setdefault(field.name, Column(field.name, field.type))
    return tuple(columns.values())
