"""AST → text in the one canonical layout.

A statement is written anew from its tree, on one line where that fits. Comments stay with the statement, and the line,
that they stand at: each goes to the item of a group that it stands beside, above or below.

Whatever the layout does, the text is parsed again. Where it would not give the same tree with the same comments, a
statement stays as it was written, and a tree without a text is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from carlang.diagnostics import has_errors
from carlang.source import Source, Span
from carlang.syntax import ast
from carlang.syntax.format_doc import Doc, Item, items_of, last_items, layout
from carlang.syntax.format_nodes import Unclear, Writer
from carlang.syntax.layout import comments, cut
from carlang.syntax.parse import parse

_AFTER_ITEM = re.compile(r"(?:[)\],|\s]|\{\{pipe\}\}|(?:and|or)\b)*", re.IGNORECASE)


def format_program(source: Source) -> str | None:
    """Return a program in canonical layout, or None where its text has errors.

    The result has the same syntax tree, and formatting it again changes nothing.
    """
    parsed = parse(source)
    if has_errors(parsed.diagnostics):
        return None
    formatted = _formatted(source, parsed.program, careful=True)
    again = parse(Source.whole(source.name, formatted)).program
    return formatted if _same(again.statements, parsed.program.statements) else source.text


def format_tree(program: ast.Program) -> str:
    """Return a text for a program of which there is only the tree: one that was built, or read and then rewritten.

    Parsing the text gives the same tree. Raises `ValueError` for a tree that no text gives: with a `FaultyStmt` in it,
    a name that is no word, a negative number where none can stand, or nested deeper than can be compared.
    """
    writer = Writer(None)
    try:
        text = "".join(layout(writer.statement(statement)) + "\n" for statement in program.statements)
        written = parse(Source.whole("", text)).program == program
    except (RecursionError, ValueError):  # nested too deeply, or a duration below zero
        written = False
    if not written:
        raise ValueError("no text gives this tree")
    return text


# ---- statements and the comments between them ------------------------------------------------------------------------


def _formatted(source: Source, program: ast.Program, *, careful: bool) -> str:
    """Return a program's text; `careful` is to try out the layout of each statement, and to leave it where it fails."""
    pieces = [piece.span for piece in cut(source)[0]]
    return _joined(source, list(_entries(source, pieces, program.statements, careful=careful)))


@dataclass(frozen=True, slots=True)
class _Entry:
    """A statement with the comment behind it, or a comment on lines of its own."""

    span: Span
    text: str


def _entries(
    source: Source, pieces: Sequence[Span], statements: Sequence[ast.Statement], *, careful: bool
) -> Iterator[_Entry]:
    """Yield statements and the comments between them, in order."""
    remarks = comments(source)
    at = 0
    for span, node in zip(pieces, statements, strict=True):
        while at < len(remarks) and remarks[at].start < span.start:
            yield _Entry(remarks[at], _text(source, remarks[at]))
            at += 1
        first = at
        while at < len(remarks) and remarks[at].start < span.end:
            at += 1
        inside = remarks[first:at]
        text = _careful(source, span, node, inside) if careful else _laid_out(source, node, inside)
        if at < len(remarks) and not _ends_in_comment(text) and "\n" not in source.text[span.end : remarks[at].start]:
            yield _Entry(Span(span.start, remarks[at].end), f"{text}  {_text(source, remarks[at])}")
            at += 1
        else:
            yield _Entry(span, text)
    for remark in remarks[at:]:
        yield _Entry(remark, _text(source, remark))


def _text(source: Source, span: Span) -> str:
    return source.text[span.start : span.end].rstrip()


def _joined(source: Source, entries: Sequence[_Entry]) -> str:
    """Return the entries a line each, with one empty line between those that had any."""
    lines: list[str] = []
    for number, entry in enumerate(entries):
        if number and source.text.count("\n", entries[number - 1].span.end, entry.span.start) > 1:
            lines.append("")
        lines.append(entry.text)
    return "".join(f"{line}\n" for line in lines)


def _ends_in_comment(text: str) -> bool:
    remarks = comments(Source.whole("", text))
    return bool(remarks) and remarks[-1].end == len(text)


