"""Statements that keep those events of an object that some outputs need, and show an output its own of them.

Kept events have the numbers of the numbered events that they come from. Which of them a leaf of a plan needs stands in
a table of marks: a leaf's number and an event's. Where records are tied, a record's partner is marked with it, so that
an occurrence is put together from kept events as it is from all.
"""

from __future__ import annotations

from sqlglot import exp

from carlang.model.schema import Object
from carlang.sql.fragments import SQL, as_named, column, everything, name, number, select, subquery
from carlang.sql.tables import INCOMING, NUMBER, SCHEMA, Window, event_table, numbered_table
from carlang.sql.ties import partners, within

LEAF, MARKED = "leaf", "number"
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
        query = exp.Union(this=query, expression=more, distinct=False)
    # By leaf, so that an output's marks are found without a look at all others.
    ordered = everything(subquery(query, "marks")).order_by(column(LEAF), copy=False)
    return exp.Create(this=_marks(owner.name), kind="TABLE", expression=ordered, replace=True)


def lower_kept(owner: Object) -> exp.Create:
    """Return the statement that makes an object's table of kept events from that of its numbered ones."""
    query = everything(numbered_table(owner.name)).where(_marked(owner.name, None), copy=False)
    return exp.Create(this=_kept(owner.name), kind="TABLE", expression=query, replace=True)


def lower_shown(owner: Object, window: Window, leaf: int) -> tuple[exp.Create, exp.Create]:
    """Return the statements that make an object's events, and its numbered ones, those that a leaf needs."""
    columns: list[SQL] = [column(field) for field in owner.fields]
    events = select(columns, _kept(owner.name)).where(_marked(owner.name, leaf), copy=False)
    events = within(events, column("time"), window)
    numbered = everything(_kept(owner.name)).where(_marked(owner.name, leaf), copy=False)
    return (
        exp.Create(this=event_table(owner.name), kind="VIEW", expression=events, replace=True),
        exp.Create(this=numbered_table(owner.name), kind="VIEW", expression=numbered, replace=True),
    )


def lower_let_go(owner: Object) -> tuple[exp.Drop, exp.Drop]:
    """Return the statements that forget what is kept of an object."""
    kept, marks = (exp.Drop(this=table, kind="TABLE", exists=True) for table in (_kept(owner.name), _marks(owner.name)))
    return kept, marks


def _marked(object_name: str, leaf: int | None) -> SQL:
    """The test that an event is marked by a leaf, by any where None."""
    marks = select([column(MARKED)], _marks(object_name))
    if leaf is not None:
        marks = marks.where(exp.EQ(this=column(LEAF), expression=number(leaf)), copy=False)
    return exp.In(this=column(NUMBER), query=marks.subquery(copy=False))


def _kept(object_name: str) -> exp.Table:
    return exp.Table(this=name(f"#{object_name} kept"), db=name(SCHEMA))


def _marks(object_name: str) -> exp.Table:
    return exp.Table(this=name(f"#{object_name} marks"), db=name(SCHEMA))
