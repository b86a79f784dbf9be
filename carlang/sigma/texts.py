"""Tests of a text: how a value of Sigma's, with its wildcards, is written in the language."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sigma.types import SigmaString, SpecialChars

from carlang.foreign import foreign_wildcards
from carlang.model.types import Kind, Type
from carlang.source import Span
from carlang.syntax import ast

# What a literal cannot hold: it ends on its line, and `{{pipe}}` is another way to write `|`.
_NOT_LITERAL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029*]|\{\{pipe\}\}")
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
# `<unknown process>` is what Sysmon writes, and what a program is asked about as a value that was left open.
_PLACEHOLDER = re.compile(r"<[^<>]*>")
_RUN = SpecialChars.WILDCARD_MULTI
Part = str | SpecialChars


def text_test(subject: ast.Expr, kind: Type, value: SigmaString, span: Span, *, cased: bool = False) -> ast.Expr:
    """Return the test that a text, as a whole, is what a value with wildcards stands for.

    `kind` is the subject's type: at the head of a literal beside a path a variable of Windows would be one.
    """
    parts = joined(value.s)
    if parts == [_RUN]:
        return ast.Exists(subject, negated=False, span=span)
    if cased or not _is_literal(parts, kind):
        return ast.TextTest(
            "match", subject, ast.StringLit(whole_regex(parts, cased=cased), span), negated=False, span=span
        )
    match parts:
        case [SpecialChars(), str(text), SpecialChars()]:
            return ast.TextTest("contains", subject, ast.StringLit(text, span), negated=False, span=span)
        case [str(text), SpecialChars()]:
            return ast.TextTest("startswith", subject, ast.StringLit(text, span), negated=False, span=span)
        case [SpecialChars(), str(text)]:
            return ast.TextTest("endswith", subject, ast.StringLit(text, span), negated=False, span=span)
        case _:
            written = "".join("*" if part is _RUN else str(part) for part in parts)
            return ast.Comparison((subject, ast.StringLit(written, span)), ("==",), span)


def some_text_test(value: SigmaString, span: Span, *, cased: bool = False) -> ast.Expr:
    """Return the test that some text of an event contains what a keyword stands for."""
    anywhere = SigmaString()
    anywhere.s = [_RUN, *value.s, _RUN]
    every_text = ast.Name("any", span)
    test = text_test(every_text, Type(Kind.STRING), anywhere, span, cased=cased)
    # A keyword of stars alone is in every record.
    return ast.BoolLit(value=True, span=span) if isinstance(test, ast.Exists) else test


def whole_regex(parts: Sequence[Part], *, cased: bool) -> str:
    """Return the regular expression for a text with wildcards, which stand for line ends too."""
    body = list(parts)
    # What is found anywhere needs no run at its ends.
    head = "" if body and body[0] is _RUN else "^"
    tail = "" if len(body) > 1 and body[-1] is _RUN else "$"
    inner = body[0 if head else 1 : None if tail else -1]
    has_wildcards = any(not isinstance(part, str) for part in inner)
    flags = ("s" if has_wildcards else "") + ("-i" if cased else "")
    return (f"(?{flags})" if flags else "") + head + "".join(map(_regex, inner)) + tail


def is_plain(value: SigmaString) -> str | None:
    """Return the text that a value without wildcards is, or None for one that has some."""
    parts = joined(value.s)
    if not parts:
        return ""
    return parts[0] if len(parts) == 1 and isinstance(parts[0], str) else None


def _regex(part: Part) -> str:
    if part is _RUN:
        return ".*"
    if isinstance(part, SpecialChars):
        return "."
    return "".join(map(_character, part))


def _character(character: str) -> str:
    if _SPECIAL.match(character):
        return f"\\{character}"
    return f"\\x{{{ord(character):X}}}" if _NOT_LITERAL.match(character) else character


def _is_literal(parts: Sequence[Part], kind: Type) -> bool:
    """Tell whether a literal means the same here: it has no `?`, no star that is one, no wildcards of others."""
    if any(part is SpecialChars.WILDCARD_SINGLE for part in parts):
        return False
    texts = [part for part in parts if isinstance(part, str)]
    if any(_NOT_LITERAL.search(text) for text in texts):
        return False
    if texts and texts[0].startswith("%") and kind.kind is Kind.PATH:
        return False
    if _PLACEHOLDER.fullmatch("".join(texts)):
        return False
    written = "".join(part if isinstance(part, str) else "*" for part in parts)
    return not any(True for _ in foreign_wildcards(written.strip("*")))


def joined(parts: Sequence[object]) -> list[Part]:
    """Return the parts of a value, runs that stand beside runs once."""
    parts_joined: list[Part] = []
    for part in parts:
        if isinstance(part, str) and parts_joined and isinstance(parts_joined[-1], str):
            parts_joined[-1] += part
        elif (
            isinstance(part, str | SpecialChars)
            and part
            and not (part is _RUN and parts_joined and parts_joined[-1] is _RUN)
        ):
            parts_joined.append(part)
    return parts_joined
