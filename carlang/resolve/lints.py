"""Lints: what a reviewer of analytics would remark on. It runs, but probably does not say what was meant.

All look at a program that has been resolved, but `never_equal`, which needs a literal as it was written, and the type
of what it is compared with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from carlang.diagnostics import Diagnostic, codes
from carlang.foreign import foreign_wildcards
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
    streams_below,
)
from carlang.resolve.distances import unbounded_times
from carlang.resolve.scope import Context
from carlang.syntax import ast, walk
from carlang.syntax.literal import string_literal

# What authors leave to the reader: `__NAME__`, `<user>`, an ellipsis, `C:\Path\To\…`.
_PLACEHOLDER = re.compile(r"__\w+__|<[A-Za-z][\w ]*>|\.\.\.|…|C:\\Path\\To\\.*", re.IGNORECASE)
# Processes of the Windows kernel, whose path is their name: no file is behind them.
_WITHOUT_FILE = frozenset({"system", "registry", "memcompression", "memory compression", "secure system", "vmmem"})
# In capitals alone: `and` in small letters is more often a word of the text.
_OPERATOR = re.compile(r"\S (OR|AND) \S")


def lints(ctx: Context, program: ast.Program, outputs: tuple[BoundOutput, ...]) -> list[Diagnostic]:
    """Return remarks on a program that has been resolved; without outputs where it has errors."""
    of_text = [*_strings(ctx, program), *_wildcards(ctx, program)]
    return [*of_text, *unbounded_times(ctx, outputs), *_unfiltered(ctx, outputs), *_windows(ctx)]


def unused_streams(ctx: Context, outputs: tuple[BoundOutput, ...]) -> Iterator[Diagnostic]:
    """Yield a remark for each name that no output depends on."""
    reached = {id(node) for output in outputs for node in streams_below(output.stream)}
    for named in ctx.bound_here:
        if id(named) not in reached and named.key not in ctx.used:
            fault = ctx.report(codes.UNUSED_STREAM, f"`{named.name}` is never used", named.span)
            yield fault.with_label("no output depends on it")


def never_equal(ctx: Context, subject: BoundExpr, literal: ast.StringLit) -> Diagnostic | None:
    """Return a remark where a value never equals a text, whatever the events."""
    kind = subject.type
    text = literal.value
    if kind.kind is Kind.NAME and ("\\" in text or "/" in text):
        fault = ctx.report(codes.NEVER_TRUE, "a file name never equals a path", literal.span)
        fault = fault.with_label("this has a folder in it")
        return fault.with_help("compare the path, such as `image_path` for `exe`, or the file's name alone")
    if kind.kind is Kind.ENUM and "*" not in text and text.casefold() not in kind.values:
        fault = ctx.report(codes.NEVER_TRUE, f'the field never has the value "{text}"', literal.span)
        return fault.with_help(f"its values are {', '.join(kind.values)}")
    # `%` may be a variable that stands for a folder.
    is_bare = bool(text) and text.casefold() not in _WITHOUT_FILE and not any(c in text for c in "\\/*%")
    if kind.kind is Kind.PATH and is_bare:
        fault = ctx.report(codes.NEVER_TRUE, "a full path never equals a bare file name", literal.span)
        return fault.with_help(f'`"*\\{text}"` matches the file in any folder')
    return None


def _strings(ctx: Context, program: ast.Program) -> Iterator[Diagnostic]:
    for literal in walk(program):
        if not isinstance(literal, ast.StringLit):
            continue
        text = literal.value
        if _PLACEHOLDER.fullmatch(text.strip()):
            fault = ctx.report(codes.PLACEHOLDER, "this is a placeholder, not a value", literal.span)
            yield fault.with_label("something is to be filled in here")
        elif match := _OPERATOR.search(text):
            word = match.group(1)
            fault = ctx.report(codes.OPERATOR_IN_STRING, f"`{word}` inside a string is text", literal.span)
            yield fault.with_help('a list says "any of these": `exe in ["a.exe", "b.exe"]`')


def _wildcards(ctx: Context, program: ast.Program) -> Iterator[Diagnostic]:
    """Find `exe == "%cmd%"` and its like, where the wildcard is another language's."""
    for node in walk(program):
        match node:
            case ast.Comparison(operands):
                compared = operands
            case ast.In(_, container):
                compared = container.items if isinstance(container, ast.ListLit) else (container,)
            case ast.TextTest(test, _, pattern) if test != "match":
                compared = pattern.items if isinstance(pattern, ast.ListLit) else (pattern,)
            case _:
                continue
        for literal in compared:
            if isinstance(literal, ast.StringLit):
                yield from _foreign_wildcard(ctx, literal)


def _foreign_wildcard(ctx: Context, literal: ast.StringLit) -> Iterator[Diagnostic]:
    for entry, meant in foreign_wildcards(literal.value):
        message = f"the text has a wildcard of {entry.of} in it"
        fault = ctx.report(codes.FOREIGN_WILDCARD, message, literal.span).with_help(entry.says)
        yield fault.with_label(f"{string_literal(meant)}?").repaired_by(string_literal(meant), certain=False)
        return


def _unfiltered(ctx: Context, outputs: tuple[BoundOutput, ...]) -> Iterator[Diagnostic]:
    ids = {id(named) for named in ctx.bound_here}
    for output in outputs:
        named = output.stream
        if isinstance(named, NamedStream) and isinstance(named.stream, Events) and id(named) in ids:
            message = f"`{output.name}` is every event of the search, unfiltered"
            yield ctx.report(codes.UNFILTERED_OUTPUT, message, named.span)


def _windows(ctx: Context) -> Iterator[Diagnostic]:
    """Find conditions such as `t < now - 1 day and t > now - 1 day`, which no time satisfies."""
    for named in ctx.bound_here:
        column = _empty_window(named.stream.condition) if isinstance(named.stream, Filtered) else None
        if column:
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
        # Each side keeps its narrowest bound; of two at one instant, the one that leaves the instant out.
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
    """Return a comparison of a time with `now`, shifted by so many microseconds."""
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
