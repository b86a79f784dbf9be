"""Sequences in SQL, step by step, with window functions alone.

A run that has got as far as step k is a row with the columns of the steps so far and `#at`, the time of its last
event. Runs and the events of step k + 1 are put in one order of time. A separator, that is an event of step k + 1 or
of `until`, closes a stretch: the run that an event of step k + 1 carries on is the last run in the stretch that it
closes. Runs before it in the stretch were replaced by it, earlier ones were carried on or ended by an earlier
separator. A separator at the same time as a run stands before it, since steps are strictly later each.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from carlang.model.types import Column, Kind
from carlang.resolve import bound
from carlang.sql.fragments import SQL, all_of, call, column, lowered, name, number, when
from carlang.sql.query import Query

_AT, _FIRST, _ORDER, _KIND, _STRETCH = "#at", "#first", "#order", "#kind", "#stretch"
_RUN, _STEP, _UNTIL = 2, 1, 0


def lower_sequence(lowering: Query, sequence: bound.Sequenced) -> exp.Query:
    """Return the completed runs of a sequence, with the columns of all steps."""
    keys = [f"#key{i}" for i in range(len(sequence.keys))]
    runs = _events(lowering, sequence.steps[0], sequence, first=True)
    columns = [f"{sequence.steps[0].name}.{c.name}" for c in sequence.steps[0].stream.columns]
    barrier = _barrier(lowering, sequence)
    for step in sequence.steps[1:]:
        events = _events(lowering, step, sequence)
        own = [f"{step.name}.{c.name}" for c in step.stream.columns]
        runs = _carried_on(runs, columns, events, own, barrier, keys)
        columns += own
    query = exp.select(*(column(c) for c in columns)).from_(runs.subquery(name("runs"), copy=False))
    if sequence.within is None:
        return query
    taken = exp.Sub(this=call("epoch_us", column(_AT)), expression=call("epoch_us", column(_FIRST)))
    limit = lowering.expressions().value(sequence.within)
    return query.where(exp.LTE(this=taken, expression=exp.Paren(this=limit)))


def _events(lowering: Query, step: bound.StreamPart, sequence: bound.Sequenced, *, first: bool = False) -> exp.Query:
    """Return the events of a step, with their keys, time and place among those of one time."""
    stream = step.stream
    renamed = [exp.alias_(column(c.name), name(f"{step.name}.{c.name}")) for c in stream.columns]
    extra = [*_keys(sequence.keys, stream.columns), exp.alias_(column("time"), name(_AT))]
    if first:
        extra.append(exp.alias_(column("time"), name(_FIRST)))
    extra.append(exp.alias_(_place(stream.columns), name(_ORDER)))
    present = exp.Not(this=exp.Is(this=column("time"), expression=exp.null()))
    return exp.select(*renamed, *extra).from_(lowering.table(stream)).where(present)


def _barrier(lowering: Query, sequence: bound.Sequenced) -> exp.Query | None:
    if sequence.until is None:
        return None
    present = exp.Not(this=exp.Is(this=column("time"), expression=exp.null()))
    keys = _keys(sequence.keys, sequence.until.columns)
    query = exp.select(*keys, exp.alias_(column("time"), name(_AT))).from_(lowering.table(sequence.until))
    return query.where(present)


def _keys(keys: Sequence[str], columns: Sequence[Column]) -> list[SQL]:
    types = {c.name: c.type for c in columns}
    return [
        exp.alias_(lowered(column(key)) if types[key].is_string else column(key), name(f"#key{i}"))
        for i, key in enumerate(keys)
    ]


def _place(columns: Sequence[Column]) -> SQL:
    """Number the events of a step in the order of results, so that events of one time have one order too."""
    names = [c.name for c in columns if c.type.kind is not Kind.LIST]
    first = [n for n in ("time", "record_id") if n in names]
    keys = [*first, *(n for n in names if n not in first)]
    order = exp.Order(expressions=[exp.Ordered(this=column(key), desc=False, nulls_first=False) for key in keys])
    return exp.Window(this=call("row_number"), order=order)


def _carried_on(
    runs: exp.Query,
    before: Sequence[str],
    events: exp.Query,
    own: Sequence[str],
    barrier: exp.Query | None,
    keys: Sequence[str],
) -> exp.Query:
    """Return the runs that events of the next step carry on, with the columns of that step added."""
    lines = [_line(runs, "runs", _RUN, before, own, keys), _line(events, "events", _STEP, before, own, keys)]
    if barrier is not None:
        lines.append(_line(barrier, "ends", _UNTIL, before, own, keys))
    union: exp.Query = lines[0]
    for line in lines[1:]:
        union = exp.Union(this=union, expression=line, distinct=False, by_name=True)
    order = _line_order()
    separator = when(exp.LT(this=column(_KIND), expression=number(_RUN)), number(1), number(0))
    stretch = exp.Window(
        this=call("sum", separator),
        partition_by=[column(key) for key in keys],
        order=order,
        spec=exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="1", end_side="PRECEDING"),
    )
    counted = exp.Coalesce(this=stretch, expressions=[number(0)])
    numbered = exp.select("*", exp.alias_(counted, name(_STRETCH))).from_(union.subquery(name("lines"), copy=False))
    return _paired(numbered, before, own, keys)


def _line(
    query: exp.Query, alias: str, kind: int, before: Sequence[str], own: Sequence[str], keys: Sequence[str]
) -> exp.Select:
    """Put a run, an event or an end into the common order; columns it does not have are filled in by name."""
    columns = [column(key) for key in (*keys, _AT)]
    if kind != _UNTIL:
        columns.append(column(_ORDER))
    if kind == _RUN:
        columns += [column(c) for c in (_FIRST, *before)]
    elif kind == _STEP:
        columns += [column(c) for c in own]
    marked = exp.alias_(number(kind), name(_KIND))
    return exp.select(*columns, marked).from_(query.subquery(name(alias), copy=False))


def _line_order() -> exp.Order:
    keys = (_AT, _KIND, _ORDER)
    return exp.Order(expressions=[exp.Ordered(this=column(key), desc=False, nulls_first=False) for key in keys])


def _paired(numbered: exp.Query, before: Sequence[str], own: Sequence[str], keys: Sequence[str]) -> exp.Query:
    """Pair each event of the step with the last run of the stretch that it closes."""
    stretch = [*keys, _STRETCH]
    latest = exp.Order(
        expressions=[exp.Ordered(this=column(key), desc=True, nulls_first=False) for key in (_AT, _ORDER)]
    )
    rank = exp.Window(this=call("row_number"), partition_by=[column(k) for k in stretch], order=latest)
    is_run = exp.EQ(this=column(_KIND), expression=number(_RUN))
    runs = exp.select(*(column(c) for c in (*stretch, _FIRST, _AT, *before)), exp.alias_(rank, name("#rank")))
    runs = runs.from_(numbered.subquery(name("numbered"), copy=False)).where(is_run)
    run_names = [exp.alias_(column(key), name(f"{key}'")) for key in stretch]
    last = exp.select(*run_names, column(_FIRST), exp.alias_(column(_AT), name("#since")), *(column(c) for c in before))
    last = last.from_(runs.subquery(name("ranked"), copy=False))
    last = last.where(exp.EQ(this=column("#rank"), expression=number(1)))
    is_event = exp.EQ(this=column(_KIND), expression=number(_STEP))
    steps = exp.select(*(column(c) for c in (*stretch, _AT, _ORDER, *own)))
    steps = steps.from_(numbered.copy().subquery(name("numbered"), copy=False)).where(is_event)
    same = [exp.NullSafeEQ(this=column(key), expression=column(f"{key}'")) for key in stretch]
    columns = [column(c) for c in (*keys, _FIRST, _AT, _ORDER, *before, *own)]
    query = exp.select(*columns).from_(last.subquery(name("last_runs"), copy=False))
    return query.join(steps.subquery(name("steps"), copy=False), on=all_of(same), join_type="inner", copy=False)
