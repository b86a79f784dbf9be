"""Statements that keep those events of an object that some outputs need, and show an output its own of them.

Kept events have the numbers of the numbered events that they come from. Which of them a leaf of a plan needs stands in
a table of marks: a leaf's number and an event's, with those texts of it that were read to find that out. Where
records are tied, a record's partner is marked with it, so that an occurrence is put together from kept events as it is
from all. An event is kept once for each leaf, so that the engine finds those of one by a test of one column, and no
marks are needed once all is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlglot import exp

from carlang.model.schema import Object
from carlang.resolve import bound
from carlang.sql.dialect import Dialect
from carlang.sql.fragments import SQL, as_named, cast, column, missing, name, number, ordered, select, subquery
from carlang.sql.lowering import QueryBuilder
from carlang.sql.shapes import COMBINATION, COMBINATIONS, INCOMING, LEAF, MARKED, SCHEMA, Window
from carlang.sql.tables import NUMBER, event_table, numbered_table
from carlang.sql.ties import partners, within


def lower_marks(owner: Object, texts: Sequence[str]) -> exp.Create:
    """Return the statement that makes an object's table of marks, without any; `texts` are columns of its events."""
    types = {LEAF: "integer", MARKED: "bigint"} | dict.fromkeys(texts, "varchar")
    empty = [as_named(cast(exp.null(), kind), alias) for alias, kind in types.items()]
    query = exp.Select().select(*empty, copy=False).where(exp.false(), copy=False)
    return exp.Create(this=_marks(owner.name), kind="TABLE", expression=query, replace=True)


def lower_marked(
    owner: Object, texts: Sequence[str], tests: Mapping[int, bound.BoundExpr], dialect: Dialect, now: datetime
) -> exp.Insert:
    """Return the statement that marks events of the pairs in the table `INCOMING`.

    Of pairs with a combination of texts only those that pass the test of its leaf, which is asked of the table
    `COMBINATIONS`.
    """
    builder = QueryBuilder(dialect, now, {})
    ifs = [exp.If(this=_is_leaf(leaf), true=exp.Paren(this=builder.condition(test))) for leaf, test in tests.items()]
    passes = exp.Case(ifs=ifs, default=exp.false()) if ifs else exp.false()
    passing = select([column(COMBINATION)], exp.Table(this=name(COMBINATIONS))).where(passes, copy=False)
    tested = exp.In(this=column(COMBINATION), query=passing.subquery(copy=False))
    query = select([column(each) for each in (LEAF, MARKED, *texts)], exp.Table(this=name(INCOMING)))
    query = query.where(exp.Or(this=missing(column(COMBINATION)), expression=tested), copy=False)
    return exp.Insert(this=_marks(owner.name), expression=query)


def lower_partners(owner: Object) -> exp.Insert:
    """Return the statement that marks the partners of marked records as well."""
    same = exp.EQ(this=column(MARKED, "mark"), expression=column("first", "pair"))
    columns = [column(LEAF, "mark"), as_named(column("second", "pair"), MARKED)]
    more = select(columns, exp.alias_(_marks(owner.name), name("mark"), table=True, copy=False))
    more = more.join(subquery(partners(owner.name), "pair"), on=same, join_type="inner", copy=False)
    marked = select([column(LEAF), column(MARKED)], _marks(owner.name))
    return exp.Insert(
        this=exp.Schema(this=_marks(owner.name), expressions=[name(LEAF), name(MARKED)]),
        expression=exp.Except(this=more, expression=marked, distinct=True),  # a partner may be marked for itself
    )


def lower_counts(owner: Object) -> exp.Select:
    """Return the query for how many events are marked for each leaf that has some."""
    query = select([column(LEAF), as_named(exp.Count(this=exp.Star()), "count")], _marks(owner.name))
    return query.group_by(column(LEAF), copy=False)


def lower_marks_of(owner: Object, leaves: Collection[int]) -> exp.Select:
    """Return the query for the marks of some leaves, in the order of these."""
    query = select([column(LEAF), column(MARKED)], _marks(owner.name)).where(_is_one_of(sorted(leaves)), copy=False)
    return query.order_by(ordered(column(LEAF)), copy=False)


def lower_kept(owner: Object, texts: Collection[str], leaves: Collection[int]) -> exp.Create:
    """Return the statement that makes an object's table of kept events from its numbered ones and the marks of leaves.

    The columns `texts` are taken from the marks, and not read once more.
    """
    event = exp.alias_(numbered_table(owner.name), name("event"), table=True, copy=False)
    mark = exp.alias_(_marks(owner.name), name("mark"), table=True, copy=False)
    same = exp.EQ(this=column(NUMBER, "event"), expression=column(MARKED, "mark"))
    fields = [column(field, "mark" if field in texts else "event") for field in owner.fields]
    query = select([*fields, column(NUMBER, "event"), column(LEAF, "mark")], event)
    query = query.join(mark, on=same, join_type="inner", copy=False)
    query = query.where(_is_one_of(sorted(leaves), "mark"), copy=False)
    return exp.Create(this=_kept(owner.name), kind="TABLE", expression=query, replace=True)


def _is_leaf(leaf: int) -> SQL:
    return exp.EQ(this=column(LEAF), expression=number(leaf))


def _is_one_of(leaves: Sequence[int], table: str | None = None) -> SQL:
    return exp.In(this=column(LEAF, table), expressions=[number(leaf) for leaf in leaves])


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
