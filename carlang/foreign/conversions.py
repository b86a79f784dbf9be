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
_STEP = re.compile(
    r"(?P<no>!\s*)?\[\s*(?P<class>[\w.]+)\s+where\b(?P<condition>[^\[\]]*)\]"
    r"(?:\s*by\s+(?P<keys>[\w.]+(?:\s*,\s*[\w.]+)*))?(?:\s*with\s+runs\s*=\s*(?P<runs>\d+))?",
    re.IGNORECASE,
)
_SPAN = re.compile(r"\bmaxspan\s*=\s*(\d+\s*\w+)", re.IGNORECASE)
_NAMED = re.compile(r"([^\W\d]\w*)\s*=(?!=)\s*(.+)", re.DOTALL)
_SORT_KEY = re.compile(
    r"(?P<sign>[+-])?\s*(?:(?:num|str|ip|auto)\s*\(\s*)?(?P<field>[^\W\d][\w.]*)(?:\s*\))?"
    r"(?:\s+(?P<way>asc|desc)(?:ending)?\b)?(?:\s+nulls\s+\w+)?",
    re.IGNORECASE,
)
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


def _between(text: str, pieces: Pieces) -> str:
    """Return EQL's text between two others as what an expression extracts, SQL's range as one."""
    first, last = pieces.get("1", ""), pieces.get("2", "")
    if not (first.startswith(('"', "'")) and last.startswith(('"', "'"))):
        return f"{text} between {first} and {last}"
    left, right = (re.sub(r"([.^$*+?{}()|\[\]])", r"\\\1", each[1:-1]) for each in (first, last))
    return f'regex_extract({text}, "{left}(.*?){right}")'


def _cases(_: str, pieces: Pieces) -> str:
    """Return the pairs of a condition and a value behind the first, and the value for the rest; without one, `null`."""
    parts = list(pieces.values())[2:]
    pairs = list(zip(parts[::2], parts[1::2], strict=False))
    last = parts[-1] if len(parts) % 2 else "null"
    return "".join(f"if {test} then {value} else " for test, value in pairs) + last


def _whens(text: str, _: Pieces) -> str:
    """Return the pairs of SQL's CASE as one `if`."""
    pairs = re.findall(r"when\b(.+?)\bthen\b(.+?)(?=\bwhen\b|\Z)", text, re.IGNORECASE | re.DOTALL)
    return "".join(f"if {test.strip()} then {value.strip()} else " for test, value in pairs)


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


def _instant(text: str, _: Pieces) -> str:
    """Return an instant, in quotes or without, as a text in quotes."""
    return f'"{text.strip(chr(34) + chr(39))}"'


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


def _by(text: str, pieces: Pieces) -> str:
    """Return keys, those of `more` among them, without the time that intervals are cut by."""
    keys = [
        key
        for key in re.findall(r"[\w.]+", f"{text} {pieces.get('more') or ''}")
        if key.casefold() not in ("_time", "time", "timegenerated")
    ]
    return f" by {', '.join(keys)}" if keys else ""


def _having(text: str, _: Pieces) -> str:
    return f" having ({_column(text)})" if text.strip() else ""


def _sort_keys(text: str, _: Pieces, *, down: bool = False) -> str:
    """Return what rows are sorted by, `-f`, `f desc`; `down` where that is the way of what does not say it."""
    keys = []
    for key in _SORT_KEY.finditer(text):
        unsaid = down and not key["way"] and not key["sign"]
        is_down = unsaid or key["sign"] == "-" or (key["way"] or "").casefold() == "desc"
        keys.append(f"{key['field']} desc" if is_down else key["field"])
    return ", ".join(keys)


def _keys_down(text: str, pieces: Pieces) -> str:
    return _sort_keys(text, pieces, down=True)


def _sorted(text: str, pieces: Pieces) -> str:
    return f" | sort by {_sort_keys(text, pieces)}" if text.strip() else ""


