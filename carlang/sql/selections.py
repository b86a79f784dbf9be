"""Outputs that filter the events of one search and do nothing else: asked for together.

Each is known by the number of its leaf and its bit there. What a query gives of all of them at once are marks: a leaf,
an event's key and a mask, in which the bits of those outputs are set whose conditions hold. A key is the number of an
event, and of tied records that of their occurrence: an occurrence is in an output if one of its records passes.

The conditions of a leaf are tested on its events alone, which come from a pool of the columns that any of them asks
for, texts folded once for all. A tree of cases finds a leaf's conditions in as many steps as the number of leaves has
digits. The events must come in the order of their leaves: where a block of rows is of many, each condition is a call
for a handful of rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlglot import exp

from carlang.model.schema import Object
from carlang.model.types import Column, Kind
from carlang.resolve import bound
from carlang.resolve.inputs import Given
from carlang.sql.dialect import RECORD_PARTS, Dialect
from carlang.sql.fragments import (
    SQL,
    all_of,
    as_named,
    cast,
    column,
    folded,
    in_order,
    instant,
    name,
    number,
    ordered,
    select,
    subquery,
    text,
    when,
)
from carlang.sql.lowering import QueryBuilder
from carlang.sql.occurrences import OCCURRENCE, RECORD_IDS, hidden
from carlang.sql.ordering import result_order
from carlang.sql.shapes import AT, INCOMING, KEY, LEAF, MASK, RANK, SCHEMA, Window
from carlang.sql.tables import NUMBER, numbered_table, record_table
from carlang.sql.ties import occurrence_numbers, occurrences_of, within

_STEPS = 50
"""How many filters stand behind one another in what is still a simple selection."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The events of a search for one object that conditions hold for."""

    events: bound.Events
    conditions: tuple[bound.BoundExpr, ...]

    @property
    def object(self) -> str:
        """The object that is searched for."""
        return self.events.sets[0].object


def selection_of(stream: bound.BoundStream) -> Selection | None:
    """Return a stream as a selection; None where it is more than that, or a condition asks for more than its row."""
    conditions: list[bound.BoundExpr] = []
    for _ in range(_STEPS):
        match stream:
            case bound.NamedStream(stream=source):
                stream = source
            case bound.Filtered(source, condition):
                conditions.append(condition)
                stream = source
            case bound.Events() if len(stream.sets) == 1 and conditions and not any(map(_looks_further, conditions)):
                return Selection(stream, tuple(reversed(conditions)))
            case _:
                return None
    return None


def _looks_further(condition: bound.BoundExpr) -> bool:
    """Tell whether a condition needs a query of its own, or the process behind a row."""
    further = bound.Scalar | bound.InStream | bound.ProcessField
    return any(isinstance(node, further) for node in bound.walk(condition))


@dataclass(frozen=True, slots=True)
class Source:
    """Where selections take their events from: an object's events, or with `tied` its occurrences and their records.

    `columns` are those of events, `shown` those of outputs: beside them the ids of an occurrence's records.
    """

    dialect: Dialect
    owner: Object
    columns: tuple[Column, ...]
    shown: tuple[Column, ...]
    window: Window
    tied: bool

    @property
    def key(self) -> str:
        """The column with the keys of events."""
        return OCCURRENCE if self.tied else NUMBER


@dataclass(frozen=True, slots=True)
class Conditions:
    """The condition of an output as a text of SQL, and the columns that it needs of the pool."""

    text: str
    columns: frozenset[str]

    @property
    def test(self) -> SQL:
        """The condition as it stands in a query."""
        return exp.Var(this=self.text)


def lower_conditions(
    selection: Selection, source: Source, now: datetime, given: Given, *, of_pool: bool = False
) -> Conditions:
    """Return the condition of a selection, over the columns of a pool, or where not `of_pool` over all events.

    A pool holds what a look-up of members begins with: to validate a record and to list its keys, in each place where
    a rule names a member, was most of the text of a query, and most of what the engine had to plan.
    """
    members = _members(selection, source) if of_pool else {}
    builder = QueryBuilder(source.dialect, now, given, known=members)
    wanted = exp.In(this=column("action"), expressions=[text(a) for a in selection.events.sets[0].actions])
    tests = [exp.Paren(this=builder.condition(condition)) for condition in selection.conditions]
    # The action last: nearly every event has it, and what the tests before leave is little.
    test = exp.Paren(this=all_of([*tests, wanted]))
    fields = {c.name for c in selection.events.columns}
    for node in list(test.find_all(exp.Lower)):
        if isinstance(node.this, exp.Column) and node.this.name in fields:
            node.replace(column(_folded(node.this.name)))
    names = {node.name for node in test.find_all(exp.Column)}
    return Conditions(source.dialect.text(test, pretty=False), frozenset(names & (fields | _computed_names(source))))


