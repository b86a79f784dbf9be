"""What is damaged in a file costs itself: every neighbour is read, and what was lost is said."""

from __future__ import annotations

import json
import re
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


def _listed(name: str) -> str:
    labels = [
        "Log Name",
        "Source",
        "Date",
        "Event ID",
        "Task",
        "Level",
        "Opcode",
        "Keyword",
        "User",
        "User Name",
        "Computer",
        "Description",
    ]
    values = {"Date": "2024-03-05T08:00:00.0Z", "Event ID": "4688", "Computer": name}
    head = "".join(f"  {label}: {values.get(label, 'a')}\r\n" for label in labels)
    return f"Event[{ord(name) - ord('A')}]:\r\n{head}A new process has been created.\r\n\r\nName:\tb c\r\n\r\n"


def _clixml(name: str) -> str:
    """As PowerShell prints it."""
    reference = ord(name) - ord("A")
    kind = '<TN RefId="0"><T>Event</T></TN>' if name == "A" else '<TNRef RefId="0" />'
    lines = [
        f'<Obj RefId="{10 * reference}">',
        f"  {kind}",
        "  <ToString>Event</ToString>",
        "  <Props>",
        f'    <S N="name">{name}</S>',
        f'    <Obj N="Keywords" RefId="{10 * reference + 1}">',
        '      <TN RefId="1"><T>List</T></TN>',
        "      <LST>",
        "        <S>a_x000A_b</S>",
        f'        <Obj RefId="{10 * reference + 2}">',
        '          <TN RefId="2"><T>Word</T></TN>',
        "        </Obj>",
        "      </LST>",
        "    </Obj>",
        "  </Props>",
        "</Obj>",
    ]
    return "".join(f"  {line}\r\n" for line in lines)


def _clixml_line(name: str) -> str:
    return "".join(line.strip() for line in _clixml(name).splitlines())


_CLIXML_HEAD = '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'
_CSV_HEAD = "name,x,y,z\n"
_ZEEK_HEAD = "#separator \\x09\n#fields\tts\tname\tx\ty\n#types\ttime\tstring\tstring\tstring\n"

# What stands before the records, a record, what stands between two, and behind the last.
_FORMS: dict[str, tuple[str, Callable[[str], str], str, str]] = {
    "JSON lines": ("", json_line, "\n", "\n"),
    "XML, an event a line": ("", _xml, "\n", "\n"),
    "XML, in one line": ("<Events>", _xml, "", "\n"),
    "XML, printed": ("<Events>\n", _printed_xml, "\n", "\n"),
    "CSV": (_CSV_HEAD, _csv, "\n", "\n"),
    "Zeek": (_ZEEK_HEAD, _zeek, "\n", "\n"),
    "auditd": ("", _audit, "\n", "\n"),
    "array": ("[\n", json_line, ",\n", "\n"),
    "array in one line": ("[", json_line, ", ", "\n"),
    "documents": ("", lambda name: json.dumps(json.loads(json_line(name)), indent=2), "\n", "\n"),
    "wevtutil text": ("", _listed, "", ""),
    "CLIXML, printed": (_CLIXML_HEAD + "\r\n", _clixml, "", "</Objs>"),
    "CLIXML, in one line": (_CLIXML_HEAD, _clixml_line, "", "</Objs>"),
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
    "end tag": lambda text: re.sub("</(Event|Obj)>", "</Evnt>", text),
    "no end tag": lambda text: re.sub(r"</(Event|Obj)>(?=\s*$)", "", text),
    "first line": lambda text: text.replace(text.split("\n")[0], "x", 1),
    "newline": lambda text: text.replace("\n", "x", 1),
    "second newline": lambda text: re.sub(r"(\n[^\n]*)\n", r"\1x", text, count=1),
    "carriage return": lambda text: text[:30] + "\r" + text[30:],
    "carriage return and quote": lambda text: text[:30] + '\r"' + text[30:],
    "entity": lambda text: text.replace("b", "&c;", 1),
}


