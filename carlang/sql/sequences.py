"""Sequences in SQL, step by step, with window functions alone.

A run that has got as far as step k is a row with the columns of the steps so far and `#at`, the time of its last
event. Runs and the events of step k + 1 are put in one order of time. A separator, that is an event of step k + 1 or
of `until`, closes a stretch: the run that an event of step k + 1 carries on is the last run in the stretch that it
closes. Runs before it in the stretch were replaced by it, earlier ones were carried on or ended by an earlier
separator. A separator at the same time as a run stands before it, since steps are strictly later each.

The streams of the steps and of `until`, and the bound of `within`, arrive lowered.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from carlang.model.types import Column, Kind
from carlang.resolve import bound
from carlang.sql.dialect import Dialect
from carlang.sql.fragments import (
    SQL,
    all_of,
    as_named,
    call,
    column,
    folded,
    in_order,
    number,
    ordered,
    present,
    select,
    subquery,
    when,
)
from carlang.sql.occurrences import hidden

_AT, _FIRST, _ORDER, _KIND, _STRETCH = "#at", "#first", "#order", "#kind", "#stretch"
_RUN, _STEP, _UNTIL = 2, 1, 0


def sequence_query(
    dialect: Dialect,
    sequence: bound.Sequenced,
    steps: Sequence[exp.Query],
    lists: Sequence[Sequence[str]],
    until: exp.Query | None,
    within: SQL | None,
) -> exp.Query:
    """Return the completed runs of a sequence, with the columns of all steps.

    `steps` are the events of each step as `step_events` gives them, `lists` the names of their lists of record ids,
    `until` the events of `until_events`.
    """
    keys = [f"#key{i}" for i in range(len(sequence.keys))]
    runs, columns = steps[0], _columns(sequence.steps[0], lists[0])
    for step, events, names in zip(sequence.steps[1:], steps[1:], lists[1:], strict=True):
        runs = _carried_on(dialect, runs, columns, events, _columns(step, names), until, keys)
        columns += _columns(step, names)
    query = select([column(c) for c in columns], subquery(runs, "runs"))
    if within is None:
        return query
    taken = exp.Sub(this=dialect.microseconds(column(_AT)), expression=dialect.microseconds(column(_FIRST)))
    return query.where(exp.LTE(this=taken, expression=exp.Paren(this=within)), copy=False)


def _columns(step: bound.StreamPart, lists: Sequence[str]) -> list[str]:
    return [*(f"{step.name}.{c.name}" for c in step.stream.columns), *(hidden(f"{step.name}.{n}") for n in lists)]


def step_events(
    step: bound.StreamPart, rows: SQL, keys: Sequence[str], lists: Sequence[str], *, first: bool
) -> exp.Select:
    """Return the events of a step, with their keys, time and place among those of one time."""
    columns = step.stream.columns
    renamed = [as_named(column(c.name), f"{step.name}.{c.name}") for c in columns]
    renamed += [as_named(column(hidden(n)), hidden(f"{step.name}.{n}")) for n in lists]
    times = [_AT, _FIRST] if first else [_AT]
    added = [*_keys(keys, columns), *(as_named(column("time"), alias) for alias in times)]
    query = select([*renamed, *added, as_named(_place(columns), _ORDER)], rows)
    return query.where(present(column("time")), copy=False)


def until_events(columns: Sequence[Column], rows: SQL, keys: Sequence[str]) -> exp.Select:
    """Return the events that end all runs of their keys."""
    query = select([*_keys(keys, columns), as_named(column("time"), _AT)], rows)
    return query.where(present(column("time")), copy=False)


def _keys(keys: Sequence[str], columns: Sequence[Column]) -> list[SQL]:
    types = {c.name: c.type for c in columns}
    return [
        as_named(folded(column(key)) if types[key].is_string else column(key), f"#key{i}") for i, key in enumerate(keys)
    ]


def _place(columns: Sequence[Column]) -> SQL:
    """Number the events of a step in the order of results, so that events of one time have one order too."""
    names = [c.name for c in columns if c.type.kind is not Kind.LIST]
    first = [n for n in ("time", "record_id") if n in names]
    kinds = {c.name: c.type.kind for c in columns}
    order = (*first, *(n for n in names if n not in first))
    return _numbered([key for name in order for key in in_order(column(name), kinds[name])])


def _numbered(order: Sequence[SQL], keys: Sequence[str] = ()) -> SQL:
    partition = [column(key) for key in keys]
    return exp.Window(this=call("row_number"), partition_by=partition, order=exp.Order(expressions=list(order)))


def _carried_on(
    dialect: Dialect,
    runs: exp.Query,
    before: Sequence[str],
    events: exp.Query,
    step: Sequence[str],
    until: exp.Query | None,
    keys: Sequence[str],
) -> exp.Query:
    """Return the runs that events of the next step carry on, with the columns of that step added.

    `before` are the columns that the runs have so far, `step` those of the events.
    """
    common = [*keys, _AT]
    union: exp.Query = _line(runs, "runs", _RUN, [*common, _ORDER, _FIRST, *before])
    union = dialect.union_by_name(union, _line(events, "events", _STEP, [*common, _ORDER, *step]))
    if until is not None:
        # A copy, because the ends stand in the query once a step.
        union = dialect.union_by_name(union, _line(until.copy(), "ends", _UNTIL, common))
    separator = when(exp.LT(this=column(_KIND), expression=number(_RUN)), number(1), number(0))
    stretch = exp.Window(
        this=call("sum", separator),
        partition_by=[column(key) for key in keys],
        order=exp.Order(expressions=[ordered(column(key)) for key in (_AT, _KIND, _ORDER)]),
        # Up to the row before: a separator belongs to the stretch that it closes.
        spec=exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="1", end_side="PRECEDING"),
    )
    counted = exp.Coalesce(this=stretch, expressions=[number(0)])  # before the first row there are none to sum
    lines = select([exp.Star(), as_named(counted, _STRETCH)], subquery(union, "lines"))
    return _paired(lines, before, step, keys)


def _line(query: exp.Query, alias: str, kind: int, columns: Sequence[str]) -> exp.Select:
    """Put a run, an event or an end into the common order; columns it does not have are filled in by name."""
    marked = as_named(number(kind), _KIND)
    return select([*(column(c) for c in columns), marked], subquery(query, alias))


def _paired(lines: exp.Query, before: Sequence[str], step: Sequence[str], keys: Sequence[str]) -> exp.Query:
    """Pair each event of the step with the last run of the stretch that it closes."""
    stretch = [*keys, _STRETCH]
    rank = _numbered([ordered(column(key), descending=True) for key in (_AT, _ORDER)], stretch)
    is_run = exp.EQ(this=column(_KIND), expression=number(_RUN))
    runs = select(
        [*(column(c) for c in (*stretch, _FIRST, _AT, *before)), as_named(rank, "#rank")], subquery(lines, "numbered")
    ).where(is_run, copy=False)
    last = select(
        [
            *(as_named(column(key), f"{key}'") for key in stretch),
            column(_FIRST),
            as_named(column(_AT), "#since"),
            *(column(c) for c in before),
        ],
        subquery(runs, "ranked"),
    ).where(exp.EQ(this=column("#rank"), expression=number(1)), copy=False)
    is_event = exp.EQ(this=column(_KIND), expression=number(_STEP))
    events = select([column(c) for c in (*stretch, _AT, _ORDER, *step)], subquery(lines.copy(), "numbered"))
    events = events.where(is_event, copy=False)
    same = [exp.NullSafeEQ(this=column(key), expression=column(f"{key}'")) for key in stretch]
    columns = [column(c) for c in (*keys, _FIRST, _AT, _ORDER, *before, *step)]
    query = select(columns, subquery(last, "last_runs"))
    return query.join(subquery(events, "steps"), on=all_of(same), join_type="inner", copy=False)
