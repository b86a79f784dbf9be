"""The timeline, as CSV and as a workbook: hits in the order of time, in columns that are always the same."""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest

from carlang.levels import Level
from carlang.report import FORMATS, ReportError, write_report
from carlang.report.ordering import in_order
from carlang.report.spreadsheets import cell_text, without_formulas
from carlang.report.timeline_rows import COLUMNS
from carlang.report.xlsx import GOES_ON
from carlang.results import AnalyticOutput, Hit, Incident, Occurrence, RowOf, RunReport, Spool, Term, Triage, Weight
from tests.report.runs import INSTANT, MOMENT, events, full_run, no_events, result, run, written, written_bytes
from tests.seeds import run_seed


def rows(report: RunReport) -> list[dict[str, str]]:
    text = written(report, "timeline")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def sheets(report: RunReport) -> dict[str, list[list[Any]]]:
    book = openpyxl.load_workbook(io.BytesIO(written_bytes(report, "xlsx")))
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


def at(*hours: float | None, **columns: Any) -> pa.Table:
    """Return rows of these hours after the first moment."""
    times = [None if hour is None else MOMENT + timedelta(hours=hour) for hour in hours]
    return pa.table({"time": pa.array(times, INSTANT), **columns})


def looked_at(table: pa.Table, *tested: str, **other: Any) -> AnalyticOutput:
    made = result(table, **other)
    return replace(made, output=replace(made.output, tested=tested))


def test_a_hit_is_a_row_in_columns_that_are_always_the_same() -> None:
    hit = looked_at(
        events(parent_exe=["cmd.exe"], parent_image_path=[None], extra=["ü"]), "exe", "command_line", "extra"
    )
    (row,) = rows(run(replace(hit, level=Level.HIGH)))
    assert tuple(row) == COLUMNS
    assert {name: value for name, value in row.items() if value} == {
        "time": "2019-04-27T12:20:35.123000Z",
        "level": "high",
        "host": "IEWIN7",
        "user": r"IEWIN7\IEUser",
        "process": r"C:\Windows\System32\at.exe",
        "command_line": "at  13:20 /interactive cmd",
        "parent": "cmd.exe",
        "analytic": "CAR-2013-05-004",
        "output": "at",
        "title": "Execution with AT",
        "techniques": "T1053.002",
        "details": "extra: ü ¦ pid: 1234",
    }
    for report in (run(), run(result(no_events()))):
        assert written(report, "timeline") == ",".join(COLUMNS) + "\r\n"


def test_hits_of_all_outputs_stand_in_the_order_of_time_and_those_without_a_time_last() -> None:
    first, second = at(3, 1, None, n=["a", "b", "c"]), at(2, None, 1, n=["d", "e", "f"])
    grouped = pa.table({"first_time": pa.array([MOMENT], INSTANT), "n": ["g"]})
    report = run(*(result(table, str(number)) for number, table in enumerate((first, second, grouped))))
    assert [row["details"] for row in rows(report)] == [f"n: {n}" for n in "gbfdace"]
    assert [row["level"] for row in rows(report)] == ["medium"] * 7


def test_details_are_what_a_table_shows() -> None:
    table = at(0, object=["process"], action=["create"], a=["1 ¦ b: 2"], b=pa.array([[1, 2]]), c=[None], d=["¦"])
    assert rows(run(result(table)))[0]["details"] == "a: 1 ¦¦ b: 2 ¦ b: [1,2] ¦ d: ¦¦"
    event = table.append_column("record_id", [["7"]]).append_column("key", [["HKLM"]])
    tested = looked_at(event, "d", "c")
    assert rows(run(tested))[0]["details"] == "d: ¦¦ ¦ key: HKLM"
    computed = replace(tested, output=replace(tested.output, computed=("b",)))
    assert rows(run(computed))[0]["details"] == "d: ¦¦ ¦ b: [1,2] ¦ key: HKLM"


def test_a_hit_has_the_number_by_which_a_run_shows_it() -> None:
    report = run(replace(result(at(1, 0)), number=7), result(at(2)))
    assert [row["number"] for row in rows(report)] == ["8", "7", ""]


def test_a_row_of_a_join_shows_the_first_part_that_has_a_value() -> None:
    table = pa.table({
        "a.time": pa.array([None], INSTANT), "a.hostname": ["H"], "a.exe": pa.nulls(1, pa.string()),
        "b.time": pa.array([MOMENT], INSTANT), "b.hostname": ["G"], "b.exe": ["x.exe"], "b.user": ["u"],
    })  # fmt: skip
    (row,) = rows(run(looked_at(table, "b.exe", "b.hostname")))
    assert [row[name] for name in ("time", "host", "process", "user")] == [
        "2019-04-27T12:20:35.123000Z",
        "H",
        "x.exe",
        "u",
    ]
    assert row["details"] == "b.hostname: G"


