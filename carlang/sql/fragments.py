"""Small pieces of SQL trees that all lowerings share. Every identifier is quoted, every operand in parentheses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlglot import exp

SQL = exp.Expr
"""A node of a SQL tree."""


def name(text: str) -> exp.Identifier:
    """Return a quoted identifier."""
    return exp.to_identifier(text, quoted=True)


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
    return exp.cast(text(written.rjust(32, "0")), "timestamptz")


def call(function: str, *arguments: SQL) -> SQL:
    """Return a call of a function of the engine, under the name that it has there."""
    return exp.Anonymous(this=function, expressions=list(arguments))


def lowered(value: SQL) -> SQL:
    """Return a text in lower case: the form in which texts are compared. Literals of ASCII are lowered at once."""
    if isinstance(value, exp.Literal) and value.is_string and value.this.isascii():
        return text(value.this.lower())
    return exp.Lower(this=value)


def wrapped(value: SQL) -> SQL:
    """Return an operand in parentheses where it is not a single word or call."""
    simple = exp.Column | exp.Literal | exp.Func | exp.Paren | exp.Cast | exp.Boolean | exp.Null
    return value if isinstance(value, simple) else exp.Paren(this=value)


def attempt(value: SQL) -> SQL:
    """Return a computation that is missing where it overflows or has no result."""
    return call("try", value)


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


def let(word: str, value: SQL, body: Callable[[SQL], SQL]) -> SQL:
    """Return `body` of a value that is computed once, under a name of its own, however often the body needs it."""
    inner = exp.Lambda(this=body(exp.Column(this=exp.to_identifier(word))), expressions=[exp.to_identifier(word)])
    one = exp.Transform(this=exp.Array(expressions=[value]), expression=inner)
    return call("list_extract", one, number(1))


def when(condition: SQL, then: SQL, otherwise: SQL | None = None) -> SQL:
    """Return `then` where the condition holds, else `otherwise`, else nothing."""
    return exp.Case(ifs=[exp.If(this=condition, true=then)], default=otherwise)
