r"""Texts without quotes that no token can be: paths, regular expressions, patterns with blanks, and placeholders.

`exe = C:\a\net.exe`, `command_line match \d{1,3}\.\d{1,3}`, `command_line = * -exportPFX *`. How far such a text goes
is clear where a bracket, `and`, `or` or the end of the statement follows; only then is the repair certain.
"""

from __future__ import annotations

import re

from carlang.diagnostics import Diagnostic, codes
from carlang.source import Source, Span
from carlang.syntax.literal import string_literal

_OPERAND = r"(?:==|!=|<>|=|[,(\[]|\b(?:contains|startswith|endswith|match|matches|contain|in))\s*\Z"
_BEFORE = re.compile(_OPERAND, re.IGNORECASE)
_BEFORE_A_REGEX = re.compile(r"\b(?:match|matches)\s*\(?\s*\Z", re.IGNORECASE)
_PATH = re.compile(r"(?:[A-Za-z]:|%\w+%|\\)\\[^\s\"'()\[\],]*")
_REGEX = re.compile(r"[^\s\"'()\[\]]+")
_PATTERN = re.compile(r"\*[^\"'()\[\],\n]*?\*(?=\s*(?:\)|\Z|\n|(?:and|or)\b))", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\.\.\.|…")
_ENDS = re.compile(r"\s*(?:[)\]]|\Z|(?:and|or)\b)|\s*,\s*(?=[\"'\w])", re.IGNORECASE)

_LOOK_BACK = 500
"""How many characters before a fault are looked at, so that a very long statement with many faults stays quick."""


def unquoted_text(source: Source, statement: Span, at: int) -> Diagnostic | None:
    """Describe a text without quotes around the place at which a statement cannot be read, or None where there is none.

    A placeholder, `...`, is described as what it is.
    """
    text = source.text
    first = max(statement.start, at - _LOOK_BACK)
    begin = _word_start(text, first, at)
    if placeholder := _PLACEHOLDER.match(text, begin, statement.end):
        span = Span(*placeholder.span())
        fault = Diagnostic(codes.UNFILLED, f"`{placeholder.group()}` is a placeholder, not a value", source, span)
        return fault.with_label("something is to be filled in here")
    if not _BEFORE.search(text, first, begin):
        return None
    if _BEFORE_A_REGEX.search(text, first, begin):
        return _quoted(source, statement, _REGEX.match(text, begin, statement.end), "a regular expression")
    path = _PATH.match(text, begin, statement.end)
    if path:
        return _quoted(source, statement, path, "a path")
    return _quoted(source, statement, _PATTERN.match(text, begin, statement.end), "a pattern")


def _word_start(text: str, first: int, at: int) -> int:
    """Return where the run of characters without blanks, brackets and operators begins that an offset lies in."""
    while at > first and not (text[at - 1].isspace() or text[at - 1] in "()[],=<>!\"'"):
        at -= 1
    return at


def _quoted(source: Source, statement: Span, match: re.Match[str] | None, what: str) -> Diagnostic | None:
    if match is None:
        return None
    text, span = match.group(), Span(*match.span())
    literal = string_literal(text)
    fault = Diagnostic(codes.UNQUOTED_TEXT, f"{what} is written in quotes", source, span).with_label(f"{literal}?")
    certain = _ENDS.match(source.text, span.end, statement.end) is not None
    return fault.repaired_by(literal, certain=certain)