def _careful(source: Source, span: Span, node: ast.Statement, remarks: Sequence[Span]) -> str:
    """Return a statement laid out, or as it was written where the layout would not keep all of it."""
    try:
        text = _laid_out(source, node, remarks)
        again = Source.whole("", text)
        program = parse(again).program
        kept = program.statements == (node,) and _same_comments(source, remarks, again)
        if kept and remarks:
            # A comment may move once more when the text it was laid out in is formatted; then it has no stable place.
            kept = _formatted(again, program, careful=False) == text + "\n"
        if kept:
            return text
    except (RecursionError, Unclear):  # nested deeper than anything that can be compiled, or better left alone
        pass
    return "\n".join(line.rstrip() for line in source.text[span.start : span.end].split("\n"))


def _laid_out(source: Source, node: ast.Statement, remarks: Sequence[Span]) -> str:
    doc = Writer(source.text).statement(node)
    loose = _attach(doc, remarks, source.text)
    text = layout(doc) + (f"  {loose.beside}" if loose.beside else "")
    return "\n".join([*loose.above, text, *loose.below])


def _same_comments(source: Source, remarks: Sequence[Span], again: Source) -> bool:
    before = sorted(_text(source, remark) for remark in remarks)
    return before == sorted(_text(again, remark) for remark in comments(again))


def _same(statements: Sequence[ast.Statement], others: Sequence[ast.Statement]) -> bool:
    """Tell whether two lists of statements are equal; those that are nested too deeply to compare count as equal.

    Such a statement has been left as it was written.
    """
    return len(statements) == len(others) and all(map(_same_statement, statements, others))


def _same_statement(statement: ast.Statement, other: ast.Statement) -> bool:
    try:
        return statement == other
    except RecursionError:
        return True


# ---- comments inside a statement -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    item: Item
    depth: int
    opening: bool


@dataclass(slots=True)
class _Loose:
    """Comments of a statement that none of its lines but the first and last can hold: above it, behind it, below it."""

    above: list[str] = field(default_factory=list)
    beside: str = ""
    below: list[str] = field(default_factory=list)


def _attach(doc: Doc, remarks: Sequence[Span], text: str) -> _Loose:
    """Give the comments of a statement to the items of its document; return those that no item can have.

    `text` is the program that all spans are of. A comment behind code belongs to the item that ends before it, one on
    a line of its own to the item that follows. Comments of the item that the statement ends with follow the statement.
    """
    places = [_Place(*item) for item in items_of(doc)]
    code = _blanked(text, remarks)
    loose = _Loose()
    for comment in remarks:
        words = text[comment.start : comment.end].rstrip()
        if not _attached(places, comment, words, code):
            loose.above.append(words)
    for item in last_items(doc):
        behind = [*([item.beside] if item.beside else []), *item.below]
        if item.beside and not loose.beside:
            loose.beside = behind.pop(0)
        loose.below += behind
        item.beside, item.below = "", []
    return loose


def _blanked(text: str, remarks: Sequence[Span]) -> str:
    for comment in remarks:
        text = text[: comment.start] + " " * (comment.end - comment.start) + text[comment.end :]
    return text


def _attached(places: Sequence[_Place], comment: Span, words: str, code: str) -> bool:
    line = code.rfind("\n", 0, comment.start) + 1
    before = _before(places, comment, code)
    if code[line : comment.start].strip() and before and _AFTER_ITEM.fullmatch(code, before.span.end, comment.start):
        if before.beside:
            before.below.append(words)
        else:
            before.beside = words
        return True
    after = _after(places, comment, code)
    if after:
        after.item.above.append(words)
        return not after.opening or not after.item.above.pop()
    if before:
        before.below.append(words)
    return before is not None


def _before(places: Sequence[_Place], comment: Span, code: str) -> Item | None:
    """Return the item that ends before a comment; behind a closing bracket the one that the bracket belongs to."""
    ended = [place for place in places if place.item.span.end <= comment.start]
    if not ended:
        return None
    end = max(place.item.span.end for place in ended)
    nearest = [place for place in ended if place.item.span.end == end]
    closed = re.search(r"[)\]]", code[end : comment.start])
    chosen = (min if closed else max)(nearest, key=lambda place: place.depth)
    return chosen.item


def _after(places: Sequence[_Place], comment: Span, code: str) -> _Place | None:
    """Return the item that follows a comment in the same brackets."""
    coming = [place for place in places if place.item.span.start >= comment.end]
    if not coming:
        return None
    start = min(place.item.span.start for place in coming)
    between = code[comment.end : start]
    if re.search(r"[)\]]", between):
        return None
    nearest = [place for place in coming if place.item.span.start == start]
    return (min if re.search(r"[(\[]", between) else max)(nearest, key=lambda place: place.depth)
