"""Syntax errors in an analyst's words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lark import Token, UnexpectedCharacters, UnexpectedToken

from carlang.diagnostics import Diagnostic, codes
from carlang.source import Source, Span
from carlang.syntax.brackets import connectives_beside
from carlang.syntax.unquoted import unquoted_text

_COLUMN = re.compile(r"\bselect\b[^\n]*\bas\s+\w+\s*\Z", re.IGNORECASE)
_LOOK_BACK = 2000
"""How many characters before a fault are looked at, so that a very long statement with many faults stays quick."""
_NAME_BEFORE = re.compile(r"(?<![\w.])[^\W\d]\w*\Z")
_VALUES = frozenset({"NAME", "STRING", "NUMBER"})
_OPERATORS = frozenset({"COMPARE", "IN", "TEXT_TEST"})
# What may be missing, in the order in which it is named; a set of terminals stands for a kind of thing.
_EXPECTED: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"STRING", "NUMBER"}), "a value"),
    (frozenset({"NAME"}), "a name"),
    (frozenset({"COMPARE"}), "an operator"),
    (frozenset({"AND"}), "`and`"),
    (frozenset({"OR"}), "`or`"),
    (frozenset({"COMMA"}), "`,`"),
    (frozenset({"RPAR"}), "`)`"),
    (frozenset({"RSQB"}), "`]`"),
    (frozenset({"WHERE"}), "`where`"),
    (frozenset({"BY"}), "`by`"),
    (frozenset({"WITHIN"}), "`within`"),
    (frozenset({"ASSIGN"}), "`=`"),
    (frozenset({"_PIPE"}), "`|`"),
    (frozenset({"$END"}), "the end of the statement"),
)


def unexpected_token(source: Source, statement: Span, error: UnexpectedToken) -> Diagnostic:
    """Describe a token that cannot stand where it stands: what is missing before it, or what was expected."""
    token: Token = error.token
    # `expected` also has terminals that the parser would refuse one step later; `accepts` has been tried out.
    expected = frozenset(error.accepts or error.expected)
    if token.type == "$END":
        return _at_the_end(source, statement, expected)
    span = Span(token.start_pos or 0, token.end_pos or 0)
    before = len(source.text[statement.start : span.start].rstrip()) + statement.start
    if unquoted := unquoted_text(source, statement, span.start):
        return unquoted
    # Behind `as name` a column has ended: what follows can only be the next one.
    if "COMMA" in expected and _COLUMN.search(source.text, max(statement.start, before - _LOOK_BACK), before):
        return _comma(source, span, before).repaired_by(",", Span(before, before))
    fault = Diagnostic(codes.SYNTAX, f"`{_short(token)}` cannot stand here", source, span)
    starts_value = token.type in _VALUES or token.type in ("TYPOGRAPHIC_STRING", "ADDRESS", "LPAR", "NOT", "LSQB")
    if starts_value and "COMMA" in expected and "STRING" not in expected:
        # Between two literals nothing but a comma can be missing, between two names also an operator or quotes.
        literals = token.type in ("STRING", "NUMBER", "ADDRESS") and source.text[before - 1] in "\"'0123456789"
        return _comma(source, span, before).repaired_by(",", Span(before, before), certain=literals)
    if (
        token.type == "NAME"
        and "AND" in expected
        and (first := _NAME_BEFORE.search(source.text, max(statement.start, before - _LOOK_BACK), before))
    ):
        words = f"{first.group()} {token}"
        fault = Diagnostic(codes.SYNTAX, f"`{words}` is not one name", source, Span(first.start(), span.end))
        return fault.with_label("a name is one word, a text is written in quotes; or an operator is missing here")
    if starts_value and "AND" in expected:
        fault = Diagnostic(codes.SYNTAX, f"`and` or `or` is missing before `{_short(token)}`", source, span)
        fault = fault.with_label("an operator is missing before this")
        beside = connectives_beside(source.text[statement.start : statement.end], before - statement.start)
        if len(beside) == 1:
            # At the end of a line a connective is forgotten; within one it may be something else that is missing.
            certain = "\n" in source.text[before : span.start]
            fault = fault.repaired_by(f" {next(iter(beside))}", Span(before, before), certain=certain)
        return fault
    if starts_value and expected & _OPERATORS and "AND" not in expected:
        fault = Diagnostic(codes.SYNTAX, f"an operator is missing before `{_short(token)}`", source, span)
        return fault.with_label("`==`, `in`, `contains`, … expected before this")
    return fault.with_label(f"expected {_alternatives(expected)}")


def _comma(source: Source, span: Span, before: int) -> Diagnostic:
    text = source.text[span.start : span.end]
    fault = Diagnostic(codes.SYNTAX, f"`,` is missing before `{text}`", source, span)
    return fault.with_label("`,` expected before this").pointing_to(
        Span(before - 1, before), "the one before ends here"
    )


def _at_the_end(source: Source, statement: Span, expected: frozenset[str]) -> Diagnostic:
    last = Span(max(statement.start, statement.end - 1), statement.end)
    fault = Diagnostic(codes.SYNTAX, "the statement ends too early", source, last)
    return fault.with_label(f"expected {_alternatives(expected)} after this")


def unexpected_character(source: Source, statement: Span, error: UnexpectedCharacters) -> Diagnostic:
    """Describe a character that begins no token."""
    at = error.pos_in_stream or 0
    character = source.text[at]
    end = at + 1
    fault = Diagnostic(codes.STRAY_CHARACTER, f"`{character}` has no meaning here", source, Span(at, end))
    if unquoted := unquoted_text(source, statement, at):
        return unquoted
    if character == "\\":
        return fault.with_label("a path?").with_help("paths and regular expressions stand in quotes")
    if character in "&;":
        word = "`and`" if character == "&" else "a newline"
        return fault.with_label(f"this language writes {word}")
    return fault.with_label(f"expected {_alternatives(error.allowed or ())}")


def _alternatives(expected: Iterable[str]) -> str:
    terminals = frozenset(expected)
    words = [text for kinds, text in _EXPECTED if kinds <= terminals]
    if "a value" in words and "a name" in words:
        words = ["a value", *(word for word in words if word not in ("a value", "a name"))]
    # Named only where nothing else can stand: behind a value these are far-fetched.
    words = words or [f"`{word.lower()}`" for word in ("BY", "OF") if word in terminals]
    if not words:
        return "something else"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _short(token: Token) -> str:
    text = " ".join(str(token).split())
    return text if len(text) <= 40 else text[:39] + "…"  # noqa: PLR2004  # as much as reads well in a sentence
