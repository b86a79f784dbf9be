"""What is damaged in a file costs itself: every neighbour is read, and what was lost is said."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.readers.damage import json_line, read_content


def _xml(name: str) -> str:
    return (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><EventID>1</EventID>"
        f"<EventRecordID>{name}</EventRecordID></System><EventData><Data Name='a'>b</Data></EventData></Event>"
    )


def _printed_xml(name: str) -> str:
    return _xml(name).replace("><", ">\n  <")


def _csv(name: str) -> str:
    return f'{name},"a ""b"", c",d,e'


def _zeek(name: str) -> str:
    return f"1588316619.5\t{name}\ta\tb"


def _audit(name: str) -> str:
    return f'type=SYSCALL msg=audit(1588316619.123:{ord(name)}): arch=c000003e syscall=59 exe="{name}" key=(null)'


_CSV_HEAD = "name,x,y,z\n"
_ZEEK_HEAD = "#separator \\x09\n#fields\tts\tname\tx\ty\n#types\ttime\tstring\tstring\tstring\n"

_FORMS: dict[str, tuple[str, Callable[[str], str], str]] = {
    "JSON lines": ("", json_line, "\n"),
    "XML, an event a line": ("", _xml, "\n"),
    "XML, in one line": ("<Events>", _xml, ""),
    "XML, printed": ("<Events>\n", _printed_xml, "\n"),
    "CSV": (_CSV_HEAD, _csv, "\n"),
    "Zeek": (_ZEEK_HEAD, _zeek, "\n"),
    "auditd": ("", _audit, "\n"),
    "array": ("[\n", json_line, ",\n"),
    "array in one line": ("[", json_line, ", "),
    "documents": ("", lambda name: json.dumps(json.loads(json_line(name)), indent=2), "\n"),
}

_DAMAGE: dict[str, Callable[[str], str]] = {
    "control character": lambda text: text.replace("a", "\x01", 1),
    "zeros": lambda text: text[:20] + "\0" * 40 + text[60:],
    "zeros at its beginning": lambda text: "\0" * 20 + text[20:],
    "zeros at its end": lambda text: text[:-20] + "\0" * 20,
    "cut": lambda text: text[: len(text) // 2],
    "cut at its beginning": lambda text: text[len(text) // 2 :],
    "bracket": lambda text: "[" + text,
    "quote": lambda text: text[:12] + '"' + text[12:],
    "quote at its end": lambda text: text + '"',
    "brace": lambda text: text.replace("}", "", 1) if "}" in text else text + "}",
    "begun twice": lambda text: text[: len(text) // 3] + text,
    "bytes that are no UTF-8": lambda text: text[:40] + "\udcff\udcfe" + text[40:],
    "byte order mark": lambda text: "\ufeff" + text,
    "end tag": lambda text: text.replace("</Event>", "</Evnt>"),
    "carriage return": lambda text: text[:30] + "\r" + text[30:],
    "carriage return and quote": lambda text: text[:30] + '\r"' + text[30:],
    "entity": lambda text: text.replace("b", "&c;", 1),
}


@pytest.mark.parametrize("damage", _DAMAGE)
@pytest.mark.parametrize("form", _FORMS)
def test_a_damaged_record_costs_no_neighbour(form: str, damage: str) -> None:
    head, written, between = _FORMS[form]
    names = "123456" if form.startswith("XML") else "ABCDEF"
    texts = [written(name) for name in names]
    # Twice, as damage that meets its like may close what the first has opened.
    for index in (1, 4):
        texts[index] = _DAMAGE[damage](texts[index])
    read, faults = read_content((head + between.join(texts) + "\n").encode("utf-8", "surrogateescape"))
    assert set(read) >= set(names) - {names[1], names[4]}
    assert len(read) + len(faults) >= len(names)
    # Damage that leaves a record readable is none; what is more than was there was made up.
    assert len(read) <= len(names)


@pytest.mark.parametrize("form", ["JSON lines", "CSV", "Zeek", "XML, an event a line"])
def test_a_byte_too_few_in_utf_16_costs_its_line(form: str) -> None:
    head, written, between = _FORMS[form]
    names = "123456" if form.startswith("XML") else "ABCDEF"
    content = ("\ufeff" + head + between.join(map(written, names)) + "\n").encode("utf-16-le")
    cut = content.index(written(names[2]).encode("utf-16-le")) + 31
    read, faults = read_content(content[:cut] + content[cut + 1 :])
    assert set(read) >= set(names) - {names[2]}
    assert len(read) + len(faults) >= len(names)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_lines_of_utf_16_behind_others_are_read(mark: str) -> None:
    """As PowerShell's `>>` adds them, whatever the file is in."""
    lines = "".join(json_line(name) + "\n" for name in "CD")
    content = (json_line("A") + "\n").encode() + (mark + lines).encode("utf-16-le") + json_line("E").encode()
    assert read_content(content) == (list("ACDE"), [])


def test_what_begins_as_a_text_is_read_up_to_what_is_none() -> None:
    content = (json_line("A") + "\n" + json_line("B") + "\n").encode() + bytes(range(256)) * 100
    assert read_content(content)[0] == ["A", "B"]


def test_an_open_quote_does_not_end_at_the_next() -> None:
    """Two damaged rows, one without its closing quote and one without its opening one, hold four whole rows."""
    rows = [_csv("A"), 'B,"a,d,e', *map(_csv, "CDEF"), 'G,a",d,e', _csv("H")]
    read, faults = read_content((_CSV_HEAD + "\n".join(rows)).encode())
    assert set(read) >= set("ACDEFH")
    assert faults == ["log: a quote in it is not closed"]


def test_a_cell_over_several_lines_is_one() -> None:
    rows = [_csv("A"), 'B,"one\n\ntwo, ""three""\nfour","five\nsix",e', _csv("C")]
    assert read_content((_CSV_HEAD + "\r\n".join(rows)).encode()) == (["A", "B", "C"], [])


def test_lines_of_a_zeek_log_whose_header_is_damaged_are_all_counted() -> None:
    _, faults = read_content(
        (_ZEEK_HEAD.replace("#fields", "#fjelds") + _zeek("A") + "\n" + _zeek("B") + "\n").encode()
    )
    assert faults == ["log: no line of a header", *["log: a line before any header"] * 2]


def test_what_stands_between_events_of_xml_is_read_as_what_it_is() -> None:
    lines = [
        _xml("1"),
        json_line("A"),
        "nothing",
        _audit("B"),
        _xml("2").replace("<Event ", "<Evnt "),
        _xml("3"),
        json_line("C"),
    ]
    for first in (lines, lines[1:]):
        read, faults = read_content("\n".join(first).encode())
        assert read == sorted({"A", "B", "C", "3"} | ({"1"} if first is lines else set()))
        assert len(faults) == 2
