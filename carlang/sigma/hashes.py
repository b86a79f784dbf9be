"""Lists of hashes, `SHA1=…,MD5=…`, as rules ask for them, and the fields that have a hash each."""

from __future__ import annotations

import re

from sigma.types import SigmaString, SpecialChars

from carlang.sigma.chains import all_of, either
from carlang.sigma.log_sources import ByAlgorithm
from carlang.sigma.texts import joined
from carlang.sigma.unsaid import UnsaidError
from carlang.source import Span
from carlang.syntax import ast

# What stands nowhere yet is put where the rule has the key.
_AT_KEY = Span(0, 0)
_RUN = SpecialChars.WILDCARD_MULTI
# How many hexadecimal digits each has, in the order in which Sysmon writes them.
_DIGITS = {"SHA1": 40, "MD5": 32, "SHA256": 64, "IMPHASH": 32}
_ORDER = tuple(_DIGITS)
_HASH = re.compile(r"(\w+)=([0-9A-Fa-f]*)")
_PART = re.compile(r"[0-9A-Fa-f]+")


def some_hash(field: ByAlgorithm, span: Span) -> ast.Expr:
    """Return the condition that the list has a hash at all."""
    return either([_exists(each, span) for each in field.fields.values()], span)


def hash_test(field: ByAlgorithm, name: str, value: SigmaString, span: Span) -> ast.Expr:
    """Return the condition that the list, called `name` in the rule, is what a value stands for.

    A list that the value gives as a whole, or up to one of its ends, has no hash that the value has not. Raises
    `UnsaidError` for what depends on more than the hashes.
    """
    parts = joined(value.s)
    if parts == [_RUN]:
        return some_hash(field, span)
    text = next((part for part in parts if isinstance(part, str)), "")
    is_open = (parts[:1] == [_RUN], parts[-1:] == [_RUN])
    if [part for part in parts if part is not _RUN] == [text]:
        if is_open == (True, True) and _PART.fullmatch(text) and not any(text.upper() in each for each in _ORDER):
            return either([_test("contains", each, text, span) for each in field.fields.values()], span)
        if conditions := _of_list(field, text, is_open, span):
            return all_of(conditions)
    known = " or ".join(f"`{algorithm}=…`" for algorithm in field.fields)
    raise UnsaidError(f"of `{name}` single hashes are kept, which are asked for as {known}, with all of their digits")


def _of_list(field: ByAlgorithm, text: str, is_open: tuple[bool, bool], span: Span) -> list[ast.Expr]:
    """Return the conditions that hold of a list in which a text stands; none where the hashes alone do not tell.

    `is_open` says whether more may stand before the text, and behind it.
    """
    entries = [_HASH.fullmatch(piece) for piece in text.split(",")]
    hashes = [(entry[1].upper(), entry[2].lower()) for entry in entries if entry]
    places = [_ORDER.index(algorithm) for algorithm, _ in hashes if algorithm in field.fields and algorithm in _DIGITS]
    if len(places) < len(entries) or places != sorted(set(places)) or not set(_ORDER) <= set(field.fields):
        return []
    conditions = []
    for number, (algorithm, digits) in enumerate(hashes):
        is_cut = len(digits) < _DIGITS[algorithm]
        if len(digits) > _DIGITS[algorithm] or (is_cut and not (is_open[1] and number == len(hashes) - 1)):
            return []
        test = "startswith" if is_cut else "=="
        conditions.append(_test(test, field.fields[algorithm], digits, span))
    first, last = (0 if not is_open[0] else places[0]), (len(_ORDER) if not is_open[1] else places[-1])
    missing = [field.fields[each] for at, each in enumerate(_ORDER) if first <= at < last and at not in places]
    return [*conditions, *(ast.Exists(ast.Name(each, _AT_KEY), negated=True, span=span) for each in missing)]


def _exists(field: str, span: Span) -> ast.Expr:
    return ast.Exists(ast.Name(field, _AT_KEY), negated=False, span=span)


def _test(test: str, field: str, digits: str, span: Span) -> ast.Expr:
    subject, literal = ast.Name(field, _AT_KEY), ast.StringLit(digits.lower(), span)
    if not digits:
        return _exists(field, span)
    if test == "==":
        return ast.Comparison((subject, literal), ("==",), span)
    return ast.TextTest(test, subject, literal, negated=False, span=span)
