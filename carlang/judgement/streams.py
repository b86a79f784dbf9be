"""What of a program's rows a store could give: traces follow the rows from the searches to the output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from carlang.deadline import check_time
from carlang.judgement.conditions import PARENT_WAYS, Folding, lacking
from carlang.judgement.outcomes import MAYBE, Outcome, Value
from carlang.judgement.traces import NONE, AbsentLog, Among, Reasons, Times, Trace, combinations, grouped, merged
from carlang.model.schema import Model
from carlang.model.types import TIME
from carlang.resolve import Given, bound
from carlang.resolve.bound import BoundExpr, BoundStream, EventSet
from carlang.results import FieldNeverFilled, HollowRecords, NoEvents, NoLog, Reason, WindowWithoutEvents

LOG = ("event", "log")
LOG_NAME = "log_name"
_HOSTS = ("hostname", "fqdn")


@dataclass(frozen=True, slots=True)
class Kind:
    """Events of one object and action, of one log if they are records of logs, that fill the same fields.

    `missing` are the fields, of those that the program asks for, that none of them has. `stretches` are the numbers of
    the stretches of time that some lie in, `untimed` says that some have no time. `marks` are the texts, folded, that
    stand in the field by which a program asks for records of logs, where it names no log.
    """

    object: str
    action: str
    log: str | None
    missing: frozenset[str]
    stretches: frozenset[int]
    untimed: bool
    marks: frozenset[str] | None = None

    def outdone_by(self, other: Kind) -> bool:
        """Tell whether another kind passes whatever this one passes: it has all the fields, at all the times."""
        return (
            (self.object, self.action, self.log) == (other.object, other.action, other.log)
            and self.missing >= other.missing
            and self.stretches <= other.stretches
            and self.untimed <= other.untimed
            and (self.marks or frozenset()) <= (other.marks or frozenset())
        )


def best_kinds(kinds: Iterable[Kind]) -> tuple[Kind, ...]:
    """Return, in order, the kinds that no other outdoes: what they find is all that is found."""
    best: list[Kind] = []
    for kind in sorted(kinds, key=_rank):
        if not any(kind.outdone_by(other) for other in best):
            best.append(kind)
    return tuple(best)


def _rank(kind: Kind) -> tuple[object, ...]:
    """Return what puts kinds in order: whichever outdoes another comes before it, and no two are alike."""
    stretches, marks = sorted(kind.stretches), sorted(kind.marks or ())
    names = (kind.object, kind.action, kind.log or "", len(kind.missing), sorted(kind.missing))
    return (*names, -len(stretches), stretches, not kind.untimed, -len(marks), marks, kind.marks is None)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The instants that a program and its run compare times with, and the stretches that the run looks at."""

    moments: tuple[datetime, ...]
    window: frozenset[int]


@dataclass(frozen=True, slots=True)
class Store:
    """What is the same for all hosts: hollow records by class, and an instant behind the latest event of each class."""

    hollow: Mapping[tuple[str, str], int]
    latest: Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Shared:
    """What is the same for all hosts when an output is judged.

    `relevant` are the columns that the program asks for, `order` are its streams, the inputs first, `mark`
    is the field by which it asks for records of logs, where it names no log.
    """

    model: Model
    store: Store
    bounds: Bounds
    now: datetime
    given: Given
    relevant: frozenset[str]
    order: tuple[BoundStream, ...]
    mark: str | None = None


