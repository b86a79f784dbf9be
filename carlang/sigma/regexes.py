"""Regular expressions of rules as programs have them: without case unless they say so."""

from __future__ import annotations

import re

from sigma.types import SigmaRegularExpression, SigmaRegularExpressionFlag

_FLAGS = {SigmaRegularExpressionFlag.MULTILINE: "m", SigmaRegularExpressionFlag.DOTALL: "s"}
_CLASS = re.compile(r"\\[dDsSwWbB]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def program_regex(value: SigmaRegularExpression) -> str:
    """Return a rule's regular expression as it stands behind `match`."""
    # A literal ends on its line, and its quotes are escaped by whoever writes it.
    regex = _ESCAPED.sub(lambda match: '"' if match.group(1) == '"' else match.group(), str(value.regexp))
    regex = regex.replace("\n", r"\n")
    on = "".join(letter for flag, letter in _FLAGS.items() if flag in value.flags)
    # Sigma's are with case unless they say otherwise, those of programs are without.
    has_case = SigmaRegularExpressionFlag.IGNORECASE not in value.flags and _has_letters(regex)
    off = "-i" if has_case else ""
    return (f"(?{on}{off})" if on or off else "") + regex


def _has_letters(regex: str) -> bool:
    """Tell whether case can make a difference to a regular expression."""
    plain = _CLASS.sub("", regex)
    return plain.swapcase() != plain