@pytest.mark.parametrize("damage", _DAMAGE)
@pytest.mark.parametrize("form", _FORMS)
def test_a_damaged_record_costs_no_neighbour(form: str, damage: str) -> None:
    head, written, between, tail = _FORMS[form]
    names = "123456" if form.startswith("XML") else "ABCDEF"
    texts = [written(name) for name in names]
    # Twice, as damage that meets its like may close what the first has opened.
    for index in (1, 4):
        texts[index] = _DAMAGE[damage](texts[index])
    read, faults = read_content((head + between.join(texts) + tail).encode("utf-8", "surrogateescape"))
    assert set(read) >= set(names) - {names[1], names[4]}
    assert len(read) + len(faults) >= len(names)
    # Damage that leaves a record readable is none; what is more than was there was made up.
    assert len(read) <= len(names)


@pytest.mark.parametrize("form", ["JSON lines", "CSV", "Zeek", "XML, an event a line"])
def test_a_byte_too_few_in_utf_16_costs_its_line(form: str) -> None:
    head, written, between, tail = _FORMS[form]
    names = "123456" if form.startswith("XML") else "ABCDEF"
    content = ("\ufeff" + head + between.join(map(written, names)) + tail).encode("utf-16-le")
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


def _listing(*headers: str) -> bytes:
    """Return events A to F below these headers; None stands for none, and the whole event is left out then."""
    parts = [_listed(name).partition("\r\n")[2] for name in "ABCDEF"]
    return "".join(
        f"{header}\r\n{part}" if header else part for header, part in zip(headers, parts, strict=True)
    ).encode()


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        ("Evemt[3]:", ["the line above an event is damaged"]),
        ("Event[3", ["the line above an event is damaged"]),
        ("", ["the line above an event is damaged"]),
        ("Event[7]:", []),  # the number alone, and no event
        ("Event[0]:", []),
    ],
)
def test_an_event_without_its_header_is_read_and_the_header_is_counted(damaged: str, said: list[str]) -> None:
    headers = [f"Event[{number}]:" for number in range(6)]
    headers[3] = damaged
    assert read_content(_listing(*headers)) == (list("ABCDEF"), [f"log: {each}" for each in said])


def test_events_of_which_nothing_is_left_are_told_by_the_numbers() -> None:
    headers = ["Event[0]:", "Event[2]:", "Event[3]:", "Event[6]:", "Event[7]:", "Event[0]:"]
    read, faults = read_content(_listing(*headers))
    assert read == list("ABCDEF")
    assert faults == [
        "log: Event[1] is missing: nothing of it was found",
        "log: Event[4] to Event[5] are missing: nothing of it was found",
    ]
    # A part of a file begins with any number.
    assert read_content(_listing(*(f"Event[{number}]:" for number in range(4, 10)))) == (list("ABCDEF"), [])


def test_events_of_another_language_are_read_behind_others() -> None:
    german = "Protokollname,Quelle,Datum,Ereignis-ID,Aufgabe,Ebene,Opcode,Stichwort,Benutzer,Name,Computer,Beschreibung"
    text = _listed("B").replace("[1]", "[0]")
    for label, other in zip(re.findall(r"  ([^:]+):", text), german.split(","), strict=True):
        text = text.replace(f"  {label}:", f"  {other}:")
    assert read_content((_listed("A") + text + text.replace("[0]", "[1]")).encode()) == (["A", "B", "B"], [])


@pytest.mark.parametrize("form", ["CLIXML, printed", "CLIXML, in one line"])
def test_an_object_that_others_refer_to_is_missed_when_it_is_lost(form: str) -> None:
    head, written, between, tail = _FORMS[form]
    refers = written("C").replace("<S>a_x000A_b</S>", '<Ref RefId="11" />')
    lost = written("B").replace('<S N="name">B</S>', '<S N="name">B</N>')
    content = head + between.join([written("A"), lost, refers, refers]) + tail
    read, faults = read_content(content.encode())
    assert (read, len(faults)) == (["A", "C", "C"], 2)
    assert faults[1] == "log: objects refer to one that is lost: RefId 11"


def test_joined_files_of_clixml_are_read() -> None:
    """As a shell joins them: the second has a head of its own."""
    head, written, between, tail = _FORMS["CLIXML, printed"]
    content = "".join(head + between.join(map(written, names)) + tail + "\r\n" for names in ("AB", "CD"))
    read, faults = read_content(content.encode())
    assert (read, len(faults)) == (list("ABCD"), 1)
