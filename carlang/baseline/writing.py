"""A baseline as the text of its file: YAML that people read, edit and put under version control."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import groupby

from carlang.baseline.exclusions import Baseline, Exactly, Exclusion, Value
from carlang.results import counted

_HEAD = """\
# What is not to be shown: the rows of an output whose fields are all like those of an exclusion. `*` stands for
# anything, and letters have no case. What has a `review` is not excluded until that key is removed.
"""


def baseline_text(baseline: Baseline, titles: Mapping[str, str] | None = None) -> str:
    """Return a baseline as YAML; `titles` are those of analytics by id, which stand above their exclusions."""
    return "".join(f"{line}\n" for line in _lines(baseline, titles or {}))


def _lines(baseline: Baseline, titles: Mapping[str, str]) -> Iterator[str]:
    yield from _HEAD.splitlines()
    if baseline.made:
        yield "made:"
        yield from (f"  {name}: {_scalar(value)}" for name, value in baseline.made.items())
    if not baseline.exclusions:
        yield "exclusions: []"
        return
    yield "exclusions:"
    for (analytic, output), listed in groupby(baseline.exclusions, key=lambda each: (each.analytic, each.output)):
        exclusions = list(listed)
        rows = sum(each.count or 0 for each in exclusions)
        title = "  ".join(part for part in (analytic, output or "", titles.get(analytic, "")) if part)
        yield ""
        yield f"  # {_commented(title)}: {counted(rows, 'row')}"
        for each in exclusions:
            yield from _exclusion(each)


def _exclusion(exclusion: Exclusion) -> Iterator[str]:
    yield f"  - analytic: {_text(exclusion.analytic)}"
    if exclusion.output is not None:
        yield f"    output: {_text(exclusion.output)}"
    yield "    fields:" if exclusion.fields else "    fields: {}"
    for name, values in exclusion.fields.items():
        written = [_scalar(value) for value in values]
        shown = written[0] if len(written) == 1 else f"[{', '.join(written)}]"
        yield f"      {_text(name)}: {shown}"
    for key in ("count", "hosts", "first", "last", "note", "review"):
        value = getattr(exclusion, key)
        if value is not None and value != "":
            yield f"    {key}: {_scalar(value)}"


def _scalar(value: Value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case Exactly(text):
            return f"{{exactly: {_quoted(text)}}}"
        case str():
            return _quoted(value)
        case _:
            return repr(value)


def _text(text: str) -> str:
    """Return a name as YAML has it: as it is where it can be nothing else."""
    is_plain = text.isascii() and text.replace("-", "").replace("_", "").replace(".", "").isalnum()
    return text if is_plain and text[0].isalpha() and text.casefold() not in _WORDS else _quoted(text)


_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off"})


def _quoted(text: str) -> str:
    """Return a text in quotes: single ones, in which backslashes are themselves, where it has nothing unprintable."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'" if text.isprintable() else json.dumps(text)


def _commented(text: str) -> str:
    return json.dumps(text)[1:-1] if not text.isprintable() else text
