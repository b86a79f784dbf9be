r"""Strings whose quotes do not pair up: where the missing quote belongs, where that can be told.

A quote that is missing turns everything behind it inside out, so these faults are found before a statement is parsed.
Their repair is certain only where the string can end, or begin, in one place.
"""

from __future__ import annotations

import re

from carlang.diagnostics import Diagnostic, codes
from carlang.source import Source, Span

_UNOPENED = re.compile(
    r"(?:==|!=|<>|=|,|\(|\[|\b(?:in|contains|startswith|endswith|and|or))\s*"
    r"((?:[A-Za-z]:|%\w+%)\\[^\s\"'()\[\],]*|[\w\-]+\.(?:exe|dll|sys|ps1|vbs|bat|cmd)|\*[^\s\"'()\[\],]+)\Z",
    re.IGNORECASE,
)
_UNCLOSED = re.compile(
    r"""(["'])(?P<value>[^\s"'(),]+)\s+(?:or|and)\s+[\w.]+\s*(?:==|!=|<>|=|\bcontains|\bstartswith|\bendswith|\bmatch)\s*\1""",
    re.IGNORECASE,
)
BEHIND_A_STRING = re.compile(r"\s*(?:[)\],]|(?:and|or)\b|\Z)", re.IGNORECASE)
_MORE_THAN_A_STRING = re.compile(r"\s(?:and|or)\s|==|!=|[()\[\]#]|//", re.IGNORECASE)
_TAIL = re.compile(r"\s*(?:[)\]]\s*)*,?\s*\Z")
_CLOSING = {"(": ")", "[": "]"}
_LONGEST = 300
"""How many characters before a quote are looked at."""


def unopened(source: Source, quote: int) -> Diagnostic | None:
    r"""Describe a string without its first quote, `C:\a.exe"`, where the quote at an offset can only be its last."""
    line = source.text.rfind("\n", 0, quote) + 1
    match = _UNOPENED.search(source.text, max(line, quote - _LONGEST), quote)
    if match is None:
        return None
    mark = _straight(source.text[quote])
    span = Span(match.start(1), quote + 1)
    fault = Diagnostic(codes.UNTERMINATED_STRING, "the string has no quote at its beginning", source, span)
    fault = fault.with_label(f"`{mark}` is missing before this")
    return fault.repaired_by(mark, Span(span.start, span.start))


def unclosed(source: Source, span: Span) -> Diagnostic | None:
    """Describe a string without its last quote that was read up to the first quote of the next.

    In `"a.dll OR exe = "b.dll"` no string holds an operator that a value follows at once.
    """
    match = _UNCLOSED.fullmatch(source.text, span.start, span.end)
    if match is None or not re.match(r"[\w*%\\]", source.text[span.end : span.end + 1]):
        return None
    end = match.end("value")
    fault = Diagnostic(codes.UNTERMINATED_STRING, "the string has no quote at its end", source, Span(span.start, end))
    fault = fault.with_label(f"`{match.group(1)}` is missing after this")
    return fault.repaired_by(match.group(1), Span(end, end))


def unterminated(source: Source, span: Span, brackets: str) -> Diagnostic:
    """Describe a string that does not end on its line; `brackets` are those that are open before it."""
    mark = _straight(source.text[span.start])
    content = source.text[span.start + 1 : span.end].rstrip()
    doubled = source.text[span.start - 1 : span.start] == source.text[span.start]
    if doubled and BEHIND_A_STRING.match(content) and not re.search(r"[\"'=<>#]|//", content):
        quote = Span(span.start, span.start + 1)
        fault = Diagnostic(codes.UNTERMINATED_STRING, "a quote stands here once too often", source, quote)
        return fault.with_label("the string has ended before this").repaired_by("")
    fault = Diagnostic(codes.UNTERMINATED_STRING, "the string does not end on its line", source, span)
    fault = fault.with_label("begins here").with_help(f"close it with `{mark}`")
    tail = _TAIL.search(content)
    value = content[: tail.start()] if tail else content
    glued = re.match(r"[\w\"']", source.text[span.start - 1 : span.start])
    if glued or not tail or not value or value.endswith("\\") or _MORE_THAN_A_STRING.search(value):
        return fault
    end = span.start + 1 + len(value)
    return fault.repaired_by(mark, Span(end, end)) if _closes(brackets, tail.group()) else fault


def _closes(brackets: str, tail: str) -> bool:
    """Tell whether the brackets at a line's end close open ones, and those before them are rightly left open."""
    marks = re.sub(r"[\s,]", "", tail)
    innermost = "".join(_CLOSING[bracket] for bracket in reversed(brackets))
    return innermost.startswith(marks) and (not tail.strip().endswith(",") or len(marks) < len(brackets))


def _straight(quote: str) -> str:
    return '"' if quote in '"“”„‟' else "'"
