"""Events of several parts together in time, in SQL: window functions, and one recursion of few rounds.

All events of a key are numbered in one order. With an event, the newest events of all parts up to it are a candidate if
they lie within the length; its reach is from the earliest of their numbers to its own. Whether it becomes a row depends
on the row before: an event that is used up is in no other. Reaches begin and end in one order, so the next row behind
one that ends at n is the first candidate whose reach begins behind n. That makes a chain, which recursion follows by
doubling: in round k a link spans 2^k rows, so a million rows take twenty rounds.

Candidates whose reaches overlap are one cluster, and every cluster begins a chain of its own, with its first candidate.
Most clusters have one candidate and no chain. In all, the cost is that of a few sorts.

The streams of the parts and the length arrive lowered.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from sqlglot import exp

from carlang.resolve import bound
from carlang.sql.dialect import Dialect
from carlang.sql.fragments import (
    SQL,
    all_of,
    as_named,
    call,
    column,
    everything,
    missing,
    name,
    number,
    ordered,
    present,
    select,
    subquery,
    when,
)
from carlang.sql.groups import window
from carlang.sql.occurrences import hidden
from carlang.sql.runs import event_keys, place

_AT, _ORDER, _PART, _PLACE = "#at", "#order", "#part", "#place"
_FROM, _SINCE, _CLUSTER, _BEGINS = "#from", "#since", "#cluster", "#begins"
_NEXT, _TAKEN, _KIND = "#next", "#taken", "#kind"


def together_query(
    dialect: Dialect,
    together: bound.Together,
    events: Sequence[exp.Query],
    lists: Sequence[Sequence[str]],
    within: SQL,
) -> exp.Query:
    """Return the rows, with the columns of all parts.

    `events` are those of each part with their keys, their time and their place among the part's (`#order`), `lists`
    the names of their lists of record ids.
    """
    keys = [f"#key{i}" for i in range(len(together.keys))]
    steps: list[tuple[str, exp.Query]] = [(_events(i), query) for i, query in enumerate(events)]
    steps += [
        ("#line", _line(dialect, keys, len(events))),
        ("#reaches", _reaches(dialect, keys, len(events), within)),
        ("#candidates", _clusters()),
        ("#links", _links()),
        ("#chain", _chain()),
    ]
    query = _rows(together, lists)
    for alias, step in steps:
        query = query.with_(name(alias), as_=step, recursive=True, materialized=True, copy=False)
    return query


def part_events(part: bound.StreamPart, rows: SQL, keys: Sequence[str], lists: Sequence[str]) -> exp.Select:
    """Return the events of a part, with their keys, time and place among those of one time."""
    columns = part.stream.columns
    renamed = [as_named(column(c.name), f"{part.name}.{c.name}") for c in columns]
    renamed += [as_named(column(hidden(n)), hidden(f"{part.name}.{n}")) for n in lists]
    added = [*event_keys(keys, columns), as_named(column("time"), _AT), as_named(place(columns), _ORDER)]
    return select([*renamed, *added], rows).where(present(column("time")), copy=False)


def _table(alias: str, other_name: str | None = None) -> SQL:
    return exp.Table(this=name(alias), alias=exp.TableAlias(this=name(other_name)) if other_name else None)


def _events(part: int) -> str:
    return f"#events{part}"


def _newest(part: int, what: str) -> str:
    return f"{what} of {part}"


def _line(dialect: Dialect, keys: Sequence[str], parts: int) -> exp.Query:
    """Number all events: by key, time, part and place in the part."""
    columns = [*keys, _AT, _ORDER]
    sides: list[exp.Query] = [
        select([*(column(c) for c in columns), as_named(number(i), _PART)], _table(_events(i))) for i in range(parts)
    ]
    order = exp.Order(expressions=[ordered(column(c)) for c in (*keys, _AT, _PART, _ORDER)])
    place = exp.Window(this=call("row_number"), order=order)
    return select([exp.Star(), as_named(place, _PLACE)], subquery(reduce(dialect.union_by_name, sides), "sides"))


def _reaches(dialect: Dialect, keys: Sequence[str], parts: int, within: SQL) -> exp.Query:
    """Return the candidates: with each event, the newest ones of all parts, where they lie within the length."""
    order = exp.Order(expressions=[ordered(column(_PLACE))])
    frame = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
    newest: list[SQL] = []
    for part in range(parts):
        of_part = exp.EQ(this=column(_PART), expression=number(part))
        for what in (_AT, _ORDER, _PLACE):
            value = call("max", when(of_part.copy(), column(what)))
            newest.append(as_named(window(value, keys, order.copy(), frame.copy()), _newest(part, what)))
    seen = select([column(_AT), column(_PLACE), *newest], _table("#line"))
    earliest = call("least", *(column(_newest(part, _AT)) for part in range(parts)))
    begins = call("least", *(column(_newest(part, _PLACE)) for part in range(parts)))
    taken = exp.Sub(this=dialect.microseconds(column(_AT)), expression=dialect.microseconds(earliest))
    every_part = [present(column(_newest(part, _PLACE))) for part in range(parts)]
    near = exp.LTE(this=taken, expression=exp.Paren(this=within))
    reaching = select([exp.Star(), as_named(begins, _FROM)], subquery(seen, "seen"))
    reaching = reaching.where(all_of([*every_part, near]), copy=False)
    # Of candidates that reach back to the same event only the first can be a row: it is there when a later one is.
    by_place = exp.Order(expressions=[ordered(column(_PLACE))])
    before = exp.Window(this=call("lag", column(_FROM)), order=by_place)
    compared = select([exp.Star(), as_named(before, "#before")], subquery(reaching, "reaching"))
    is_new = exp.Or(
        this=missing(column("#before")), expression=exp.GT(this=column(_FROM), expression=column("#before"))
    )
    return everything(subquery(compared, "compared")).where(is_new, copy=False)


def _clusters() -> exp.Query:
    """Number the candidates' clusters: one begins where a reach begins behind all that ended before."""
    order = exp.Order(expressions=[ordered(column(_PLACE))])
    before = exp.Window(this=call("lag", column(_PLACE)), order=order)
    first = exp.Or(this=missing(before), expression=exp.GT(this=column(_FROM), expression=before.copy()))
    begins = when(first, number(1), number(0))
    marked = select([exp.Star(), as_named(begins, _BEGINS)], _table("#reaches"))
    frame = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
    cluster = exp.Window(this=call("sum", column(_BEGINS)), order=order.copy(), spec=frame)
    return select([exp.Star(), as_named(cluster, _CLUSTER)], subquery(marked, "marked"))