def ranked() -> RunReport:
    """Return a run of two outputs that found the same record, and one whose row was not ranked."""
    start = int(MOMENT.timestamp()) * 1_000_000
    occurrence = Occurrence(start, start, ("H",), None, None, 0, (RowOf(0, 0), RowOf(1, 0)))
    hit = Hit(
        *("B", "smb", "Share", Level.CRITICAL, ("T1", "T2"), (), (("A", "smb.setup"),)),
        {},
        Weight((Term("level", 80, "level critical"), Term("noise", -2.5, "noise"))),
        (occurrence,),
    )
    results = [
        result(at(0, n=["double"]), "A", name="smb.setup"),
        result(at(0, n=["hit"]), "B", name="smb"),
        result(at(1, n=["apart"]), "C"),
    ]
    return run(*results, triage=Triage((Incident("abcd1234", (hit,), 1),), {}))


def test_rows_of_one_record_are_one_hit_with_its_level_weight_and_incident() -> None:
    first, second = rows(ranked())
    shown = ("level", "weight", "analytic", "output", "techniques", "also", "incident", "details")
    assert [first[name] for name in shown] == [
        *("critical", "77.5", "B", "smb", "T1, T2", "A smb.setup", "abcd1234", "n: hit")
    ]
    assert [second[name] for name in shown[:3]] == ["medium", "", "C"]


def test_where_a_limit_cut_the_row_of_the_leading_output_the_other_one_tells_of_the_hit() -> None:
    report = ranked()
    cut = replace(report.results[1], output=replace(report.results[1].output, data=at(), total=1))
    first, _ = rows(replace(report, results=(report.results[0], cut, report.results[2])))
    assert (first["analytic"], first["also"], first["details"]) == ("A", "A smb.setup", "n: double")


def test_records_are_in_order_however_many_runs_and_parts_they_come_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carlang.report.ordering.RUN_ROWS", 700)
    drawn = random.Random(1)  # noqa: S311  # rows of a test
    numbers = [drawn.choice([None, *range(50)]) for _ in range(5_000)]
    table = pa.table({"n": pa.array(numbers, pa.int64()), "row": range(5_000)})
    expected = sorted(enumerate(numbers), key=lambda each: (each[1] is None, each[1] or 0, each[0]))
    for most in (0, 40_000, 1 << 30):
        batches: Iterator[pa.RecordBatch] = iter(table.to_batches(max_chunksize=333))
        found = list(in_order(table.schema, batches, ("n", "row"), Spool(most)))
        assert found == [(number, row) for row, number in expected]


# The rule of docs/output.md turned back, in the words of that page.
UNSEEN = r"[\s\x00-\x1f\x7f-\xa0\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"
FORMULA = r"[=+\-@\uff1d\uff0b\uff0d\uff20]"
APOSTROPHE = re.compile(rf"^'(?='*[\t\r\n])|((?:^|[;\t\r\n]){UNSEEN})'(?='*{FORMULA})")