@dataclass(frozen=True)
class Evaluation:
    """Follows a program's rows over the events of some kinds, the best of a host's or of all.

    `everywhere` is the evaluation over all hosts: parts of joins that are not tied to one host may be of any.
    """

    kinds: tuple[Kind, ...]
    hollow: frozenset[tuple[str, str]]
    shared: Shared
    everywhere: Evaluation | None = None
    _traces: dict[int, list[Trace]] = field(default_factory=dict)

    def traces(self, stream: BoundStream) -> list[Trace]:
        """Return the traces of a stream's rows."""
        # Inputs first: a program of some hundred statements is a stream some hundred streams deep.
        if id(stream) not in self._traces:
            for below in self.shared.order:
                check_time()
                if id(below) not in self._traces:
                    self._traces[id(below)] = merged(self._of(below))
        return self._traces[id(stream)]

    def _of(self, stream: BoundStream) -> Iterable[Trace]:  # noqa: C901, PLR0911, PLR0912  # a case a stream
        match stream:
            case bound.Events():
                return self._events(stream)
            case bound.NamedStream(stream=source):
                return self._traces[id(source)]
            case bound.Filtered(source, condition):
                return self._passing(self._traces[id(source)], condition, self._folding())
            case bound.Derived(source, column, value):
                folding = self._folding()
                return [_with(t, column.name, folding.value(value, t)) for t in self._traces[id(source)]]
            case bound.Projected(source, items):
                return [self._selected(t, t, items, self._folding()) for t in self._traces[id(source)]]
            case bound.Union(left, right):
                return [*self._traces[id(left)], *self._traces[id(right)]]
            case bound.Difference(left, right):
                return self._left(self._traces[id(left)], _taken(left, right))
            case bound.Distinct(source, column):
                present = bound.Present(bound.FieldRef(column.name, column.type))
                return self._passing(self._traces[id(source)], present, self._folding())
            case bound.Joined(parts, condition) if not stream.optional:
                rows = self._parts(parts, _tied(parts, condition))
                return self._passing(rows, condition, self._folding())
            case bound.Joined():
                return self._joined_outwards(stream)
            case bound.Sorted(source) | bound.Cut(source) | bound.Deduplicated(source):
                return self._traces[id(source)]
            case bound.Sequenced(keys=keys, within=within):
                asked = tuple(step.condition for step in stream.present if step.condition)
                return self._in_time(stream.present, keys, within, bound.AllOf(asked))
            case bound.Together(parts, keys, within):
                return self._in_time(parts, keys, within, bound.AllOf(()))
            case bound.Related():
                return self._related(stream)
            case bound.Grouped():
                return [row for row, _ in self._groups(stream)]
            case bound.Aggregated(group, items):
                # The groups anew, with the traces of their rows: aggregates are of those.
                return [self._selected(row, row, items, self._folding(rows)) for row, rows in self._groups(group)]
            case _:
                assert_never(stream)

    # ---- searches ----------------------------------------------------------------------------------------------------

    def _events(self, events: bound.Events) -> Iterable[Trace]:
        for event_set in events.sets:
            owner = self.shared.model.objects.get(event_set.object)
            # An object with one action is named by it, whichever way it was searched.
            any_action = event_set.whole and len(event_set.actions) > 1
            of_set = [k for k in self.kinds if k.object == event_set.object and k.action in event_set.actions]
            fields = frozenset(owner.fields) if owner else frozenset[str]()
            for kind in of_set:
                yield from self._of_kind(id(events), kind, fields, None if any_action else kind.action)
            yield from self._absent(id(events), event_set, of_set, whole=any_action)

    def _of_kind(self, search: int, kind: Kind, fields: frozenset[str], action: str | None) -> Iterable[Trace]:
        source = (search, kind.object, action)
        missing: dict[str, Reasons] = {
            # What the object has no such field for, in a search of several objects, is nothing that the store lacks.
            name: frozenset({FieldNeverFilled(kind.object, action, name)}) if name in fields else NONE
            for name in kind.missing
        }
        log = kind.log if (kind.object, kind.action) == LOG else None
        known = self._known(object=kind.object, action=kind.action, **({LOG_NAME: log} if log else {}))
        if kind.marks is not None and (field := self.shared.mark):
            known |= self._known(**{field: Among(field, kind.marks)})
        outside = WindowWithoutEvents(kind.object, action)
        relative = WindowWithoutEvents(kind.object, action, self.shared.store.latest.get((kind.object, kind.action)))
        stretches = kind.stretches & self.shared.bounds.window
        times = {} if "time" in missing else {"time": Times(stretches, outside, relative, untimed=kind.untimed)}
        trace = Trace(frozenset({source}), missing, known, times)
        if stretches or kind.untimed or "time" in missing or not kind.stretches:
            yield trace
        else:
            yield trace.ghost(frozenset({outside}))

    def _absent(self, search: int, events: EventSet, kinds: Sequence[Kind], *, whole: bool) -> Iterable[Trace]:
        """Yield the ghosts of a search: of classes that are not there, of logs, of records without content."""
        held = {kind.action for kind in kinds}
        for action in events.actions:
            known = self._known(object=events.object, action=action)
            source = frozenset({(search, events.object, None if whole else action)})
            if action not in held:
                # Of a whole object each action is absent for itself: which of them is meant, a condition may say.
                lost: Reason = NoEvents(events.object, action if held or not whole else None)
                yield Trace(source, known=known, lost=frozenset({lost}))
            elif (events.object, action) == LOG:
                present = frozenset(kind.log.lower() for kind in kinds if kind.log)
                reasons = frozenset({NoEvents(*LOG)})
                known |= self._known(**{LOG_NAME: AbsentLog(present)})
                yield Trace(source, known=known, lost=reasons, arm=(search, LOG_NAME))
            if (events.object, action) in self.hollow:
                reason = HollowRecords(events.object, action, self.shared.store.hollow[events.object, action])
                yield Trace(source, known=known, lost=frozenset({reason}), arm=(search, f"hollow {action}"))

    def _known(self, **values: object) -> dict[str, tuple[object, Reasons]]:
        """Return the columns whose value is known; what the program does not ask for would only tell traces apart."""
        return {name: (value, NONE) for name, value in values.items() if name in self.shared.relevant}

    # ---- conditions --------------------------------------------------------------------------------------------------

    def _folding(self, members: Sequence[Trace] | None = None) -> Folding:
        everywhere = (self.everywhere or self).traces
        return Folding(self.shared.now, self.shared.given, self.shared.bounds.moments, self.traces, members, everywhere)

    def _passing(self, traces: Iterable[Trace], condition: BoundExpr, folding: Folding) -> Iterable[Trace]:
        for trace in traces:
            check_time()
            yield from _passed(trace, folding.condition(condition, trace))

    def _left(self, rows: Iterable[Trace], taken: Sequence[BoundExpr]) -> Iterable[Trace]:
        """Take away from rows those of them for which conditions hold: nothing is lost as long as others are left."""
        folding, condition = self._folding(), bound.Complement(bound.AllOf(tuple(taken)))
        for row in rows:
            outcome = folding.condition(condition, row) if taken else MAYBE
            yield from _passed(row, outcome if outcome.truth is False else replace(outcome, losses=()))

    def _groups(self, group: bound.Grouped) -> list[tuple[Trace, Sequence[Trace]]]:
        """Return the traces of groups, each with those of its rows: one of all living rows, and each ghost alone."""
        rows = [trace for source in group.inputs for trace in self._traces[id(source)]]
        if isinstance(group.period, bound.Windows):  # rows without a time take no part
            for needed in (bound.FieldRef("time", TIME), group.period.length):
                rows = list(self._passing(rows, bound.Present(needed), self._folding()))
        conditions = (*(group.period.conditions if isinstance(group.period, bound.Windows) else ()), *group.having)
        living = [trace for trace in rows if not trace.lost]
        groups: list[tuple[Trace, Sequence[Trace]]] = []
        for members in [living, *([ghost] for ghost in rows if ghost.lost)]:
            if members:
                passed = [_of_group(grouped(members), group)]
                for condition in conditions:
                    passed = list(self._passing(passed, condition, self._folding(members)))
                groups += [(row, members) for row in passed]
        return groups

    def _selected(self, row: Trace, of: Trace, items: Sequence[bound.Item], folding: Folding) -> Trace:
        selected = replace(of, missing={}, known={}, times={})
        for item in items:
            selected = _with(selected, item.column.name, folding.value(item.value, row))
        return selected

    # ---- joins -------------------------------------------------------------------------------------------------------

    def _parts(self, parts: Sequence[bound.StreamPart], tied: Sequence[frozenset[str]]) -> list[Trace]:
        """Return the combinations of rows of parts: those of `tied` names are of one host, all others of any."""
        here = {part.name: [t.prefixed(part.name) for t in self._traces[id(part.stream)]] for part in parts}
        if self.everywhere is None or len(tied) == 1:
            return combinations([here[part.name] for part in parts])
        there = {part.name: [t.prefixed(part.name) for t in self.everywhere.traces(part.stream)] for part in parts}
        ways = [combinations([(here if p.name in own else there)[p.name] for p in parts]) for own in tied]
        # A host takes part in what it can: one way that lives is enough.
        return next((way for way in ways if any(not t.lost for t in way)), [t for way in ways for t in way])

    def _joined_outwards(self, joined: bound.Joined) -> Iterable[Trace]:
        """Join optional parts one after another: beside the rows that have a partner are those that have none."""
        how = bound.joining(joined)
        tied = _tied(joined.parts, joined.condition)
        names = {part.name for part in how.required}
        of_required = list(dict.fromkeys(each & names for each in tied if each & names))
        condition = bound.AllOf(how.conditions)
        rows = list(self._passing(self._parts(how.required, of_required), condition, self._folding()))
        for part, tests in how.optional:
            with_host = next(each for each in tied if part.name in each) & names
            elsewhere = self.everywhere is not None and not with_host
            traces = (self.everywhere if elsewhere and self.everywhere else self).traces(part.stream)
            partners = combinations([rows, [trace.prefixed(part.name) for trace in traces]])
            paired = self._passing(partners, bound.AllOf(tests), self._folding())
            lacking = {f"{part.name}.{column.name}": NONE for column in part.stream.columns}
            alone = [replace(row, missing={**row.missing, **lacking}) for row in rows]
            rows = merged([*paired, *alone])
            names.add(part.name)
        return rows

    def _in_time(
        self, parts: Sequence[bound.StreamPart], keys: Sequence[str], within: BoundExpr | None, condition: BoundExpr
    ) -> Iterable[Trace]:
        """Return the rows of a sequence, or of events together in time: all parts have a time, and the length is.

        `condition` is what a sequence asks of its steps. What must be absent is no part: it takes rows away.
        """
        one_host = any(key in _HOSTS for key in keys)
        tied = [frozenset(part.name for part in parts)] if one_host else _tied(parts, condition)
        rows: Iterable[Trace] = self._parts(parts, tied)
        folding = self._folding()
        for part in parts:
            for column in part.stream.columns:
                if column.name == "time":
                    time = bound.FieldRef(f"{part.name}.time", column.type)
                    rows = list(self._passing(rows, bound.Present(time), folding))
                    if isinstance(part, bound.Step) and part.is_repeated:
                        first = f"{part.name}.{bound.FIRST_TIME}"
                        rows = [_with(row, first, folding.value(time, row)) for row in rows]
        rows = list(self._passing(rows, condition, folding))
        return self._passing(rows, bound.Present(within), folding) if within else rows

    def _related(self, stream: bound.Related) -> Iterable[Trace]:
        """The rows are starts, of those that say whose children they are, related to rows that say what they are of."""
        identity = stream.identity
        ways = [(identity.guid,), (identity.host, identity.pid, identity.time)]
        known = [[each.column for each in way if each] for way in ways if all(way)]
        starts = _having(self._traces[id(stream.lives.starts)], PARENT_WAYS)
        of_roots = _having(self._traces[id(stream.input)], known)
        # What is known of the roots' own columns says nothing of the rows.
        bare = [replace(trace, missing={}, known={}, times={}) for trace in of_roots]
        return combinations([starts, bare])


