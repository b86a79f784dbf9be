"""What an attacker writes into a log does nothing in any format, and comes back as it was where a program reads it."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from typing import Any, cast

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from markdown_it import MarkdownIt

from carlang.escapes import printable
from carlang.report import FORMATS, FormatName, write_report
from carlang.report.timeline_rows import COLUMNS
from carlang.report.xlsx import GOES_ON
from carlang.results import Failed, NotRun, Output, RunReport, WindowWithoutEvents
from tests.report.hostile import NAMES, VALUES
from tests.report.runs import events, result, run, written_bytes
from tests.report.test_timeline import FORMULA, UNSEEN, exact

COLUMN = "command_line"
LIMIT = 120
"""How many characters of a value go into formats for people: the width of a table is no matter here."""


@cache
def hostile_run(values: Sequence[str] = VALUES, names: Sequence[str] = NAMES) -> RunReport:
    """Return a run with values in columns of every role, and names in all that authors of analytics choose."""
    table = pa.table(
        {**dict.fromkeys(("hostname", "user", COLUMN, "key"), pa.array(values)), "list": [[v] for v in values]}
    )
    first = result(table)
    outputs = [replace(first, output=replace(first.output, tested=("key",)))]
    for name in names:
        one = result(events(), name, title=name, name=name, techniques=(name, "T1059"))
        outputs.append(replace(one, false_positives=(name,), program=name))
    return replace(
        run(*outputs),
        store=names[0],
        not_run=tuple(NotRun(name, name, (WindowWithoutEvents(name, name),), name) for name in names),
        failed=tuple(Failed(name, name, error=name) for name in names),
    )


@cache
def report_as(format_: str) -> bytes:
    return written_bytes(hostile_run(), format_)


def text_as(format_: str) -> str:
    return report_as(format_).decode("utf-8")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


PAINT = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("format_", [name for name, each in FORMATS.items() if not each.binary])
def test_nothing_that_a_terminal_obeys_reaches_one(format_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    shown = Terminal()
    short = tuple(value[:LIMIT] for value in VALUES) if format_ == "table" else VALUES
    write_report(hostile_run(short), shown, cast("FormatName", format_))
    text = shown.getvalue()
    if format_ == "table":
        text = PAINT.sub("", text)
    # A page keeps tabs, and a terminal's line ends are its own.
    unprintable = {char for char in text if not char.isprintable()} - {"\n", "\t"}
    assert unprintable - ({"\r"} if format_ in ("csv", "timeline") else set()) == set()


def json_values() -> list[Any]:
    return [row[COLUMN] for row in json.loads(text_as("json"))["results"][0]["rows"]]


def lines_of(format_: str) -> Callable[[], list[Any]]:
    return lambda: [json.loads(line)[COLUMN] for line in text_as(format_).split("\n")[: len(VALUES)]]


def csv_values() -> list[Any]:
    rows = csv.DictReader(io.StringIO(text_as("csv"), newline=""), strict=True)
    return [row[COLUMN] for row in rows][: len(VALUES)]


def parquet_values() -> list[Any]:
    return list(pq.read_table(io.BytesIO(report_as("parquet")))[COLUMN].to_pylist()[: len(VALUES)])


def timeline_rows() -> list[dict[str, str]]:
    rows = list(csv.DictReader(io.StringIO(text_as("timeline"), newline=""), strict=True))
    return rows[-len(VALUES) :]  # they have no time, and come last


def timeline_values() -> list[Any]:
    return [exact(row[COLUMN]) for row in timeline_rows()]


def xlsx_values() -> list[Any]:
    book = openpyxl.load_workbook(io.BytesIO(report_as("xlsx")))
    rest: dict[tuple[Any, ...], str] = {}
    for *place, part in book["Rest"].iter_rows(min_row=2, values_only=True):
        rest[tuple(place)] = rest.get(tuple(place), "") + str(part)
    cells = [row[COLUMNS.index(COLUMN)] for row in book["Timeline"].iter_rows(min_row=2)][-len(VALUES) :]
    assert {cell.data_type for cell in cells} == {"s"}
    values = []
    for cell in cells:
        text = str(cell.value)
        more = rest.get(("Timeline", cell.row, cell.column))
        text = text if more is None else text.removesuffix(GOES_ON) + more
        values.append(json.loads(text.removeprefix("json:")) if text.startswith("json:") else text)
    return values


EXACT: dict[str, Callable[[], list[Any]]] = {
    "json": json_values,
    "ndjson": lines_of("ndjson"),
    "timesketch": lines_of("timesketch"),
    "csv": csv_values,
    "parquet": parquet_values,
    "timeline": timeline_values,
    "xlsx": xlsx_values,
}
"""The formats that programs read, with what reads values back. The others show what cannot be printed as escapes."""


@pytest.mark.parametrize("format_", EXACT)
def test_a_format_for_programs_gives_every_value_back(format_: str) -> None:
    assert len(set(VALUES)) >= 200
    for value, read in zip(VALUES, EXACT[format_](), strict=True):
        assert read == value


def test_every_format_is_for_programs_or_for_people() -> None:
    assert set(EXACT) | {"table", "html", "navigator", "markdown"} == set(FORMATS)


def test_no_cell_of_a_timeline_is_a_formula_however_it_is_parted() -> None:
    text = text_as("timeline")
    for row in csv.reader(io.StringIO(text, newline=""), strict=True):
        for cell in row:
            if re.fullmatch(r"-?[\d.]+", cell):  # a weight
                continue
            assert not cell.startswith(("\t", "\r", "\n"))
            assert not any(re.match(UNSEEN + FORMULA, part) for part in re.split(r"[;\t\r\n]", cell))


def test_details_of_a_timeline_hold_the_value_that_was_tested() -> None:
    for value, row in zip(VALUES, timeline_rows(), strict=True):
        shown = exact(row["details"])
        assert shown.startswith(f"key: {value.replace('¦', '¦¦')} ¦ list: [")


def test_a_workbook_has_no_formula_no_link_and_nothing_that_is_loaded() -> None:
    with zipfile.ZipFile(io.BytesIO(report_as("xlsx"))) as parts:
        names = parts.namelist()
        sheets = "".join(parts.read(name).decode("utf-8") for name in names if "worksheets/" in name)
        relations = "".join(parts.read(name).decode("utf-8") for name in names if name.endswith(".rels"))
    assert not re.search(r"<f[ >]|hyperlink|externalLink|ddeLink|<r>", sheets)
    assert "External" not in relations
    assert not [name for name in names if "vba" in name or "external" in name.casefold()]


# What our own Markdown is made of.
OURS = {
    *("heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak"),
    *(f"{part}_{end}" for part in ("table", "thead", "tbody", "tr", "th", "td") for end in ("open", "close")),
}


@cache
def markdown_tokens() -> list[Any]:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text_as("markdown"))


def test_markdown_has_nothing_of_its_values_but_text() -> None:
    def kinds(tokens: Sequence[Any]) -> Iterator[str]:
        for token in tokens:
            yield token.type
            yield from kinds(token.children or [])

    assert set(kinds(markdown_tokens())) <= OURS


def test_every_cell_of_markdown_is_the_value_as_it_is_printed() -> None:
    tokens = markdown_tokens()
    start = next(n for n, token in enumerate(tokens) if token.content == "hostname")
    cells = [
        "".join(child.content for child in tokens[number + 1].children)
        for number, token in enumerate(tokens[start:], start)
        if token.type == "td_open"
    ]
    width = 5
    found = [cells[number : number + width] for number in range(0, width * len(VALUES), width)]
    for value, row in zip(VALUES, found, strict=True):
        assert row == [printable(value) or '""'] * width


def test_markdown_makes_no_address_of_a_value_that_a_renderer_would_link() -> None:
    text = text_as("markdown")
    assert not re.search(r"(?<!\\)://|(?<![\\])\bwww\.", text, re.IGNORECASE)
    assert not re.search(r"[<>]|(?<!\\)`", text)


class Tags(HTMLParser):
    """The tags and attributes of a page, but for what our own script and styles hold."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)


