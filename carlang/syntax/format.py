"""AST → text in the one canonical layout.

A statement is written anew from its tree, on one line where that fits. A comment stays beside, above or below the item
of the statement that it was written beside, above or below.

The result is always parsed again. If it does not give the same tree with the same comments, a statement is left as it
was written, and a tree without a text is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from carlang.diagnostics import has_errors
from carlang.source import Source, Span
from carlang.syntax import ast
from carlang.syntax.format_doc import Doc, Item, ItemAt, items_of, last_items, layout
from carlang.syntax.format_nodes import Unclear, Writer
from carlang.syntax.layout import comments, cut
from carlang.syntax.parse import parse

# What may stand between an item and the comment at its line's end.
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
    """Return a text for a tree that has none: one that was built, or parsed and then rewritten.

    Parsing the text gives the same tree. Raises `ValueError` for a tree that no text gives: with a `FaultyStmt` in it,
    a name that is no word, a negative number where none can stand, or nested deeper than can be compared.
    """
    return place_tree(program)[0]


def place_tree(program: ast.Program) -> tuple[str, ast.Program]:
    """Return a text for a tree that has none, and the tree with the places in that text; raises as `format_tree`."""
    writer = Writer(None)
    try:
        text = "".join(layout(writer.statement(statement)) + "\n" for statement in program.statements)
        written = parse(Source.whole("", text)).program
        is_same = written == program
    except (RecursionError, ValueError):  # nested too deeply, or a duration below zero
        is_same = False
    if not is_same:
        raise ValueError("no text gives this tree")
    return text, written


# ---- statements and the comments between them ------------------------------------------------------------------------


def _formatted(source: Source, program: ast.Program, *, careful: bool) -> str:
    """Return a program's text; with `careful`, a statement whose layout would lose something is left as written."""
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
    except (RecursionError, Unclear):  # nested deeper than anything that compiles, or better left alone
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
    if not remarks:
        return _Loose()
    items = list(items_of(doc))
    code = _blanked(text, remarks)
    loose = _Loose()
    for remark in remarks:
        if not _attached(items, remark, text[remark.start : remark.end].rstrip(), code):
            loose.above.append(text[remark.start : remark.end].rstrip())
    for item in last_items(doc):
        behind = [*([item.beside] if item.beside else []), *item.below]
        if item.beside and not loose.beside:
            loose.beside = behind.pop(0)
        loose.below += behind
        item.beside, item.below = "", []
    return loose


def _blanked(text: str, remarks: Sequence[Span]) -> str:
    """Return a text with spaces for its comments, so that what stands between two items can be matched."""
    parts: list[str] = []
    at = 0
    for remark in remarks:
        parts += [text[at : remark.start], " " * (remark.end - remark.start)]
        at = remark.end
    return "".join([*parts, text[at:]])


def _attached(items: Sequence[ItemAt], remark: Span, words: str, code: str) -> bool:
    """Give a comment to the item that it belongs to; return False where there is none that can have it."""
    line = code.rfind("\n", 0, remark.start) + 1
    before, after = _before(items, remark, code), _after(items, remark, code)
    behind_code = bool(code[line : remark.start].strip())
    if before and behind_code and _AFTER_ITEM.fullmatch(code, before.span.end, remark.start):
        if before.beside:
            before.below.append(words)
        else:
            before.beside = words
        return True
    if after:
        if not after.begins_inline:
            after.item.above.append(words)
        return not after.begins_inline
    if before:
        before.below.append(words)
    return before is not None


def _before(items: Sequence[ItemAt], remark: Span, code: str) -> Item | None:
    """Return the item that ends before a comment; behind a closing bracket the one that the bracket belongs to."""
    ended = [at for at in items if at.item.span.end <= remark.start]
    if not ended:
        return None
    end = max(at.item.span.end for at in ended)
    nearest = [at for at in ended if at.item.span.end == end]
    closed = re.search(r"[)\]]", code[end : remark.start])
    return (min if closed else max)(nearest, key=lambda at: at.depth).item


def _after(items: Sequence[ItemAt], remark: Span, code: str) -> ItemAt | None:
    """Return the item that follows a comment in the same brackets."""
    coming = [at for at in items if at.item.span.start >= remark.end]
    if not coming:
        return None
    start = min(at.item.span.start for at in coming)
    between = code[remark.end : start]
    if re.search(r"[)\]]", between):
        return None
    nearest = [at for at in coming if at.item.span.start == start]
    return (min if re.search(r"[(\[]", between) else max)(nearest, key=lambda at: at.depth)
