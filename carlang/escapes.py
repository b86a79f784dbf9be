r"""Texts that others chose, harmless wherever they are shown.

An attacker chooses command lines, file names, whole logs, and the analytics that somebody downloads. Nothing of it may
move a cursor, hide text or turn it round: what is not printable is shown as the escape that Python would write for it,
`\x1b`, `\n`, `\u202e`. Not printable are, in Unicode's words, controls, formats (those that turn text round and tags
among them), separators of lines and paragraphs, blanks other than the space, surrogates, and what has no meaning.
"""

from __future__ import annotations

import json
import re
from typing import Any

_NOT_PLAIN = re.compile(r"[^\x20-\x7e\n]+")
_NOT_ASCII = re.compile(r"[^\x20-\x7e]+")


def printable(text: str, keep: str = "") -> str:
    r"""Return a text with its unprintable characters as escapes, except those in `keep`; `\r\n` is one newline."""
    if text.isprintable():
        return text
    if "\n" in keep:
        text = text.replace("\r\n", "\n")
    # Of programs and command lines of several lines, which are ASCII as a rule, newlines alone are looked at.
    return _NOT_ASCII.sub(lambda run: _shown(run.group(), keep), text)


def _shown(run: str, keep: str) -> str:
    return "".join(
        char if char.isprintable() or char in keep else char.encode("unicode_escape").decode("ascii") for char in run
    )


def json_text(value: Any, *, indent: int | None = 2) -> str:
    """Return a value as JSON that is safe to print; see `json_escaped`."""
    return json_escaped(json.dumps(value, ensure_ascii=False, indent=indent))


def json_escaped(text: str) -> str:
    r"""Return JSON with the unprintable characters of its strings as JSON's own escapes, `\u202e`.

    It is the same JSON to whoever reads it, but that a lone surrogate, which UTF-8 cannot hold and strict parsers
    refuse, becomes the six letters of its escape as text. Outside of strings JSON has no such character but the
    newline, so the text need not be taken apart.
    """
    return text if text.isprintable() else _NOT_PLAIN.sub(_escaped_run, text)


def _escaped_run(match: re.Match[str]) -> str:
    run = match.group()
    if run.isprintable():
        return run
    return "".join(char if char.isprintable() else _json_escape(char) for char in run)


def _json_escape(char: str) -> str:
    return f"\\\\u{ord(char):04x}" if "\ud800" <= char <= "\udfff" else json.dumps(char)[1:-1]