def _having(traces: Iterable[Trace], ways: Sequence[Sequence[str]]) -> list[Trace]:
    """Return traces whose rows have all columns of one of some ways; what the store keeps from having them is lost."""
    having: list[Trace] = []
    for trace in traces:
        why = lacking(trace, ways)
        if why is None:
            having.append(trace)
        elif why:
            having.append(trace.ghost(why))
    return having


def _taken(left: BoundStream, right: BoundStream) -> tuple[BoundExpr, ...]:
    """Return the conditions by which the one side of a difference is made of the other; none where it is not."""
    conditions: list[BoundExpr] = []
    whole, part = _unnamed(left), _unnamed(right)
    while part is not whole:
        if not isinstance(part, bound.Filtered):
            return ()
        conditions.append(part.condition)
        part = _unnamed(part.input)
    return tuple(conditions)


def _unnamed(stream: BoundStream) -> BoundStream:
    while isinstance(stream, bound.NamedStream):
        stream = stream.stream
    return stream


def _passed(trace: Trace, outcome: Outcome) -> Iterable[Trace]:
    """Yield what becomes of a trace at a condition."""
    if trace.lost:
        if outcome.truth is False and not outcome.losses:
            return
        if outcome.logs:
            lost = frozenset(NoLog(log) for log in outcome.logs)
            known = {name: value for name, value in trace.known.items() if not isinstance(value[0], AbsentLog)}
            trace = replace(trace, lost=lost, known=known)
        if outcome.truth is False:  # what a ghost's rows lack as well
            yield trace.ghost(frozenset().union(*(loss.why for loss in outcome.losses)), trace.arm)
        else:
            yield replace(trace, times={**trace.times, **outcome.times})
        return
    if outcome.truth is not False:
        yield replace(trace, arms=trace.arms | outcome.arms, times={**trace.times, **outcome.times})
    for loss in outcome.losses:
        # An arm that is lost beside others is judged for itself; a trace that ends is its whole alternative.
        yield trace.ghost(loss.why, loss.arm if outcome.truth is not False else None)


