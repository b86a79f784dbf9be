"""One judgement of what a store can answer: of an output, with reasons, by host."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from weakref import WeakKeyDictionary

import pyarrow as pa

from carlang.database import memory_of_task
from carlang.deadline import check_time, task
from carlang.judgement.conditions import Folding, moments
from carlang.judgement.hosts import Hosts, Need, platform_mask, platform_names
from carlang.judgement.streams import LOG, LOG_NAME, Bounds, Evaluation, Kind, Shared, Store, best_kinds
from carlang.judgement.traces import Trace
from carlang.mapping import sensor_channels, sensor_logs, sensor_platforms
from carlang.model import Model
from carlang.model.types import field_of
from carlang.resolve import Given, bound
from carlang.resolve.bound import BoundOutput, BoundStream, Events, streams_below
from carlang.results import HostGroup, Judgement, NoEvents, NotOnOneHost, OtherPlatform, Reason, State, distinct
from carlang.store import MARKS
from carlang.store import Store as EventStore

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_ALWAYS = frozenset({"time"})
_OF_PROCESSES = ("guid", "pid", "hostname", "parent_guid", "ppid")


@dataclass(frozen=True, slots=True)
class Range:
    """What a run looks at: its instant, and events from `since` to before `until`; those without a time always."""

    now: datetime
    since: datetime | None = None
    until: datetime | None = None

    def meets(self, start: str | None, end: str) -> bool:
        """Tell whether a stretch has a part in what a run looks at; without a start it goes back for ever."""
        is_before = self.since is not None and datetime.fromisoformat(end) <= self.since
        is_after = self.until is not None and start is not None and datetime.fromisoformat(start) >= self.until
        return not is_before and not is_after


@dataclass(frozen=True, slots=True)
class Asked:
    """An output that is judged: the values of its program's inputs, and the platforms of its analytic, all if none."""

    output: BoundOutput
    given: Given
    platforms: Sequence[str] = ()


def judge(asked: Sequence[Asked], store: EventStore, model: Model, range_: Range) -> list[Judgement]:
    """Return what a store can say of outputs, in their order.

    All of it is one task: raises `TimeUpError` where that has no time left.
    """
    if not asked:
        return []
    with task():
        return _judged(asked, store, model, range_)


def _judged(asked: Sequence[Asked], store: EventStore, model: Model, range_: Range) -> list[Judgement]:
    needs = [_need(each, range_, model) for each in asked]
    classes = frozenset[tuple[str, str]]().union(*(need.classes for need, _, _ in needs))
    fields = frozenset[str]().union(*(need.fields for need, _, _ in needs))
    # That a log was emptied is told by events of a class that nobody may have asked for.
    judge_ = _Judge(_hosts(store, classes | {("system", "log_clear")}, fields), model, range_)
    judge_.read([need for need, _, _ in needs])
    return [judge_.judgement(each, *need) for each, need in zip(asked, needs, strict=True)]


_KNOWN: WeakKeyDictionary[EventStore, tuple[pa.Table, str | None, Hosts]] = WeakKeyDictionary()
"""The hosts of stores, with the inventory that they are of and the memory that they may take: a store is asked about
one analytic after the other."""


def _hosts(store: EventStore, classes: frozenset[tuple[str, str]], fields: frozenset[str]) -> Hosts:
    inventory = store.inventory(classes, fields)
    memory, known = memory_of_task(), _KNOWN.get(store)
    if known is not None and known[0] is inventory and known[1] == memory:
        return known[2]
    hosts = Hosts(inventory, sensor_platforms(), sensor_logs(), sensor_channels())
    _KNOWN[store] = inventory, memory, hosts
    return hosts


