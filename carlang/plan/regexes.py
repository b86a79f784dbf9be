"""Guards of regular expressions: texts that a value must contain for an expression in RE2's syntax to be found in it.

A reader of its own, for so much of the syntax as shows texts. What it does not know may mean anything, so of an
expression that has it no text is known. Any expression can still be looked for itself, in each value once.
"""

from __future__ import annotations

import re
from enum import Enum

from carlang.plan.guards import OPEN, Atom, Form, Guard, every, some
from carlang.plan.literals import text_guard

_FLAGS = re.compile(r"\(\?[imsU-]*\)")
_OPENING = re.compile(r"\((?:\?(?:[imsU-]*:|P?<\w+>))?")
# A class: its first character may be a bracket, and names such as [:alpha:] stand in brackets of their own.
_CLASS = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|\\[^QEpPx0-9]|[^\]\\])*\]")
_PLAIN_CLASS = re.compile(r"\\[dDwWsSbBAz]")
_ESCAPED = re.compile(r"\\([^A-Za-z0-9\x80-\U0010ffff])")
_OPTIONAL = re.compile(r"(?:\*|\?|\{\d*,?\d*\})[?+]?")
_REPEATED = re.compile(r"\+\??")
_DEEPEST = 50
"""How many groups may stand in one another."""


class _Count(Enum):
    """How often a piece may be there."""

    ONCE = "once"
    OPTIONAL = "not at all"
    REPEATED = "once or more"


class _UnknownSyntaxError(Exception):
    """The expression has something that this reader does not know."""


def regex_guard(column: str, regex: str) -> Guard:
    """Return the guard of a column's values in which a regular expression is found, without case."""
    return every([_texts_of(column, regex), Atom(column, Form.MATCHES, regex)])


def _texts_of(column: str, regex: str) -> Guard:
    reader = _Reader(column, regex)
    try:
        guard = reader.alternatives(0)
    except _UnknownSyntaxError:
        return OPEN
    return guard if reader.at_end else OPEN  # a bracket that closes none


class _Reader:
    """Reads an expression from left to right."""

    def __init__(self, column: str, regex: str) -> None:
        self._column = column
        self._regex = regex
        self._at = 0

    @property
    def at_end(self) -> bool:
        """Whether everything has been read."""
        return self._at == len(self._regex)

    def alternatives(self, depth: int) -> Guard:
        """Read what stands between bars."""
        if depth > _DEEPEST:
            raise _UnknownSyntaxError
        branches = [self._branch(depth)]
        while self._takes("|"):
            branches.append(self._branch(depth))
        return some(branches)

    def _branch(self, depth: int) -> Guard:
        """Read pieces one after another; characters side by side are a text."""
        guards: list[Guard] = []
        run = ""
        while not self.at_end and self._regex[self._at] not in "|)":
            piece = self._piece(depth)
            count = self._count()
            if isinstance(piece, str) and count is not _Count.OPTIONAL:
                run += piece
                if count is _Count.ONCE:
                    continue
            elif count is not _Count.OPTIONAL and not isinstance(piece, str):
                guards.append(piece)
            guards.append(self._text(run))
            # What is there once or more ends one text and begins the next.
            run = piece if isinstance(piece, str) and count is _Count.REPEATED else ""
        return every([*guards, self._text(run)])

    def _piece(self, depth: int) -> str | Guard:
        """Read a character, or a guard of what is there in its place."""
        if self._reads(_FLAGS) is not None:
            return OPEN
        if self._reads(_OPENING) is not None:
            inner = self.alternatives(depth + 1)
            if not self._takes(")"):
                raise _UnknownSyntaxError
            return inner
        if any(self._reads(each) is not None for each in (_CLASS, _PLAIN_CLASS)):
            return OPEN
        if (escaped := self._reads(_ESCAPED)) is not None:
            return escaped[1]
        character = self._regex[self._at]
        if character in "\\[*+?{":
            raise _UnknownSyntaxError
        self._at += 1
        # A letter beyond ASCII may be one of ASCII to a test without case.
        return OPEN if character in ".^$" or not character.isascii() else character

    def _count(self) -> _Count:
        if self._reads(_OPTIONAL) is not None:
            return _Count.OPTIONAL
        return _Count.REPEATED if self._reads(_REPEATED) is not None else _Count.ONCE

    def _text(self, run: str) -> Guard:
        return text_guard(self._column, Form.CONTAINS, run)

    def _takes(self, character: str) -> bool:
        if not self._regex.startswith(character, self._at):
            return False
        self._at += 1
        return True

    def _reads(self, pattern: re.Pattern[str]) -> str | None:
        match = pattern.match(self._regex, self._at)
        if match is None:
            return None
        self._at = match.end()
        return match[0]
