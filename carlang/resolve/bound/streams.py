"""Bound streams, and the program that they make up."""

from __future__ import annotations

from dataclasses import dataclass, field

from carlang.model.types import Column, Type
from carlang.resolve.bound.expressions import BoundExpr, Identity
from carlang.source import Span


@dataclass(frozen=True, slots=True)
class EventSet:
    """Events of one object: its name and the names of the actions, all of them where every action is meant.

    `whole` says that the program names the object and no action of it: rows are the same as if it named all of them.
    """

    object: str
    actions: tuple[str, ...]
    whole: bool = field(default=False, compare=False, repr=False)
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Events:
    """Events from the store; a column that the object of an event does not have is missing in it."""

    sets: tuple[EventSet, ...]
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Filtered:
    """The rows of a stream for which a condition holds."""

    input: BoundStream
    condition: BoundExpr
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Derived:
    """The rows of a stream with one more column, or another value in it."""

    input: BoundStream
    column: Column
    value: BoundExpr
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class StreamPart:
    """A stream under the name that it has in a join or a sequence."""

    name: str
    stream: BoundStream
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Joined:
    """Every combination of rows of the parts for which a condition holds; columns are named `part.column`.

    Of `optional` parts, by name, a combination need not have a row: what has no partner among theirs stays, and their
    columns are missing. `carlang.resolve.bound.joining` says which condition is one of partners of which part.
    """

    parts: tuple[StreamPart, ...]
    condition: BoundExpr
    columns: tuple[Column, ...]
    optional: frozenset[str] = frozenset()
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Sessions:
    """Cuts groups in time: a pause longer than `gap` (microseconds) between two rows begins a new group.

    Rows without a time are a group of their own. Without a value of `gap` no pause is longer.
    """

    gap: BoundExpr
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Windows:
    """Cuts bursts out of groups. A window begins at each row and has all rows up to `length` (microseconds) later.

    Windows for which all of `conditions` hold count; those that share a row are one burst, which has all their rows.
    The conditions are as those of `Grouped.having`, on the rows of a window. Rows without a time take no part. Without
    a value of `length`, or with one below zero, there are no windows.
    """

    length: BoundExpr
    conditions: tuple[BoundExpr, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Intervals:
    """Cuts groups at fixed instants, `length` (microseconds) apart, one of them the beginning of 1970 in UTC.

    Where the length is a number of weeks, one of them is the first Monday of 1970. Groups have columns `start` and
    `end`, the first instant in the interval and the first behind it. Rows without a time have neither, and are a group
    of their own; where the length has no value or is not above zero, no row has either.
    """

    length: BoundExpr
    span: Span | None = field(default=None, compare=False, repr=False)


Period = Sessions | Windows | Intervals


@dataclass(frozen=True, slots=True)
class Grouped:
    """The rows of all inputs in groups of equal keys, texts without case, missing equal to missing.

    `period` says how the rows of equal keys are cut in time. A row a group: the keys, of texts the first in order of
    characters, of intervals `start` and `end`, then `count`, `first_time`, `last_time`. `having` are conditions on
    groups: fields are those of this row, aggregates are over the group's rows.
    """

    inputs: tuple[BoundStream, ...]
    keys: tuple[Column, ...]
    period: Period | None
    having: tuple[BoundExpr, ...]
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Item:
    """A column and what it holds."""

    column: Column
    value: BoundExpr
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Aggregated:
    """A row a group, with other columns than the group's own: expressions of those and of aggregates."""

    group: Grouped
    items: tuple[Item, ...]
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Projected:
    """The rows of a stream with other columns: expressions of its own."""

    input: BoundStream
    items: tuple[Item, ...]
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Union:
    """The rows of both streams; a column that one lacks is missing in its rows."""

    left: BoundStream
    right: BoundStream
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Difference:
    """The rows of `left` to which no row of `right` is equal in the columns `on`, texts without case.

    `is_keyed` says that the program names these columns; else they are what the two have in common.
    """

    left: BoundStream
    right: BoundStream
    on: tuple[str, ...]
    columns: tuple[Column, ...]
    is_keyed: bool = field(default=False, compare=False, repr=False)
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Distinct:
    """The values of a column, each once, without missing ones; of texts that differ in case the first in order."""

    input: BoundStream
    column: Column
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SortKey:
    """What rows are put in order by: texts without case; missing values come last either way."""

    value: BoundExpr
    descending: bool
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Sorted:
    """The rows of a stream in another order than that of results.

    Rows that are equal in all keys come by how their keys are spelt, ascending, and then in the order of results. That
    order is also that of what is filtered, derived, projected, cut or deduplicated from these rows, and of no other
    stream that they go into.
    """

    input: BoundStream
    keys: tuple[SortKey, ...]
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Cut:
    """The first rows of a stream in its order, or the last ones; none where `count` is missing or below zero."""

    input: BoundStream
    count: BoundExpr
    last: bool
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Deduplicated:
    """The first row, in the order of a stream, of each value of `on`; texts without case, missing is one."""

    input: BoundStream
    on: tuple[str, ...]
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Step(StreamPart):
    """A step of a sequence: events that come `times` in a row, or, if `absent`, events of which none comes.

    One that `is_repeated`, if only once, has a column `first_time`. `condition` is over the event, as `step.column`,
    and the events of the steps before it that are there. That of an absent step before the first of those is over the
    first of them instead.
    """

    condition: BoundExpr | None = None
    absent: bool = False
    times: int = 1
    is_repeated: bool = False


FIRST_TIME = "first_time"
"""The column of a repeated step, beside those of its last event, that has the time of its first one."""


@dataclass(frozen=True, slots=True)
class Sequenced:
    """Runs of events, one of each step in order, strictly later each, with equal keys.

    Within a key, events are taken in order of time; those of one instant do not see one another. An event of the first
    step begins a run. An event of a later step carries on runs that wait for it and for which its condition holds: the
    newest of those that the conditions of later steps cannot tell apart, so the newest alone where there are none. Two
    runs are told apart by the values of the columns that those conditions name, texts without case, missing equal to
    missing; by the very event where a column is a list or a record. The newest is that whose last event is, of those
    with one last event that whose event before it is, and so on. A run that is carried on waits no more where it did.
    One that comes to wait replaces one that waits there already, unless the conditions of the steps to come can tell
    the two apart.

    A repeated step is as many steps of the same events, its condition one of each; conditions name the latest of its
    events so far, and the time of the first as `step.first_time`. An event of an absent step ends the runs that wait
    for the step behind it, if its condition holds and it is later than their last event, behind the steps of its
    instant. One before the first step keeps its events from beginning a run: any earlier event of it, with `within`
    one at most so much earlier. One behind the last step keeps complete runs from being rows: an event of it, or of
    `until`, that is later than the last event and at most `within` later than the first.

    An event of `until` ends all runs of its key, before the steps of its instant. `within` (microseconds) bounds the
    time from the first event to the last: a run that is older is not carried on. Events without a time take no part.
    Columns are named `step.column`, those of absent steps are not there.
    """

    steps: tuple[Step, ...]
    keys: tuple[str, ...]
    within: BoundExpr | None
    until: BoundStream | None
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def present(self) -> tuple[Step, ...]:
        """The steps that have events in a run."""
        return tuple(step for step in self.steps if not step.absent)


@dataclass(frozen=True, slots=True)
class Together:
    """Rows of one event of each part, with equal keys, in any order, no further apart than `within` (microseconds).

    Within a key, events are taken in order of time, at one instant in the order of the parts and within a part in that
    of results. Each takes the place of the one of its part that waits. When one of each part waits and all lie within
    the length, they are a row and wait no more; so each event is in one row at most, as each part that it is of. Events
    without a time take no part. Without a value of `within` there are no rows. Columns are named `part.column`.
    """

    parts: tuple[StreamPart, ...]
    keys: tuple[str, ...]
    within: BoundExpr
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Lives:
    """All that there is to know of when processes began and ended: events process/create and process/terminate.

    A process is of a guid, or, without one, a start of its own. Its start is the latest of its guid; of those at one
    time the first in the order of results, and one without a time before none. A life by pid begins with a start and
    ends with the next start of the pid on that host, or with the first end at or after it: one of its guid, else of its
    pid on its host. Hosts are equal without case; a guid of zeros alone is none.
    """

    starts: Events
    ends: Events


@dataclass(frozen=True, slots=True)
class Related:
    """The starts of the `children`, `descendants` or `ancestors` of the processes that the rows of a stream are of.

    The process of a row is that of its guid; where that has no start, that of its pid on its host at its time,
    within the life, unless both have a guid; where that is not there either, the guid alone says which one it is. The
    parent of a process is, by `parent_guid` and `ppid`, found likewise; none is its own. A row a process and root, with
    the `depth`, 1 for children and parents, `root_guid` and `root_pid`. A root is no row of its own; what comes round
    to where it was ends there.
    """

    kin: str
    input: BoundStream
    identity: Identity
    lives: Lives
    columns: tuple[Column, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NamedStream:
    """A stream that the program has given a name; `key` is unique, where names are shadowed `name` is not."""

    key: str
    name: str
    stream: BoundStream
    level: int = field(default=1, compare=False, repr=False, kw_only=True)
    """How many streams with names stand behind one another up to this one."""
    span: Span = field(compare=False, repr=False)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the stream."""
        return self.stream.columns


BoundStream = (
    Events
    | Filtered
    | Derived
    | Joined
    | Grouped
    | Aggregated
    | Projected
    | Union
    | Difference
    | Distinct
    | Sequenced
    | Sorted
    | Cut
    | Deduplicated
    | Together
    | Related
    | NamedStream
)


@dataclass(frozen=True, slots=True)
class BoundOutput:
    """A result of the program: its name and its rows."""

    name: str
    stream: BoundStream
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BoundInput:
    """A parameter of the program.

    `types` are those that its uses ask for, its declared one alone where there is one. Without a default a run must
    give a value.
    """

    name: str
    types: tuple[Type, ...]
    default: BoundExpr | None
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BoundProgram:
    """The outputs of a program, in order, all streams it names, in the order of their statements, and its inputs."""

    outputs: tuple[BoundOutput, ...]
    named: tuple[NamedStream, ...]
    inputs: tuple[BoundInput, ...] = ()