def _members(selection: Selection, source: Source) -> Mapping[int, SQL]:
    """Return the members of records that conditions ask for, by identity, as looked up in the columns of a pool."""
    members: dict[int, SQL] = {}
    records = {c.name for c in source.columns if c.type.kind is Kind.RECORD}
    for condition in selection.conditions:
        for node in bound.walk(condition):
            match node:
                case bound.MemberRef(bound.FieldRef(record), member) if record in records:
                    columns = {part: column(_part(part, record)) for part in RECORD_PARTS}
                    members[id(node)] = source.dialect.member_of_parts(columns, member)
    return members


def lower_pool(source: Source, columns: Collection[str]) -> exp.Create:
    """Return the statement that makes the pool of the events whose keys are in the table `INCOMING`."""
    keys = select([column(KEY)], exp.Table(this=name(INCOMING)))
    among = exp.In(this=column(source.key), query=keys.subquery(copy=False))
    query = _events(source, columns).where(among, copy=False)
    return exp.Create(this=_pool(source), kind="TABLE", expression=query, replace=True)


def lower_no_pool(source: Source) -> exp.Drop:
    """Return the statement that forgets the pool."""
    return exp.Drop(tables=[_pool(source)], kind="TABLE", exists=True)


def lower_masks(source: Source, leaves: Mapping[int, Sequence[SQL]]) -> exp.Query:
    """Return the query for the marks of leaves, each with the conditions of its outputs.

    Leaves and keys are in the table `INCOMING`, in the order of leaves, and the events in the pool.
    """
    mark = exp.alias_(exp.Table(this=name(INCOMING)), name("mark"), table=True, copy=False)
    same = exp.EQ(this=column(KEY, "mark"), expression=column(KEY, "event"))
    mask = as_named(_of_leaf(sorted(leaves), leaves), MASK)
    query = select([column(LEAF, "mark"), column(KEY, "mark"), mask], mark)
    pool = exp.alias_(_pool(source), name("event"), table=True, copy=False)
    return _set(query.join(pool, on=same, join_type="inner", copy=False), (LEAF, KEY, MASK))


def lower_all_masks(source: Source, tests: Sequence[SQL], columns: Collection[str]) -> exp.Query:
    """Return the query for the masks of all events, by the conditions of some outputs."""
    events = subquery(_events(source, columns), "event")
    return _set(select([column(KEY), as_named(_mask(tests), MASK)], events), (KEY, MASK))


def lower_marked_occurrences(source: Source) -> exp.Query:
    """Return the query that has occurrences in the place of the records in the table `INCOMING`, in order of leaves."""
    return occurrence_numbers(exp.Table(this=name(INCOMING)), source.owner.name, LEAF, KEY)


def lower_ranks(source: Source) -> exp.Query:
    """Return the query that gives each key in the table `INCOMING` its rank, by time and the record's id, and its time.

    Rows of one time and id have the same rank.
    """
    leading, _ = _keys_of(source)
    order = exp.Order(expressions=[key for c in leading for key in in_order(column(c.name), c.type.kind)])
    rank: SQL = exp.Window(this=exp.Anonymous(this="rank"), order=order) if leading else number(1)
    has_time = any(c.name == "time" for c in leading)
    time = source.dialect.microseconds(column("time")) if has_time else cast(exp.null(), "bigint")
    columns = [column(source.key), as_named(rank, RANK), as_named(time, AT)]
    return select(columns, _rows(source, [c.name for c in leading]))


def lower_exact_ranks(source: Source) -> exp.Query:
    """Return the query for the keys in the table `INCOMING` in the order of results: by all columns."""
    leading, others = _keys_of(source)
    query = select([column(source.key)], _rows(source, [c.name for c in (*leading, *others)]))
    order = [key for c in (*leading, *others) for key in in_order(column(c.name), c.type.kind)]
    return query.order_by(*order, ordered(column(source.key)), copy=False)


def lower_rows(source: Source, between: tuple[datetime, datetime] | None = None) -> exp.Query:
    """Return the query for the rows of the keys in the table `INCOMING`, in the order of their ranks there.

    Where all of them lie `between` two times, these spare the engine what files hold of others.
    """
    incoming = exp.alias_(exp.Table(this=name(INCOMING)), name("mark"), table=True, copy=False)
    same = exp.EQ(this=column(source.key, "event"), expression=column(KEY, "mark"))
    shown = [column(c.name, "event") for c in source.columns]
    shown += [as_named(column(hidden(RECORD_IDS), "event"), RECORD_IDS)] if source.tied else []
    # Of events the join alone finds which: to look for their keys beforehand would be to do so twice.
    rows = _rows(source, [c.name for c in source.columns], "event") if source.tied else _numbered(source, "event")
    query = select(shown, rows).join(incoming, on=same, join_type="inner", copy=False)
    if between is not None and not source.tied:  # the other record of an occurrence may lie outside
        since, until = (instant(time) for time in between)
        query = query.where(exp.GTE(this=column("time", "event"), expression=since), copy=False)
        query = query.where(exp.LTE(this=column("time", "event"), expression=until), copy=False)
    return query.order_by(ordered(column(RANK, "mark")), copy=False)


