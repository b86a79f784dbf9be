"""How pieces of other languages are written here: what the templates of the tables call by name.

Each takes a piece's text and all pieces of what matched, and gives the text that takes its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from carlang.foreign.names import event_class

Pieces = Mapping[str, str]
"""What the groups of a pattern, or the places of a call's arguments, hold."""

_ITEM = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^\s,"'()\[\]]+""")
_STEP = re.compile(r"\[\s*([\w.]+)\s+where\b([^\[\]]*)\]")
_SPAN = re.compile(r"\bmaxspan\s*=\s*(\d+\s*\w+)", re.IGNORECASE)
_NAMED = re.compile(r"([^\W\d]\w*)\s*=(?!=)\s*(.+)", re.DOTALL)
_KEYS = re.compile(r"\bby\s+([\w.]+(?:\s*,\s*[\w.]+)*)", re.IGNORECASE)


def _event_class(text: str, _: Pieces) -> str:
    return event_class(text) or text


def _like(text: str, _: Pieces) -> str:
    """Return SQL's pattern in quotes as a text with `*`."""
    return text.replace("%", "*")


def _any(text: str, _: Pieces) -> str:
    return re.sub(r"\?+", "*", text)


def _likes(text: str, pieces: Pieces) -> str:
    return _like(_list(text, pieces), pieces)


def _list(text: str, _: Pieces) -> str:
    return f"[{', '.join(_ITEM.findall(text[1:-1]))}]"


def _all_of(text: str, pieces: Pieces) -> str:
    return "(" + " and ".join(f"{text} contains {item}" for item in _ITEM.findall(pieces["x"][1:-1])) + ")"


def _equals(text: str, _: Pieces) -> str:
    return "in" if text.startswith(("(", "[")) else "=="


def _equality(text: str, _: Pieces) -> str:
    return "!=" if re.search(r"\bnot\b|\bne\b", text, re.IGNORECASE) else "=="


def _sigma_test(text: str, _: Pieces) -> str:
    return {"re": "match", "cidr": "in"}.get(text.casefold(), text)


def _negation(text: str, _: Pieces) -> str:
    return "not " if text else ""


def _affix(text: str, _: Pieces) -> str:
    return "endswith" if text.casefold() == "end" else "startswith"


def _decimal(text: str, _: Pieces) -> str:
    return str(int(text, 16))


def _regex(text: str, _: Pieces) -> str:
    """Return `/a.*b/i` as a pattern in quotes."""
    inner = text[1 : text.rindex("/")].replace("\\/", "/")
    return '"' + re.sub(r'(?<!\\)"', r"\"", inner) + '"'


def _where(text: str, _: Pieces) -> str:
    return f" where{text.rstrip()}" if text.strip() else ""


def _keys(text: str, _: Pieces) -> str:
    return ", ".join(re.findall(r"[\w.]+", text))


def _group(text: str, _: Pieces) -> str:
    return f" | group by {_keys(text, {})}" if text.strip() else ""


def _columns(text: str, _: Pieces) -> str:
    """Return columns with their names behind `as`: `n = count()` as `count() as n`, parted by commas."""
    return ", ".join(_column(part) for part in _parts(text))


def _column(text: str) -> str:
    text = re.sub(r"\bas\s+[\"'](\w+)[\"']", r"as \1", text.strip(), flags=re.IGNORECASE)
    text = re.sub(r"\b(?:dc|dcount)\(([^()]*)\)", r"count(distinct \1)", text, flags=re.IGNORECASE)
    text = re.sub(r"\bcount\(\s*\*\s*\)|\bcount\b(?!\s*\()", "count()", text, flags=re.IGNORECASE)
    named = _NAMED.fullmatch(text)
    return f"{named.group(2)} as {named.group(1)}" if named else text


def _parts(text: str) -> list[str]:
    """Split at commas outside brackets; columns without commas, as SPL has them, at blanks."""
    parts = re.split(r",(?![^()]*\))", text)
    if len(parts) > 1 or re.search(r"[=()]|\bas\b", text, re.IGNORECASE):
        return [part for part in parts if part.strip()]
    return text.split()


def _steps(text: str, pieces: Pieces) -> str:
    """Return EQL's sequence as a stream a step, and the sequence of them."""
    steps = _STEP.findall(pieces["steps"])
    names = [chr(ord("a") + index) for index in range(len(steps))]
    lines = [
        f"{name} = search {_event_class(category, {})} where ({condition.strip()})"
        for name, (category, condition) in zip(names, steps, strict=True)
    ]
    keys, span = _KEYS.search(text), _SPAN.search(text)
    by = f" by {keys.group(1)}" if keys else ""
    within = f" within {span.group(1)}" if span else ""
    return "\n".join([*lines, f"sequence ({', '.join(names)}){by}{within}"])


CONVERSIONS: Mapping[str, Callable[[str, Pieces], str]] = {
    "affix": _affix,
    "all_of": _all_of,
    "any": _any,
    "columns": _columns,
    "decimal": _decimal,
    "equality": _equality,
    "equals": _equals,
    "event_class": _event_class,
    "group": _group,
    "keys": _keys,
    "like": _like,
    "likes": _likes,
    "list": _list,
    "negation": _negation,
    "regex": _regex,
    "sigma_test": _sigma_test,
    "steps": _steps,
    "where": _where,
}

_PLACE = re.compile(r"\{(\w+)(\+)?(?::(\w+))?\}")


def filled(template: str, pieces: Pieces) -> str:
    """Return a template with its places filled: `{f}`, `{x:like}`, and of numbered pieces `{1+}`, all from one on."""

    def piece(match: re.Match[str]) -> str:
        name, onwards, conversion = match.groups()
        if onwards:
            text = ", ".join(text for key, text in pieces.items() if int(key) >= int(name))
        else:
            text = pieces.get(name) or ""
        return CONVERSIONS[conversion](text, pieces) if conversion else text

    return _PLACE.sub(piece, template)


def places(template: str) -> list[tuple[str, str | None]]:
    """Return the places of a template, each with the conversion that it asks for."""
    return [(match.group(1), match.group(3)) for match in _PLACE.finditer(template)]
