"""Expressions as documents: parentheses where precedence asks for them, and around an `and` inside an `or`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import assert_never

from carlang.source import Source, Span
from carlang.syntax import ast
from carlang.syntax.format_doc import Doc, Group, Item
from carlang.syntax.literal import string_literal

# How tightly an expression holds together; what stands inside another needs the other's level at least.
OR, AND, NOT, COMPARISON, SUM, PRODUCT, ATOM = range(7)

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)")
_OTHER_LINE = re.compile(r"[^\S\n]*(?:(?:#|//)[^\n]*)?\n")
_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}
_TESTS = {"contains": "does not contain", "match": "does not match"}


class Unclear(Exception):  # noqa: N818  # no error: a statement that is better left as it is written
    """A statement whose layout says more than its tree: a call whose parenthesis opens on another line."""


def expression(source: Source, node: ast.Expr, level: int = OR) -> Doc:
    """Return an expression, in parentheses where it holds less tightly together than `level`."""
    if isinstance(node, ast.Or | ast.And):
        own = OR if isinstance(node, ast.Or) else AND
        return [chain(source, node, bracketed=own < level)]
    own, doc = _form(source, node)
    return ["(", *doc, ")"] if own < level else doc


def chain(source: Source, node: ast.Or | ast.And, *, bracketed: bool) -> Group:
    """Return the operands of an `or` or `and` as a group."""
    word = "or" if isinstance(node, ast.Or) else "and"
    items = [Item(expression(source, operand, NOT), operand.span, word) for operand in node.operands]
    items[0].lead = ""
    return Group(items, *("()" if bracketed else ("", "")))


def condition(source: Source, node: ast.Expr) -> Group:
    """Return a condition in the parentheses of a `where`."""
    if isinstance(node, ast.Or | ast.And):
        return chain(source, node, bracketed=True)
    return Group([Item(expression(source, node), node.span)], "(", ")")


def _form(source: Source, node: ast.Expr) -> tuple[int, Doc]:
    """Return an expression other than `and` and `or` with its level."""
    match node:
        case ast.Not(operand):
            return NOT, ["not ", *expression(source, operand, NOT)]
        case ast.Comparison() | ast.In() | ast.TextTest() | ast.Exists():
            return COMPARISON, _comparison(source, node)
        case ast.Arithmetic(operator, left, right):
            own = SUM if operator in "+-" else PRODUCT
            return own, [*expression(source, left, own), f" {operator} ", *expression(source, right, own + 1)]
        case ast.Negative(operand):
            return SUM, ["-", *expression(source, operand, SUM)]
        case ast.Or() | ast.And():  # taken before
            return OR, [chain(source, node, bracketed=True)]
        case _:
            return ATOM, _atom(source, node)


def _comparison(source: Source, node: ast.Comparison | ast.In | ast.TextTest | ast.Exists) -> Doc:
    match node:
        case ast.Comparison(operands, operators):
            doc = [*expression(source, operands[0], SUM)]
            for operator, operand in zip(operators, operands[1:], strict=True):
                doc += [f" {operator} ", *expression(source, operand, SUM)]
            return doc
        case ast.In(item, container, negated):
            word = " not in " if negated else " in "
            return [*expression(source, item, SUM), word, *expression(source, container, SUM)]
        case ast.TextTest(test, subject, pattern, negated):
            word = _TESTS.get(test, f"not {test}") if negated else test
            if isinstance(subject, ast.ListLit):  # `[f] match x` would ask for the field f
                return [*expression(source, subject, ATOM), f".{test}(", *expression(source, pattern), ")"]
            return [*expression(source, subject, SUM), f" {word} ", *expression(source, pattern, SUM)]
        case ast.Exists(operand, negated):
            return [*expression(source, operand, SUM), " does not exist" if negated else " exists"]
        case _:
            assert_never(node)


def _atom(source: Source, node: ast.Expr) -> Doc:
    match node:
        case ast.Name(ident):
            return [ident]
        case ast.Member(base, name):
            number = isinstance(base, ast.NumberLit | ast.DurationLit | ast.AddressLit)
            inner = expression(source, base, ATOM)
            return ["(", *inner, ")", f".{name.ident}"] if number else [*inner, f".{name.ident}"]
        case ast.Call(function, arguments, distinct):
            if _OTHER_LINE.match(source.text, function.span.end):
                raise Unclear
            word = "distinct " if distinct else ""
            items = [Item([word, *expression(source, a)], a.span) for a in arguments]
            return [function.ident, Group(items, "(", ")", packed=True) if items else "()"]
        case ast.ListLit(items):
            members = [Item(expression(source, item), item.span) for item in items]
            return [Group(members, "[", "]", packed=True)] if members else ["[]"]
        case _:
            return [_literal(source, node)]


def _literal(source: Source, node: ast.Expr) -> str:
    match node:
        case ast.StringLit(value):
            return string_literal(value)
        case ast.NumberLit(value):
            return number_text(value)
        case ast.DurationLit():
            return duration_text(source.text[node.span.start : node.span.end])
        case ast.BoolLit(value):
            return "true" if value else "false"
        case ast.NullLit():
            return "null"
        case ast.NowLit():
            return "now"
        case ast.AddressLit(text):
            return text
        case _:
            raise TypeError(node)


def number_text(value: float) -> str:
    """Return a number as the language writes it, without an exponent."""
    text = format(Decimal(repr(value)), "f")
    return text if isinstance(value, int) or "." in text else f"{text}.0"


def duration_text(text: str) -> str:
    """Return a duration with its unit written out: `1sec` is `1 second`."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return text
    number, unit = match.groups()
    short = unit.casefold()
    word = "millisecond" if short in ("ms", "millisecond", "milliseconds") else _UNITS[short[0]]
    return f"{number} {word}{'' if number == '1' else 's'}"


def names(paths: Sequence[ast.Name | ast.Member], source: Source) -> Group:
    """Return the fields behind a `by`."""
    return Group([Item(expression(source, path), path.span) for path in paths])


def bracketed(doc: Doc, span: Span) -> Group:
    """Return a document in parentheses."""
    return Group([Item(doc, span)], "(", ")")