class _Judge:
    """Judges outputs over an inventory."""

    def __init__(self, hosts: Hosts, model: Model, range_: Range) -> None:
        self._model = model
        self._range = range_
        self._hosts = hosts
        latest = {name: text for name, moment in self._hosts.latest().items() if (text := _behind(moment))}
        self._store = Store(self._hosts.hollow(), latest)

    def read(self, needs: Sequence[Need]) -> None:
        """Read the hosts for all needs at once."""
        self._hosts.read(needs)

    def judgement(self, asked: Asked, need: Need, bounds: Bounds, order: tuple[BoundStream, ...]) -> Judgement:
        """Return the judgement of an output."""
        patterns, stream = self._hosts.patterns(need), asked.output.stream
        kinds = frozenset[Kind]().union(*(pattern.kinds for pattern in patterns))
        hollow = frozenset[tuple[str, str]]().union(*(pattern.hollow for pattern in patterns))
        shared = Shared(self._model, self._store, bounds, self._range.now, asked.given, need.fields, order, need.mark)
        everywhere = Evaluation(best_kinds(kinds), hollow, shared)
        of_all_hosts = _verdict(everywhere.traces(stream))

        @cache  # hosts that differ in what the best of their sensors outdoes are judged alike
        def of_best(kinds: tuple[Kind, ...], hollow: frozenset[tuple[str, str]]) -> _Verdict:
            if (kinds, hollow) == (everywhere.kinds, everywhere.hollow):
                return of_all_hosts
            return _verdict(Evaluation(kinds, hollow, shared, everywhere).traces(stream))

        @cache  # and those that differ in platform alone, or in the hours of which they have nothing, are of one kind
        def verdict(kinds: frozenset[Kind], hollow: frozenset[tuple[str, str]]) -> _Verdict:
            return of_best(best_kinds(kinds), hollow)

        wanted = platform_mask(asked.platforms)
        groups = []
        for pattern in patterns:
            if not pattern.platforms & wanted:
                other = OtherPlatform(platform_names(pattern.platforms), platform_names(wanted))
                groups.append(HostGroup(State.NOT_ASKED, (other,), pattern.hosts))
                continue
            check_time()
            here = verdict(pattern.kinds, pattern.hollow)
            # While a log lacks something, what is answered is what is answered without it.
            lost = [
                gap.lost
                for gap in pattern.gaps
                if here.state is not State.BLIND
                and self._range.meets(gap.lost.start, gap.lost.end)
                and verdict(gap.kinds, pattern.hollow) != here
            ]
            state = State.PARTLY if lost and here.state is State.ANSWERED else here.state
            groups.append(HostGroup(state, distinct((*here.reasons, *lost)), pattern.hosts))
        return _summed(of_all_hosts, _joined(groups))


@dataclass(frozen=True, slots=True)
class _Verdict:
    state: State
    reasons: tuple[Reason, ...] = field(default=())


def _verdict(traces: Iterable[Trace]) -> _Verdict:
    """Return what the traces that reach an output say."""
    living = [trace for trace in traces if not trace.lost]
    ghosts = [trace for trace in traces if trace.lost and not any(trace.covered_by(other) for other in living)]
    # The log of records may be any that is there: a program that names none lacks none.
    ghosts = [ghost for ghost in ghosts if not _any_log(ghost)]
    reasons = distinct(reason for ghost in ghosts for reason in sorted(ghost.lost, key=_order))
    if living:
        return _Verdict(State.PARTLY if reasons else State.ANSWERED, reasons)
    return _Verdict(State.BLIND if reasons else State.ANSWERED, reasons)


def _any_log(ghost: Trace) -> bool:
    return ghost.arm is not None and ghost.arm[1] == "log_name" and NoEvents("event", "log") in ghost.lost


def _order(reason: Reason) -> tuple[str, str]:
    return type(reason).__name__, repr(reason)


def _joined(groups: Iterable[HostGroup]) -> tuple[HostGroup, ...]:
    """Return groups of hosts, those of one state for the same reasons as one."""
    alike: dict[tuple[State, tuple[Reason, ...]], list[pa.Array]] = {}
    for group in groups:
        alike.setdefault((group.state, group.reasons), []).append(group.hosts)
    order = list(State)
    return tuple(
        HostGroup(state, reasons, _in_order(hosts))
        for (state, reasons), hosts in sorted(alike.items(), key=lambda item: order.index(item[0][0]))
    )