def _with(trace: Trace, column: str, value: Value) -> Trace:
    """Return a trace with one more column, or another value in it."""
    missing = {name: why for name, why in trace.missing.items() if name != column}
    known = {name: v for name, v in trace.known.items() if name != column}
    times = {name: t for name, t in trace.times.items() if name != column}
    if value.missing:
        missing[column] = value.why
    elif value.known is not None:
        known[column] = (value.known, value.why)
    if value.times:
        times[column] = value.times
    return replace(trace, missing=missing, known=known, times=times)


def _of_group(row: Trace, group: bound.Grouped) -> Trace:
    """Return the trace of a group's own row: its keys, its first and last time."""
    keys = {key.name for key in group.keys}
    missing = {name: why for name, why in row.missing.items() if name in keys}
    times = {name: t for name, t in row.times.items() if name in keys}
    for name in ("first_time", "last_time", "start", "end"):
        if "time" in row.missing:
            missing[name] = row.missing["time"]
        elif "time" in row.times:
            times[name] = row.times["time"]
    return replace(row, missing=missing, known={n: v for n, v in row.known.items() if n in keys}, times=times)


def _tied(parts: Sequence[bound.StreamPart], condition: BoundExpr) -> list[frozenset[str]]:
    """Return the names of the parts of a join in sets: parts whose hosts the condition holds to be equal together."""
    sets = {part.name: frozenset({part.name}) for part in parts}
    todo = [condition]
    while todo:
        match todo.pop():
            case bound.AllOf(conditions):
                todo.extend(conditions)
            case bound.Compare("==", bound.FieldRef(left), bound.FieldRef(right)):
                (a, _, field_a), (b, _, field_b) = left.rpartition("."), right.rpartition(".")
                if field_a in _HOSTS and field_b in _HOSTS and a in sets and b in sets:
                    joint = sets[a] | sets[b]
                    sets |= dict.fromkeys(joint, joint)
            case _:
                pass
    return list(dict.fromkeys(sets.values()))
