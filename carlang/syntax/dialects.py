"""Forms of other languages, and misspelt keywords, in a statement that cannot be read.

What is offered has to help: a repair counts only where more of the statement can be read with it than without.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from carlang.diagnostics import CODES, Diagnostic, Edit, codes
from carlang.diagnostics.apply import apply_edits
from carlang.diagnostics.suggest import edit_distance
from carlang.foreign import Form, forms
from carlang.source import Source, Span

Unread = Callable[[str], int]
"""Tells how many characters of a statement are left behind the first that cannot be read: 0 where it can be read."""

KEYWORDS = (
    *("search", "filter", "join", "group", "from", "select", "sequence", "run", "input", "output", "return"),
    *("sort", "head", "tail", "unique", "optional", "descending", "ascending"),
    *("where", "within", "until", "contains", "startswith", "endswith", "matches", "match", "exists"),
    *("having", "every", "together"),
    *("and", "or", "not", "by", "in"),
)
"""The words of the language that are worth a look when one near to them stands where nothing can be read."""

_BEHIND = 200
"""How far behind the place at which a statement cannot be read a form may begin, in characters."""
_MOST_TRIED = 12
"""How many repairs of a fault are tried: each costs a parse of the statement."""
_SHORT = 4
"""Up to this length a word is another one's slip only if their letters are the same."""
_LONG = 7
"""From this length on a word may have two slips."""
_TOKEN = re.compile(
    r"""(?P<skip>"(?:\\["\\]|\\(?!["\\])|[^"\\\n]++)*+"|'(?:\\['"\\]|\\(?!['"\\])|[^'\\\n]++)*+'|\#[^\n]*|//[^\n]*)"""
    r"|(?P<word>[^\W\d]\w*)|(?P<mark>\S)",
)


@dataclass(frozen=True, slots=True)
class _Offer:
    """A fault with the edit that would mend it."""

    fault: Diagnostic
    edit: Edit | None


def foreign_form(source: Source, at: int, unread: Unread) -> Diagnostic | None:
    """Describe what another language's form, or a misspelt keyword, does at the place where a statement cannot be read.

    `source` is the statement alone.
    """
    left = unread(source.text)
    sketch: Diagnostic | None = None
    for offer in _first(_offers(source, at)):
        if offer.edit is None:
            sketch = sketch or offer.fault
        elif _is_name(source.text, offer.edit):
            continue
        elif unread(apply_edits(source.text, [offer.edit])) < left:
            return offer.fault
        elif "\n" in offer.edit.text:
            # Several statements, which are not read as one.
            return offer.fault
    return sketch


def _is_name(text: str, edit: Edit) -> bool:
    """Tell whether an edit puts a keyword where one cannot stand: it would be read as a name there, `pid == and 1`."""
    begins = edit.text.lstrip().partition(" ")[0].casefold()
    return begins in ("and", "or", "not") and text[: edit.span.start].rstrip().endswith(("=", "<", ">"))


def _first(offers: Iterator[_Offer]) -> Iterator[_Offer]:
    for number, offer in enumerate(offers):
        if number < _MOST_TRIED:
            yield offer


def _offers(source: Source, at: int) -> Iterator[_Offer]:
    beginnings = frozenset(_beginnings(source.text))
    for form in forms():
        if form.at == "statement":
            match = form.regex.match(source.text)
            matches = [match] if match else []
        else:
            matches = [m for m in form.regex.finditer(source.text) if m.start() in beginnings and _touches(m, at)]
        yield from (_foreign(source, form, match) for match in matches)
    yield from _misspelt(source, at)


def _touches(match: re.Match[str], at: int) -> bool:
    # The parser stops at the first token that cannot go on, which may stand right before or inside a form.
    return match.start() - 2 <= at <= match.end() + 2


def _beginnings(text: str) -> Iterator[int]:
    """Yield where the tokens begin that are not inside a text or a comment."""
    for match in _TOKEN.finditer(text):
        yield match.start()


def _foreign(source: Source, form: Form, match: re.Match[str]) -> _Offer:
    whole = Span(*match.span())
    named = "word" in form.regex.groupindex
    place = Span(*match.span("word")) if named else whole
    code = CODES[form.code]
    word = " ".join(source.text[place.start : place.end].split())
    if form.code == codes.STRAY_CHARACTER.name:
        message = f"`{word}` has no meaning here"
    elif form.code == codes.UNQUOTED_TEXT.name:
        message = "a regular expression is written in quotes"
    else:
        message = f"`{word}` comes from {form.of}"
    fault = Diagnostic(code, message, source, place).with_help(form.says)
    text = form.replacement(match)
    if text is None:
        return _Offer(fault, None)
    # At most one blank on each side of an operator that takes the place of a sign.
    text = _spaced(source.text, whole, text)
    if form.applies == "sketch":
        return _Offer(fault.sketched_by(text, whole), Edit(whole, text))
    fault = fault.with_label(f"`{_short(text)}` here" if text.strip() else "leave it out")
    return _Offer(fault.repaired_by(text, whole, certain=False), Edit(whole, text))


def _spaced(program: str, span: Span, text: str) -> str:
    if text.startswith(" ") and program[span.start - 1 : span.start].isspace():
        text = text.lstrip()
    if text.endswith(" ") and program[span.end : span.end + 1].isspace():
        text = text.rstrip()
    return text


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "…"  # noqa: PLR2004  # as much as reads well under a line


# ---- misspelt keywords ----------------------------------------------------------------------------------------------


def _misspelt(source: Source, at: int) -> Iterator[_Offer]:
    """Yield the words around a place that are near to a keyword, those right before it first."""
    words = list(_TOKEN.finditer(source.text, max(0, at - _BEHIND), min(len(source.text), at + _BEHIND)))
    before = [m for m in words if m["word"] and m.start() <= at][-3:]
    first = next((m for m in _TOKEN.finditer(source.text) if m["word"]), None)
    around = [*reversed(before), *([first] if first else []), *[m for m in words if m["word"] and m.start() > at][:1]]
    for match in dict.fromkeys(around):
        word, span = match.group(), Span(*match.span())
        for keyword in near_keywords(word):
            fault = Diagnostic(codes.MISSPELT_KEYWORD, f"`{word}` is not a word of the language", source, span)
            fault = fault.with_label(f"did you mean `{keyword}`?")
            yield _Offer(fault.repaired_by(keyword, certain=False), Edit(span, keyword))


def near_keywords(word: str) -> list[str]:
    """Return the keywords that a word may be a slip of, the nearest first; none for a keyword."""
    folded = word.casefold()
    if folded in KEYWORDS:
        return []
    near = [(distance, keyword) for keyword in KEYWORDS if (distance := _distance(folded, keyword)) is not None]
    return [keyword for _, keyword in sorted(near, key=lambda pair: (pair[0], KEYWORDS.index(pair[1])))]


def _distance(word: str, keyword: str) -> int | None:
    """Return how many slips make one word of the other; None where they are two words."""
    if len(keyword) < _SHORT:
        return 1 if sorted(word) == sorted(keyword) else None
    limit = 2 if len(keyword) >= _LONG else 1
    distance = edit_distance(word, keyword, limit)
    return distance if distance <= limit else None
