"""AST → text in the one canonical layout. Comments stay with the statement, and the line, that they stand at.

A statement is written anew from its tree, on one line where that fits. Whatever the layout does, the text is parsed
again: where it would not give the same tree with the same comments, the statement stays as it was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from carlang.diagnostics import has_errors
from carlang.source import Source, Span
from carlang.syntax import ast
from carlang.syntax.format_comments import attach
from carlang.syntax.format_doc import layout
from carlang.syntax.format_expr import Unclear
from carlang.syntax.format_stmt import statement
from carlang.syntax.layout import comments, cut
from carlang.syntax.parse import parse


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
        lay_out = _careful if careful else _laid_out
        text = lay_out(source, span, node, remarks[first:at])
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
    found = comments(Source.whole("", text))
    return bool(found) and found[-1].end == len(text)


def _careful(source: Source, span: Span, node: ast.Statement, remarks: Sequence[Span]) -> str:
    """Return a statement laid out, or as it was written where the layout would not keep all of it."""
    try:
        text = _laid_out(source, span, node, remarks)
        again = Source.whole("", text)
        program = parse(again).program
        kept = program.statements == (node,) and _same_comments(source, remarks, again)
        if kept and remarks:
            kept = _formatted(again, program, careful=False) == text + "\n"
        if kept:
            return text
    except (RecursionError, Unclear):  # nested deeper than anything that can be compiled, or better left alone
        pass
    return "\n".join(line.rstrip() for line in source.text[span.start : span.end].split("\n"))


def _laid_out(source: Source, span: Span, node: ast.Statement, remarks: Sequence[Span]) -> str:
    del span  # it is what `_careful` falls back to
    doc = statement(source, node)
    loose = attach(doc, remarks, source.text)
    text = layout(doc) + (f"  {loose.beside}" if loose.beside else "")
    return "\n".join([*loose.above, text, *loose.below])


def _same_comments(source: Source, remarks: Sequence[Span], again: Source) -> bool:
    before = sorted(_text(source, remark) for remark in remarks)
    return before == sorted(_text(again, remark) for remark in comments(again))


def _same(found: Sequence[ast.Statement], wanted: Sequence[ast.Statement]) -> bool:
    """Tell whether two lists of statements are equal; those that are nested too deeply to compare count as equal.

    Such a statement has been left as it was written.
    """
    return len(found) == len(wanted) and all(map(_same_statement, found, wanted))


def _same_statement(found: ast.Statement, wanted: ast.Statement) -> bool:
    try:
        return found == wanted
    except RecursionError:
        return True
