"""What a reviewer of analytics would remark on: it runs, but probably does not say what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from carlang.diagnostics import Diagnostic, codes
from carlang.model.types import Kind
from carlang.resolve.bound import (
    AllOf,
    Arith,
    BoundExpr,
    BoundOutput,
    Compare,
    Const,
    Events,
    FieldRef,
    Filtered,
    NamedStream,
    Now,
)
from carlang.resolve.scope import Context
from carlang.syntax import ast

_PLACEHOLDER = re.compile(r"__\w+__|<[A-Za-z][\w ]*>|\.\.\.|…|C:\\Path\\To\\.*", re.IGNORECASE)
_OPERATOR = re.compile(r"\S (OR|AND) \S")


def remarks(ctx: Context, program: ast.Program, outputs: tuple[BoundOutput, ...]) -> list[Diagnostic]:
    """Return remarks on a program that has been resolved."""
    return [*_strings(ctx, program), *_unfiltered(ctx, outputs), *_windows(ctx)]


def _strings(ctx: Context, program: ast.Program) -> Iterator[Diagnostic]:
    for literal in _literals(program):
        text = literal.value
        if _PLACEHOLDER.fullmatch(text.strip()):
            fault = ctx.report(codes.PLACEHOLDER, "this is a placeholder, not a value", literal.span)
            yield fault.with_label("something is to be filled in here")
        elif match := _OPERATOR.search(text):
            word = match.group(1)
            fault = ctx.report(codes.OPERATOR_IN_STRING, f"`{word}` inside a string is text", literal.span)
            yield fault.with_help('a list says "any of these": `exe in ["a.exe", "b.exe"]`')


def _literals(node: object) -> Iterator[ast.StringLit]:
    todo = [node]
    while todo:
        here = todo.pop()
        if isinstance(here, ast.StringLit):
            yield here
        elif isinstance(here, tuple):
            todo.extend(here)
        elif is_dataclass(here):
            todo.extend(getattr(here, f.name) for f in fields(here) if f.name != "span")


def _unfiltered(ctx: Context, outputs: tuple[BoundOutput, ...]) -> Iterator[Diagnostic]:
    own = {id(named) for named in ctx.named}
    for output in outputs:
        named = output.stream
        if isinstance(named, NamedStream) and isinstance(named.stream, Events) and id(named) in own:
            message = f"`{output.name}` is every event of the search, unfiltered"
            yield ctx.report(codes.UNFILTERED_OUTPUT, message, named.span)


def _windows(ctx: Context) -> Iterator[Diagnostic]:
    """Find conditions such as `t < now - 1 day and t > now - 1 day`, which no time satisfies."""
    for named in ctx.named:
        column = _empty_window(named.stream.condition) if isinstance(named.stream, Filtered) else None
        if column and ctx.source.text[named.span.start : named.span.end] == named.name:
            message = f"no `{column}` satisfies these conditions"
            yield ctx.report(codes.EMPTY_WINDOW, message, named.span).with_label("this stream is always empty")


def _empty_window(condition: BoundExpr) -> str | None:
    low: dict[str, tuple[int, bool]] = {}
    high: dict[str, tuple[int, bool]] = {}
    for test in _conjuncts(condition):
        bound = _bound(test)
        if bound is None:
            continue
        column, operator, at = bound
        strict = operator in ("<", ">")
        if operator[0] == ">":
            low[column] = max(low.get(column, (at, False)), (at, strict))
        else:
            high[column] = min(high.get(column, (at, True)), (at, not strict))
    for column in low.keys() & high.keys():
        (from_, after), (to, inclusive) = low[column], high[column]
        if from_ > to or (from_ == to and (after or not inclusive)):
            return column
    return None


def _conjuncts(condition: BoundExpr) -> Iterator[BoundExpr]:
    if isinstance(condition, AllOf):
        for inner in condition.conditions:
            yield from _conjuncts(inner)
    else:
        yield condition


def _bound(test: BoundExpr) -> tuple[str, str, int] | None:
    """Return a comparison of a time with `now`, shifted by so many microseconds, or with a literal time."""
    if not isinstance(test, Compare) or test.operator == "==" or not isinstance(test.left, FieldRef):
        return None
    if test.left.type.kind is not Kind.TIME:
        return None
    match test.right:
        case Now():
            return test.left.column, test.operator, 0
        case Arith("-", Now(), Const(int(shift))):
            return test.left.column, test.operator, -shift
        case Arith("+", Now(), Const(int(shift))):
            return test.left.column, test.operator, shift
        case _:
            return None