def _in_order(hosts: Sequence[pa.DictionaryArray]) -> pa.DictionaryArray:
    """Return hosts as one array; the dictionary they share has the names in order."""
    if len(hosts) == 1:
        return hosts[0]
    ids = pa.concat_arrays([each.indices for each in hosts]).sort()
    return pa.DictionaryArray.from_arrays(ids, hosts[0].dictionary)


def _summed(whole: _Verdict, groups: tuple[HostGroup, ...]) -> Judgement:
    """Return the judgement of an output, of its hosts' and what is so of the store as a whole."""
    asked = [group for group in groups if group.state is not State.NOT_ASKED]
    if groups and not asked:
        return Judgement(State.NOT_ASKED, distinct(r for group in groups for r in group.reasons), groups)
    states = {group.state for group in asked} or {whole.state}
    of_hosts = distinct(r for group in asked for r in group.reasons)
    if states == {State.ANSWERED}:
        return Judgement(State.ANSWERED, (), groups)
    if states == {State.BLIND}:
        if whole.state is State.BLIND:
            return Judgement(State.BLIND, whole.reasons, groups)
        absent = [reason for reason in of_hosts if isinstance(reason, NoEvents)]
        classes = dict.fromkeys(f"{each.object}/{each.action}" if each.action else each.object for each in absent)
        # The store as a whole has everything: what each host lacks of it stands beside the host.
        return Judgement(State.BLIND, (NotOnOneHost(", ".join(classes)),) if classes else of_hosts, groups)
    return Judgement(State.PARTLY, distinct((*whole.reasons, *of_hosts)), groups)


def _need(asked: Asked, range_: Range, model: Model) -> tuple[Need, Bounds, tuple[BoundStream, ...]]:
    """Return what of the store an output's judgement hangs on, its stretches of time, and its streams."""
    order = tuple(streams_below(asked.output.stream))
    classes: set[tuple[str, str]] = set()
    names: set[str] = set(_ALWAYS)
    instants: set[datetime] = {moment for moment in (range_.since, range_.until) if moment is not None}
    folding = Folding(range_.now, asked.given, (), lambda _: ())
    for stream in order:
        if isinstance(stream, Events):
            classes.update((each.object, action) for each in stream.sets for action in each.actions)
        if isinstance(stream, bound.Distinct):
            names.add(stream.column.name)
        if isinstance(stream, bound.Related):
            names.update(_OF_PROCESSES)
        for expr in bound.expressions(stream):
            of_rows = (expr, *(node.value for node in bound.walk(expr) if isinstance(node, bound.InStream)))
            names.update(field_of(name) for each in of_rows for name in bound.fields_of(each))
            for node in bound.walk(expr):
                if isinstance(node, bound.ProcessField):
                    names.update((node.column, *_OF_PROCESSES))
            instants |= moments(expr, folding)
    known = {name for owner, _ in classes if owner in model.objects for name in model.objects[owner].fields}
    ordered = tuple(sorted(instants))
    window = frozenset(
        index
        for index in range(2 * len(ordered) + 1)
        if (range_.since is None or index >= 2 * ordered.index(range_.since) + 1)
        and (range_.until is None or index < 2 * ordered.index(range_.until) + 1)
    )
    fields = frozenset(names & known)
    mark = next((name for name in MARKS if name in fields), None) if LOG in classes and LOG_NAME not in fields else None
    return Need(frozenset(classes), fields, ordered, mark), Bounds(ordered, window), order


def _behind(moment: int) -> str | None:
    """Return the second behind an instant in microseconds, as a command takes it; None beyond the calendar's years."""
    try:
        second = _EPOCH + timedelta(seconds=moment // 1_000_000 + 1)
    except OverflowError:
        return None
    return second.strftime("%Y-%m-%dT%H:%M:%SZ")
