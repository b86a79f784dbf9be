"""Records that are one occurrence, found and put together: statements that make the tables of tied records.

Records have numbers in `#id`. Which are tied stands in a table of pairs, made tie by tie: the candidates of a tie are
records of its two sensors that can be one occurrence. Of those the nearest in time are a pair; a round takes every pair
in which each is the other's nearest, and what is left goes into the next round. Of equal distances the earlier records
are taken first, by their ids and, where they have none, by what else is in them, so that nothing depends on the files
that records stand in.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from carlang.model.schema import Object, Tie
from carlang.model.types import Kind, Type
from carlang.sql.dialect import Dialect
from carlang.sql.fragments import (
    SQL,
    all_of,
    any_of,
    as_named,
    call,
    cast,
    column,
    everything,
    folded,
    in_order,
    instant,
    missing,
    name,
    number,
    ordered,
    present,
    select,
    subquery,
    text,
)
from carlang.sql.occurrences import OCCURRENCE, RECORD_IDS, hidden
from carlang.sql.shapes import SCHEMA, Window
from carlang.sql.tables import NUMBER, numbered_table, occurrence_table, record_table

CROWD = 64
"""How many records with the same keys may lie in a span of the clock as long as a tie allows. A pid starts once; a log
that has it start a hundred times in two seconds is no honest one, and the pairs to look at grow with the square."""

_FIRST, _SECOND, _TIME, _APART = "first", "second", "time", "apart"
_FIRST_ID, _SECOND_ID, _SECOND_TIME = "first_record_id", "second_record_id", "second_time"
_AT, _SPAN, _IS_SECOND, _STEP = "#at", "#span", "#is_second", "#step"
_HOST, _FULL_NAME = "#host", "#full_name"
_REST, _FIRST_REST, _SECOND_REST = "#rest", "#first_rest", "#second_rest"

_KEPT = frozenset({"object", "action", "time", "sensor", "source", "record_id"})
"""What tells which record it is that shows: not filled from another one."""


def lower_pairs(dialect: Dialect, object_name: str) -> exp.Create:
    """Return the statement that makes the table of an object's pairs, empty."""
    types = {_FIRST: "bigint", _SECOND: "bigint", _TIME: dialect.type_of(Kind.TIME)}
    empty = [as_named(cast(exp.null(), kind), alias) for alias, kind in types.items()]
    query = exp.Select().select(*empty, copy=False).where(exp.false(), copy=False)
    return _made(_pairs(object_name), query)


def lower_keyed(dialect: Dialect, tie: Tie, owner: Object, window: Window, *, all_have_ids: bool) -> exp.Create:
    """Return the statement that makes the table of the records that a tie may pair, with what is compared of them.

    Unless all records have ids, all of their columns are read, which takes its time.
    """
    records = subquery(_keyed(dialect, tie, owner, window, all_have_ids=all_have_ids), "records")
    complete = everything(records).where(all_of([present(column(key)) for key in _keys(tie)]), copy=False)
    return _made(_keyed_table(tie.object), complete)


def lower_crowd(tie: Tie) -> exp.Delete:
    """Return the statement that takes the records out of it that are too many to be told apart."""
    keys = [column(key) for key in (*_keys(tie), _SPAN)]
    crowd = exp.GT(this=exp.Count(this=exp.Star()), expression=number(CROWD))
    crowded = select(keys, _keyed_table(tie.object)).group_by(*(key.copy() for key in keys), copy=False)
    crowded = crowded.having(crowd, copy=False)
    too_many = exp.In(this=exp.Tuple(expressions=[key.copy() for key in keys]), query=crowded.subquery(copy=False))
    return exp.Delete(this=_keyed_table(tie.object), where=exp.Where(this=too_many))


