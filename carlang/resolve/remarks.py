"""Remarks on conditions that can be resolved but were hardly meant: constants, patterns, lists.

They are made where a condition is resolved, as that is where its operands are known, and what is written there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from carlang.diagnostics import codes
from carlang.resolve.bound import BoundExpr, Compare, Complement, Const, FieldRef, InBlock, MemberRef, OneOf
from carlang.resolve.scope import Context
from carlang.source import Span
from carlang.syntax import ast
from carlang.syntax.literal import regex_literal, string_literal

# ---- constants -------------------------------------------------------------------------------------------------------

Values = frozenset[object]


def never_together(ctx: Context, branches: Sequence[BoundExpr]) -> None:
    """Report a condition of an `and` that cannot hold where those before it do: two values of one field."""
    held: dict[BoundExpr, Values] = {}
    refused: dict[BoundExpr, set[object]] = {}
    blocks: dict[BoundExpr, InBlock] = {}
    for branch in branches:
        never = False
        if isinstance(branch, InBlock):
            never = branch.subject in blocks and _apart(blocks[branch.subject], branch)
            blocks[branch.subject] = branch
        elif equal := _equal(branch):
            field, values = equal
            left = held.get(field, values) & values
            never = not left or left <= refused.get(field, set())
            held[field] = left or values
        elif isinstance(branch, Complement) and (unequal := _equal(branch.condition)):
            field, values = unequal
            refused.setdefault(field, set()).update(values)
            never = field in held and held[field] <= refused[field]
        if never:
            _report_never(ctx, branch)
    if _empty_range(branches):
        _report_never(ctx, branches[-1])


def always_true(ctx: Context, branches: Sequence[BoundExpr]) -> None:
    """Report a condition of an `or` that holds wherever none before it does: a field that differs from two values."""
    held: dict[BoundExpr, set[object]] = {}
    refused: dict[BoundExpr, Values] = {}
    for branch in branches:
        if equal := _equal(branch):
            field, values = equal
            held.setdefault(field, set()).update(values)
            always = field in refused and refused[field] <= held[field]
        elif isinstance(branch, Complement) and (unequal := _equal(branch.condition)):
            field, values = unequal
            refused[field] = refused.get(field, values) & values
            always = refused[field] <= held.get(field, set())
        else:
            continue
        if always and branch.span:
            fault = ctx.report(codes.ALWAYS_TRUE, "with what stands before it, this always holds", branch.span)
            fault = fault.with_label("a value differs from one of two at least")
            ctx.add(fault.with_help("`and` between them, or `not in [...]`, leaves both values out"))
            return


def _report_never(ctx: Context, branch: BoundExpr) -> None:
    if branch.span:
        fault = ctx.report(codes.NEVER_TRUE, "with what stands before it, this never holds", branch.span)
        fault = fault.with_label("the field has another value there")
        ctx.add(fault.with_help("`or` between them, or `in [...]`, asks for any of the values"))


def _equal(test: BoundExpr) -> tuple[BoundExpr, Values] | None:
    """Return the field and the values of a test that it is one of some constants, or None for another test."""
    match test:
        case Compare("==", FieldRef() | MemberRef() as field, Const(value)) if value is not None:
            return field, frozenset({_folded(value)})
        case OneOf(FieldRef() | MemberRef() as field, constants):
            return field, frozenset(_folded(constant.value) for constant in constants)
        case _:
            return None


def _folded(value: object) -> object:
    return value.casefold() if isinstance(value, str) else value


def _apart(a: InBlock, b: InBlock) -> bool:
    return a.high < b.low or b.high < a.low


def _empty_range(branches: Sequence[BoundExpr]) -> bool:
    """Tell whether numbers are asked for that are above one bound and below a lower one: `pid < 3 and pid > 5`."""
    low: dict[BoundExpr, float] = {}
    high: dict[BoundExpr, float] = {}
    for branch in branches:
        match branch:
            case Compare("<" | "<=", FieldRef() as field, Const(int() | float() as bound)):
                high[field] = min(high.get(field, bound), bound)
            case Compare(">" | ">=", FieldRef() as field, Const(int() | float() as bound)):
                low[field] = max(low.get(field, bound), bound)
            case _:
                pass
    return any(low[field] > high[field] for field in low.keys() & high.keys())


# ---- lists -----------------------------------------------------------------------------------------------------------

_LISTED = re.compile(r"\s*[^\s,;|][^,;|]*(?:[,;|]\s*[^\s,;|][^,;|]*)+")


def text_for_list(ctx: Context, container: ast.StringLit) -> None:
    """Report a text behind `in` that is a list by its commas: `exe in "a.exe,b.exe"` also holds for `e`."""
    if not _LISTED.fullmatch(container.value):
        return
    items = [string_literal(item.strip()) for item in re.split(r"[,;|]", container.value)]
    meant = f"[{', '.join(items)}]"
    fault = ctx.report(codes.TEXT_FOR_LIST, "`in` looks for a part of this text", container.span)
    fault = fault.with_label("a list?").with_help(f"a list is written {meant}")
    ctx.add(fault.repaired_by(meant, certain=False))


def null_in_list(ctx: Context, container: ast.ListLit) -> None:
    """Say of null in a list what it means."""
    for item in container.items:
        if isinstance(item, ast.NullLit):
            fault = ctx.report(codes.NULL_IN_LIST, "null in a list stands for what is missing", item.span)
            fault = fault.with_label("rows without a value are in the list")
            ctx.add(
                fault.with_help("without null no list has what is missing: `f in [...] or f == null` says the same")
            )


# ---- patterns --------------------------------------------------------------------------------------------------------

# What is left of a path when its separators are taken for escapes: a class in capitals with a word behind it.
_CLASS_AND_WORD = re.compile(r"(?<!\\)(?:\\\\)*\\(?P<class>[WSDB])(?P<word>[a-z]{2,})")
_ANY_CLASS_AND_WORD = re.compile(r"(?<!\\)(?:\\\\)*\\(?P<class>[A-Za-z])(?P<word>[A-Za-z]{2,})")
_DRIVE = re.compile(r"(?<![A-Za-z])[A-Za-z]:\\(?!\\)")
_UNESCAPED = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|(?P<end>\$)(?P<behind>[^)|\n])|(?P<before>[^(|\n\\])(?P<start>\^)", re.DOTALL
)
_SLASHES = re.compile(r"/(?P<inner>.+)/(?P<flags>[gimsux]*)", re.DOTALL)
# Behind flags an end may stand anywhere: `(?m)` makes it one of a line, `(?-i)^at` begins with it.
_FLAGS = re.compile(r"\(\?-?[imsU]")
_META = re.compile(r"[*+?{}()|\[\]^$\\]")


def hardly_meant(ctx: Context, pattern: str, span: Span) -> None:
    """Report a regular expression that finds something else than was meant, or nothing at all."""
    slashes = _SLASHES.fullmatch(pattern)
    if slashes and (slashes["flags"] or _META.search(slashes["inner"])):
        meant = regex_literal(slashes["inner"])
        fault = ctx.report(codes.PATTERN_HARDLY_MEANT, "the slashes are part of the pattern", span)
        fault = fault.with_label(f"{meant}?").with_help("a pattern stands in quotes alone; case does not count")
        ctx.add(fault.repaired_by(meant, certain=False))
        return
    classes = _ANY_CLASS_AND_WORD if _DRIVE.search(pattern) else _CLASS_AND_WORD
    if match := classes.search(pattern):
        written = f"\\{match['class']}"
        fault = ctx.report(codes.PATTERN_HARDLY_MEANT, f"`{written}` is a class of characters, no folder", span)
        fault = fault.with_label(f"`\\\\{match['class']}{match['word']}` for a path")
        ctx.add(fault.with_help("in a pattern a backslash of a path is written with two"))
        return
    if _FLAGS.search(pattern):
        return
    for match in _UNESCAPED.finditer(pattern):
        if match["end"] or match["start"]:
            what = "behind `$`" if match["end"] else "before `^`"
            fault = ctx.report(codes.PATTERN_HARDLY_MEANT, f"nothing can stand {what}", span)
            fault = fault.with_label("finds nothing")
            ctx.add(fault.with_help("`\\$` is the sign itself, `\\^` likewise"))
            return
