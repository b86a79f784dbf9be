"""Conditions in SQL.

SQL's comparisons have three values, the language's two. A missing comparison drops a row exactly as a false one does,
so it may stand as it is wherever only `and` and `or` are above it; a complement asks `IS DISTINCT FROM TRUE`, which
makes it definite again. A condition in the place of a value is made definite with COALESCE.
"""

from __future__ import annotations

from datetime import datetime

from sqlglot import exp

from carlang.model.types import Kind
from carlang.resolve import bound
from carlang.sql.addresses import in_block
from carlang.sql.fragments import SQL, all_of, any_of, call, complement, definite, lowered, number, text, wrapped
from carlang.sql.functions import UNIT_SEPARATOR
from carlang.sql.values import lower_constant, lower_value

_COMPARISONS = {"==": exp.EQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}
_ESCAPES = "~!^#$"


def lower_condition(expr: bound.BoundExpr, now: datetime) -> SQL:
    """Return a condition in SQL: true where it holds, false or missing where it does not."""
    match expr:
        case bound.AllOf(conditions):
            return all_of([lower_condition(c, now) for c in conditions])
        case bound.AnyOf(conditions):
            return any_of([lower_condition(c, now) for c in conditions])
        case bound.Complement(bound.Present(operand)):
            return exp.Is(this=wrapped(lower_any(operand, now)), expression=exp.null())
        case bound.Complement(condition):
            return complement(lower_condition(condition, now))
        case bound.Present(operand):
            return exp.Not(this=exp.Is(this=wrapped(lower_any(operand, now)), expression=exp.null()))
        case bound.Truth(operand):
            return lower_any(operand, now)
        case _:
            return _test(expr, now)


def _test(expr: bound.BoundExpr, now: datetime) -> SQL:
    match expr:
        case bound.Compare():
            return _compare(expr, now)
        case bound.OneOf(subject, values):
            items = [_comparable(constant, now) for constant in values]
            return exp.In(this=_comparable(subject, now), expressions=items)
        case bound.Matches(subject, pattern):
            return like(lowered(lower_value(subject, now)), pattern)
        case bound.RegexTest(subject, regex):
            return call("regexp_matches", lower_value(subject, now), text(regex), text("i"))
        case bound.InBlock(subject, low, high):
            return in_block(lower_value(subject, now), low, high)
        case bound.Contains(container, item):
            return _contains(container, item, now)
        case bound.Affix(test, subject, affix):
            node = exp.StartsWith if test == "startswith" else exp.EndsWith
            return node(this=lowered(lower_value(subject, now)), expression=lowered(lower_value(affix, now)))
        case _:
            return lower_value(expr, now)


def lower_any(expr: bound.BoundExpr, now: datetime) -> SQL:
    """Return a value, or a condition as a value, which is never missing."""
    if isinstance(
        expr,
        bound.FieldRef | bound.MemberRef | bound.Const | bound.Now | bound.Items | bound.Arith | bound.Apply,
    ):
        return lower_value(expr, now)
    return definite(lower_condition(expr, now))


def _compare(expr: bound.Compare, now: datetime) -> SQL:
    left, right = _comparable(expr.left, now), _comparable(expr.right, now)
    return _COMPARISONS[expr.operator](this=wrapped(left), expression=wrapped(right))


def _comparable(expr: bound.BoundExpr, now: datetime) -> SQL:
    value = lower_constant(expr) if isinstance(expr, bound.Const) else lower_any(expr, now)
    return lowered(value) if expr.type.is_string else value


def _contains(container: bound.BoundExpr, item: bound.BoundExpr, now: datetime) -> SQL:
    whole, part = lower_value(container, now), lowered(lower_value(item, now))
    if container.type.kind is not Kind.LIST:
        return exp.Contains(this=lowered(whole), expression=part)
    separator = call("chr", number(ord(UNIT_SEPARATOR)))
    folded = call("string_split", exp.Lower(this=call("array_to_string", whole, separator)), separator.copy())
    return call("list_contains", folded, part)


def like(subject: SQL, pattern: bound.Pattern) -> SQL:
    """Return the test that a text in lower case matches a pattern as a whole."""
    run = bound.Any.RUN
    match pattern:
        case (str(head), last) if last is run:
            return exp.StartsWith(this=subject, expression=lowered(text(head)))
        case (first, str(tail)) if first is run:
            return exp.EndsWith(this=subject, expression=lowered(text(tail)))
        case (first, str(middle), last) if first is run and last is run:
            return exp.Contains(this=subject, expression=lowered(text(middle)))
    texts = "".join(part for part in pattern if isinstance(part, str))
    escape = next((c for c in _ESCAPES if c not in texts), _ESCAPES[0])
    pieces = [_piece(part, escape) for part in pattern]
    test = exp.Like(this=subject, expression=lowered(text("".join(pieces))))
    if not any(c in texts for c in f"%_{escape}"):
        return test
    return exp.Escape(this=test, expression=text(escape))


def _piece(part: str | bound.Any, escape: str) -> str:
    if isinstance(part, bound.Any):
        return "%" if part is bound.Any.RUN else "_"
    for special in (escape, "%", "_"):
        part = part.replace(special, escape + special)
    return part
