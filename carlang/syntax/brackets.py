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
_MOST_READ = 400_000
"""How many characters are read to see whether a bracket means the same elsewhere: a second's worth, not measured."""
_LONGEST = 20_000
"""How many characters a statement may have to be repaired, for the same reason; the longest published one has 2,553."""
_ALIKE = 4
"""How many lines a list of conditions needs for one of them to be told from the others. A judgement."""
_LINE_OF_A_LIST = re.compile(
    r"^[ \t]*(?P<condition>\(.*\))[ \t]*(?P<connective>and|or)\b[ \t]*$", re.IGNORECASE | re.MULTILINE
)
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
        if number >= 0 and (alike := _closed_as_other_lines(text, span, faults_of_piece, read)):
            result += alike
            continue
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
    statement, opening = text[span.start : span.end], fault.span.start - span.start
    closed = statement + bracket
    meant = read(closed)
    if meant is None:
        return None
    # With `and` and `or` side by side, a bracket further left would group the conditions otherwise. So it may where
    # others are closed behind this one, as each of them may be the one that is missing.
    certain = not _mixed(closed) and _means_the_same(statement, _seams(statement, opening), bracket, meant, read)
    certain = certain or _means_the_same(statement, _ends(statement, opening), bracket, meant, read)
    return fault.repaired_by(bracket, Span(span.end, span.end), certain=certain)


def _means_the_same(statement: str, places: Iterator[int], bracket: str, meant: ast.Statement, read: Reader) -> bool:
    """Tell whether a statement means the same with its missing bracket at each of some places."""
    ends = list(places)
    if len(ends) > _MOST_BEGINNINGS or len(ends) * len(statement) > _MOST_READ:
        return False
    meaning = rewrite(meant, _merged)
    others = (read(statement[:end] + bracket + statement[end:]) for end in ends)
    return all(other is None or rewrite(other, _merged) == meaning for other in others)


def _seams(text: str, opening: int) -> Iterator[int]:
    """Yield where tests of different fields meet behind an opening bracket, if brackets are closed behind it.

    `pid == 3 or pid == 4 or` hangs together, and so do groups in brackets: a bracket is hardly missing inside. Between
    `pid == 4` and `ppid == 5` it may be.
    """
    tokens = [match for match in _TOKEN.finditer(text, opening + 1) if not (match["skip"] or "").startswith(("#", "/"))]
    if not any(match["mark"] and match["mark"] in ")]" for match in tokens):
        return
    subject, fresh = "", True
    for before, match, behind in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        word = (match["word"] or "").casefold()
        if word in ("and", "or"):
            if before and subject and behind and behind["word"] and behind.group().casefold() != subject:
                yield before.end()
            subject, fresh = "", True
        elif word in _BEFORE_A_CONDITION:
            fresh = True
        elif fresh and match["mark"] == "(":
            subject = ""  # a group, unless something else stands in it
        elif fresh:
            subject, fresh = word, False


def _ends(text: str, opening: int) -> Iterator[int]:
    """Yield where conditions end behind an opening bracket: before a connective or a closing bracket."""
    end = opening + 1
    for match in _TOKEN.finditer(text, opening + 1):
        if (match["word"] or "").casefold() in ("and", "or") or (match["mark"] and match["mark"] in ")]"):
            yield len(text[: match.start()].rstrip())
        end = match.end()
    yield end


def _closed_as_other_lines(
    text: str, span: Span, faults: Sequence[Diagnostic], read: Reader
) -> list[Diagnostic] | None:
    """Return the faults of two open brackets repaired, where one is that of a line among others that are alike.

    All lines but one of a list of conditions, `(…) or`, close what they open: that one lacks its bracket before the
    connective. The other bracket is missing at the statement's end.
    """
    if len(faults) != 2 or any(fault.code is not codes.UNCLOSED_BRACKET for fault in faults):  # noqa: PLR2004  # two, as said
        return None
    lines = list(_LINE_OF_A_LIST.finditer(text, span.start, span.end))
    uneven = [line for line in lines if _depth(line["condition"])]
    if len(uneven) != 1 or len(lines) < _ALIKE or _depth(uneven[0]["condition"]) != 1:
        return None
    line = uneven[0]
    mine = next((fault for fault in faults if line.start() <= fault.span.start < line.end()), None)
    other = next((fault for fault in faults if fault is not mine), None)
    if mine is None or other is None or text[mine.span.start] != "(":
        return None
    at = line.end("condition")
    mended = text[span.start : at] + ")" + text[at : span.end]
    # The bracket that was put in moves what stands behind it.
    start = span.start if other.span.start < at else span.start - 1
    last = _closed(mended, Span(0, len(mended)), _moved(other, start), read)
    if last is None or last.repair is None:
        return None
    closing = other.repaired_by(last.repair.edits[0].text, Span(span.end, span.end), certain=last.repair.certain)
    return sorted([mine.repaired_by(")", Span(at, at), certain=last.repair.certain), closing], key=lambda d: d.span)


def _moved(fault: Diagnostic, start: int) -> Diagnostic:
    """Return a fault with its place counted from the beginning of its statement."""
    return replace(fault, span=Span(fault.span.start - start, fault.span.end - start))


def _depth(text: str) -> int:
    """Return how many brackets a text opens that it does not close."""
    marks = [match["mark"] for match in _TOKEN.finditer(text) if match["mark"]]
    return sum(1 if mark in "([" else -1 for mark in marks)


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


def connectives_beside(text: str, at: int) -> frozenset[str]:
    """Return which of `and` and `or` stand in the same brackets as a place of a text; none where it is in none."""
    levels: list[set[str]] = [set()]
    mine: set[str] | None = None
    for match in _TOKEN.finditer(text):
        if mine is None and match.start() >= at:
            mine = levels[-1]
        if match["mark"] and match["mark"] in "([":
            levels.append(set())
        elif match["mark"] and len(levels) > 1:
            if levels.pop() is mine:
                return frozenset(mine)
        elif match["word"] and match["word"].casefold() in ("and", "or"):
            levels[-1].add(match["word"].casefold())
    return frozenset()