def lower_candidates(tie: Tie) -> exp.Create:
    """Return the statement that makes the table of what a tie may pair, from the records with their keys."""
    second = everything(_keyed_table(tie.object)).where(column(_IS_SECOND), copy=False)
    first = everything(_keyed_table(tie.object)).where(exp.Not(this=column(_IS_SECOND)), copy=False)
    # A first record meets what lies in its own span of the clock and in those beside it: equal spans can be hashed.
    steps = exp.Union(
        this=exp.Union(this=_step(-1), expression=_step(0), distinct=False), expression=_step(1), distinct=False
    )
    meeting = select(
        [exp.Star(), as_named(exp.Add(this=column(_SPAN), expression=column(_STEP)), "#met")], subquery(first, "own")
    )
    meeting = meeting.join(subquery(steps, "steps"), join_type="cross", copy=False)
    apart = call("abs", exp.Sub(this=column(_AT, _SECOND), expression=column(_AT, _FIRST)))
    shown = [
        as_named(column(NUMBER, _FIRST), _FIRST),
        as_named(column(NUMBER, _SECOND), _SECOND),
        as_named(column("time", _FIRST), _TIME),
        as_named(column("time", _SECOND), _SECOND_TIME),
        as_named(apart, _APART),
        as_named(column("record_id", _FIRST), _FIRST_ID),
        as_named(column("record_id", _SECOND), _SECOND_ID),
        as_named(column(_REST, _FIRST), _FIRST_REST),
        as_named(column(_REST, _SECOND), _SECOND_REST),
    ]
    tests: list[SQL] = [exp.EQ(this=column(key, _FIRST), expression=column(key, _SECOND)) for key in _keys(tie)]
    tests.append(exp.EQ(this=column("#met", _FIRST), expression=column(_SPAN, _SECOND)))
    tests.append(exp.LTE(this=apart.copy(), expression=number(tie.within)))
    agree = (_FULL_NAME, *(f"#agree{i}" for i in range(len(tie.agree))))
    tests += [exp.Paren(this=_agree(key)) for key in agree]
    query = select(shown, subquery(meeting, _FIRST))
    query = query.join(subquery(second, _SECOND), on=all_of(tests), join_type="inner", copy=False)
    return _made(_candidates(tie.object), query)


def lower_forgotten(tie: Tie) -> exp.Delete:
    """Return the statement that empties the table of the records with their keys."""
    return exp.Delete(this=_keyed_table(tie.object))


def lower_round(tie: Tie) -> tuple[exp.Insert, exp.Delete]:
    """Return the statements of a round: pair what is nearest to one another, forget what that takes away."""
    ranks = [as_named(_nearness(side), f"#{side}") for side in (_FIRST, _SECOND)]
    ranked = subquery(select([exp.Star(), *ranks], _candidates(tie.object)), "ranked")
    nearest = [exp.EQ(this=column(f"#{side}"), expression=number(1)) for side in (_FIRST, _SECOND)]
    pairs = select([column(c) for c in (_FIRST, _SECOND, _TIME)], ranked).where(all_of(nearest), copy=False)
    taken = [_is_paired(tie.object, side, column(side)) for side in (_FIRST, _SECOND)]
    return (
        exp.Insert(this=_pairs(tie.object), expression=pairs),
        exp.Delete(this=_candidates(tie.object), where=exp.Where(this=any_of(taken))),
    )


def lower_left(tie: Tie) -> exp.Select:
    """Return the query for the number of candidates that are left."""
    return select([exp.Count(this=exp.Star())], _candidates(tie.object))


def lower_records(owner: Object, window: Window) -> exp.Create:
    """Return the statement that makes the table of an object's tied records: each with the occurrence that it is of.

    A record is in the window if its occurrence is, so that one occurrence is never in two windows.
    """
    occurrence = exp.Coalesce(this=column(_FIRST, "pair"), expressions=[column(NUMBER, "record")])
    columns = [*(column(field, "record") for field in owner.fields), as_named(occurrence, OCCURRENCE)]
    pairs = exp.EQ(this=column(_SECOND, "pair"), expression=column(NUMBER, "record"))
    query = _with(select(columns, _aliased(numbered_table(owner.name), "record")), _pairs(owner.name), "pair", pairs)
    time = exp.Coalesce(this=column(_TIME, "pair"), expressions=[column("time", "record")])
    return _made(record_table(owner.name), within(query, time, window), kind="VIEW")


def lower_occurrences(dialect: Dialect, owner: Object, window: Window, ties: Sequence[Tie]) -> exp.Create:
    """Return the statement that makes the table of an object's occurrences.

    Each has the fields of its first record, those that this lacks of its second one, and the ids of both.
    """
    columns = [*(_merged(field) for field in owner.fields), *_identity(dialect)]
    query = select(columns, _aliased(numbered_table(owner.name), "record"))
    pairs = exp.EQ(this=column(_FIRST, "pair"), expression=column(NUMBER, "record"))
    query = _with(query, _pairs(owner.name), "pair", pairs)
    # The second sensors are named, so that no more than their records are looked through once more.
    seconds = [folded(text(sensor)) for sensor in sorted({tie.second for tie in ties})]
    others = [
        exp.EQ(this=column(NUMBER, "other"), expression=column(_SECOND, "pair")),
        exp.In(this=folded(column("sensor", "other")), expressions=seconds or [text("")]),
    ]
    query = _with(query, numbered_table(owner.name), "other", all_of(others))
    of_second = exp.EQ(this=column(_SECOND, "behind"), expression=column(NUMBER, "record"))
    query = _with(query, _pairs(owner.name), "behind", of_second)
    query = query.where(missing(column(_SECOND, "behind")), copy=False)
    return _made(occurrence_table(owner.name), within(query, column("time", "record"), window), kind="VIEW")


