"""Statements that keep those events of an object that some outputs need, and show an output its own of them.

Kept events have the numbers of the numbered events that they come from. Which of them a leaf of a plan needs stands in
a table of marks: a leaf's number and an event's. Where records are tied, a record's partner is marked with it, so that
an occurrence is put together from kept events as it is from all. An event is kept once for each leaf, so
that the engine finds those of one by a test of one column, and no marks are needed once all is kept.
"""

from __future__ import annotations

from sqlglot import exp

from carlang.model.schema import Object
from carlang.sql.fragments import SQL, as_named, column, name, number, select, subquery
from carlang.sql.tables import INCOMING, NUMBER, SCHEMA, Window, event_table, numbered_table
from carlang.sql.ties import partners, within

LEAF, MARKED = "#leaf", "#number"
"""The columns of marks."""


def lower_marks(owner: Object, *, tied: bool) -> exp.Create:
    """Return the statement that makes an object's table of marks from those in the table `INCOMING`.

    With `tied` the partners of marked records are marked as well.
    """
    incoming = exp.Table(this=name(INCOMING))
    query: exp.Query = select([column(LEAF), column(MARKED)], incoming)
    if tied:
        same = exp.EQ(this=column(MARKED, "mark"), expression=column("first", "pair"))
        columns = [column(LEAF, "mark"), as_named(column("second", "pair"), MARKED)]
        more = select(columns, exp.alias_(incoming.copy(), name("mark"), table=True, copy=False))
        more = more.join(subquery(partners(owner.name), "pair"), on=same, join_type="inner", copy=False)
        query = exp.Union(this=query, expression=more, distinct=True)  # a partner may be marked for itself
    return exp.Create(this=_marks(owner.name), kind="TABLE", expression=query, replace=True)


def lower_kept(owner: Object) -> exp.Create:
    """Return the statement that makes an object's table of kept events from its numbered ones and their marks."""
    event = exp.alias_(numbered_table(owner.name), name("event"), table=True, copy=False)
    mark = exp.alias_(_marks(owner.name), name("mark"), table=True, copy=False)
    same = exp.EQ(this=column(NUMBER, "event"), expression=column(MARKED, "mark"))
    columns = [exp.Column(this=exp.Star(), table=name("event")), column(LEAF, "mark")]
    query = select(columns, event).join(mark, on=same, join_type="inner", copy=False)
    return exp.Create(this=_kept(owner.name), kind="TABLE", expression=query, replace=True)


def lower_shown(owner: Object, window: Window, leaf: int) -> tuple[exp.Create, exp.Create]:
    """Return the statements that make an object's events, and its numbered ones, those that a leaf needs."""
    of_leaf = exp.EQ(this=column(LEAF), expression=number(leaf))
    fields: list[SQL] = [column(field) for field in owner.fields]
    events = select(fields, _kept(owner.name)).where(of_leaf, copy=False)
    numbers = select([*(field.copy() for field in fields), column(NUMBER)], _kept(owner.name))
    numbers = numbers.where(of_leaf.copy(), copy=False)
    return (
        _view(event_table(owner.name), within(events, column("time"), window)),
        _view(numbered_table(owner.name), numbers),
    )


def lower_unmarked(owner: Object) -> exp.Drop:
    """Return the statement that forgets an object's marks."""
    return exp.Drop(tables=[_marks(owner.name)], kind="TABLE", exists=True)


def lower_let_go(owner: Object) -> exp.Drop:
    """Return the statement that forgets what is kept of an object."""
    return exp.Drop(tables=[_kept(owner.name)], kind="TABLE", exists=True)


def _view(table: exp.Table, query: exp.Query) -> exp.Create:
    return exp.Create(this=table, kind="VIEW", expression=query, replace=True)


def _kept(object_name: str) -> exp.Table:
    return exp.Table(this=name(f"#{object_name} kept"), db=name(SCHEMA))


def _marks(object_name: str) -> exp.Table:
    return exp.Table(this=name(f"#{object_name} marks"), db=name(SCHEMA))
