"""Tests of texts and lists, and members of records, in SQL."""

from __future__ import annotations

from sqlglot import exp

from carlang.resolve.bound import Pattern, Wildcard
from carlang.sql.fragments import SQL, call, lowered, number, text, when

_ESCAPES = "~!^#$"
_UNIT_SEPARATOR = 0x1F
"""The code of a character that stands between the items of a list while it is lowered as one text."""


def like(subject: SQL, pattern: Pattern) -> SQL:
    """Return the test that a text in lower case matches a pattern as a whole."""
    run = Wildcard.RUN
    match pattern:
        case (str(head), last) if last is run:
            return exp.StartsWith(this=subject, expression=lowered(text(head)))
        case (first, str(tail)) if first is run:
            return exp.EndsWith(this=subject, expression=lowered(text(tail)))
        case (first, str(middle), last) if first is run and last is run:
            return exp.Contains(this=subject, expression=lowered(text(middle)))
    texts = "".join(part for part in pattern if isinstance(part, str))
    escape = next((c for c in _ESCAPES if c not in texts), _ESCAPES[0])
    pieces = [_piece(part, escape) for part in pattern]
    test = exp.Like(this=subject, expression=lowered(text("".join(pieces))))
    if not any(c in texts for c in f"%_{escape}"):
        return test
    return exp.Escape(this=test, expression=text(escape))


def _piece(part: str | Wildcard, escape: str) -> str:
    if isinstance(part, Wildcard):
        return "%" if part is Wildcard.RUN else "_"
    for special in (escape, "%", "_"):
        part = part.replace(special, escape + special)
    return part


def list_contains(items: SQL, item: SQL) -> SQL:
    """Return the test that a list of texts has one, given in lower case."""
    return call("list_contains", _folded(items), item)


def member(record: SQL, name: str) -> SQL:
    """Look a member up as it is written, else under the name that differs from it in case and underscores only.

    A text that is no JSON has no members.
    """
    as_written = call("json_extract_string", record, text("/" + _pointer(name)))
    keys = call("json_keys", record.copy())
    folded = _folded(keys, underscores=False)
    place = call("list_position", folded, lowered(text(name.replace("_", ""))))
    key = call("list_extract", keys.copy(), place)
    escaped = exp.Replace(
        this=exp.Replace(this=key, expression=text("~"), replacement=text("~0")),
        expression=text("/"),
        replacement=text("~1"),
    )
    pointer = exp.DPipe(this=text("/"), expression=escaped)
    in_any_case = call("json_extract_string", record.copy(), pointer)
    found = exp.Coalesce(this=as_written, expressions=[in_any_case])
    return when(call("json_valid", record.copy()), found)


def _folded(items: SQL, *, underscores: bool = True) -> SQL:
    """Return a list of texts in lower case, without underscores where they do not count."""
    joined: SQL = exp.Lower(this=call("array_to_string", items, _separator()))
    if not underscores:
        joined = exp.Replace(this=joined, expression=text("_"), replacement=text(""))
    return call("string_split", joined, _separator())


def _pointer(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _separator() -> SQL:
    return call("chr", number(_UNIT_SEPARATOR))
