"""Small pieces of standard SQL that all lowerings share. Every identifier is quoted, every operand in parentheses.

A tree is built once and written once, so the builders here do not copy what they are handed: a node that stands in two
places of a query is copied where that happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlglot import exp

from carlang.model.types import Kind

SQL = exp.Expr
"""A node of a SQL tree."""


def name(text: str) -> exp.Identifier:
    """Return a quoted identifier."""
    return exp.Identifier(this=text, quoted=True)


def column(text: str, table: str | None = None) -> SQL:
    """Return a reference to a column; in a query inside another its table must be said.

    Some engines take a name that no table of the inner query has for a function first: `user` is the current user.
    """
    return exp.Column(this=name(text), table=name(table)) if table else exp.Column(this=name(text))


def text(value: str) -> SQL:
    """Return a text literal."""
    return exp.Literal.string(value)


def number(value: float) -> SQL:
    """Return a number literal."""
    literal = exp.Literal.number(repr(abs(value)))
    return exp.Neg(this=literal) if value < 0 else literal


def instant(value: datetime) -> SQL:
    """Return a literal of a time, to the microsecond; one without a zone is UTC, whatever the machine's zone is."""
    aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    written = aware.strftime("%Y-%m-%d %H:%M:%S.%f+00:00")
    # strftime writes the year 1 without its zeros, and engines would read that as another year.
    return cast(text(written.rjust(32, "0")), "timestamptz")


def call(function: str, *arguments: SQL) -> SQL:
    """Return a call of a function of the engine, under the name that it has there."""
    return exp.Anonymous(this=function, expressions=list(arguments))


def cast(value: SQL, to: str) -> SQL:
    """Return a value as another type; a query fails where it does not fit."""
    return exp.cast(value, to, copy=False)


def as_named(value: SQL, alias: str) -> SQL:
    """Return a value under a name."""
    # sqlglot's own copies the name, which takes longer than to make both.
    if isinstance(value, exp.Subquery):
        value.set("alias", name(alias))
        return value
    return exp.Alias(this=value, alias=name(alias))


def select(columns: Sequence[SQL], source: SQL) -> exp.Select:
    """Return a query of columns from a table."""
    return exp.Select().select(*columns, copy=False).from_(source, copy=False)


def everything(source: SQL) -> exp.Select:
    """Return a query of all columns of a table."""
    return select([exp.Star()], source)


def subquery(query: exp.Query, alias: str) -> SQL:
    """Return a query as a table with a name."""
    return query.subquery(name(alias), copy=False)


def folded(value: SQL) -> SQL:
    """Return a text in lower case: the form in which texts are compared. Literals of ASCII are folded at once."""
    # Beyond ASCII, Python and an engine need not agree on lower case; the engine then folds both sides.
    if isinstance(value, exp.Literal) and value.is_string and value.this.isascii():
        return text(value.this.lower())
    return exp.Lower(this=value)


def wrapped(value: SQL) -> SQL:
    """Return an operand in parentheses where it is not a single word or call."""
    simple = exp.Column | exp.Literal | exp.Func | exp.Paren | exp.Cast | exp.Boolean | exp.Null
    return value if isinstance(value, simple) else exp.Paren(this=value)


def all_of(conditions: Sequence[SQL]) -> SQL:
    """Return the conjunction of conditions, as a balanced tree: long ones would nest too deeply otherwise."""
    return _joined(conditions, exp.And, exp.true())


def any_of(conditions: Sequence[SQL]) -> SQL:
    """Return the disjunction of conditions, as a balanced tree."""
    return _joined(conditions, exp.Or, exp.false())


def _joined(conditions: Sequence[SQL], connector: type[exp.Connector], empty: SQL) -> SQL:
    if not conditions:
        return empty
    if len(conditions) == 1:
        return conditions[0]
    middle = len(conditions) // 2
    halves = (_joined(conditions[:middle], connector, empty), _joined(conditions[middle:], connector, empty))
    left, right = (half if isinstance(half, connector) else _operand(half) for half in halves)
    return connector(this=left, expression=right)


def _operand(condition: SQL) -> SQL:
    return exp.Paren(this=condition) if isinstance(condition, exp.Connector) else condition


def complement(condition: SQL) -> SQL:
    """Return the exact complement: true where the condition is false, and where it is missing."""
    return exp.NullSafeNEQ(this=exp.Paren(this=condition), expression=exp.true())


def definite(condition: SQL) -> SQL:
    """Return a condition as a value: false where it is missing."""
    return exp.Coalesce(this=condition, expressions=[exp.false()])


def missing(value: SQL) -> SQL:
    """Return the test that a value is missing."""
    return exp.Is(this=value, expression=exp.null())


def present(value: SQL) -> SQL:
    """Return the test that a value is not missing."""
    return exp.Not(this=missing(value))


def when(condition: SQL, then: SQL, otherwise: SQL | None = None) -> SQL:
    """Return `then` where the condition holds, else `otherwise`, else nothing."""
    return exp.Case(ifs=[exp.If(this=condition, true=then)], default=otherwise)


DIGITS = "^[0-9]{1,38}$"
"""What is a number among the ids of records: as many digits as a decimal holds."""


def in_order(value: SQL, kind: Kind) -> list[SQL]:
    """Return the keys of an ascending order, missing values last.

    Ids of records that are all digits come first, as numbers, unless they have more digits than a number holds.
    """
    if kind is not Kind.ID:
        return [ordered(value)]
    digits = exp.RegexpLike(this=value, expression=text(DIGITS))
    return [ordered(when(digits, cast(value, "decimal(38, 0)"))), ordered(value)]


def ordered(value: SQL, *, descending: bool = False) -> SQL:
    """Return a key of an order, in which missing values come last either way."""
    return exp.Ordered(this=value, desc=descending, nulls_first=False)