def _keys_of(source: Source) -> tuple[list[Column], list[Column]]:
    """Return the columns that rows are ordered by: times and ids of records, and then the others."""
    columns = {c.name: c for c in source.columns}
    order = [columns[each] for each in result_order(source.columns)]
    leading = [c for c in order if c.name in {"time", "record_id"}]
    return leading, [c for c in order if c not in leading]


def _rows(source: Source, names: Sequence[str], alias: str = "rows") -> SQL:
    """Return the events whose keys are in the table `INCOMING`, with their keys; occurrences with the lists of ids."""
    incoming = exp.Table(this=name(INCOMING))
    if source.tied:
        passing = exp.Table(this=name("#passing"))
        more: list[SQL] = [column(OCCURRENCE), column(hidden(RECORD_IDS))]
        query = occurrences_of(source.dialect, source.owner.name, names, passing, more)
        keys = select([as_named(column(KEY), OCCURRENCE)], incoming)
        return subquery(query.with_(name("#passing"), as_=keys, copy=False), alias)
    keys = select([column(KEY)], incoming)
    columns = [*(column(each) for each in names), column(NUMBER)]
    query = select(columns, numbered_table(source.owner.name))
    return subquery(query.where(exp.In(this=column(NUMBER), query=keys.subquery(copy=False)), copy=False), alias)


def _numbered(source: Source, alias: str) -> SQL:
    return exp.alias_(numbered_table(source.owner.name), name(alias), table=True, copy=False)


def _events(source: Source, columns: Iterable[str]) -> exp.Select:
    """Return events with their keys and some columns of a pool."""
    computed = _computed(source)
    wanted: list[SQL] = [as_named(column(source.key), KEY)]
    wanted += [as_named(computed[each], each) if each in computed else column(each) for each in sorted(columns)]
    if source.tied:  # records are in the window if their occurrence is
        return select(wanted, record_table(source.owner.name))
    return within(select(wanted, numbered_table(source.owner.name)), column("time"), source.window)


def _computed(source: Source) -> Mapping[str, SQL]:
    """Return the columns that a pool has beside those of events: texts folded, and the parts of open records."""
    computed: dict[str, SQL] = {_folded(c.name): folded(column(c.name)) for c in source.columns}
    for record in source.columns:
        if record.type.kind is Kind.RECORD:
            parts = source.dialect.record_parts(column(record.name))
            computed |= {_part(part, record.name): value for part, value in parts.items()}
    return computed


def _computed_names(source: Source) -> frozenset[str]:
    records = [c.name for c in source.columns if c.type.kind is Kind.RECORD]
    parts = (_part(part, record) for record in records for part in RECORD_PARTS)
    return frozenset((*(_folded(c.name) for c in source.columns), *parts))


def _of_leaf(numbers: Sequence[int], leaves: Mapping[int, Sequence[SQL]]) -> SQL:
    """Return the mask of the leaf that a mark is of."""
    if len(numbers) == 1:
        return _mask(leaves[numbers[0]])
    middle = len(numbers) // 2
    is_before = exp.LT(this=column(LEAF, "mark"), expression=number(numbers[middle]))
    return when(is_before, _of_leaf(numbers[:middle], leaves), _of_leaf(numbers[middle:], leaves))


def _mask(tests: Sequence[SQL]) -> SQL:
    """Return the bits of the conditions that hold, as a number."""
    bits = [when(test, number(1 << bit), number(0)) for bit, test in enumerate(tests)]
    mask = bits[0]
    for bit in bits[1:]:
        mask = exp.Add(this=mask, expression=bit)
    return mask


def _set(query: exp.Select, names: Sequence[str]) -> exp.Query:
    is_set = exp.NEQ(this=column(MASK), expression=number(0))
    return select([column(each) for each in names], subquery(query, "masks")).where(is_set, copy=False)


def _folded(field: str) -> str:
    return f"#folded {field}"


def _part(part: str, record: str) -> str:
    return f"#{part} of {record}"


def _pool(source: Source) -> exp.Table:
    return exp.Table(this=name(f"#{source.owner.name} pool"), db=name(SCHEMA))
