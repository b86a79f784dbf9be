from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pyarrow as pa

from carlang.levels import Level
from carlang.report.json import write_json
from carlang.report.view import View
from carlang.results import NoEvents, NotRun
from tests.report.runs import HOSTILE, NOW, diagnostic, events, every_kind, full_run, no_events, result, run, written

GOLDEN = """{"version": 1, "now": "2026-01-01T00:00:00.000000Z", "store": "events/",
 "results": [
  {"analytic": "CAR-2013-05-004", "title": "Execution with AT", "file": "at.car", "techniques": ["T1053.002"], \
"output": "at", "count": 9, "truncated": true, "columns": [{"name": "exe", "type": "string"}],
   "rows": [
    {"exe": "at.exe"},
    {"exe": null}]}],
 "not_run": [
  {"analytic": "A", "title": "t", "output": null, "reason": "the store holds no thread events", \
"reasons": [{"code": "no_events", "object": "thread", "action": null}]}],
 "failed": [],
 "warnings": []}
"""


def loaded(*args: Any, **kwargs: Any) -> Any:
    return json.loads(written(run(*args, **kwargs), "json"))


def row(table: pa.Table, number: int = 0) -> Any:
    return loaded(result(table))["results"][0]["rows"][number]


def test_the_text_is_stable_and_a_row_is_a_line() -> None:
    table = pa.table({"exe": ["at.exe", None]})
    assert written(run(result(table, total=9), not_run=(NotRun("A", "t", (NoEvents("thread"),)),)), "json") == GOLDEN


def test_a_full_run_has_every_part() -> None:
    report = json.loads(written(full_run(), "json"))
    assert list(report) == ["version", "now", "store", "results", "not_run", "failed", "warnings"]
    first, second = report["results"]
    assert list(first) == ["analytic", "title", "file", "techniques", "output", "count", "columns", "rows"]
    assert first["rows"][0]["time"] == "2019-04-27T12:20:35.123000Z"
    assert first["rows"][0]["md5"] is None
    assert (second["count"], second["rows"]) == (0, [])
    assert [column["name"] for column in second["columns"]][:2] == ["image_path", "exe"]
    assert report["not_run"][0]["reason"] == "the store holds no thread/remote_create events"
    broken, slow = report["failed"]
    assert broken["diagnostics"][0] | {"code": "CL201", "line": 2, "repair": "command_line"} == broken["diagnostics"][0]
    assert (slow["error"], slow["diagnostics"]) == ("out of time after 60 s", [])


def test_false_positives_of_the_analytic_come_along_where_it_names_some() -> None:
    known = replace(result(events()), false_positives=("Backups: they start it every night.",))
    (found,) = json.loads(written(run(known), "json"))["results"]
    assert found["false_positives"] == ["Backups: they start it every night."]


def test_the_level_of_an_output_comes_along_where_its_analytic_names_one() -> None:
    least, unsaid = loaded(replace(result(events()), level=Level.INFORMATIONAL), result(events()))["results"]
    assert least["level"] == "informational"
    assert "level" not in unsaid


def test_columns_that_were_tested_or_made_are_named_where_there_are_some() -> None:
    made = result(events())
    told = replace(made, output=replace(made.output, tested=("exe",), computed=("pid",)))
    first, second = loaded(told, made)["results"]
    assert (first["tested"], first["computed"]) == (["exe"], ["pid"])
    assert not {"tested", "computed"} & set(second)


def test_every_kind_of_value_has_its_json() -> None:
    assert row(every_kind()) == {
        "time": "2019-04-27T12:20:35.123000Z",
        "text": "ünï 日本語",
        "whole": 2**53 + 1,
        "real": 1.5,
        "flag": True,
        "span": 3602.5,
        "items": ["a", None, "b,c"],
        "spans": [3.0],
        "times": ["2019-04-27T12:20:35.123000Z"],
        "record": {"k": "v", "n": None},
        "map": {"k": "v"},
        "word": "w",
        "sum": 3,
        "nothing": None,
    }


def test_a_missing_value_of_any_kind_is_null() -> None:
    assert set(row(every_kind(), 1).values()) == {None}


