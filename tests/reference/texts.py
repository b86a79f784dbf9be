"""Texts as the language compares them: without case, with wildcards, as regular expressions, as IP addresses."""

from __future__ import annotations

import ipaddress
import typing
from functools import lru_cache

import re2  # type: ignore[import-untyped]  # it ships no types

from carlang.resolve.bound import Pattern, Wildcard

_MAPPED = 0xFFFF << 32


def fold(text: str) -> str:
    """Return a text as it is compared: each character's own lower-case letter, whatever stands around it.

    `İ` is the one character that Python writes in lower case as two; its first is the letter.
    """
    return text.lower() if text.isascii() else "".join(letter.lower()[0] for letter in text)


def matches(text: str, pattern: Pattern) -> bool:
    """Tell whether a text as a whole matches a pattern, without case."""
    folded = fold(text)
    ends = {0}
    for part in pattern:
        if part is Wildcard.RUN:
            ends = set(range(min(ends), len(folded) + 1))
        elif part is Wildcard.ONE:
            ends = {end + 1 for end in ends if end < len(folded)}
        else:
            piece = fold(str(part))
            ends = {end + len(piece) for end in ends if folded.startswith(piece, end)}
        if not ends:
            return False
    return len(folded) in ends


@lru_cache(maxsize=4096)
def compiled(regex: str) -> typing.Any:
    """Return a regular expression compiled by RE2, without case."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return re2.compile(regex, options)


def finds(text: str, regex: str) -> bool:
    """Tell whether a regular expression is found somewhere in a text."""
    return compiled(regex).search(text) is not None


@lru_cache(maxsize=4096)
def address(text: str) -> int | None:
    """Return an IP address as a 128-bit number, IPv4 as `::ffff:a.b.c.d`, or None where a text is none."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return _MAPPED + int(found) if isinstance(found, ipaddress.IPv4Address) else int(found)
