"""Pieces of the lowering of sequences: runs beside events in one order of time, and the choice among pairs of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from carlang.model.types import Column, Kind
from carlang.sql.dialect import Dialect
from carlang.sql.fragments import (
    SQL,
    all_of,
    as_named,
    call,
    column,
    folded,
    in_order,
    name,
    number,
    ordered,
    present,
    select,
    subquery,
    when,
)

AT, FIRST = "#at", "#first"
"""Columns of a run: the times of its last and its first event, in microseconds. An event has the first of them."""
NEW = "#new"
"""The column of an event with its number among those of its step, in order of time."""
RUN = "#run"
"""The column that tells a run from others, and puts the newer one behind the older one."""
KIND, BEST, GONE = "#kind", "#best", "#gone"
_BEHIND = {"start": "1", "start_side": "FOLLOWING", "end": "UNBOUNDED", "end_side": "FOLLOWING"}
_BEFORE = {"start": "UNBOUNDED", "start_side": "PRECEDING", "end": "1", "end_side": "PRECEDING"}


def window(
    value: SQL, keys: Sequence[SQL], order: Sequence[SQL] = (), frame: dict[str, str] | None = None
) -> exp.Window:
    """Return a function over the rows of equal keys."""
    return exp.Window(
        this=value,
        partition_by=[key.copy() for key in keys],
        order=exp.Order(expressions=[each.copy() for each in order]) if order else None,
        spec=exp.WindowSpec(kind="ROWS", **frame) if frame else None,
    )


def marked(columns: Sequence[SQL], source: SQL, kind: int) -> exp.Select:
    """Return rows for a common order with others, in which `kind` says which they are and comes behind the time."""
    return select([*columns, as_named(number(kind), KIND)], source)


def nearest(  # noqa: PLR0913  # a run's side and the other one
    dialect: Dialect,
    runs: SQL,
    columns: Sequence[str],
    others: exp.Query,
    keys: Sequence[str],
    equal: Sequence[SQL],
    *,
    wanted: str = AT,
    alias: str,
    before: bool = False,
) -> exp.Select:
    """Return runs, which have `columns`, with the nearest row of others strictly behind them in time, or before.

    What is `wanted` of it stands in `alias`. Others have the keys too, and `#equal0`, … , which have to be the values
    of `equal` of the run. One sort of both.
    """
    names = [f"#equal{i}" for i in range(len(equal))]
    # A row of others at the time of a run stands on the side on which nobody looks for it.
    of_run, of_others = (0, 1) if before else (1, 0)
    run_columns = [*(column(c) for c in columns), *(as_named(e, n) for e, n in zip(equal, names, strict=True))]
    lines = dialect.union_by_name(
        marked(run_columns, runs, of_run), marked([exp.Star()], subquery(others, "others"), of_others)
    )
    is_other = exp.EQ(this=column(KIND), expression=number(of_others))
    looked_at = when(all_of([is_other, *(present(column(n)) for n in names)]), column(wanted))
    value = window(
        call("max" if before else "min", looked_at),
        [column(key) for key in (*keys, *names)],
        [ordered(column(AT)), ordered(column(KIND))],
        _BEFORE if before else _BEHIND,
    )
    inner = select([*(column(c) for c in columns), column(KIND), as_named(value, alias)], subquery(lines, "lines"))
    query = select([*(column(c) for c in columns), column(alias)], subquery(inner, "beside"))
    return query.where(exp.EQ(this=column(KIND), expression=number(of_run)), copy=False)


def beside(
    runs: SQL,
    columns: Sequence[str],
    others: exp.Query,
    other_columns: Sequence[str],
    keys: Sequence[str],
    within: SQL | None,
    *,
    before: bool = False,
) -> exp.Select:
    """Return each run, which has `columns`, with all rows of others behind it in time, or before it; with equal keys.

    The keys and the time of the other row are called `#key0'` and `#at'`, `other_columns` are what else is taken of it.
    With `within`, both are joined by spans of time that are so long, so that what lies far apart is not compared.
    """
    run_columns = [column(c) for c in columns]
    renamed = [as_named(column(c), f"{c}'") for c in (*keys, AT)]
    renamed += [column(c) for c in other_columns]
    order = exp.LT if before else exp.GT
    tests: list[SQL] = [order(this=column(f"{AT}'"), expression=column(AT))]
    tests += [exp.NullSafeEQ(this=column(key), expression=column(f"{key}'")) for key in keys]
    if within is not None:
        # A step more than the two that a length can reach: a quotient is rounded.
        run_columns.append(as_named(_span(column(AT if before else FIRST), within), "#span"))
        renamed.append(as_named(_span(column(AT), within), "#span'"))
    query = select([exp.Star()], subquery(select(run_columns, runs), "runs"))
    query = query.join(subquery(select(renamed, subquery(others, "others")), "others"), join_type="cross", copy=False)
    if within is not None:
        steps = exp.Union(
            this=exp.Union(this=_step(0), expression=_step(1), distinct=False), expression=_step(2), distinct=False
        )
        query = query.join(subquery(steps, "steps"), join_type="cross", copy=False)
        reached = (exp.Sub if before else exp.Add)(this=column("#span"), expression=column("#step"))
        tests.append(exp.EQ(this=reached, expression=column("#span'")))
    return query.where(all_of(tests), copy=False)


def _span(time: SQL, within: SQL) -> SQL:
    longest = call("greatest", within.copy(), number(1))
    return call("floor", exp.Div(this=time, expression=longest))


def _step(spans: int) -> exp.Select:
    return exp.Select().select(as_named(number(spans), "#step"), copy=False)


def rounds(pairs: exp.Table, told: Sequence[str]) -> exp.Select:
    """Return, of the pairs of runs and events, those in which the event carries the run on.

    In order of time, an event takes the newest run that is left, of each set that agrees in `told`. Of the pairs left,
    those that are the newest run of their event and the first event of their run are sure; they take away what else
    their runs and events are in, and the next round begins. Each round costs a sort of what is left; all runs whose
    events are undisputed are settled in the first.
    """
    kept = [column(c) for c in (RUN, NEW, *told)]
    base = select([*kept, as_named(_is_best(told), BEST)], pairs)
    rounds_table = exp.Table(this=name("#rounds"))
    best = call("max", column(BEST))
    of_event = [column(c) for c in (NEW, *told)]
    gone = exp.Or(this=window(best, [column(RUN)]), expression=window(best.copy(), of_event))
    left = select([*(c.copy() for c in kept), as_named(gone, GONE)], rounds_table)
    left = select([*(c.copy() for c in kept)], subquery(left, "marked")).where(exp.Not(this=column(GONE)), copy=False)
    again = select([*(c.copy() for c in kept), as_named(_is_best(told), BEST)], subquery(left, "remaining"))
    both = exp.Union(this=base, expression=again, distinct=False)
    query = select([column(RUN), column(NEW)], rounds_table.copy()).where(column(BEST), copy=False)
    return query.with_(name("#rounds"), as_=both, recursive=True, copy=False)


def _is_best(told: Sequence[str]) -> SQL:
    of_event = window(call("row_number"), [column(c) for c in (NEW, *told)], [ordered(column(RUN), descending=True)])
    of_run = window(call("row_number"), [column(RUN)], [ordered(column(NEW))])
    return all_of([exp.EQ(this=each, expression=number(1)) for each in (of_event, of_run)])


def rows_of(table: str) -> exp.Table:
    """Return a common table expression as something to select from."""
    return exp.Table(this=name(table))


def all_rows(table: str) -> exp.Select:
    """Return all of a common table expression."""
    return select([exp.Star()], rows_of(table))


def event_keys(keys: Sequence[str], columns: Sequence[Column]) -> list[SQL]:
    """Return the keys of events as they are compared: `#key0`, `#key1`, …, texts in lower case."""
    types = {c.name: c.type for c in columns}
    return [
        as_named(folded(column(key)) if types[key].is_string else column(key), f"#key{i}") for i, key in enumerate(keys)
    ]


def place(columns: Sequence[Column]) -> SQL:
    """Return what numbers events in the order of results, so that those of one time have one order too."""
    names = [c.name for c in columns if c.type.kind is not Kind.LIST]
    first = [n for n in ("time", "record_id") if n in names]
    kinds = {c.name: c.type.kind for c in columns}
    order = (*first, *(n for n in names if n not in first))
    return window(call("row_number"), [], [key for name in order for key in in_order(column(name), kinds[name])])
