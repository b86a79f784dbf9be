"""Values and conditions in SQL.

SQL's comparisons have three values, the language's two. A missing comparison drops a row exactly as a false one does,
so it may stand as it is wherever only `and` and `or` are above it; a complement asks `IS DISTINCT FROM TRUE`, which
makes it definite again. A condition in the place of a value is made definite with COALESCE.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from sqlglot import exp

from carlang.model.types import Kind
from carlang.resolve import bound
from carlang.resolve.inputs import Given
from carlang.sql.addresses import in_block
from carlang.sql.aggregates import RANKED, lower_aggregate, lower_ranked
from carlang.sql.fragments import (
    SQL,
    all_of,
    any_of,
    attempt,
    call,
    column,
    complement,
    definite,
    instant,
    lowered,
    number,
    text,
    wrapped,
)
from carlang.sql.functions import apply_function
from carlang.sql.texts import like, list_contains, member

_COMPARISONS = {"==": exp.EQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}
_OPERATORS = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul, "/": exp.Div, "%": exp.Mod}


@dataclass(frozen=True)
class Expressions:
    """Lowers the expressions of one query.

    `table` gives a stream as something to select from; `computed` holds, by identity, expressions that are columns
    already where they stand.
    """

    now: datetime
    given: Given
    table: Callable[[bound.BoundStream], SQL]
    computed: dict[int, str]

    def value(self, expr: bound.BoundExpr) -> SQL:  # a case an expression
        """Return a value, or a condition as a value, which is never missing."""
        if id(expr) in self.computed:
            return column(self.computed[id(expr)])
        match expr:
            case bound.FieldRef(name):
                return column(name)
            case bound.MemberRef(record, name):
                return member(self.value(record), name)
            case bound.Const():
                return lower_constant(expr)
            case bound.Now():
                return instant(self.now)
            case bound.Param(name, kind):
                return self.value(self.given[name, kind.kind])
            case bound.Items(items):
                return exp.Array(expressions=[self.value(item) for item in items])
            case bound.Arith():
                return self._arithmetic(expr)
            case bound.Apply(function, arguments):
                return apply_function(function, [self.value(a) for a in arguments], [a.type for a in arguments])
            case bound.Aggregate():
                return lower_aggregate(expr, [self.value(a) for a in expr.arguments])
            case bound.Scalar():
                return self._scalar(expr)
            case _:
                return definite(self.condition(expr))

    def condition(self, expr: bound.BoundExpr) -> SQL:
        """Return a condition: true where it holds, false or missing where it does not."""
        match expr:
            case bound.AllOf(conditions):
                return all_of([self.condition(c) for c in conditions])
            case bound.AnyOf(conditions):
                return any_of([self.condition(c) for c in conditions])
            case bound.Complement(bound.Present(operand)):
                return exp.Is(this=wrapped(self.value(operand)), expression=exp.null())
            case bound.Complement(inner):
                return complement(self.condition(inner))
            case bound.Present(operand):
                return exp.Not(this=exp.Is(this=wrapped(self.value(operand)), expression=exp.null()))
            case bound.Truth(operand):
                return self.value(operand)
            case bound.Compare() | bound.OneOf() | bound.Contains():
                return self._comparison(expr)
            case bound.Matches() | bound.RegexTest() | bound.InBlock() | bound.Affix():
                return self._text_test(expr)
            case (
                bound.FieldRef()
                | bound.MemberRef()
                | bound.Const()
                | bound.Now()
                | bound.Param()
                | bound.Items()
                | bound.Arith()
                | bound.Apply()
                | bound.Aggregate()
                | bound.Scalar()
            ):
                return self.value(expr)
            case _:
                assert_never(expr)

    def _comparison(self, expr: bound.Compare | bound.OneOf | bound.Contains) -> SQL:
        match expr:
            case bound.Compare(operator, left, right):
                sides = (wrapped(self.comparable(left)), wrapped(self.comparable(right)))
                return _COMPARISONS[operator](this=sides[0], expression=sides[1])
            case bound.OneOf(subject, values):
                return exp.In(this=self.comparable(subject), expressions=[self.comparable(v) for v in values])
            case bound.Contains(container, item):
                whole, part = self.value(container), self.comparable(item)
                if container.type.kind is not Kind.LIST:
                    return exp.Contains(this=lowered(whole), expression=part)
                texts = container.type.item is None or container.type.item.is_string
                return list_contains(whole, part) if texts else call("list_contains", whole, part)

    def _text_test(self, expr: bound.Matches | bound.RegexTest | bound.InBlock | bound.Affix) -> SQL:
        match expr:
            case bound.Matches(subject, pattern):
                return like(lowered(self.value(subject)), pattern)
            case bound.RegexTest(subject, regex):
                return call("regexp_matches", self.value(subject), text(regex), text("i"))
            case bound.InBlock(subject, low, high):
                return in_block(self.value(subject), low, high)
            case bound.Affix(test, subject, affix):
                node = exp.StartsWith if test == "startswith" else exp.EndsWith
                return node(this=lowered(self.value(subject)), expression=lowered(self.value(affix)))

    def comparable(self, expr: bound.BoundExpr) -> SQL:
        """Return a value in the form in which it is compared: texts without case."""
        value = self.value(expr)
        return lowered(value) if expr.type.is_string else value

    def _scalar(self, expr: bound.Scalar) -> SQL:
        """An aggregate over all rows of a stream: a query of its own, run once."""
        aggregate = expr.aggregate
        source = self.table(expr.stream)
        arguments = [self.value(a) for a in aggregate.arguments]
        if aggregate.function in RANKED:
            return lower_ranked(aggregate, arguments[0], source).subquery(copy=False)
        columns = {c.name for c in expr.stream.columns}
        lowered_aggregate = lower_aggregate(aggregate, arguments, timed="time" in columns)
        return exp.select(lowered_aggregate).from_(source).subquery(copy=False)

    def _arithmetic(self, expr: bound.Arith) -> SQL:
        left, right = wrapped(self.value(expr.left)), wrapped(self.value(expr.right))
        kinds = (expr.left.type.kind, expr.right.type.kind)
        if kinds == (Kind.TIME, Kind.TIME):
            return exp.Sub(this=call("epoch_us", left), expression=call("epoch_us", right))
        if kinds == (Kind.TIME, Kind.DURATION):
            right = call("to_microseconds", right)
        elif kinds == (Kind.DURATION, Kind.TIME):
            left = call("to_microseconds", left)
        if expr.operator in ("/", "%"):
            right = exp.Nullif(this=right, expression=number(0))
        # Engines do not attempt what looks into another query: there, whole numbers are given room instead.
        elsewhere = any(isinstance(node, bound.Scalar) for node in bound.walk(expr))
        roomy = elsewhere and expr.type.kind is Kind.INTEGER
        if roomy:
            left, right = exp.cast(left, "hugeint"), exp.cast(right, "hugeint")
        result: SQL = _OPERATORS[expr.operator](this=left, expression=right)
        if expr.type.kind is Kind.DURATION and expr.operator in ("/", "*"):
            result = exp.cast(call("round", exp.Paren(this=result)), "bigint")
        if roomy:
            return exp.TryCast(this=result, to=exp.DataType.build("bigint"))
        return result if expr.type.kind is Kind.FLOAT or elsewhere else attempt(result)


def lower_constant(constant: bound.Const) -> SQL:
    """Return a literal."""
    match constant.value:
        case None:
            return exp.null()
        case bool(value):
            return exp.Boolean(this=value)
        case datetime() as value:
            return instant(value)
        case int(value) | float(value):
            literal = number(value)
            return exp.cast(literal, "bigint") if constant.type.kind is Kind.DURATION else literal
        case str(value):
            return text(value)
