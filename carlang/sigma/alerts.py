"""Correlations that others refer to: the instants at which one holds, each with the values of its keys.

How often a correlation finds something Sigma leaves to who runs it, so that a count of it says nothing and is refused.
When it holds is said: at an event that comes, the length before it has what the condition asks for. That is a join of
each event with those before it that are no further away, which costs as much as all time frames have events together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carlang.diagnostics.codes import SIGMA_UNSAID
from carlang.sigma.chains import all_of
from carlang.sigma.correlations import Kind, holds_of_nothing
from carlang.sigma.log_sources import Held
from carlang.sigma.measures import having
from carlang.sigma.parts import Parts, Reached
from carlang.sigma.programs import NOWHERE
from carlang.sigma.streams import Draft, Part
from carlang.source import Span
from carlang.syntax import ast

_TIME = ast.Name("time", NOWHERE)
_ZERO = "2000-01-01T00:00:00Z"
"""From when on stretches of time are counted: any instant would do."""
Wanted = Sequence[tuple[str, Span]]
"""Fields that a correlation asks of one that it refers to, and where it does."""

_FALLS = (
    "`{}` may hold no longer when more events come, so that there is no instant at which it does: "
    "what others refer to needs `gte` or `gt`, and no `not`"
)
_COUNTED = "how often `{}` finds something depends on who runs it, so that it cannot be counted"
_SOME_IN_ORDER = (
    "`temporal_ordered` asks for some of its rules, and a sequence is of all its steps: "
    "make a correlation of each list of rules that is to come in this order"
)
_OTHERS_FIELD = "`{}` is of several events in order, and `{}` is none of the fields that it groups by"
_OF_NOTHING = "the condition holds where none of the rules finds anything, and a time frame begins at an event"


@dataclass(frozen=True)
class Alerts:
    """Makes the parts of correlations of which some are correlations themselves."""

    parts: Parts

    @property
    def draft(self) -> Draft:
        """The program in the making."""
        return self.parts.draft

    def parts_of(self, reached: Reached, wanted: Wanted = ()) -> list[Part]:
        """Return a stream for each rule of a correlation; raises `RefusedError`.

        `wanted` are fields beyond its own that its rows have to have.
        """
        self._check(reached)
        kinds = [self.parts.referred(reached, index)[0] for index in range(len(reached.correlation.rules))]
        is_temporal = reached.correlation.kind in {Kind.TEMPORAL, Kind.TEMPORAL_ORDERED}
        if not is_temporal and not any("correlation" in each.document.mapping for each in kinds):
            return self.parts.events_apart(reached)
        return [self._part(reached, index, wanted) for index in range(len(kinds))]

    def _check(self, reached: Reached) -> None:
        correlation = reached.correlation
        place = reached.span(("correlation", "condition"))
        if correlation.kind is Kind.TEMPORAL_ORDERED and not correlation.needs_all:
            raise self.parts.refused(SIGMA_UNSAID, _SOME_IN_ORDER, place)
        if correlation.occurrence is not None and holds_of_nothing(correlation.occurrence):
            raise self.parts.refused(SIGMA_UNSAID, _OF_NOTHING, place)

    def _part(self, reached: Reached, index: int, wanted: Wanted) -> Part:
        """Return the stream of one rule: its events, or the instants at which a correlation holds."""
        correlation = reached.correlation
        known, at = self.parts.referred(reached, index)
        if "correlation" not in known.document.mapping:
            search = self.parts.search(reached, index)
            return self.parts.events(reached, search, known, at)
        if correlation.kind not in {Kind.TEMPORAL, Kind.TEMPORAL_ORDERED, Kind.VALUE_COUNT}:
            raise self.parts.refused(SIGMA_UNSAID, _COUNTED.format(known.title), at)
        through = None if self.parts.is_own(reached, known) else at
        aliases = reached.aliases(known, correlation.rules[index])
        keys = reached.span(("correlation", "group-by"))
        asked = [*((name, keys) for name in correlation.keys), *((name, at) for name in correlation.fields), *wanted]
        inner = self.parts.reach(known, through, reached.way)
        return self._instants(inner, at, aliases, [(aliases.get(name, name), place) for name, place in asked])

    def _instants(self, reached: Reached, at: Span, aliases: dict[str, str], wanted: Wanted) -> Part:
        """Return the stream of the instants at which a correlation holds, with the fields that another asks of it."""
        correlation = reached.correlation
        if not correlation.rises:
            message = _FALLS.format(reached.known.title)
            raise self.parts.refused(SIGMA_UNSAID, message, reached.span(("correlation", "condition")))
        more = {name: place for name, place in wanted if name not in correlation.keys}
        parts = self.parts_of(reached, tuple(more.items()))
        keys = self.parts.keys(reached, parts)
        others = [self._column(parts, name, place) for name, place in more.items()]
        if correlation.kind is Kind.TEMPORAL_ORDERED and len(parts) > 1:
            if more:
                message = _OTHERS_FIELD.format(reached.known.title, ", ".join(more))
                raise self.parts.refused(SIGMA_UNSAID, message, next(iter(more.values())))
            stream = self._in_order(reached, parts, keys)
        else:
            stream = self._measured(reached, parts, keys, others)
        names = (*correlation.keys, *more)
        types = [self.parts.held(parts[0], name, at).type for name in names]
        fields = {name: Held(key, of) for name, key, of in zip(names, (*keys, *others), types, strict=True)}
        columns = frozenset(key.ident for key in keys)
        return Part(stream, reached.known.title, fields.get, names, at, aliases, is_alert=True, keys=columns)

    def _column(self, parts: Sequence[Part], name: str, place: Span) -> ast.Name:
        held = [self.parts.held(part, name, place) for part in parts]
        return self.parts.column(parts, held, name, place, "value")

    def _measured(
        self, reached: Reached, parts: Sequence[Part], keys: Sequence[ast.Name], others: Sequence[ast.Name]
    ) -> ast.Name:
        """Return the instants of events before which a time frame has what the condition asks for."""
        title, begins = reached.known.title, reached.span(("correlation",), at_key=True)
        condition = having(self.parts, reached, parts)
        members = parts[0].stream
        for part in parts[1:]:
            union = ast.Arithmetic("+", members, part.stream, NOWHERE)
            members = self.draft.assign(self.draft.name(f"{title}_events"), union, begins)
        slot = self._slot(reached, members, self.draft.name("slot"))
        ends = self.draft.assign(self.draft.name(f"{title}_ends"), ast.Unique(members, (_TIME, *keys), NOWHERE), begins)
        near = self._in_two_slots(reached, members, slot, "+")
        before = self._before(reached, ends, near, (slot, *keys), condition.columns)
        grouped = ast.Group((before,), (_TIME, *keys), condition.condition, None, NOWHERE)
        held = self.draft.assign(self.draft.name(f"{title}_held"), grouped, begins)
        count = ast.Call(ast.Name("count", NOWHERE), (), distinct=False, span=NOWHERE)
        counted = ast.Select(held, (ast.SelectItem(count, ast.Name("matches", NOWHERE), NOWHERE),), NOWHERE)
        stream = self.draft.assign(self.draft.name(title), counted, begins)
        if not others:
            return stream
        self._slot(reached, stream, slot)
        evidence = self._before(reached, stream, near, (slot, *keys), others)
        return self.draft.assign(stream, ast.Unique(evidence, (_TIME, *keys, *others), NOWHERE), begins)

    def _slot(self, reached: Reached, stream: ast.Name, slot: ast.Name) -> ast.Name:
        """Give a stream the number of the stretch of time that a row is in, as long as the time frame.

        A join on times alone looks at all pairs of a key's events; what is in one time frame is in two stretches.
        """
        begins = reached.span(("correlation",), at_key=True)
        since = ast.Arithmetic("-", _TIME, ast.StringLit(_ZERO, NOWHERE), NOWHERE)
        stretches = ast.Arithmetic("/", since, self._length(reached), NOWHERE)
        number = ast.Call(ast.Name("to_int", NOWHERE), (stretches,), distinct=False, span=NOWHERE)
        self.draft.derive(stream, slot, number, begins)
        return slot

    def _in_two_slots(self, reached: Reached, stream: ast.Name, slot: ast.Name, direction: str) -> ast.Name:
        """Return each row twice, in its own stretch of time and in the next one, or the one before."""
        title, begins = reached.known.title, reached.span(("correlation",), at_key=True)
        moved = self.draft.assign(self.draft.name(f"{title}_moved"), stream, begins)
        self.draft.derive(moved, slot, ast.Arithmetic(direction, slot, ast.NumberLit(1, NOWHERE), NOWHERE), begins)
        union = ast.Arithmetic("+", stream, moved, NOWHERE)
        return self.draft.assign(self.draft.name(f"{title}_near"), union, begins)

    @staticmethod
    def _length(reached: Reached) -> ast.DurationLit:
        return ast.DurationLit(reached.correlation.microseconds, reached.span(("correlation", "timespan")))

    def _before(
        self,
        reached: Reached,
        ends: ast.Name,
        members: ast.Name,
        equal: Sequence[ast.Name],
        columns: Sequence[ast.Name],
    ) -> ast.Name:
        """Return the events before each of some instants, no further away than the length; an end is inside.

        A row has the instant as its time, what is `equal` in both, and some columns of the event.
        """
        title, begins = reached.known.title, reached.span(("correlation",), at_key=True)
        end, time = ast.Member(ends, _TIME, NOWHERE), ast.Member(members, _TIME, NOWHERE)
        first = ast.Arithmetic("-", end, self._length(reached), NOWHERE)
        near = ast.Comparison((first, time, end), ("<=", "<="), NOWHERE)
        pairs = ast.Join((ends, members), all_of([*_equal(members, ends, equal), near]), NOWHERE)
        joined = self.draft.assign(self.draft.name(f"{title}_pairs"), pairs, begins)
        items = [_item(ends, column) for column in (_TIME, *equal[1:])]
        items += [_item(members, column) for column in dict.fromkeys(columns) if column not in equal]
        selected = ast.Select(joined, tuple(items), NOWHERE)
        return self.draft.assign(self.draft.name(f"{title}_before"), selected, begins)

    def _in_order(self, reached: Reached, parts: Sequence[Part], keys: Sequence[ast.Name]) -> ast.Name:
        """Return the instants of events before which, or at which, all come in order, all within the length.

        Any of the rules' events is one: an event of the first rule behind those of all does not end what holds.
        """
        title, begins = reached.known.title, reached.span(("correlation",), at_key=True)
        slot = self.draft.name("slot")
        for part in parts:
            self._slot(reached, part.stream, slot)
        first = parts[0].stream
        later = [self._in_two_slots(reached, part.stream, slot, "-") for part in parts[1:]]
        # The first one's events are among the last ones too; those of the others are near already.
        moved = self._in_two_slots(reached, first, slot, "-")
        union: ast.Expr = moved
        for stream in later:
            union = ast.Arithmetic("+", union, stream, NOWHERE)
        last = self.draft.assign(self.draft.name(f"{title}_last"), union, begins)
        times = [ast.Member(stream, _TIME, NOWHERE) for stream in (first, *later, last)]
        latest = ast.Arithmetic("+", times[0], self._length(reached), NOWHERE)
        order = ast.Comparison((*times, latest), (*("<" for _ in later), "<=", "<="), NOWHERE)
        equal = [each for stream in (*later, last) for each in _equal(stream, first, (slot, *keys))]
        joined = ast.Join((first, *later, last), all_of([*equal, order]), NOWHERE)
        pairs = self.draft.assign(self.draft.name(f"{title}_in_order"), joined, begins)
        items = tuple(_item(last, column) for column in (_TIME, *keys))
        ends = self.draft.assign(self.draft.name(f"{title}_ends"), ast.Select(pairs, items, NOWHERE), begins)
        return self.draft.assign(self.draft.name(title), ast.Unique(ends, (_TIME, *keys), NOWHERE), begins)


def _equal(one: ast.Name, other: ast.Name, keys: Sequence[ast.Name]) -> list[ast.Expr]:
    return [
        ast.Comparison((ast.Member(one, key, NOWHERE), ast.Member(other, key, NOWHERE)), ("==",), NOWHERE)
        for key in keys
    ]


def _item(stream: ast.Name, column: ast.Name) -> ast.SelectItem:
    return ast.SelectItem(ast.Member(stream, column, NOWHERE), column, NOWHERE)
