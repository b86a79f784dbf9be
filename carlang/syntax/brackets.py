"""Brackets that are missing or too many: where they belong, where that can be told.

One bracket that is missing is missing at the statement's end, one too many is the last; that is certain as long as no
other place would give the statement another meaning.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from carlang.diagnostics import Diagnostic, codes
from carlang.source import Span
from carlang.syntax import ast
from carlang.syntax.walk import rewrite

Reader = Callable[[str], ast.Statement | None]
"""Parses the text of one statement; gives None where it cannot be parsed."""

_CLOSING = {"(": ")", "[": "]"}
_BEFORE_A_CONDITION = frozenset({"where", "and", "or", "not"})
_MOST_BEGINNINGS = 200
"""At how many places the missing bracket is tried at most: each costs a parse of the statement."""
_LONGEST = 20_000
"""How many characters a statement may have to be repaired, for the same reason; the longest published one has 2,553."""
_TOKEN = re.compile(
    r"""(?P<skip>"(?:\\["\\]|\\(?!["\\])|[^"\\\n]++)*+"|'[^'\n]*'|\#[^\n]*|//[^\n]*)|(?P<mark>[()\[\]])|(?P<word>\w+)"""
)


def with_repairs(text: str, pieces: Sequence[Span], faults: Sequence[Diagnostic], read: Reader) -> list[Diagnostic]:
    """Return the faults of a program's statements, in order; where a bracket is a statement's only one, repaired."""
    starts = [piece.start for piece in pieces]
    by_piece: dict[int, list[Diagnostic]] = {}
    for fault in faults:
        by_piece.setdefault(bisect_right(starts, fault.span.start) - 1, []).append(fault)
    result: list[Diagnostic] = []
    for number, faults_of_piece in by_piece.items():
        span = pieces[number]
        alone = len(faults_of_piece) == 1 and number >= 0 and span.end - span.start <= _LONGEST
        repaired = _repaired(text, span, faults_of_piece[0], read) if alone else None
        result += [repaired] if repaired else faults_of_piece
    return result


def _repaired(text: str, span: Span, fault: Diagnostic, read: Reader) -> Diagnostic | None:
    try:
        if fault.code is codes.UNCLOSED_BRACKET:
            return _closed(text, span, fault, read)
        if fault.code is codes.STRAY_BRACKET and fault.span.end == span.end:
            return _without(text, span, fault, read)
    except RecursionError:  # nested deeper than anything that can be compiled
        pass
    return None


def _closed(text: str, span: Span, fault: Diagnostic, read: Reader) -> Diagnostic | None:
    """Return the fault of a bracket that is never closed, repaired at the statement's end."""
    bracket = _CLOSING[text[fault.span.start]]
    closed = text[span.start : span.end] + bracket
    if read(closed) is None:
        return None
    # With `and` and `or` side by side, a bracket further left would group the conditions otherwise.
    return fault.repaired_by(bracket, Span(span.end, span.end), certain=not _mixed(closed))


def _without(text: str, span: Span, fault: Diagnostic, read: Reader) -> Diagnostic | None:
    """Return the fault of a bracket that closes nothing at a statement's end, repaired by leaving it out."""
    before = text[span.start : fault.span.start]
    meant = read(before)
    if meant is None:
        return None
    beginnings = list(_beginnings(before))
    others = (read(other) for other in _bracketed(text[span.start : span.end], beginnings))
    # Brackets around an `and` inside an `and` change the tree, not what it means.
    meaning = rewrite(meant, _merged)
    certain = len(beginnings) <= _MOST_BEGINNINGS and all(
        other is None or rewrite(other, _merged) == meaning for other in others
    )
    start = span.start + len(before.rstrip())
    return fault.repaired_by("", Span(start, fault.span.end), certain=certain)


def _mixed(text: str) -> bool:
    """Tell whether an `and` and an `or` stand side by side in the same brackets."""
    levels: list[set[str]] = [set()]
    for match in _TOKEN.finditer(text):
        if match["mark"] and match["mark"] in "([":
            levels.append(set())
        elif match["mark"] and len(levels) > 1 and {"and", "or"} <= levels.pop():
            return True
        elif match["word"] and match["word"].casefold() in ("and", "or"):
            levels[-1].add(match["word"].casefold())
    return any({"and", "or"} <= level for level in levels)


def _beginnings(text: str) -> Iterator[int]:
    """Yield where conditions begin: behind an opening bracket or a word that one follows."""
    expected = False
    for match in _TOKEN.finditer(text):
        if match["skip"] and match["skip"][0] not in "\"'":
            continue
        if expected and match["mark"] not in (")", "]"):
            yield match.start()
        expected = match["mark"] == "(" or (match["word"] or "").casefold() in _BEFORE_A_CONDITION


def _bracketed(text: str, beginnings: Sequence[int]) -> Iterator[str]:
    """Yield a statement with the missing bracket at each beginning where it would hold more than one condition."""
    for start in beginnings[:_MOST_BEGINNINGS]:
        other = text[:start] + "(" + text[start:]
        if re.search(r"\b(?:and|or)\b", other[start : _partner(other, start)], re.IGNORECASE):
            yield other


def _partner(text: str, at: int) -> int:
    """Return where the bracket at an offset closes."""
    depth = 0
    for match in _TOKEN.finditer(text, at):
        if match["mark"]:
            depth += 1 if match["mark"] in "([" else -1
        if depth == 0:
            return match.start()
    return len(text)


def _merged(node: ast.Node) -> ast.Node:
    """Return an `and` whose operands are ands themselves, or an `or` of ors, as one; any other node as it is."""
    if not isinstance(node, ast.And | ast.Or):
        return node
    operands: list[ast.Expr] = []
    for operand in node.operands:
        operands += operand.operands if isinstance(operand, type(node)) else [operand]
    return replace(node, operands=tuple(operands))
