"""Guards of texts: what a value must have in it to equal a text, begin or end with it, contain or match it."""

from __future__ import annotations

import re

from carlang.plan.guards import ODD_LETTERS, OPEN, Atom, Form, Guard, every
from carlang.resolve.bound import Pattern, Wildcard

SHORTEST = 3
"""How many characters a text inside a value must have to be looked for: shorter ones are in most values, and each
place where one stands costs as much as a long one's."""

_PIECES = re.compile(r"[^\x00-\x7f]+")


def text_guard(column: str, test: Form, literal: str) -> Guard:
    """Return the guard of a column's values that compare with a text, whatever its letters are in lower case."""
    if literal.isascii():
        if test is not Form.EQUAL and len(literal) < SHORTEST:
            return OPEN
        return Atom(column, test, literal.lower())
    pieces = [text_guard(column, Form.CONTAINS, piece) for piece in _PIECES.split(literal)]
    # The odd letters may be ASCII in lower case; any other character beyond it comes from one that is beyond it too.
    beyond = any(not letter.isascii() and letter not in ODD_LETTERS for letter in literal)
    return every([*pieces, Atom(column, Form.NOT_ASCII, "")] if beyond else pieces)


def pattern_guard(column: str, pattern: Pattern) -> Guard:
    """Return the guard of a column's values that match a pattern as a whole."""
    last = len(pattern) - 1
    pieces: list[Guard] = []
    for index, part in enumerate(pattern):
        if isinstance(part, Wildcard):
            continue
        if last == 0:
            test = Form.EQUAL
        elif index == 0:
            test = Form.PREFIX
        else:
            test = Form.SUFFIX if index == last else Form.CONTAINS
        pieces.append(text_guard(column, test, part))
    return every(pieces)
