"""Regular expressions of rules as programs have them: without case unless they say so."""

from __future__ import annotations

import re

from sigma.types import SigmaRegularExpression, SigmaRegularExpressionFlag

_FLAGS = {SigmaRegularExpressionFlag.MULTILINE: "m", SigmaRegularExpressionFlag.DOTALL: "s"}
_CLASS = re.compile(r"\\[dDsSwWbB]|0-9")
_ESCAPED = re.compile(r"\\?([\x00-\x1f\x7f-\x9f\u2028\u2029])|\\(.)")
# `[!-_]` has the capital letters in it without naming one, and `\101` is `A`.
_UNNAMED_LETTERS = re.compile(r"\[[^\]]+-[^\]]|\\[0-7]")


def program_regex(value: SigmaRegularExpression) -> str:
    """Return a rule's regular expression as it stands behind `match`."""
    regex = _ESCAPED.sub(_writable, str(value.regexp))
    on = "".join(letter for flag, letter in _FLAGS.items() if flag in value.flags)
    # Sigma's are with case unless they say otherwise, those of programs are without.
    has_case = SigmaRegularExpressionFlag.IGNORECASE not in value.flags and _has_letters(regex)
    off = "-i" if has_case else ""
    return (f"(?{on}{off})" if on or off else "") + regex


def _writable(match: re.Match[str]) -> str:
    """Return a control character or an escape as a literal holds it, which ends on its line."""
    control, escaped = match.groups()
    if control:
        return r"\n" if control == "\n" else f"\\x{{{ord(control):X}}}"
    # Quotes are escaped by whoever writes the literal.
    return '"' if escaped == '"' else match.group()


def _has_letters(regex: str) -> bool:
    """Tell whether case can make a difference to a regular expression."""
    plain = _CLASS.sub("", regex)
    return plain.swapcase() != plain or bool(_UNNAMED_LETTERS.search(plain))