def occurrences_of(
    dialect: Dialect, object_name: str, columns: Sequence[str], passing: exp.Table, more: Sequence[SQL]
) -> exp.Query:
    """Return the occurrences whose numbers are in the table `passing`, as the table of occurrences has them.

    They are put together from those records alone: the table would put all together first. `more` are the columns that
    are wanted beside those of the events.
    """
    numbers = select([column(OCCURRENCE)], passing)
    firsts = everything(numbered_table(object_name)).where(
        exp.In(this=column(NUMBER), query=numbers.subquery(copy=False)), copy=False
    )
    of_second = exp.EQ(this=column(NUMBER, "record"), expression=column(_SECOND, "pair"))
    seconds = select(
        [exp.Column(this=exp.Star(), table=name("record")), column(_FIRST, "pair")],
        _aliased(_pairs(object_name), "pair"),
    )
    seconds = seconds.join(_aliased(numbered_table(object_name), "record"), on=of_second, join_type="inner", copy=False)
    seconds = seconds.where(exp.In(this=column(_FIRST, "pair"), query=numbers.copy().subquery(copy=False)), copy=False)
    values = [*(_merged(each) for each in columns), *_identity(dialect)]
    query = select(values, subquery(firsts, "record"))
    same = exp.EQ(this=column(_FIRST, "other"), expression=column(NUMBER, "record"))
    query = query.join(subquery(seconds, "other"), on=same, join_type="left", copy=False)
    return select([*(column(each) for each in columns), *more], subquery(query, "occurrences"))


def partners(object_name: str) -> exp.Query:
    """Return the pairs of an object, each both ways: the columns are `first` and `second`."""
    pairs = _pairs(object_name)
    turned = select([as_named(column(_SECOND), _FIRST), as_named(column(_FIRST), _SECOND)], pairs.copy())
    return exp.Union(this=select([column(_FIRST), column(_SECOND)], pairs), expression=turned, distinct=False)


def occurrence_numbers(marks: exp.Table, object_name: str, leaf: str, key: str) -> exp.Query:
    """Return marks, pairs of a leaf and a record's number, with the occurrence's number in its place, by leaf."""
    of_second = exp.EQ(this=column(_SECOND, "pair"), expression=column(key, "mark"))
    occurrence = exp.Coalesce(this=column(_FIRST, "pair"), expressions=[column(key, "mark")])
    query = select([column(leaf, "mark"), as_named(occurrence, key)], _aliased(marks, "mark")).distinct(copy=False)
    query = _with(query, _pairs(object_name), "pair", of_second)
    return select([column(leaf), column(key)], subquery(query, "marks")).order_by(ordered(column(leaf)), copy=False)


def _identity(dialect: Dialect) -> list[SQL]:
    """The number of an occurrence, and the ids of its records."""
    ids = dialect.present_items([column("record_id", "record"), column("record_id", "other")])
    return [as_named(column(NUMBER, "record"), OCCURRENCE), as_named(ids, hidden(RECORD_IDS))]


def _keyed(dialect: Dialect, tie: Tie, owner: Object, window: Window, *, all_have_ids: bool) -> exp.Query:
    """The records of both sensors that have all keys and a time, and are in no pair yet, with what is compared."""
    types = {field.name: field.type for field in owner.fields.values()}
    host = exp.Nullif(this=folded(dialect.host_label(column("hostname"))), expression=text(""))
    full_name = folded(dialect.full_name(column("fqdn"), column("hostname")))
    columns = [
        *(column(c) for c in (NUMBER, "time", "record_id")),
        as_named(dialect.microseconds(column("time")), _AT),
        as_named(_span(dialect, tie), _SPAN),
        as_named(exp.EQ(this=folded(column("sensor")), expression=folded(text(tie.second))), _IS_SECOND),
        as_named(_rest(owner, all_have_ids=all_have_ids), _REST),
        as_named(host, _HOST),
        as_named(full_name, _FULL_NAME),
        *(as_named(_comparable(key, types[key]), f"#key{i}") for i, key in enumerate(tie.keys)),
        *(as_named(_comparable(key, types[key]), f"#agree{i}") for i, key in enumerate(tie.agree)),
    ]
    sensors = [folded(text(sensor)) for sensor in (tie.first, tie.second)]
    taken = [_is_paired(tie.object, side, column(NUMBER)) for side in (_FIRST, _SECOND)]
    tests: list[SQL] = [
        exp.EQ(this=column("action"), expression=text(tie.action)),
        exp.In(this=folded(column("sensor")), expressions=sensors),
        present(column("time")),
        *(exp.Not(this=test) for test in taken),
    ]
    query = select(columns, numbered_table(tie.object)).where(all_of(tests), copy=False)
    return within(query, column("time"), window)