def _sorted_before(text: str, pieces: Pieces) -> str:
    """Sort by fields before they are selected away; groups by what is selected from them."""
    return "" if pieces.get("keys", "").strip() else _sorted(text, pieces)


def _sorted_behind(text: str, pieces: Pieces) -> str:
    return _sorted(text, pieces) if pieces.get("keys", "").strip() else ""


def _sorted_first(text: str, pieces: Pieces) -> str:
    return f" sort by {_sort_keys(text, pieces)} |" if text.strip() else ""


def _head(text: str, _: Pieces) -> str:
    return f" | head {text.strip()}" if text.strip() else ""


def _ten(text: str, _: Pieces) -> str:
    return text.strip() or "10"


def _end(text: str, _: Pieces) -> str:
    return "tail" if text.casefold().startswith(("tail", "last")) else "head"


def _commonest(text: str, _: Pieces) -> str:
    return " desc" if text.casefold() == "top" else ""


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
    """Return EQL's sequence as a stream a step, and the sequence of them.

    `text` is what stands before the steps. Keys of single steps, which may have other names in each, become conditions.
    """
    before_until, _, end = pieces["steps"].partition("until")
    steps = list(_STEP.finditer(before_until))
    names = [chr(ord("a") + index) for index in range(len(steps))]
    lines = [_search(name, step) for name, step in zip(names, steps, strict=True)]
    keyed = [(name, _listed(step["keys"])) for name, step in zip(names, steps, strict=True)]
    first = next(((name, keys) for (name, keys), step in zip(keyed, steps, strict=True) if not step["no"]), ("", []))
    written = [
        ("no " if step["no"] else "")
        + name
        + (f" * {step['runs']}" if step["runs"] else "")
        + _equal_keys(name, keys, *first)
        for (name, keys), step in zip(keyed, steps, strict=True)
    ]
    until = ""
    if barrier := _STEP.search(end):
        lines.append(_search("ended", barrier))
        until = " until ended"
    keys, span = _KEYS.search(text), _SPAN.search(text)
    by = f" by {keys.group(1)}" if keys else ""
    within = f" within {span.group(1)}" if span else ""
    return "\n".join([*lines, f"sequence ({', '.join(written)}){by}{within}{until}"])


def _search(name: str, step: re.Match[str]) -> str:
    return f"{name} = search {_event_class(step['class'], {})} where ({step['condition'].strip()})"


def _listed(keys: str | None) -> list[str]:
    return re.findall(r"[\w.]+", keys or "")


def _equal_keys(name: str, keys: list[str], first: str, first_keys: list[str]) -> str:
    """Return the condition that a step's keys are those of the first step; of that none."""
    if name == first or not keys:
        return ""
    tests = [f"{name}.{key} == {first}.{other}" for key, other in zip(keys, first_keys, strict=False)]
    return f" where ({' and '.join(tests)})" if tests else ""


CONVERSIONS: Mapping[str, Callable[[str, Pieces], str]] = {
    "affix": _affix,
    "all_of": _all_of,
    "any": _any,
    "between": _between,
    "cases": _cases,
    "by": _by,
    "columns": _columns,
    "commonest": _commonest,
    "decimal": _decimal,
    "end": _end,
    "equality": _equality,
    "equals": _equals,
    "event_class": _event_class,
    "group": _group,
    "having": _having,
    "head": _head,
    "instant": _instant,
    "keys": _keys,
    "keys_down": _keys_down,
    "like": _like,
    "likes": _likes,
    "list": _list,
    "negation": _negation,
    "regex": _regex,
    "sigma_test": _sigma_test,
    "sort_keys": _sort_keys,
    "sorted": _sorted,
    "sorted_before": _sorted_before,
    "sorted_behind": _sorted_behind,
    "sorted_first": _sorted_first,
    "steps": _steps,
    "ten": _ten,
    "where": _where,
    "whens": _whens,
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
