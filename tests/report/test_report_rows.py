"""The formats that hold rows alone: ndjson, csv, parquet, timesketch."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from carlang.report import ReportError, write_report
from tests.report.runs import (
    HOSTILE,
    INSTANT,
    MOMENT,
    events,
    every_kind,
    full_run,
    no_events,
    result,
    run,
    written,
    written_bytes,
)


def lines(*results: Any, format: str = "ndjson") -> list[dict[str, Any]]:  # noqa: A002
    return [json.loads(line) for line in written(run(*results), format).split("\n")[:-1]]


def csv_rows(*results: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(written(run(*results), "csv"), newline=""), strict=True))


def parquet(*results: Any) -> pa.Table:
    return pq.read_table(io.BytesIO(written_bytes(run(*results), "parquet")))


def test_ndjson_adds_the_analytic_in_front_of_each_row() -> None:
    (line,) = lines(result(events()), result(no_events(), "B"))
    assert list(line)[:4] == ["analytic", "title", "techniques", "output"]
    assert line["techniques"] == ["T1053.002"]
    assert line["command_line"] == "at  13:20 /interactive cmd"


def test_a_column_with_a_name_of_the_format_keeps_its_value_under_another() -> None:
    (line,) = lines(result(pa.table({"output": ["mine"], "row_output": ["too"], "title": [1]})))
    assert (line["output"], line["title"]) == ("at", "Execution with AT")
    assert (line["row_output"], line["row_row_output"], line["row_title"]) == ("mine", "too", 1)


def test_no_value_breaks_a_line_of_ndjson() -> None:
    text = written(run(result(events(command_line=[HOSTILE + "\x85"]))), "ndjson")
    assert len(text.splitlines()) == 1
    assert json.loads(text)["command_line"] == HOSTILE + "\x85"


def test_csv_is_the_union_of_columns_in_their_order() -> None:
    first = result(pa.table({"exe": ["at.exe"], "n": [1]}))
    second = result(pa.table({"n": [2], "host": ["H"]}), "B", title="b", name="o")
    assert csv_rows(first, second) == [
        ["analytic", "title", "output", "exe", "n", "host"],
        ["CAR-2013-05-004", "Execution with AT", "at", "at.exe", "1", ""],
        ["B", "b", "o", "", "2", "H"],
    ]


def test_csv_values_are_exact_and_lines_end_as_rfc_4180_says() -> None:
    values = ['say "hi", you', "two\r\nlines", "=1+1", "@SUM(A1)", " blank ", "\x1b[2J", "日本語"]
    table = pa.table({"v": values})
    assert [row[3] for row in csv_rows(result(table))[1:]] == values
    assert written(run(result(pa.table({"v": ["=1+1"]}))), "csv").split("\r\n") == [
        "analytic,title,output,v",
        "CAR-2013-05-004,Execution with AT,at,=1+1",
        "",
    ]


def test_csv_tells_an_empty_text_from_a_missing_one() -> None:
    text = written(run(result(pa.table({"a": ["", None], "b": [None, "x"]}))), "csv")
    assert [line.split(",", 3)[3] for line in text.split("\r\n")[1:3]] == ['"",', ",x"]


def test_csv_writes_every_kind() -> None:
    head, row, empty = csv_rows(result(every_kind()))
    cells = dict(zip(head, row, strict=True))
    assert cells["time"] == "2019-04-27T12:20:35.123000Z"
    assert (cells["whole"], cells["real"], cells["flag"], cells["span"]) == (
        "9007199254740993",
        "1.5",
        "true",
        "3602.5",
    )
    assert cells["items"] == '["a",null,"b,c"]'
    assert cells["record"] == '{"k":"v","n":null}'
    assert set(empty[3:]) == {""}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_csv_on_a_terminal_shows_control_characters_as_escapes() -> None:
    stream = Terminal()
    write_report(run(result(pa.table({"v": ["a\x1b[2Jb"]}))), stream, "csv")
    assert "\\x1b[2J" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_csv_has_no_column_that_no_row_fills() -> None:
    """Outputs have fifty columns, those of joins hundreds; a spreadsheet is to show those that say something."""
    first = result(pa.table({"a": [None, "x"], "b": pa.nulls(2, pa.string()), "c": ["", None]}))
    second = result(pa.table({"b": pa.nulls(1), "d": [0]}), "B")
    assert csv_rows(first, second)[0] == ["analytic", "title", "output", "a", "c", "d"]
    assert csv_rows(second, first)[0] == ["analytic", "title", "output", "d", "a", "c"]
    assert "md5" not in csv_rows(result(events()))[0]


def test_nothing_found_leaves_the_fixed_columns_of_the_csv() -> None:
    assert csv_rows(result(no_events())) == [["analytic", "title", "output"]]
    assert csv_rows() == [["analytic", "title", "output"]]


def test_parquet_is_one_table_with_the_types_of_the_outputs() -> None:
    table = parquet(result(events()), result(pa.table({"count": [3]}), "B", title="b", name="o"))
    assert table.column_names[:4] == ["analytic", "title", "output", "image_path"]
    assert table.schema.field("time").type == INSTANT
    assert table.schema.field("pid").type == pa.int64()
    first, second = table.to_pylist()
    assert (first["time"], first["count"], second["analytic"], second["count"]) == (MOMENT, None, "B", 3)


def test_parquet_writes_durations_as_seconds_and_columns_of_nothing_as_text() -> None:
    table = parquet(result(every_kind()))
    assert table["span"].to_pylist() == [3602.5, None]
    assert table.schema.field("nothing").type == pa.string()
    assert table["record"].to_pylist() == [{"k": "v", "n": None}, None]
    assert table["word"].to_pylist() == ["w", None]


def test_parquet_reconciles_columns_of_one_name_and_several_types() -> None:
    tables = (
        {"n": pa.array([1], pa.int32()), "m": pa.array([1]), "x": pa.array([1])},
        {"n": pa.array([2**40]), "m": pa.array([0.5]), "x": pa.array(["text"])},
        {"n": pa.array([None], pa.int64()), "m": pa.array([timedelta(seconds=2)]), "x": pa.array([["a", "b"]])},
    )
    table = parquet(*(result(pa.table(columns)) for columns in tables))
    assert table["n"].to_pylist() == [1, 2**40, None]
    assert table["m"].to_pylist() == [1.0, 0.5, 2.0]
    assert table["x"].to_pylist() == ["1", "text", '["a", "b"]']


def test_parquet_carries_what_could_not_run_and_what_failed() -> None:
    metadata = pq.read_schema(io.BytesIO(written_bytes(full_run(), "parquet"))).metadata
    assert json.loads(metadata[b"carlang.not_run"])[0]["analytic"] == "CAR-2013-10-002"
    assert [entry["analytic"] for entry in json.loads(metadata[b"carlang.failed"])] == [
        "CAR-2020-01-001",
        "CAR-2020-01-002",
    ]


def test_parquet_of_an_empty_run_can_be_read() -> None:
    assert parquet().num_rows == 0
    assert parquet(result(no_events())).column_names[3] == "image_path"


def test_parquet_of_some_hundred_rows_in_fifty_columns_has_some_ten_kilobytes() -> None:
    """The catalogue asks seventy questions, and what a file costs are their columns."""
    columns = {f"field_{n}": pa.nulls(10, pa.string()) for n in range(38)}
    rows = pa.table(
        {
            **{name: column.take([0] * 10) for name, column in zip(events().column_names, events(), strict=True)},
            **columns,
        }
    )
    data = written_bytes(run(*(result(rows, f"CAR-{n}") for n in range(70))), "parquet")
    assert pq.read_metadata(io.BytesIO(data)).num_row_groups == 1
    assert pq.read_table(io.BytesIO(data)).num_rows == 700
    assert len(data) < 20_000


def test_parquet_with_many_rows_has_row_groups_of_one_size_that_readers_can_skip(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("carlang.report.parquet.GROUP_ROWS", 8_000)
    halves = [pa.table({"n": range(first, first + 10_000)}) for first in (0, 10_000)]
    data = io.BytesIO(written_bytes(run(*(result(half, str(n)) for n, half in enumerate(halves))), "parquet"))
    metadata = pq.read_metadata(data)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    assert [group.num_rows for group in groups] == [8_000, 8_000, 4_000]
    assert [group.column(3).statistics.min for group in groups] == [0, 8_000, 16_000]
    assert pq.read_table(data)["n"].to_pylist() == list(range(20_000))


def test_parquet_refuses_a_stream_of_text_and_a_terminal() -> None:
    with pytest.raises(ReportError, match="--output"):
        write_report(run(result(events())), io.StringIO(), "parquet")


def test_timesketch_events_have_what_the_importer_asks_for() -> None:
    (event,) = lines(result(events()), format="timesketch")
    assert event["datetime"] == "2019-04-27T12:20:35.123000+00:00"
    assert event["timestamp"] == 1556367635123000
    assert event["timestamp_desc"] == "Event time"
    assert event["tag"] == ["CAR-2013-05-004", "T1053.002"]
    assert event["message"] == (
        "Execution with AT: hostname=IEWIN7 user=IEWIN7\\IEUser command_line=at  13:20 /interactive cmd "
        "exe=at.exe image_path=C:\\Windows\\System32\\at.exe"
    )
    assert event["pid"] == 1234
    assert "md5" not in event


def test_timesketch_takes_the_best_time_that_a_row_has() -> None:
    first, last, other = (pa.array([MOMENT + timedelta(hours=n)], INSTANT) for n in range(3))
    nothing = pa.nulls(1, INSTANT)

    def when(**columns: Any) -> tuple[str, str]:
        (event,) = lines(result(pa.table(columns)), format="timesketch")
        return event["datetime"][11:13], event["timestamp_desc"]

    assert when(last_time=last, first_time=first) == ("12", "first_time")
    assert when(**{"b.time": last, "a.time": first}) == ("13", "b.time")
    assert when(seen=other, time=nothing) == ("14", "seen")


def test_timesketch_keeps_a_row_without_time_at_the_instant_of_the_run() -> None:
    (event,) = lines(result(pa.table({"hostname": ["H"], "count": [3]})), format="timesketch")
    assert event["datetime"] == "2026-01-01T00:00:00.000000+00:00"
    assert event["timestamp"] == 1767225600000000
    assert event["tag"][-1] == "no-time"
    assert "no time of its own" in event["timestamp_desc"]


def test_timesketch_keeps_fields_that_are_called_like_its_own() -> None:
    (event,) = lines(result(events(message=["log text"], tag=["t"])), format="timesketch")
    assert (event["row_message"], event["row_tag"]) == ("log text", "t")
    assert event["message"].startswith("Execution with AT: ")


@pytest.mark.parametrize("name", ["ndjson", "timesketch"])
def test_a_hundred_thousand_rows_are_a_hundred_thousand_lines(name: str) -> None:
    many = events().take(pa.array([0] * 100_000))
    assert written(run(result(many)), name).count("\n") == 100_000
