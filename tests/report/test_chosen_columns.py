"""Rows with the columns that somebody chose, in every format that has columns of its outputs."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from carlang.report import FORMATS, FORMATS_OF_COLUMNS, ReportError, write_report
from tests.report.runs import events, result, run, written, written_bytes

JOINED = pa.table({"a.exe": ["x"], "b.exe": ["y"], "b.pid": [7]})
COUNTED = pa.table({"user": ["u"], "count": [3]})
REPORT = run(result(events()), result(JOINED, "joined", name="j"), result(COUNTED, "counted", name="c"))


def rows(format_: str, *columns: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written(REPORT, format_, columns=columns).splitlines()]


def test_csv_has_them_in_order_and_the_fields_of_parts_in_the_place_of_theirs() -> None:
    assert written(REPORT, "csv", columns=["pid", "exe", "md5"]).splitlines() == [
        "analytic,title,output,pid,b.pid,exe,a.exe,b.exe,md5",
        "CAR-2013-05-004,Execution with AT,at,1234,,at.exe,,,",
        "joined,Execution with AT,j,,7,,x,y,",
        "counted,Execution with AT,c,,,,,,",
    ]


@pytest.mark.parametrize(
    ("name", "header"), [("EXE", "exe,a.exe,b.exe"), ("exe", "exe,a.exe,b.exe"), ("B.EXE", "b.exe"), ("COUNT", "count")]
)
def test_csv_has_no_column_but_those_of_outputs_however_a_name_is_written(name: str, header: str) -> None:
    assert written(REPORT, "csv", columns=[name]).splitlines()[0] == f"analytic,title,output,{header}"
    joined_and_counted = run(result(JOINED, "joined", name="j"), result(COUNTED, "counted", name="c"))
    assert written(joined_and_counted, "csv", columns=["exe"]).splitlines()[0] == "analytic,title,output,a.exe,b.exe"


def test_json_has_of_each_output_those_that_it_has() -> None:
    results = json.loads(written(REPORT, "json", columns=["EXE", "user"]))["results"]
    assert [each["rows"] for each in results] == [
        [{"exe": "at.exe", "user": "IEWIN7\\IEUser"}],
        [{"a.exe": "x", "b.exe": "y"}],
        [{"user": "u"}],
    ]
    assert [[column["name"] for column in each["columns"]] for each in results][1] == ["a.exe", "b.exe"]
    listed = rows("ndjson", "exe")
    assert [list(each)[4:] for each in listed] == [["exe"], ["a.exe", "b.exe"], ["exe"]]
    assert listed[2]["exe"] is None, "a row is a row, also where it has nothing of what was asked for"


def test_parquet_keeps_their_types() -> None:
    table = pq.read_table(io.BytesIO(written_bytes(REPORT, "parquet", columns=["count", "pid"])))
    assert table.select(table.column_names[3:]).to_pydict() == {
        "count": [None, None, 3],
        "pid": [1234, None, None],
        "b.pid": [None, 7, None],
    }


def test_a_table_has_them_also_where_they_are_empty() -> None:
    text = written(REPORT, "table", columns=["md5", "exe"])
    lines = text.splitlines()
    assert lines[2:4] == ["md5  exe", "     at.exe"]
    assert lines[7:9] == ["a.exe  b.exe", "x      y"]
    assert "it has none of these columns: md5, exe" in text
    assert "--show" not in text


def test_a_command_line_gives_way_to_columns_that_were_chosen_with_it() -> None:
    event = events(command_line=["one two three four five six seven"], parent_exe=["cmd.exe"])
    text = written(run(result(event)), "table", columns=["time", "exe", "command_line", "parent_exe"], width=80)
    assert "did not fit" not in text
    assert "parent_exe" in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("exee", "no output has a column 'exee'; did you mean exe?"),
        ("b.pidd", "no output has a column 'b.pidd'; did you mean b.pid?"),
        ("zzzzzz", "no output has a column 'zzzzzz'"),
    ],
)
def test_a_name_that_no_output_has_is_refused(name: str, said: str) -> None:
    with pytest.raises(ReportError) as refused:
        written(REPORT, "csv", columns=["exe", name])
    assert str(refused.value) == said


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - set(FORMATS_OF_COLUMNS)))
def test_formats_with_columns_of_their_own_refuse_to_choose(name: Any) -> None:
    with pytest.raises(ReportError, match=f"no columns are chosen in {name}"):
        write_report(REPORT, io.BytesIO(), name, columns=["exe"])


def test_an_empty_run_has_the_columns_all_the_same() -> None:
    assert written(run(), "csv", columns=["exe"]).splitlines() == ["analytic,title,output,exe"]