def test_a_page_has_the_tags_that_it_has_without_hostile_values() -> None:
    pages = [Tags(), Tags()]
    plain = hostile_run(tuple("x" * 9 for _ in VALUES), tuple(f"`name` {number}" for number in range(len(NAMES))))
    for page, report in zip(pages, (hostile_run(), plain), strict=True):
        page.feed(written_bytes(report, "html").decode("utf-8"))
        page.close()
    assert pages[0].tags <= pages[1].tags
    assert pages[0].attributes <= pages[1].attributes
    assert not [name for name in pages[0].attributes if name.startswith("on")]


def test_a_layer_is_json_that_shows_names_as_they_are_printed() -> None:
    layer = json.loads(text_as("navigator"))
    texts = [entry["comment"] for entry in layer["techniques"]] + [each["value"] for each in layer["metadata"]]
    assert all(printable(name, keep="\n") in "\n".join(texts) for name in NAMES)
    assert not {char for text in texts for char in text if unicodedata.category(char)[0] == "C"} - {"\n"}


def test_names_and_values_come_in_any_bytes() -> None:
    offsets, data = pa.py_buffer((0).to_bytes(4, "little") + (3).to_bytes(4, "little")), pa.py_buffer(b"=\xff\xfe")
    broken = pa.Array.from_buffers(pa.string(), 1, [None, offsets, data])
    table = pa.table({COLUMN: broken, "n": [1]})
    made = result(table)
    report = run(replace(made, output=Output("at", made.output.columns, table, 1)))
    for format_ in FORMATS.keys() - {"parquet"}:  # which hands bytes on as they are
        assert written_bytes(report, format_)
