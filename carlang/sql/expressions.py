"""Expressions of a bound program → SQL: values and conditions.

An expression that takes an aggregate over a stream holds that stream, whose lowering is somebody else's: `lowering` has
the class that lowers streams, of this one.

SQL's comparisons have three values, the language's two. A missing comparison drops a row exactly as a false one does,
so it may stand as it is wherever only `and` and `or` are above it; a complement asks `IS DISTINCT FROM TRUE`, which
makes it definite again. A condition in the place of a value is made definite with COALESCE.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from sqlglot import exp

from carlang.deadline import check_time
from carlang.model.types import STRING, Kind
from carlang.resolve import bound
from carlang.resolve.inputs import Given
from carlang.sql.dialect import Dialect, Operands, comparable
from carlang.sql.fragments import (
    SQL,
    all_of,
    any_of,
    cast,
    column,
    complement,
    definite,
    folded,
    instant,
    missing,
    number,
    present,
    select,
    text,
    wrapped,
)
from carlang.sql.groups import RANKED, ranking


@dataclass(frozen=True)
class ExpressionBuilder(ABC):
    """Lowers the expressions of one query.

    `computed` holds, by identity, the expressions that are columns already where the builder stands. With `of_records`
    streams of tied records are lowered as those and not as occurrences. `each_text` is the text at hand in a test of
    every text, and `known` holds, by identity, the queries in that test: what they give.
    """

    dialect: Dialect
    now: datetime
    given: Given
    of_records: bool = False
    computed: Mapping[int, str] = field(default_factory=dict)
    each_text: SQL | None = None
    known: Mapping[int, SQL] = field(default_factory=dict)

    @abstractmethod
    def table(self, stream: bound.BoundStream) -> SQL:
        """Return a stream as something to select from."""

    @abstractmethod
    def _seeing(self, exprs: Sequence[bound.BoundExpr], rows: SQL) -> tuple[ExpressionBuilder, SQL]:
        """Return rows with what expressions ask of their processes, and a builder that knows these columns."""

    def value(self, expr: bound.BoundExpr) -> SQL:  # noqa: C901, PLR0911, PLR0912  # a case a node
        """Return a value, or a condition as a value, which is never missing."""
        check_time()
        # What is asked of a process is a column wherever it is asked for.
        if id(expr) in self.known:
            return self.known[id(expr)].copy()
        if id(expr) in self.computed or isinstance(expr, bound.ProcessField):
            return column(self.computed[id(expr)])
        match expr:
            case bound.FieldRef(name):
                return column(name)
            case bound.MemberRef(record, name):
                return self.dialect.member(self.value(record), name)
            case bound.Const():
                return constant(expr)
            case bound.Now():
                return instant(self.now)
            case bound.Param(name, kind):
                return self.value(self.given[name, kind.kind])
            case bound.Items(items):
                return exp.Array(expressions=[self.value(item) for item in items])
            case bound.ElementOf(items, index):
                return self.dialect.element(self.value(items), index)
            case bound.Choice():
                return self._chosen(expr, self.value)
            case bound.EachText():
                return self._each_text()
            case bound.Arith(operator, left, right):
                operands = self._of(expr, left, right)
                return self.dialect.operator(operator, replace(operands, has_query=has_query(expr)))
            case bound.Apply(function):
                return self.dialect.function(function, self._operands(expr))
            case bound.Aggregate(function):
                return self.dialect.aggregate(function, self._operands(expr))
            case bound.Scalar():
                return self._scalar(expr)
            case _:
                return definite(self.condition(expr))

    def condition(self, expr: bound.BoundExpr) -> SQL:  # noqa: C901, PLR0911  # a case a node
        """Return a condition: true where it holds, false or missing where it does not."""
        match expr:
            case bound.AllOf(conditions):
                return all_of([self.condition(c) for c in conditions])
            case bound.AnyOf(conditions):
                return any_of([self.condition(c) for c in conditions])
            case bound.Complement(bound.Present(operand)):
                return missing(wrapped(self.value(operand)))
            case bound.Complement(inner):
                return complement(self.condition(inner))
            case bound.Present(operand):
                return present(wrapped(self.value(operand)))
            case bound.Compare() | bound.OneOf() | bound.Contains() | bound.Affix() | bound.RegexTest():
                return self._test(expr)
            case bound.InStream():
                return self._in_stream(expr)
            case bound.Matches(subject, pattern):
                return self.dialect.matches(folded(self.value(subject)), pattern)
            case bound.InBlock(subject, low, high):
                return self.dialect.in_block(self.value(subject), low, high)
            case bound.Truth(operand):
                return self.value(operand)
            case bound.Choice():
                return self._chosen(expr, self.condition)
            case bound.SomeText():
                return self._some_text(expr)
            case (
                bound.FieldRef()
                | bound.MemberRef()
                | bound.Const()
                | bound.Now()
                | bound.Param()
                | bound.Items()
                | bound.ElementOf()
                | bound.EachText()
                | bound.Arith()
                | bound.Apply()
                | bound.Aggregate()
                | bound.Scalar()
                | bound.ProcessField()
            ):
                return self.value(expr)
            case _:
                assert_never(expr)

    def _chosen(self, choice: bound.Choice, lowered: Callable[[bound.BoundExpr], SQL]) -> SQL:
        """Return the value of the first condition that holds: a missing one does not, in SQL either."""
        arms = zip(choice.conditions, choice.values, strict=True)
        ifs = [exp.If(this=self.condition(test), true=lowered(value)) for test, value in arms]
        return exp.Case(ifs=ifs, default=lowered(choice.otherwise))

    def _some_text(self, some: bound.SomeText) -> SQL:
        """Test every text by itself: a column as it is, the items of a list and the leaves of a record in a list.

        A test may have queries in it, which an engine takes in no function of items: they are computed before.
        """
        tests: list[SQL] = []
        queries = [node for node in bound.walk(some.test) if isinstance(node, bound.Scalar)]
        for value in some.values:
            text_or_list = self.value(value)
            if value.type.is_string:
                tests.append(replace(self, each_text=text_or_list).condition(some.test))
                continue
            record = value.type.kind is Kind.RECORD
            items = self.dialect.leaves(text_or_list) if record else text_or_list
            if not queries:
                tests.append(self._some_item(items, some.test, {}))
                continue

            def among(known: Sequence[SQL], items: SQL = items) -> SQL:
                return self._some_item(items, some.test, {id(q): v for q, v in zip(queries, known, strict=True)})

            tests.append(self.dialect.with_values([self.value(query) for query in queries], among))
        return any_of(tests)

    def _some_item(self, items: SQL, test: bound.BoundExpr, known: Mapping[int, SQL]) -> SQL:
        """Test the items of a list, in a place where some queries have been computed."""
        within = replace(self, known=known)
        return self.dialect.some_item(items, lambda item: replace(within, each_text=item).condition(test))

    def _each_text(self) -> SQL:
        if self.each_text is None:
            raise AssertionError("a text of all is asked for outside of a test of them")
        return self.each_text.copy()

    def _test(self, expr: bound.Compare | bound.OneOf | bound.Contains | bound.Affix | bound.RegexTest) -> SQL:
        """Apply the operator that a test is."""
        match expr:
            case bound.Compare(operator, left, right):
                return self.dialect.operator(operator, self._of(expr, left, right))
            case bound.OneOf(subject, values):
                return self.dialect.operator("in", self._of(expr, subject, *values))
            case bound.Contains(container, item):
                return self.dialect.operator("contains", self._of(expr, container, item))
            case bound.Affix(test, subject, affix):
                return self.dialect.operator(test, self._of(expr, subject, affix))
            case bound.RegexTest(subject, regex):
                pattern = bound.Const(regex, STRING)
                return self.dialect.operator("match", self._of(expr, subject, pattern))
            case _:
                assert_never(expr)

    def _of(self, expr: bound.BoundExpr, *operands: bound.BoundExpr) -> Operands:
        values = tuple(self.value(operand) for operand in operands)
        return Operands(values, tuple(operand.type for operand in operands), expr.type)

    def _operands(self, expr: bound.Apply | bound.Aggregate) -> Operands:
        operands = self._of(expr, *expr.arguments)
        return replace(operands, distinct=expr.distinct) if isinstance(expr, bound.Aggregate) else operands

    def _in_stream(self, expr: bound.InStream) -> SQL:
        """A query of its own, run once: engines look its values up in a hash table."""
        there = replace(self, computed={}, of_records=False)
        (subject,) = comparable(self._of(expr, expr.subject))
        (other,) = comparable(there._of(expr, expr.value))  # noqa: SLF001  # the same class
        # Without missing values, of which one would make a test that fails a missing one.
        values = select([other], there.table(expr.stream)).where(present(wrapped(other.copy())), copy=False)
        return exp.In(this=wrapped(subject), query=values.subquery(copy=False))

    def _scalar(self, expr: bound.Scalar) -> SQL:
        """An aggregate over all rows of a stream: a query of its own, run once."""
        aggregate = expr.aggregate
        # What is a column where the aggregate stands is none in the stream that it looks at.
        apart = replace(self, computed={}, of_records=False)
        builder, source = apart._seeing(aggregate.arguments, apart.table(expr.stream))  # noqa: SLF001  # the same class
        operands = builder._operands(aggregate)  # noqa: SLF001  # the same
        if aggregate.function in RANKED:
            return ranking(self.dialect, aggregate, operands, source).subquery(copy=False)
        timed = any(c.name == "time" for c in expr.stream.columns)
        value = self.dialect.aggregate(aggregate.function, replace(operands, timed=timed))
        return select([value], source).subquery(copy=False)


def constant(const: bound.Const) -> SQL:
    """Return a literal."""
    match const.value:
        case None:
            return exp.null()
        case bool(value):  # before int, which it is as well
            return exp.Boolean(this=value)
        case datetime() as value:
            return instant(value)
        case int(value) | float(value):
            literal = number(value)
            # Engines give a small number a small type, in which arithmetic with durations would overflow.
            return cast(literal, "bigint") if const.type.kind is Kind.DURATION else literal
        case str(value):
            return text(value)


def has_query(expr: bound.BoundExpr) -> bool:
    """Tell whether an expression looks at a stream, which is a query of its own."""
    return any(isinstance(node, bound.Scalar | bound.InStream) for node in bound.walk(expr))
