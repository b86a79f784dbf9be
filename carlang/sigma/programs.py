"""Programs of rules: their statements as text, and where in the file of rules each character of it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from carlang.source import Source, Span
from carlang.syntax import ast, place_tree, walk

NOWHERE = Span(0, 0)
"""The place of what stands in no rule."""

_OPENING = re.compile(r"(?:\bnot\s+|[(\[]\s*)+$")

Placed = tuple[ast.Statement, Span]
"""A statement and the part of a file of rules that it is of."""


def program_source(file: Source, statements: Sequence[Placed]) -> Source:
    """Return the program of some statements; raises `ValueError` where a value is none that a literal holds."""
    program = ast.Program(tuple(statement for statement, _ in statements))
    text, written = place_tree(program)
    return Source.mapped(file.name, file.text, text, _offsets(statements, text, written))


def _offsets(statements: Sequence[Placed], text: str, written: ast.Program) -> list[int]:
    """Return where in the file each character of a program stands: values and fields at their own place.

    What stands behind one is at its end, so that a range that ends there ends with it; what opens a condition or a list
    begins where the first value in there does. What stands before all values of a statement is where the part of the
    file begins that the statement is of.
    """
    offsets = [0] * (len(text) + 1)
    reached, last = 0, statements[0][1].start
    for (statement, part), here in zip(statements, written.statements, strict=True):
        offsets[reached : here.span.start] = [last] * (here.span.start - reached)
        reached, last = here.span.start, part.start
        for place, start, end in _values(statement, here):
            opening = _OPENING.search(text, reached, start)
            opened = opening.start() if opening else start
            offsets[reached:opened] = [last] * (opened - reached)
            offsets[opened:start] = [place.start] * (start - opened)
            length = place.end - place.start
            offsets[start:end] = [place.start + min(at, length) for at in range(end - start)]
            reached, last = end, place.end
    offsets[reached:] = [last] * (len(text) + 1 - reached)
    return offsets


def _values(statement: ast.Statement, here: ast.Statement) -> Iterator[tuple[Span, int, int]]:
    """Yield the places in the file of a statement's names and values, and where they stand in the text."""
    for node, written in zip(walk(statement), walk(here), strict=True):
        match node, written:
            case (
                (ast.Name() | ast.StringLit() | ast.NumberLit() | ast.BoolLit() | ast.DurationLit()),
                (
                    ast.Name(span=at)
                    | ast.StringLit(span=at)
                    | ast.NumberLit(span=at)
                    | ast.BoolLit(span=at)
                    | ast.DurationLit(span=at)
                ),
            ) if node.span != NOWHERE:
                yield node.span, at.start, at.end
