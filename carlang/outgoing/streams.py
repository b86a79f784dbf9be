"""What streams are made of, as rules have it: events of log sources for which conditions hold.

A rule is about one event, of one log source. So a stream that goes out is a union of branches, each of which is events
of one class and what is asked of them; columns that a program derives are replaced by what they are made of.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from carlang.model.types import Column
from carlang.outgoing.fields import RuleFields, rule_fields, table_condition
from carlang.outgoing.meanings import meaning
from carlang.outgoing.unwritable import UnwritableError
from carlang.resolve.bound import (
    AllOf,
    BoundExpr,
    BoundStream,
    Derived,
    Events,
    EventSet,
    FieldRef,
    Filtered,
    NamedStream,
    Projected,
    Union,
    conjuncts,
    rewritten,
    walk,
)
from carlang.sigma import LogSource, log_sources
from carlang.source import Span

_MOST_NODES = 20_000
"""How large a condition may grow by columns that are put in the place of their names: doubling them takes no room."""


@dataclass(frozen=True, slots=True)
class Branch:
    """Events of one class for which all conditions hold, and what the columns are that the program made of theirs.

    `known` are the columns of the stream that it is of.
    """

    events: EventSet
    known: tuple[Column, ...]
    span: Span | None
    conditions: tuple[BoundExpr, ...] = ()
    columns: Mapping[str, BoundExpr] = field(default_factory=dict)

    def in_own_fields(self, expr: BoundExpr) -> BoundExpr:
        """Return an expression of the stream's columns in fields of the events."""
        changed = rewritten(expr, self._column) if self.columns else expr
        if sum(1 for _ in zip(walk(changed), range(_MOST_NODES), strict=False)) == _MOST_NODES:
            raise UnwritableError("the condition is too large for a rule", expr.span)
        return changed

    def _column(self, expr: BoundExpr) -> BoundExpr | None:
        if not isinstance(expr, FieldRef) or expr.column not in self.columns:
            return None
        return replace(self.columns[expr.column], span=expr.span)


def branches(stream: BoundStream) -> tuple[Branch, ...]:
    """Return the branches of a stream; raises `UnwritableError` with the place of what is none."""
    match stream:
        case NamedStream(stream=inner):
            return branches(inner)
        case Events(sets=sets):
            return tuple(Branch(each, stream.columns, stream.span) for each in sets)
        case Filtered(input=source, condition=condition):
            return tuple(
                replace(branch, conditions=(*branch.conditions, branch.in_own_fields(condition)))
                for branch in branches(source)
            )
        case Derived(input=source, column=column, value=value):
            return tuple(
                replace(
                    branch, known=stream.columns, columns={**branch.columns, column.name: branch.in_own_fields(value)}
                )
                for branch in branches(source)
            )
        case Projected(input=source, items=items):
            return tuple(
                replace(
                    branch,
                    known=stream.columns,
                    columns={item.column.name: branch.in_own_fields(item.value) for item in items},
                )
                for branch in branches(source)
            )
        case Union(left=left, right=right):
            return branches(left) + branches(right)
        case _:
            raise UnwritableError(f"{_PHRASES[type(stream).__name__]} has no form in a Sigma rule", stream.span)


_PHRASES = {
    "Aggregated": "an aggregate of groups",
    "Cut": "`head` or `tail`",
    "Deduplicated": "the first row of each value",
    "Difference": "a difference of streams",
    "Distinct": "the list of a column's values",
    "Grouped": "a group",
    "Joined": "a join",
    "Related": "a tree of processes",
    "Sequenced": "what is asked of the rows of a sequence",
    "Sorted": "an order of rows",
    "Together": "what is asked of the rows of `together`",
}


@dataclass(frozen=True, slots=True)
class Sourced:
    """A branch at a log source: what it has to be, beyond the source, and the names of its fields."""

    fields: RuleFields
    conditions: tuple[BoundExpr, ...]

    @property
    def condition(self) -> BoundExpr:
        """All conditions in one."""
        return AllOf(self.conditions)


def sourced(branch: Branch) -> tuple[tuple[Sourced, ...], ...]:
    """Return a branch at the log sources whose events it has; raises `UnwritableError` where there are none.

    Where several log sources are of the same events, as those of web servers and proxies are, these are alternatives,
    the first in the table first: they have other names for fields, so that a rule may be of one alone.
    """
    tests = tuple(test for condition in branch.conditions for test in conjuncts(condition))
    if narrowed := _narrowed(branch.events, tests):
        return ((narrowed,),)
    if branch.events.object == "event":
        # Records of logs that have no service go out by the name of their log.
        any_log = next(s for s in log_sources() if s.entry.records and s.entry.product == "windows" and s.is_unnamed)
        return ((Sourced(rule_fields(any_log), tests),),)
    return tuple(
        tuple(Sourced(rule_fields(source), tests) for source in alternatives)
        for alternatives in _of_class(branch.events)
    )


def _narrowed(events: EventSet, tests: Sequence[BoundExpr]) -> Sourced | None:
    """Return events at the log source that the class is narrowed down to by some of the tests, which it stands for."""
    asked = {meaning(test): test for test in tests}
    fitting: list[tuple[LogSource, set[Hashable]]] = []
    for source in log_sources():
        if source.narrowed is None or (source.object, source.actions) != (events.object, events.actions):
            continue
        implied = {meaning(test) for test in conjuncts(table_condition(source))}
        if implied <= asked.keys():
            fitting.append((source, implied))
    if not fitting:
        return None
    # That which says most: executables that come into being are files that do, too.
    source, implied = max(fitting, key=lambda each: len(each[1]))
    return Sourced(rule_fields(source), tuple(test for key, test in asked.items() if key not in implied))


def _of_class(events: EventSet) -> Iterator[Sequence[LogSource]]:
    """Yield log sources that together have the events of a class and no others, each with those that have the same."""
    of_object = [source for source in log_sources() if source.is_class and source.object == events.object]
    if exact := [source for source in of_object if set(source.actions) == set(events.actions)]:
        yield exact
        return
    sharing = [s for s in log_sources() if s.entry.shared and s.product is None and s.object == events.object]
    if sharing and set(sharing[0].actions) == set(events.actions):
        yield from ([source] for source in sharing)
        return
    for action in events.actions:
        of_action = [source for source in of_object if source.actions == (action,)]
        if not of_action:
            raise UnwritableError(f"no Sigma log source has the events {events.object}/{action}", events.span)
        yield of_action
