"""Rules of one count whose events may be the same ones: an event counts once, whichever of the rules it is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carlang.sigma.chains import all_of, either
from carlang.sigma.log_sources import LogSource
from carlang.sigma.programs import NOWHERE
from carlang.sigma.unsaid import UnsaidError
from carlang.syntax import ast

_TWICE = (
    "an event of both `{}` and `{}` would count twice: their log sources have events in common, and {}; "
    "give each a correlation of its own"
)


@dataclass(frozen=True)
class Search:
    """What one or more rules search for: a log source, the conditions of which one holds, and what rules call keys."""

    titles: tuple[str, ...]
    origin: LogSource
    conditions: tuple[ast.Expr, ...]
    aliases: dict[str, str]

    @property
    def condition(self) -> ast.Expr:
        """The condition of its events."""
        return self.conditions[0] if len(self.conditions) == 1 else either(self.conditions, NOWHERE)


def apart(searches: Sequence[Search]) -> list[Search]:
    """Return searches of which no two find one event: those of one log source as one, others without what is before.

    Raises `UnsaidError` where that cannot be said.
    """
    joined: list[Search] = []
    for search in searches:
        index = next((n for n, each in enumerate(joined) if _same_source(each.origin, search.origin)), None)
        if index is None:
            joined.append(_without(search, joined))
            continue
        before = joined[index]
        if before.aliases != search.aliases:
            raise UnsaidError(_TWICE.format(before.titles[0], search.titles[0], "the aliases differ"))
        titles, conditions = (*before.titles, *search.titles), (*before.conditions, *search.conditions)
        joined[index] = Search(titles, before.origin, conditions, before.aliases)
    return joined


def _without(search: Search, before: Sequence[Search]) -> Search:
    """Return a search without the events of those before it."""
    overlapping = [each for each in before if _overlap(each.origin, search.origin)]
    for each in overlapping:
        if each.aliases != search.aliases or len(each.origin.classes) > 1 or len(search.origin.classes) > 1:
            problem = "the aliases differ" if each.aliases != search.aliases else "they are of several kinds"
            raise UnsaidError(_TWICE.format(each.titles[0], search.titles[0], problem))
    excluded = [ast.Not(_within(each), NOWHERE) for each in overlapping]
    if not excluded:
        return search
    return Search(search.titles, search.origin, (all_of([search.condition, *excluded]),), search.aliases)


def _within(search: Search) -> ast.Expr:
    """Return the condition that an event of the same object is one of a search's."""
    (searched,) = search.origin.classes
    names: tuple[ast.Expr, ...] = tuple(ast.StringLit(each.ident.casefold(), NOWHERE) for each in searched.actions)
    action = ast.Name("action", NOWHERE)
    actions = [ast.In(action, ast.ListLit(names, NOWHERE), negated=False, span=NOWHERE)] if names else []
    narrowed = [search.origin.narrowed] if search.origin.narrowed else []
    return all_of([*actions, *narrowed, search.condition])


def _same_source(one: LogSource, other: LogSource) -> bool:
    return (one.classes, one.narrowed, one.entry.fields) == (other.classes, other.narrowed, other.entry.fields)


def _overlap(one: LogSource, other: LogSource) -> bool:
    """Tell whether two log sources may have an event in common."""
    channels = {each.casefold() for each in one.channels}, {each.casefold() for each in other.channels}
    if all(channels) and not channels[0] & channels[1]:
        return False
    return any(_same_class(a, b) for a in one.classes for b in other.classes)


def _same_class(one: ast.EventClass, other: ast.EventClass) -> bool:
    actions = {a.ident.casefold() for a in one.actions}, {a.ident.casefold() for a in other.actions}
    is_object = one.object.ident.casefold() == other.object.ident.casefold()
    return is_object and (not all(actions) or bool(actions[0] & actions[1]))
