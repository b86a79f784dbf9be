"""Bursts in SQL: windows of a length that begin at each row, and what those make together for which a condition holds.

Rows of one key and one time begin the same window, so a window is known by its key and time. Aggregates over all
windows are the engine's, over frames that reach forward: they cost as much as a sort. Lists of values counted
(`values`, `top`, `rare`) have no such form: there, rows are joined to the windows that they are in, which costs as much
as the windows have rows together.

Two windows share a row if the later one begins inside the earlier one. So bursts are the sessions of those windows
that count, and a row is of the burst of the last such window that begins no later than it, if it is in that window.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from carlang.sql.dialect import Dialect
from carlang.sql.fragments import (
    SQL,
    all_of,
    as_named,
    call,
    column,
    name,
    number,
    ordered,
    present,
    select,
    subquery,
    when,
)
from carlang.sql.groups import window

_AT, _ASKED, _LENGTH, _STRETCH = "#at", "#asked", "#length", "#stretch"
_FROM, _SINCE, _BURST = "#from", "#since", "#burst"
_LONGEST = 10**18
"""Microseconds, longer than from the first year of the calendar to its last: with more a sum could overflow."""


def timed_rows(dialect: Dialect, rows: exp.Query, length: SQL) -> exp.Query:
    """Return the rows that have a time, and with them the length of windows; none where that has no value."""
    at = dialect.microseconds(column("time"))
    # The length may be a query, so it becomes a column before it is used twice.
    timed = select([exp.Star(), as_named(at, _AT), as_named(length, _ASKED)], subquery(rows, "keyed"))
    longest = number(_LONGEST)
    shorter = when(exp.LT(this=column(_ASKED), expression=longest), column(_ASKED), longest.copy())
    query = select([exp.Star(), as_named(shorter, _LENGTH)], subquery(timed, "timed"))
    is_length = exp.GTE(this=column(_ASKED), expression=number(0))
    return query.where(all_of([present(column(_AT)), is_length]), copy=False)


def over_windows(keys: Sequence[str]) -> Callable[[SQL], SQL]:
    """Return what makes an aggregate one over the windows that begin at each of the rows."""
    frame = exp.WindowSpec(kind="RANGE", start="CURRENT ROW", end=column(_LENGTH), end_side="FOLLOWING")
    return lambda aggregate: window(aggregate, keys, _by(_AT), frame.copy())


def rows_of_windows(timed: exp.Query, keys: Sequence[str]) -> tuple[SQL, list[str]]:
    """Return the rows of each window, and the columns that tell windows apart.

    Time is cut into stretches as long as a window: one that begins in a stretch ends in the next at the latest, so its
    rows are looked for in these two, not in all of the key.
    """
    stretch = exp.IntDiv(this=column(_AT), expression=exp.Paren(this=exp.Add(this=column(_LENGTH), expression=_one())))
    placed = select([exp.Star(), as_named(stretch, _STRETCH)], subquery(timed, "timed"))
    said = [as_named(column(key), f"{key}'") for key in keys]
    begins = [
        select([*said, as_named(column(_AT), _FROM), as_named(near, f"{_STRETCH}'")], subquery(placed.copy(), "placed"))
        for near in (column(_STRETCH), exp.Add(this=column(_STRETCH), expression=_one()))
    ]
    both = exp.Union(this=begins[0], expression=begins[1], distinct=True)
    same: list[SQL] = [exp.NullSafeEQ(this=column(f"{key}'"), expression=column(key)) for key in keys]
    same.append(exp.EQ(this=column(f"{_STRETCH}'"), expression=column(_STRETCH)))
    later = exp.Sub(this=column(_AT), expression=column(_FROM))
    inside = exp.Between(this=later, low=number(0), high=column(_LENGTH))
    pairs = select([exp.Star()], subquery(both, "begins"))
    pairs = pairs.join(subquery(placed, "placed"), on=all_of([*same, inside]), join_type="inner", copy=False)
    return subquery(pairs, "pairs"), [*keys, _FROM]


def with_lists(windows: exp.Query, keys: Sequence[str], lists: Sequence[tuple[str, exp.Query]]) -> exp.Query:
    """Return windows with the lists of counted values that are asked for, each under its name; no values, no items."""
    for alias, ranked in lists:
        same: list[SQL] = [exp.NullSafeEQ(this=column(k, "windows"), expression=column(k, alias)) for k in keys]
        same.append(exp.EQ(this=column(_AT, "windows"), expression=column(_FROM, alias)))
        items = exp.Coalesce(this=column("ranked", alias), expressions=[exp.Array(expressions=[])])
        star = exp.Column(this=exp.Star(), table=name("windows"))
        joined = select([star, as_named(items, alias)], subquery(windows, "windows"))
        windows = joined.join(subquery(ranked, alias), on=all_of(same), join_type="left", copy=False)
    return windows


def bursts(windows: exp.Query, keys: Sequence[str], test: SQL) -> tuple[exp.Query, list[str]]:
    """Return the rows of bursts, and the columns that tell bursts apart; `test` tells which windows count."""
    begin = when(test, column(_AT))
    marked = select([exp.Star(), as_named(begin, _FROM)], subquery(windows, "windows"))
    # RANGE, as rows of one time begin the same window.
    frame = exp.WindowSpec(kind="RANGE", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
    last = window(call("max", column(_FROM)), keys, _by(_AT), frame)
    since = select([exp.Star(), as_named(last, _SINCE)], subquery(marked, "marked"))
    later = exp.Sub(this=column(_AT), expression=column(_SINCE))
    inside = exp.LTE(this=later, expression=column(_LENGTH))
    members = select([exp.Star()], subquery(since, "since")).where(inside, copy=False)
    before = window(call("lag", column(_SINCE)), keys, _by(_AT))
    apart = exp.GT(this=exp.Sub(this=column(_SINCE), expression=before), expression=column(_LENGTH))
    begins = select([exp.Star(), as_named(when(apart, _one(), number(0)), "#begins")], subquery(members, "members"))
    burst = window(call("sum", column("#begins")), keys, _by(_AT), frame.copy())
    return select([exp.Star(), as_named(burst, _BURST)], subquery(begins, "begins")), [*keys, _BURST]


def _by(key: str) -> exp.Order:
    return exp.Order(expressions=[ordered(column(key))])


def _one() -> SQL:
    return number(1)
