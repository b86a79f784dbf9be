"""Bound program → SQL: one query an output, its named streams common table expressions in the program's order.

Events are read from a table for each object in the schema `events`: `"events"."process"`. Whoever runs the query
provides those tables, with the columns of the model and `object` and `action` in every row. Columns that a lowering
needs for itself begin with `#`, which no name of a program can.

Where the events of a class are tied, as `occurrences` says, a stream of them is lowered twice: as occurrences, from
the table of those, and as records, to see which occurrences have a record that its conditions hold for.

Streams hold expressions and expressions, where they take an aggregate over a stream, hold streams. So one class lowers
both: `table` a stream, `value` and `condition` an expression, which `expressions` has. What has no need of that
recursion, because all it is made of is lowered already, is built elsewhere: groups in `groups`, sequences in
`sequences`, single functions and operators by the dialect.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from itertools import count
from typing import assert_never

from sqlglot import exp

from carlang.model.schema import Class
from carlang.model.types import Column
from carlang.resolve import bound
from carlang.resolve.inputs import Given
from carlang.sql import processes
from carlang.sql.bursts import bursts, over_windows, rows_of_windows, timed_rows, with_lists
from carlang.sql.columns import fitted, fitted_lists, part_table
from carlang.sql.dialect import Dialect
from carlang.sql.expressions import ExpressionBuilder, has_query
from carlang.sql.fragments import (
    SQL,
    all_of,
    as_named,
    call,
    column,
    everything,
    folded,
    name,
    number,
    ordered,
    present,
    select,
    subquery,
    text,
)
from carlang.sql.groups import (
    RANKED,
    asked_of_groups,
    filters_of_groups,
    group_query,
    intervals,
    keyed,
    names_of_rows_and_groups,
    names_of_selections,
    own_value,
    passes_before_ranking,
    ranking,
    rows_of_groups,
    sessions,
    with_rankings,
)
from carlang.sql.occurrences import OCCURRENCE, Occurrences, hidden, shown_columns
from carlang.sql.ordering import RANK, cut_query, first_of_each, order_of, result_order, sort_order, sorted_query
from carlang.sql.reducing import reduced
from carlang.sql.sequences import SequenceQuery, Source
from carlang.sql.shapes import EXCLUSION
from carlang.sql.tables import event_table, occurrence_table, record_table
from carlang.sql.ties import occurrences_of
from carlang.sql.together import part_events, together_query


def lower(
    output: bound.BoundOutput,
    dialect: Dialect,
    now: datetime,
    given: Given,
    tied: Collection[Class] = (),
    exclusions: Sequence[bound.BoundExpr] = (),
) -> exp.Query:
    """Return the query that gives an output's rows, in the order in which results are given.

    `now` is what the program calls so, `given` holds the values of its inputs, and `tied` are the classes of events of
    which there are tables of occurrences. `exclusions` are conditions on the rows; which of them holds stands in a
    column behind all others. Raises `UnsupportedError` where the dialect lacks something that the program uses.
    """
    of_groups, replaced = filters_of_groups(output.stream)
    builder = QueryBuilder(dialect, now, given, occurrences=Occurrences.below(output.stream, tied), of_groups=of_groups)
    builder.read(output.stream, replaced)
    columns = output.stream.columns
    lists = shown_columns(output, tied)[len(columns) :]
    shown = [*(column(c.name) for c in columns), *(as_named(column(hidden(c.name)), c.name) for c in lists)]
    if exclusions:
        tests = enumerate(map(builder.condition, exclusions))
        marked = exp.Case(ifs=[exp.If(this=test, true=number(index)) for index, test in tests])
        shown.append(as_named(marked, EXCLUSION))
    rows, order = builder.in_order(output.stream)
    return with_tables(select(shown, rows).order_by(*order, copy=False), builder)


def with_tables(query: exp.Select, builder: QueryBuilder) -> exp.Select:
    """Return a query with the tables before it that its builder has gathered."""
    for key, table in builder.tables.items():
        query = query.with_(name(key), as_=table, materialized=_is_made(key, builder), copy=False)
    return query


def _is_made(key: str, builder: QueryBuilder) -> bool | None:
    """Tell whether a table is made, or read anew wherever it stands; None where the engine decides."""
    # Rows are numbered once: a number must be the same wherever the table is read.
    if key in processes.NUMBERED or key.startswith(processes.ROOTS):
        return True
    return False if key in builder.read_again else None


@dataclass(frozen=True)
class QueryBuilder(ExpressionBuilder):
    """Lowers the streams and expressions of one query.

    `tables` gathers the named streams, each a common table expression, in the order in which they depend on one
    another. `of_groups` has, by identity, the filters that are conditions on groups, and `read_again` gathers the names
    of tables that are cheaper to read twice than to be kept in between. `numbers` are for the names of columns that
    expressions become.
    """

    occurrences: Occurrences = field(default_factory=Occurrences)
    tables: dict[str, exp.Query] = field(default_factory=dict)
    of_groups: Mapping[int, bound.Aggregated] = field(default_factory=dict)
    read_again: set[str] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=count)

    def read(self, stream: bound.BoundStream, replaced: Collection[int] = ()) -> None:
        """Gather the named streams that a stream reads, but those that are `replaced`, by identity."""
        for below in bound.streams_below(stream):  # inputs first, so that long chains do not nest
            if isinstance(below, bound.NamedStream) and id(below) not in replaced:
                self.table(below)

    def rows(
        self, stream: bound.BoundStream, exprs: Sequence[bound.BoundExpr], *, of_records: bool
    ) -> tuple[QueryBuilder, SQL]:
        """Return a stream as a table in which expressions can be computed, and the builder that does it."""
        builder = replace(self, of_records=of_records)
        return builder._seeing(exprs, builder.table(stream))  # noqa: SLF001  # the same class

    def table(self, stream: bound.BoundStream) -> SQL:
        """Return a stream as something to select from."""
        if isinstance(stream, bound.NamedStream):
            key = f"#records of {stream.key}" if self.of_records else stream.key
            if key not in self.tables:  # many streams may read it
                # Lowered before it is entered: what it depends on must stand before it.
                query = self.query(stream.stream)
                self.tables[key] = query
            return exp.Table(this=name(key))
        return subquery(self.query(stream), "stage")

    def query(self, stream: bound.BoundStream) -> exp.Query:  # noqa: C901, PLR0911, PLR0912  # a case a stream
        """Return a stream as a query."""
        match stream:
            case bound.Events():
                return self._events(stream)
            case bound.Filtered():
                return self._filtered(stream)
            case bound.Derived():
                return self._derived(stream)
            case bound.Projected(source, items):
                builder, rows = self._seeing([item.value for item in items], self.table(source))
                return select([*builder._items(items), *self._hidden(stream)], rows)  # noqa: SLF001  # the same class
            case bound.Joined():
                return self._joined(stream)
            case bound.Grouped():
                columns = stream.columns
                return self._grouped(stream, [bound.Item(c, bound.FieldRef(c.name, c.type)) for c in columns])
            case bound.Aggregated(group, items):
                return self._grouped(group, items)
            case bound.Union():
                return self._union(stream)
            case bound.Difference():
                return self._difference(stream)
            case bound.Distinct(source, distinct):
                return self._distinct(source, distinct)
            case bound.Sequenced():
                return self._sequenced(stream)
            case bound.Sorted() | bound.Cut() | bound.Deduplicated():
                return self._ordered(stream)
            case bound.Together():
                return self._together(stream)
            case bound.Related():
                return self._related(stream)
            case bound.NamedStream():
                return everything(self.table(stream))
            case _:
                assert_never(stream)

    def _events(self, events: bound.Events) -> exp.Query:
        """The events of some classes; of several objects, with the columns of all."""
        classes: list[exp.Query] = []
        for event_set in events.sets:
            # Of several objects all columns, because none of them has all that the stream has.
            columns = [*(column(c.name) for c in events.columns), *self._hidden(events)]
            if len(events.sets) > 1:
                columns = [exp.Star()]
            wanted = exp.In(this=column("action"), expressions=[text(action) for action in event_set.actions])
            table = self._table_of(events, event_set.object)
            classes.append(select(columns, table).where(wanted, copy=False))
        return reduce(self.dialect.union_by_name, classes)

    def _table_of(self, events: bound.Events, object_name: str) -> exp.Table:
        if not self.occurrences.are_tied(events):
            return event_table(object_name)
        return record_table(object_name) if self.of_records else occurrence_table(object_name)

    def _hidden(self, stream: bound.BoundStream) -> list[SQL]:
        """The columns that a stream has for the sake of occurrences, and of its order."""
        key = [column(OCCURRENCE)] if self.occurrences.are_tied(stream) else []
        if self.of_records:
            return key
        rank = [column(RANK)] if bound.is_sorted(stream) else []
        return [*key, *(column(hidden(n)) for n in self.occurrences.lists_of(stream)), *rank]

    def _derived(self, stream: bound.Derived) -> exp.Query:
        source, derived = stream.input, stream.column
        rows = self.table(source)
        builder, seen = self._seeing([stream.value], rows)
        is_new = all(c.name != derived.name for c in source.columns) and seen is rows
        kept = [exp.Star()] if is_new else [column(c.name) for c in stream.columns if c.name != derived.name]
        more = [] if is_new else self._hidden(stream)
        return select([*kept, as_named(builder.value(stream.value), derived.name), *more], seen)

    def _filtered(self, stream: bound.Filtered) -> exp.Query:
        """Filters of filters, as pipes make them, become one query, and so do the filter and the events it reads."""
        if self.occurrences.are_tied(stream) and not self.of_records:
            return self._with_a_record(stream)
        if id(stream) in self.of_groups:
            of_groups = self.of_groups[id(stream)]
            return self._grouped(of_groups.group, of_groups.items)
        source, conditions = stream.input, [stream.condition]
        # A condition that takes an aggregate over its own stream needs that stream as it is.
        while isinstance(source, bound.Filtered) and not has_query(conditions[-1]):
            conditions.append(source.condition)
            source = source.input
        if any(True for _ in processes.fields_in(conditions)):
            return self._filtered_by_process(stream, source, conditions[::-1])
        tests = [self.condition(condition) for condition in reversed(conditions)]
        # Of several objects the events are a union, which takes no condition of its own.
        if isinstance(source, bound.Events) and len(source.sets) == 1:
            return _where(self._events(source), tests)
        return _where(everything(self.table(source)), tests)

    def _filtered_by_process(
        self, stream: bound.Filtered, source: bound.BoundStream, conditions: Sequence[bound.BoundExpr]
    ) -> exp.Query:
        """What a row itself says is asked first: its process is looked for in fewer rows then."""
        single = [part for each in conditions for part in bound.conjuncts(each)]
        plain = [each for each in single if not any(True for _ in processes.fields_in([each]))]
        others = [each for each in single if any(True for _ in processes.fields_in([each]))]
        rows = self.table(source)
        if plain:
            rows = subquery(_where(everything(rows), [self.condition(each) for each in plain]), "stage")
        builder, rows = self._seeing(others, rows)
        columns = [*(column(c.name) for c in stream.columns), *self._hidden(stream)]
        return _where(select(columns, rows), [builder.condition(each) for each in others])

    def _with_a_record(self, stream: bound.Filtered) -> exp.Query:
        """The occurrences of which a record is in a stream of tied records."""
        source: bound.BoundStream = stream
        # What records upstream have passed is in the stream already; what they are is the same from there on.
        while isinstance(source, bound.Filtered | bound.NamedStream):
            (source,) = bound.inputs(source)
        records = subquery(replace(self, of_records=True).query(stream), "records")
        passing = exp.Table(this=name(f"#passing {len(self.tables)}"))
        self.tables[passing.name] = select([column(OCCURRENCE)], records)
        if isinstance(source, bound.Events) and len(source.sets) == 1:
            names = [c.name for c in source.columns]
            return occurrences_of(self.dialect, source.sets[0].object, names, passing, self._hidden(stream))
        numbers = select([column(OCCURRENCE)], passing).subquery(copy=False)
        return everything(self.table(source)).where(exp.In(this=column(OCCURRENCE), query=numbers), copy=False)

    def _joined(self, joined: bound.Joined) -> exp.Query:
        self.read_again.update(names_of_rows_and_groups([part.stream for part in joined.parts]))
        builder, parts = self._parts(joined)
        if not joined.optional:
            condition = builder.condition(joined.condition)
            if builder is self:  # else the condition asks for more than its parts have
                parts, read_again = reduced(joined.parts, parts, condition)
                self.read_again.update(read_again)
            query = _every_combination(parts.values(), [condition])
        else:
            how = bound.joining(joined)
            required = [parts[part.name] for part in how.required]
            tests = [builder.condition(test) for test in how.conditions]
            query = everything(subquery(_every_combination(required, tests), "#required"))
            for part, of_part in how.optional:
                partners = all_of([exp.Paren(this=builder.condition(test)) for test in of_part])
                query = query.join(parts[part.name], on=partners, join_type="left", copy=False)
        if builder is self:
            return query
        return select([*(column(c.name) for c in joined.columns), *self._hidden(joined)], subquery(query, "joined"))

    def _parts(self, joined: bound.Joined) -> tuple[QueryBuilder, dict[str, SQL]]:
        """Return the parts of a join with what its condition asks of their processes: they can be joined by it."""
        asked = list(processes.fields_in([joined.condition]))
        builder, parts = self, dict[str, SQL]()
        for part in joined.parts:
            rows = part_table(part, self.table(part.stream), self.occurrences.lists_of(part.stream))
            of_part = [f for f in asked if f.identity.fields[0].column.startswith(f"{part.name}.")]
            builder, parts[part.name] = builder._seen(of_part, rows)  # the same class
        return builder, parts

    def _ordered(self, stream: bound.Sorted | bound.Cut | bound.Deduplicated) -> exp.Query:
        source = stream.input
        if self.of_records:
            if isinstance(stream, bound.Sorted):
                return everything(self.table(source))
            # Those of the occurrences that are left.
            left = select([column(OCCURRENCE)], replace(self, of_records=False).table(stream))
            numbers = left.subquery(copy=False)
            return everything(self.table(source)).where(exp.In(this=column(OCCURRENCE), query=numbers), copy=False)
        names = self._names(stream)
        match stream:
            case bound.Sorted():
                builder, rows = self._seeing([key.value for key in stream.keys], self.table(source))
                return sorted_query(names[:-1], rows, builder._sort_order(stream))  # noqa: SLF001  # the same class
            case bound.Cut() | bound.Deduplicated():
                whole = _unnumbered(source)
                if whole is None:
                    return self._cut(stream, names)
                # Cut before it is numbered: engines keep the first rows at hand, and sort no others.
                cut = self._cut(stream, self._names(stream)[:-1])
                return sorted_query(names[:-1], subquery(cut, "cut"), self._sort_order(whole))
            case _:
                assert_never(stream)

    def _cut(self, stream: bound.Cut | bound.Deduplicated, names: Sequence[SQL]) -> exp.Query:
        rows, order = self.in_order(stream.input)
        if isinstance(stream, bound.Cut):
            return cut_query(names, rows, order, self.value(stream.count), last=stream.last)
        kinds = {c.name: c.type for c in stream.columns}
        same = [folded(column(name)) if kinds[name].is_string else column(name) for name in stream.on]
        return first_of_each(names, rows, same, order)

    def in_order(self, stream: bound.BoundStream) -> tuple[SQL, list[SQL]]:
        """Return the rows of a stream and the keys of its order; those of a sort alone are not numbered for it."""
        if (whole := _unnumbered(stream)) is not None:
            return self.table(whole.input), self._sort_order(whole)
        return self.table(stream), [*order_of(stream), *self._of_occurrences(stream)]

    def _names(self, stream: bound.BoundStream) -> list[SQL]:
        """All columns of a stream, its rank, if it has one, the last."""
        return [*(column(c.name) for c in stream.columns), *self._hidden(stream)]

    def _sort_order(self, stream: bound.Sorted) -> list[SQL]:
        by = [(self.value(key.value), key.value.type, key.descending) for key in stream.keys]
        return [*sort_order(by, stream.columns), *self._of_occurrences(stream)]

    def _of_occurrences(self, stream: bound.BoundStream) -> list[SQL]:
        """A last key where rows are occurrences: a cut is taken of them and of their records, and has to be one cut."""
        return [ordered(column(OCCURRENCE))] if self.occurrences.are_tied(stream) else []

    def _union(self, union: bound.Union) -> exp.Query:
        lists = self.occurrences.lists_of(union)
        left, right = (
            select(
                [
                    *fitted(self.dialect, side.columns, union.columns),
                    *fitted_lists(self.dialect, side.columns, self.occurrences.lists_of(side), lists),
                ],
                self.table(side),
            )
            for side in (union.left, union.right)
        )
        return exp.Union(this=left, expression=right, distinct=False)

    def _difference(self, difference: bound.Difference) -> exp.Query:
        self.read_again.update(names_of_rows_and_groups([difference.left, difference.right]))
        renamed = [as_named(column(c.name), f"#{c.name}") for c in difference.right.columns if c.name in difference.on]
        other = subquery(select(renamed, self.table(difference.right)), "#right")
        types = {c.name: c.type for c in difference.left.columns}
        tests: list[SQL] = []
        for key in difference.on:
            left, right = column(key, "#left"), column(f"#{key}", "#right")
            if types[key].is_string:
                left, right = folded(left), folded(right)
            tests.append(exp.NullSafeEQ(this=left, expression=right))
        equal = exp.Exists(this=select([number(1)], other).where(all_of(tests), copy=False))
        left_rows = subquery(everything(self.table(difference.left)), "#left")
        return everything(left_rows).where(exp.Not(this=equal), copy=False)

    def _distinct(self, source: bound.BoundStream, distinct: Column) -> exp.Query:
        key = folded(column(distinct.name)) if distinct.type.is_string else column(distinct.name)
        # Of texts that differ in case alone, the first in the order of characters.
        least = as_named(call("min", column(distinct.name)), distinct.name)
        query = select([least], self.table(source)).where(present(column(distinct.name)), copy=False)
        return query.group_by(key, copy=False)

    def _grouped(self, group: bound.Grouped, items: Sequence[bound.Item]) -> exp.Query:
        """A row a group with `items`, of those groups that all of `having` hold for.

        The inner query makes a row a group with the group's own columns and every aggregate that is asked for, each a
        column; the outer one computes from those.
        """
        union = group.inputs[0]
        for other in group.inputs[1:]:
            columns = {c.name: c for c in (*other.columns, *union.columns)}
            union = bound.Union(union, other, tuple(columns.values()))
        asked = [*group.having, *(item.value for item in items)]
        of_windows = group.period.conditions if isinstance(group.period, bound.Windows) else ()
        of_rows = list(processes.fields_in([*asked, *of_windows], within=True))
        inner, seen = self._seen(of_rows, self.table(union))
        rows, keys = inner._members(group, *keyed(group, seen))  # noqa: SLF001  # the same class
        timed = any(c.name == "time" for stream in group.inputs for c in stream.columns)
        selected = [
            as_named(own_value(c.name, is_key=i < len(group.keys)), c.name) for i, c in enumerate(group.columns)
        ]
        aggregates, _ = asked_of_groups(asked)
        computed = {id(node): f"#aggregate{index}" for index, node in enumerate(aggregates)}
        for node in aggregates:
            if node.function not in RANKED:
                operands = replace(inner._operands(node), timed=timed)  # noqa: SLF001  # the same class
                selected.append(as_named(self.dialect.aggregate(node.function, operands), computed[id(node)]))
        ranked = [node for node in aggregates if node.function in RANKED]
        groups: exp.Query = group_query(rows, keys, selected, with_keys=bool(ranked))
        outer, having = replace(self, computed=computed), group.having
        if ranked and keys and having and group.period is None and passes_before_ranking(having):
            # The second reading waits for the first: read once, the rows would be kept in between, with all columns.
            self.read_again.update(key for source in group.inputs for key in names_of_selections(source))
            groups, rows = outer._passing(groups, rows, keys, having)  # noqa: SLF001  # the same class
            having = ()
        rankings: list[tuple[str, exp.Query]] = []
        for node in ranked:
            members = subquery(rows.copy(), "members")
            counted = ranking(self.dialect, node, inner._operands(node), members, keys)  # noqa: SLF001  # the same class
            rankings.append((computed[id(node)], counted))
        outer, table = outer._seeing(asked, with_rankings(groups, keys, rankings))  # noqa: SLF001  # the same
        query = select(outer._items(items), table)  # noqa: SLF001  # the same
        return _having(query, [outer.condition(test) for test in having])

    def _passing(
        self, groups: exp.Query, rows: exp.Query, keys: Sequence[str], having: Sequence[bound.BoundExpr]
    ) -> tuple[exp.Query, exp.Query]:
        """Return those groups that conditions hold for, and their rows, as tables that are made once."""
        passing, members = (exp.Table(this=name(f"#{what} {len(self.tables)}")) for what in ("passing", "members"))
        query = everything(subquery(groups, "groups"))
        self.tables[passing.name] = _having(query, [self.condition(test) for test in having])
        self.tables[members.name] = rows_of_groups(rows, keys, passing)
        return everything(passing), everything(members)

    def _members(self, group: bound.Grouped, rows: exp.Query, keys: list[str]) -> tuple[exp.Query, list[str]]:
        """The rows of groups, cut in time, and the columns that tell groups apart."""
        match group.period:
            case None:
                return rows, keys
            case bound.Sessions(gap):
                return sessions(self.dialect, rows, keys, self.value(gap))
            case bound.Intervals(length):
                return intervals(self.dialect, rows, keys, self.value(length))
            case bound.Windows(length):
                return self._bursts(group, group.period, timed_rows(self.dialect, rows, self.value(length)), keys)
            case _:
                assert_never(group.period)

    def _bursts(
        self, group: bound.Grouped, windows: bound.Windows, rows: exp.Query, keys: list[str]
    ) -> tuple[exp.Query, list[str]]:
        """The rows of bursts: every window has the columns of a group, and what its conditions ask for."""
        over = over_windows(keys)
        columns: list[SQL] = [exp.Star()]
        lists: list[tuple[str, exp.Query]] = []
        computed: dict[int, str] = {}
        aggregates, own = asked_of_groups(windows.conditions)
        for index, node in enumerate(aggregates):
            alias = computed[id(node)] = f"#window{index}"
            if node.function in RANKED:
                source, of_windows = rows_of_windows(rows.copy(), keys)
                lists.append((alias, ranking(self.dialect, node, self._operands(node), source, of_windows)))
            else:
                operands = replace(self._operands(node), window=over)
                columns.append(as_named(self.dialect.aggregate(node.function, operands), alias))
        for index, field_ref in enumerate(own):
            alias = computed[id(field_ref)] = f"#own{index}"
            is_key = any(key.name == field_ref.column for key in group.keys)
            columns.append(as_named(over(own_value(field_ref.column, is_key=is_key)), alias))
        seen = with_lists(select(columns, subquery(rows, "timed")), keys, lists)
        builder = replace(self, computed=computed)
        if any(True for _ in processes.fields_in(windows.conditions)):
            builder, rows_seen = builder._seeing(windows.conditions, subquery(seen, "windows"))  # noqa: SLF001  # the same
            seen = everything(rows_seen)
        tests = [exp.Paren(this=builder.condition(test)) for test in windows.conditions]
        return bursts(seen, keys, all_of(tests))

    def _sequenced(self, sequence: bound.Sequenced) -> exp.Query:
        sources = [self._source(step.stream) for step in sequence.steps]
        until = self._source(sequence.until) if sequence.until is not None else None
        within = self.value(sequence.within) if sequence.within is not None else None
        query = SequenceQuery(self.dialect, sequence, within, self.condition, self.value, self.tables)
        return query.query(sources, until)

    def _source(self, stream: bound.BoundStream) -> Source:
        return Source(self.table(stream), stream.columns, self.occurrences.lists_of(stream))

    def _together(self, together: bound.Together) -> exp.Query:
        lists = [self.occurrences.lists_of(part.stream) for part in together.parts]
        events = [
            part_events(part, self.table(part.stream), together.keys, lists[index])
            for index, part in enumerate(together.parts)
        ]
        return together_query(self.dialect, together, events, lists, self.value(together.within))

    def _related(self, related: bound.Related) -> exp.Query:
        self._provide_lives(related.lives)
        table = f"{processes.ROOTS} {next(self.numbers)}"
        rows = self.table(related.input)
        self.tables[table] = processes.roots(self.dialect, related, rows)
        return processes.tree(self.dialect, related, table, self._hidden(related))

    def _seeing(self, exprs: Sequence[bound.BoundExpr], rows: SQL) -> tuple[QueryBuilder, SQL]:
        """Return rows with what expressions ask of their processes, and a builder that knows these columns."""
        return self._seen(list(processes.fields_in(exprs)), rows)

    def _seen(self, fields: Sequence[bound.ProcessField], rows: SQL) -> tuple[QueryBuilder, SQL]:
        if not fields:
            return self, rows
        self._provide_lives(fields[0].lives)
        rows, names = processes.seeing(self.dialect, rows, fields, self.numbers)
        return replace(self, computed={**self.computed, **names}), rows

    def _provide_lives(self, lives: bound.Lives) -> None:
        """Have the tables of lives stand before what looks into them; they are of occurrences wherever that is."""
        if processes.STARTS in self.tables:
            return
        apart = replace(self, computed={}, of_records=False)
        columns = lives.starts.columns
        starts, ends = apart.table(lives.starts), apart.table(lives.ends)
        self.tables.update(processes.tables_of_lives(self.dialect, starts, ends, columns, result_order(columns)))

    def _items(self, items: Sequence[bound.Item]) -> list[SQL]:
        return [as_named(self.value(item.value), item.column.name) for item in items]


def _where(query: exp.Query, tests: Sequence[SQL]) -> exp.Query:
    return query.where(all_of([exp.Paren(this=t) if isinstance(t, exp.Or) else t for t in tests]), copy=False)


def _having(query: exp.Select, tests: Sequence[SQL]) -> exp.Select:
    return query.where(all_of([exp.Paren(this=test) for test in tests]), copy=False) if tests else query


def _every_combination(parts: Iterable[SQL], tests: Sequence[SQL]) -> exp.Query:
    first, *others = parts
    query = everything(first)
    for table in others:
        query = query.join(table, join_type="cross", copy=False)
    return _where(query, tests) if tests else query


def _unnumbered(stream: bound.BoundStream) -> bound.Sorted | None:
    """Return the sort that a stream is, under whatever names, where its keys can be computed a second time."""
    while isinstance(stream, bound.NamedStream):
        stream = stream.stream
    # Fields of the processes behind rows are looked up once.
    asks_processes = isinstance(stream, bound.Sorted) and any(processes.fields_in([k.value for k in stream.keys]))
    return stream if isinstance(stream, bound.Sorted) and not asks_processes else None