def _nearness(side: str) -> SQL:
    """The number of a candidate among those of one record: the nearest first, then the earliest."""
    order = [ordered(column(_APART)), ordered(column(_TIME)), *in_order(column(_FIRST_ID), Kind.ID)]
    order += [ordered(column(_FIRST_REST)), ordered(column(_FIRST))]
    order += [ordered(column(_SECOND_TIME)), *in_order(column(_SECOND_ID), Kind.ID)]
    order += [ordered(column(_SECOND_REST)), ordered(column(_SECOND))]
    return exp.Window(this=call("row_number"), partition_by=[column(side)], order=exp.Order(expressions=order))


def _rest(owner: Object, *, all_have_ids: bool) -> SQL:
    """What tells records of one time and id apart: of those without an id all fields, and the source last."""
    source = exp.Coalesce(this=cast(column("source"), "varchar"), expressions=[text("")])
    if all_have_ids:
        return source
    fields = exp.Array(expressions=[cast(column(field), "varchar") for field in owner.fields if field != "source"])
    digest = exp.DPipe(this=call("md5", cast(fields, "varchar")), expression=source.copy())
    return exp.Case().when(missing(column("record_id")), digest, copy=False).else_(source, copy=False)


def _span(dialect: Dialect, tie: Tie) -> SQL:
    """The span of the clock that a record lies in: one is as long as two records may be apart."""
    return call("floor", exp.Div(this=dialect.microseconds(column("time")), expression=number(max(tie.within, 1))))


def _keys(tie: Tie) -> list[str]:
    return [_HOST, *(f"#key{i}" for i in range(len(tie.keys)))]


def _step(spans: int) -> exp.Select:
    return exp.Select().select(as_named(number(spans), _STEP), copy=False)


def _comparable(field: str, type_: Type) -> SQL:
    """A field as it is compared; of a text that is empty nothing can be said."""
    return exp.Nullif(this=folded(column(field)), expression=text("")) if type_.is_string else column(field)


def _agree(key: str) -> SQL:
    first, second = column(key, _FIRST), column(key, _SECOND)
    return any_of([missing(first), missing(second), exp.EQ(this=first.copy(), expression=second.copy())])


def _is_paired(object_name: str, side: str, record: SQL) -> SQL:
    return exp.In(this=record, query=select([column(side)], _pairs(object_name)).subquery(copy=False))


def _merged(field: str) -> SQL:
    value = column(field, "record")
    return as_named(value if field in _KEPT else exp.Coalesce(this=value, expressions=[column(field, "other")]), field)


def within(query: exp.Select, time: SQL, window: Window) -> exp.Select:
    """The rows whose time lies in a window; what has no time lies in every one."""
    for limit, test in ((window.since, exp.GTE), (window.until, exp.LT)):
        if limit is not None:
            inside = test(this=time.copy(), expression=instant(limit))
            query = query.where(exp.Paren(this=exp.Or(this=inside, expression=missing(time.copy()))), copy=False)
    return query


def _with(query: exp.Select, table: exp.Table, alias: str, on: SQL) -> exp.Select:
    return query.join(_aliased(table, alias), on=on, join_type="left", copy=False)


def _aliased(table: exp.Table, alias: str) -> SQL:
    return exp.alias_(table, name(alias), table=True, copy=False)


def _pairs(object_name: str) -> exp.Table:
    return exp.Table(this=name(f"#{object_name} pairs"), db=name(SCHEMA))


def _keyed_table(object_name: str) -> exp.Table:
    return exp.Table(this=name(f"#{object_name} keyed"), db=name(SCHEMA))


def _candidates(object_name: str) -> exp.Table:
    return exp.Table(this=name(f"#{object_name} candidates"), db=name(SCHEMA))


def _made(table: exp.Table, query: exp.Query, kind: str = "TABLE") -> exp.Create:
    return exp.Create(this=table, kind=kind, expression=query, replace=True)
