"""What the rows of a stream make of conditions: how many pass each, which pass all, which come nearest to it.

Rows of tied records are asked record by record, as filters ask them, and counted as occurrences: one passes as many
conditions as that of its records which passes most, and comes as near as that which comes nearest.

Counts are made in one reading of the columns that conditions ask for. What is shown of rows are a few of them, which
engines keep at hand while they read; they come by time and the record's id, and then by what is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlglot import exp

from carlang.model.schema import Class
from carlang.model.types import field_of
from carlang.resolve import bound
from carlang.resolve.inputs import Given
from carlang.sql.dialect import Dialect
from carlang.sql.fragments import (
    SQL,
    all_of,
    any_of,
    as_named,
    call,
    cast,
    column,
    complement,
    definite,
    in_order,
    missing,
    number,
    ordered,
    present,
    select,
    subquery,
    when,
)
from carlang.sql.lowering import QueryBuilder, with_tables
from carlang.sql.occurrences import OCCURRENCE, Occurrences
from carlang.sql.ordering import result_order

PASSED, ROWS = "#passed", "#rows"
"""How many tests are passed, and by how many rows."""

COST, ALL, GROUP = "#cost", "#all", "#group"
"""How many tests would have to pass besides, for how many rows in all, and which group a row is of."""

_NTH = "#nth"
_BITS = 62
"""How many tests a mask holds: a number has 64 bits, and one is its sign."""


@dataclass(frozen=True, slots=True)
class Joint:
    """Tests that must all pass, or of which `any_of` must pass; each is a number among all tests, or joined itself."""

    parts: tuple[int | Joint, ...]
    any_of: bool


@dataclass(frozen=True, slots=True)
class Asking:
    """What lowering takes: a stream, the tests that its rows are put to, and what is the same in a whole run.

    `tied` are the classes of events of which there are tables of occurrences.
    """

    base: bound.BoundStream
    tests: tuple[bound.BoundExpr, ...]
    dialect: Dialect
    now: datetime
    given: Given
    tied: Collection[Class]


def asked_stream(base: bound.BoundStream, exprs: Sequence[bound.BoundExpr]) -> bound.Filtered:
    """Return a stream that reads what these queries read, which ask rows for all of the expressions."""
    return bound.Filtered(base, bound.AllOf(tuple(exprs)), base.columns)


def lower_passed(asking: Asking) -> exp.Select:
    """Return the query for how many rows, `ROWS`, pass so many tests, `PASSED`, before one fails."""
    rows = _Rows.of(asking)
    # A case looks at the tests behind the first one that fails as little as a filter does.
    ifs = [exp.If(this=complement(rows.test(i)), true=number(i)) for i in range(len(asking.tests))]
    passed = exp.Case(ifs=ifs, default=number(len(ifs))) if ifs else number(0)
    query = select([as_named(passed, PASSED), *rows.occurrence()], rows.table)
    if rows.is_tied:
        most = as_named(call("max", column(PASSED)), PASSED)
        query = select([most], subquery(query, "records")).group_by(column(OCCURRENCE), copy=False)
    counted = as_named(exp.Count(this=exp.Star()), ROWS)
    query = select([column(PASSED), counted], subquery(query, "rows")).group_by(column(PASSED), copy=False)
    return with_tables(query, rows.builder)


def lower_nearest(asking: Asking, wanted: int | Joint, most: int) -> exp.Select:
    """Return the query for the rows that lack fewest tests of those wanted, as combinations of tests that they pass.

    Columns are `COST`, the masks of tests, `ROWS`, and `ALL`, the rows of all combinations; the rarest come first,
    `most` at most.
    """
    rows = _Rows.of(asking)
    keys = [COST, *mask_names(len(asking.tests))]
    counted = as_named(exp.Count(this=exp.Star()), ROWS)
    counts = select([*map(column, keys), counted], subquery(rows.with_costs(wanted, ()), "rows"))
    counts = counts.group_by(*map(column, keys), copy=False)
    least = as_named(exp.Window(this=call("min", column(COST))), "#least")
    everyone = as_named(cast(exp.Window(this=call("sum", column(ROWS)), partition_by=[column(COST)]), "bigint"), ALL)
    marked = subquery(select([exp.Star(), least, everyone], counts.subquery("counts", copy=False)), "marked")
    is_least = exp.EQ(this=column(COST), expression=column("#least"))
    query = select(list(map(column, (*keys, ROWS, ALL))), marked).where(is_least, copy=False)
    query = query.order_by(*(ordered(column(each)) for each in (ROWS, *keys)), copy=False)
    return with_tables(query.limit(most, copy=False), rows.builder)


def lower_examples(
    asking: Asking,
    wanted: int | Joint,
    values: Sequence[bound.BoundExpr],
    groups: Mapping[tuple[int, ...], int],
    most: int,
) -> exp.Select:
    """Return the query for the first rows of combinations; `groups` says by masks of which group each is.

    Columns are `GROUP` and the values; of a group `most` rows at most, those with most of the values first.
    """
    rows = _Rows.of(asking, values)
    names = mask_names(len(asking.tests))
    by_group: dict[int, list[SQL]] = {}
    for masks, group in groups.items():
        same = [exp.EQ(this=column(key), expression=number(mask)) for key, mask in zip(names, masks, strict=True)]
        by_group.setdefault(group, []).append(all_of(same))
    ifs = [exp.If(this=any_of(combinations), true=number(group)) for group, combinations in by_group.items()]
    grouped = select(
        [exp.Star(), as_named(exp.Case(ifs=ifs), GROUP)], subquery(rows.with_costs(wanted, values), "rows")
    )
    chosen = select([exp.Star()], subquery(grouped, "grouped")).where(present(column(GROUP)), copy=False)
    # Rows with a value in what they are asked for tell more than those that lack it.
    lacking = _sum([when(missing(column(value_name(i))), number(1), number(0)) for i in range(len(values))], "integer")
    order = exp.Order(expressions=[ordered(lacking), *rows.order(len(values))])
    nth = exp.Window(this=call("row_number"), partition_by=[column(GROUP)], order=order)
    numbered = select([exp.Star(), as_named(nth, _NTH)], subquery(chosen, "chosen"))
    shown = [column(GROUP), *(column(value_name(i)) for i in range(len(values)))]
    is_among = exp.LTE(this=column(_NTH), expression=number(most))
    query = select(shown, subquery(numbered, "numbered")).where(is_among, copy=False)
    return with_tables(query.order_by(ordered(column(GROUP)), ordered(column(_NTH)), copy=False), rows.builder)


def lower_met(asking: Asking, *, values: Sequence[bound.BoundExpr], most: int) -> exp.Select:
    """Return the query for the first rows, `most` at most, with what their tests say, and values.

    Columns are the tests, by `verdict_name` and in the order of these, and the values, by `value_name`.
    """
    rows = _Rows.of(asking, values)
    query = select([*rows.tests(), *rows.values(values), *rows.keys(), *rows.occurrence()], rows.table)
    query = rows.first_of_each(query, rows.order(len(values)))
    names = [*(verdict_name(i) for i in range(len(asking.tests))), *(value_name(i) for i in range(len(values)))]
    shown = select([*map(column, names)], subquery(query, "passing"))
    shown = shown.order_by(*rows.order(len(values)), copy=False).limit(most, copy=False)
    return with_tables(shown, rows.builder)


def mask_names(tests: int) -> list[str]:
    """Return the names of the columns that say which of so many tests pass."""
    return [f"#mask {index}" for index in range(-(-tests // _BITS))]


def passing_tests(masks: Sequence[int], tests: int) -> list[bool]:
    """Return for each of so many tests whether it passes, from the values of the masks."""
    return [bool(masks[index // _BITS] >> (index % _BITS) & 1) for index in range(tests)]


def verdict_name(index: int) -> str:
    """Return the name of the column that says whether a test passes."""
    return f"#test {index}"


def value_name(index: int) -> str:
    """Return the name of the column of a value."""
    return f"#value {index}"


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a stream as a table, and a builder that knows what they are asked for."""

    asking: Asking
    builder: QueryBuilder
    table: SQL
    is_tied: bool

    @classmethod
    def of(cls, asking: Asking, exprs: Sequence[bound.BoundExpr] = ()) -> _Rows:
        asked = (*asking.tests, *exprs)
        stream = asked_stream(asking.base, asked)
        occurrences = Occurrences.below(stream, asking.tied)
        builder = QueryBuilder(asking.dialect, asking.now, asking.given, occurrences=occurrences)
        builder.read(stream)
        is_tied = occurrences.are_tied(asking.base)
        return cls(asking, *builder.rows(asking.base, asked, of_records=is_tied), is_tied)

    def occurrence(self) -> list[SQL]:
        """Return the column that says which records are one; none where rows are no tied records."""
        return [column(OCCURRENCE)] if self.is_tied else []

    def test(self, index: int) -> SQL:
        return self.builder.condition(self.asking.tests[index])

    def tests(self) -> list[SQL]:
        return [as_named(definite(self.test(i)), verdict_name(i)) for i in range(len(self.asking.tests))]

    def values(self, values: Sequence[bound.BoundExpr]) -> list[SQL]:
        return [as_named(self.builder.value(value), value_name(index)) for index, value in enumerate(values)]

    def keys(self) -> list[SQL]:
        """Return the columns by which rows are ordered first, under names of their own."""
        return [as_named(column(each), f"#by {each}") for each in self._leading()]

    def order(self, values: int) -> list[SQL]:
        """Return the order of rows that have the keys and so many values; those that are alike in it look alike."""
        kinds = {c.name: c.type.kind for c in self.asking.base.columns}
        keys = [key for each in self._leading() for key in in_order(column(f"#by {each}"), kinds[each])]
        return [*keys, *(ordered(column(value_name(index))) for index in range(values))]

    def _leading(self) -> list[str]:
        names = result_order(self.asking.base.columns)
        return [each for each in names if field_of(each) in {"time", "record_id"}]

    def with_costs(self, wanted: int | Joint, values: Sequence[bound.BoundExpr]) -> exp.Select:
        """Return the rows, of occurrences one record each, with the masks of the tests that they pass and their cost.

        If there are values, these and the keys as well.
        """
        kept = [*self.values(values), *(self.keys() if values else ())]
        tested = select([*self.tests(), *kept, *self.occurrence()], self.table)
        names = [*(each.alias for each in kept), *([OCCURRENCE] if self.is_tied else [])]
        masks = [as_named(mask, alias) for mask, alias in zip(self._masks(), self._mask_names(), strict=True)]
        cost = as_named(_cost(wanted), COST)
        query = select([*masks, cost, *map(column, names)], subquery(tested, "tested"))
        keys = [ordered(column(each)) for each in (COST, *self._mask_names())]
        return self.first_of_each(query, [*keys, *(self.order(len(values)) if values else ())])

    def first_of_each(self, query: exp.Select, order: Sequence[SQL]) -> exp.Select:
        """Return the first record of each occurrence in an order; all rows where these are no tied records."""
        if not self.is_tied:
            return query
        nth = exp.Window(
            this=call("row_number"), partition_by=self.occurrence(), order=exp.Order(expressions=list(order))
        )
        numbered = select([exp.Star(), as_named(nth, _NTH)], subquery(query, "records"))
        is_first = exp.EQ(this=column(_NTH), expression=number(1))
        kept = exp.Star(except_=[exp.to_identifier(_NTH, quoted=True)])
        return select([kept], subquery(numbered, "numbered")).where(is_first, copy=False)

    def _mask_names(self) -> list[str]:
        return mask_names(len(self.asking.tests))

    def _masks(self) -> list[SQL]:
        masks: list[SQL] = []
        for first in range(0, len(self.asking.tests), _BITS):
            tests = range(first, min(first + _BITS, len(self.asking.tests)))
            bits = [when(column(verdict_name(i)), number(1 << (i - first)), number(0)) for i in tests]
            masks.append(_sum(bits, "bigint"))
        return masks


def _cost(wanted: int | Joint) -> SQL:
    """Return how many tests would have to pass besides: of all of them what each lacks, of any the least of that."""
    if isinstance(wanted, int):
        return when(column(verdict_name(wanted)), number(0), number(1))
    costs = [_cost(part) for part in wanted.parts]
    return call("least", *costs) if wanted.any_of else _sum(costs, "integer")


def _sum(terms: Sequence[SQL], of: str) -> SQL:
    """Return a sum, as a balanced tree: long ones would nest too deeply otherwise."""
    if len(terms) == 1:
        return cast(terms[0], of)
    middle = len(terms) // 2
    return exp.Paren(this=exp.Add(this=_sum(terms[:middle], of), expression=_sum(terms[middle:], of)))