def exact(text: str) -> str:
    return APOSTROPHE.sub(lambda match: match[1] or "", text)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("-x", "'-x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("'=1", "''=1"),
        ("'plain'", "'plain'"),
        ("\t=1", "'\t'=1"),
        ("\rx", "'\rx"),
        ("\u200b ＝1", "\u200b '＝1"),
        ("a;=cmd|' /C calc'!A0", "a;'=cmd|' /C calc'!A0"),
        ("a\r\n+1", "a\r\n'+1"),
        ("at.exe -x; y", "at.exe -x; y"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_an_apostrophe_stands_before_what_could_be_a_formula_and_can_be_taken_away(text: str, safe: str) -> None:
    assert without_formulas(text) == safe
    assert exact(safe) == text


def test_the_rule_can_be_turned_back_whatever_a_text_is_made_of() -> None:
    drawn = random.Random(run_seed())  # noqa: S311  # cases, not secrets
    for _ in range(20_000):
        text = "".join(drawn.choices("'=+\t\r\n;; \u200b\x00a＝\ufeff\xa0", k=drawn.randrange(9)))
        safe = without_formulas(text)
        assert exact(safe) == text
        for cell in re.split(r"[;\t\r\n]", safe):
            assert not re.match(rf"{UNSEEN}{FORMULA}", cell)
        assert not safe.startswith(("\t", "\r", "\n"))


def test_a_workbook_has_times_numbers_and_texts_and_what_was_not_seen(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(written_bytes(ranked(), "xlsx")))
    head, first, second = book["Timeline"].iter_rows()
    assert [cell.value for cell in head] == list(COLUMNS)
    assert [cell.data_type for cell in first[:3]] == ["d", "s", "n"]
    assert (first[0].value, first[2].value, second[2].value) == (MOMENT.replace(tzinfo=None), 77.5, None)
    assert book["Timeline"].auto_filter.ref == "A1:Q3"
    run_sheet = sheets(full_run())["Run"]
    assert run_sheet[2][:2] == ["summary", "2 analytics, 1 row found; 1 not run, 2 failed"]
    assert run_sheet[5][:4] == ["not run", "CAR-2013-10-002", "DLL Injection", ""]
    assert [row[0] for row in run_sheet[5:]] == ["not run", "failed", "failed"]
    for path, name in ((tmp_path / "t.XLSX", "timeline"), (tmp_path / "u.xlsx", "xlsx")):
        write_report(ranked(), path, name)  # type: ignore[arg-type]  # a name of the table
        assert path.read_bytes().startswith(b"PK")
    with pytest.raises(ReportError, match="--output"):
        write_report(ranked(), io.StringIO(), "xlsx")


class Pipe(io.BytesIO):
    """A stream in which nobody can go back."""

    def seekable(self) -> bool:
        return False

    def seek(self, _offset: int, _whence: int = 0) -> int:
        raise OSError(29, "Illegal seek")

    def tell(self) -> int:
        raise OSError(29, "Illegal seek")


@pytest.mark.parametrize("format_", FORMATS)
def test_a_pipe_gets_the_bytes_that_a_file_gets(format_: str, tmp_path: Path) -> None:
    pipe, path = Pipe(), tmp_path / "file"
    for target in (pipe, path):
        write_report(ranked(), target, format_, width=100)  # type: ignore[arg-type]  # a name of the table
    assert pipe.getvalue() == path.read_bytes()


def test_a_workbook_for_which_there_is_no_room_is_an_error_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_book: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("xlsxwriter.Workbook._store_workbook", fail)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ReportError, match="No space left on device"):
        write_report(ranked(), tmp_path / "hits.xlsx", "xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_time_that_excel_does_not_know_is_text() -> None:
    times = [datetime(year, 1, 1, tzinfo=UTC) for year in (1, 1899, 1901, 9999)]
    found = sheets(run(result(pa.table({"time": pa.array(times, INSTANT)}))))["Timeline"][1:]
    assert [row[0] for row in found] == [
        "0001-01-01T00:00:00.000000Z",
        "1899-01-01T00:00:00.000000Z",
        *(time.replace(tzinfo=None) for time in times[2:]),
    ]


def test_what_a_sheet_or_a_cell_has_no_room_for_goes_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carlang.report.xlsx.SHEET_ROWS", 2)
    long = "".join(f"{n} 😀" for n in range(9_000))
    book = sheets(run(result(at(0, 1, 2, command_line=["a", "b", long]))))
    assert [len(book[name]) for name in ("Timeline", "Timeline 2", "Rest")] == [3, 2, 4]
    assert book["Timeline 2"][0] == list(COLUMNS)
    begun = book["Timeline 2"][1][COLUMNS.index("command_line")]
    assert begun.endswith(GOES_ON)
    parts = [text for sheet, row, column, text in book["Rest"][1:] if (sheet, row, column) == ("Timeline 2", 2, 7)]
    assert begun.removesuffix(GOES_ON) + "".join(parts) == long


@pytest.mark.parametrize("text", ["a\x00b", "\u202egpj.exe", "_x000D_", "json:1", "<r><t>=1</t></r>", "a\rb", "\ufffe"])
def test_what_a_cell_cannot_hold_is_json_behind_a_mark(text: str) -> None:
    held = cell_text(text)
    assert held.startswith("json:")
    assert json.loads(held.removeprefix("json:")) == text
    assert not re.search(r"_x[0-9A-F]{4}_|<r>|[^\x20-\x7e]", held)


@pytest.mark.parametrize("text", ["=1+1", " a\tb\nc ", "C:\\x\\", "<b>", "", "日本語 😀"])
def test_what_a_cell_can_hold_is_text_as_it_is(text: str) -> None:
    assert cell_text(text) == text