def _links() -> exp.Query:
    """Return the candidates of clusters that have a chain, each with the one that would come next behind it."""
    kinds = (_PLACE, _FROM)  # where a candidate looks on from, and where it can be found
    sides = [
        select([column(_PLACE), column(_BEGINS), column(_CLUSTER), as_named(column(at), "#here"),
                as_named(number(kind), _KIND)], _table("#candidates"))
        for kind, at in enumerate(kinds)
    ]  # fmt: skip
    both = exp.Union(this=sides[0], expression=sides[1], distinct=False)
    frame = exp.WindowSpec(kind="RANGE", start=number(1), start_side="FOLLOWING", end="UNBOUNDED", end_side="FOLLOWING")
    offered = when(exp.EQ(this=column(_KIND), expression=number(1)), column(_PLACE))
    order = exp.Order(expressions=[ordered(column("#here"))])
    following = window(call("min", offered), [_CLUSTER], order, frame)
    linked = select([exp.Star(), as_named(following, _NEXT)], subquery(both, "both"))
    asks = exp.EQ(this=column(_KIND), expression=number(0))
    links = select([exp.Star()], subquery(linked, "linked")).where(asks, copy=False)
    chained = exp.Window(this=call("max", column(_NEXT)), partition_by=[column(_CLUSTER)])
    known = select([exp.Star(), as_named(chained, "#chained")], subquery(links, "links"))
    return select([column(_PLACE), column(_NEXT), column(_BEGINS)], subquery(known, "known")).where(
        present(column("#chained")), copy=False
    )


def _chain() -> exp.Query:
    """Follow the chains of all clusters at once, by doubling; see the head of this file."""
    first = select([column(_PLACE), column(_NEXT), as_named(column(_BEGINS), _TAKEN)], _table("#links"))
    target = select([as_named(column(_NEXT), "#target")], _table("#chain"))
    is_taken = exp.EQ(this=column(_TAKEN), expression=number(1))
    target = target.where(all_of([is_taken, present(column(_NEXT))]), copy=False)
    reached = when(present(column("#target", "reached")), number(1), column(_TAKEN, "node"))
    following = select(
        [column(_PLACE, "node"), as_named(column(_NEXT, "ahead"), _NEXT), as_named(reached, _TAKEN)],
        _table("#chain", "node"),
    )
    to_next = exp.EQ(this=column(_PLACE, "ahead"), expression=column(_NEXT, "node"))
    following = following.join(_table("#chain", "ahead"), on=to_next, join_type="left", copy=False)
    is_target = exp.EQ(this=column("#target", "reached"), expression=column(_PLACE, "node"))
    following = following.join(subquery(target, "reached"), on=is_target, join_type="left", copy=False)
    some = exp.Exists(this=select([number(1)], _table("#chain", "some")).where(present(column(_NEXT)), copy=False))
    # What is taken and leads no further is known, and no part of the next round.
    done = all_of([exp.EQ(this=column(_TAKEN, "node"), expression=number(1)), missing(column(_NEXT, "node"))])
    following = following.where(all_of([some, exp.Not(this=exp.Paren(this=done))]), copy=False)
    return exp.Union(this=first, expression=following, distinct=False)


def _rows(together: bound.Together, lists: Sequence[Sequence[str]]) -> exp.Select:
    """Return the rows: the first candidate of each cluster and those that its chain takes, with their events."""
    columns: list[SQL] = []
    for part, names in zip(together.parts, lists, strict=True):
        columns += [column(f"{part.name}.{c.name}") for c in part.stream.columns]
        columns += [column(hidden(f"{part.name}.{n}")) for n in names]
    taken = select([column(_PLACE)], _table("#chain"))
    taken = taken.where(exp.EQ(this=column(_TAKEN), expression=number(1)), copy=False)
    is_first = exp.EQ(this=column(_BEGINS), expression=number(1))
    chosen = everything(_table("#candidates"))
    chosen = chosen.where(
        exp.Or(this=is_first, expression=exp.In(this=column(_PLACE), query=taken.subquery())), copy=False
    )
    query = select(columns, subquery(chosen, "chosen"))
    for index in range(len(together.parts)):
        alias = f"part{index}"
        same = exp.EQ(this=column(_ORDER, alias), expression=column(_newest(index, _ORDER), "chosen"))
        query = query.join(_table(_events(index), alias), on=same, join_type="inner", copy=False)
    return query