def test_numbers_that_are_not_finite_are_null() -> None:
    table = pa.table({"f": [float("nan"), float("inf"), -0.5], "l": [[float("-inf"), 1.0], [], None]})
    rows = loaded(result(table))["results"][0]["rows"]
    assert rows == [{"f": None, "l": [None, 1.0]}, {"f": None, "l": []}, {"f": -0.5, "l": None}]


def test_hostile_text_survives_exactly_and_cannot_act() -> None:
    text = written(run(result(events(command_line=[HOSTILE + "\x00"]))), "json")
    assert json.loads(text)["results"][0]["rows"][0]["command_line"] == HOSTILE + "\x00"
    assert not [char for char in text if not char.isprintable() and char != "\n"]


def test_lone_surrogates_become_text() -> None:
    text = written(replace(run(), store="caf\udce9/"), "json")
    assert "\\\\udce9" in text
    assert json.loads(text)["store"] == "caf\\udce9/"


def test_text_that_is_no_utf8_is_shown_by_its_bytes() -> None:
    offsets, data = pa.py_buffer((0).to_bytes(4, "little") + (3).to_bytes(4, "little")), pa.py_buffer(b"a\xff\xfe")
    broken = pa.Array.from_buffers(pa.string(), 1, [None, offsets, data])
    assert row(pa.table({"x": broken})) == {"x": "a\\xff\\xfe"}


def test_times_are_utc_whatever_their_zone_unit_and_century() -> None:
    berlin = datetime(2020, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    table = pa.table(
        {
            "zoned": pa.array([berlin], pa.timestamp("us", "Europe/Berlin")),
            "naive": pa.array([1_500], pa.timestamp("ms")),
            "late": pa.array([253402300800_000_000], pa.timestamp("us", "UTC")),
        }
    )
    assert row(table) == {
        "zoned": "2020-01-01T00:00:00.000000Z",
        "naive": "1970-01-01T00:00:01.500000Z",
        "late": "10000-01-01T00:00:00.000000Z",
    }
    assert loaded()["now"] == "2026-01-01T00:00:00.000000Z"
    naive = json.loads(written(replace(run(), now=NOW.replace(tzinfo=None)), "json"))
    assert naive["now"] == "2026-01-01T00:00:00.000000Z"


def test_a_list_names_the_type_of_its_items() -> None:
    columns = loaded(result(pa.table({"users": [["a"]], "n": [1]})))["results"][0]["columns"]
    assert columns == [{"name": "users", "type": "list", "item": "string"}, {"name": "n", "type": "integer"}]


def test_truncated_is_there_only_where_a_limit_cut() -> None:
    cut, whole = loaded(result(events(), total=1234), result(events()))["results"]
    assert (cut["count"], cut["truncated"], len(cut["rows"])) == (1234, True, 1)
    assert whole["count"] == 1
    assert "truncated" not in whole


def test_warnings_are_handed_on() -> None:
    assert loaded(warnings=(diagnostic(),))["warnings"][0]["code"] == "CL201"


def test_slices_of_nested_columns_give_their_own_rows() -> None:
    table = pa.table({"l": [["a"], ["b", "c"], None, []], "r": [{"k": 1}, {"k": 2}, None, {"k": None}]})
    rows = loaded(result(table.slice(1)))["results"][0]["rows"]
    assert rows == [{"l": ["b", "c"], "r": {"k": 2}}, {"l": None, "r": None}, {"l": [], "r": {"k": None}}]


def test_a_hundred_thousand_rows_are_written_in_pieces() -> None:
    pieces: list[int] = []

    class Counting:
        def write(self, data: bytes) -> int:
            pieces.append(len(data))
            return len(data)

    many = events().take(pa.array([0] * 100_000))
    write_json(View.of(run(result(many))), Counting())  # type: ignore[arg-type]  # `write` is all it needs
    assert len(pieces) >= 100_000
    assert max(pieces) < 10_000


def test_an_empty_run_is_valid() -> None:
    report = loaded()
    assert (report["results"], report["not_run"], report["failed"]) == ([], [], [])
    assert loaded(result(no_events()))["results"][0]["rows"] == []
