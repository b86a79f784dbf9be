"""Answers that are tables: columns once, and rows of values without names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from carlang.readers import tuning
from tests.ingesting import load, query

_ROW = {
    "TimeGenerated": "2024-03-21T10:00:00.123Z",
    "Computer": "HOST1.example.com",
    "EventID": 4688,
    "Channel": "Security",
    "EventSourceName": "Microsoft-Windows-Security-Auditing",
    "NewProcessName": "C:\\at.exe",
    "CommandLine": 'at "]}, [1]" \u00e4',
    "Level": None,
    "Type": "SecurityEvent",
}
_ES = {
    "@timestamp": "2024-03-21T10:00:00.123Z",
    "winlog.channel": "Security",
    "winlog.event_id": "4688",
    "event.code": "4688",
    "host.name": "HOST1",
    "process.executable": "C:\\at.exe",
    "process.command_line": 'at "]}, [1]" \u00e4',
    "related.user": ["a", "b"],
}


def _rows(row: dict[str, Any], count: int) -> list[list[Any]]:
    return [list(row.values()) for _ in range(count)]


def _log_analytics(count: int) -> dict[str, Any]:
    columns = [{"name": name, "type": "string"} for name in _ROW]
    table = {"name": "PrimaryResult", "columns": columns, "rows": _rows(_ROW, count)}
    return {"tables": [{"name": "Empty", "columns": columns, "rows": []}, table, {**table, "name": "Second"}]}


def _data_explorer(count: int) -> dict[str, Any]:
    columns = [{"ColumnName": name, "DataType": "String", "ColumnType": "string"} for name in _ROW]
    return {"Tables": [{"TableName": "Table_0", "Columns": columns, "Rows": _rows(_ROW, 2 * count)}]}


def _esql(count: int) -> dict[str, Any]:
    columns = [{"name": name, "type": "keyword", "original_types": ["text", "keyword"]} for name in _ES]
    head = {"took": 28, "is_partial": False, "documents_found": 3, "all_columns": columns}
    return head | {"columns": columns, "values": _rows(_ES, 2 * count)}


@pytest.mark.parametrize("indent", [None, 2], ids=["a line", "printed"])
@pytest.mark.parametrize("answer", [_log_analytics, _data_explorer, _esql])
def test_each_row_is_a_record(answer: Any, indent: int | None, store: Path, tmp_path: Path) -> None:
    (tmp_path / "answer.json").write_text(json.dumps(answer(2), indent=indent, ensure_ascii=False), "utf-8")
    report = load(store, tmp_path / "answer.json")
    assert (report.records, report.rejected) == (4, 0)
    assert query(store, "SELECT DISTINCT image_path, command_line, hostname FROM events", "process") == [
        ("C:\\at.exe", 'at "]}, [1]" ä', "HOST1")
    ]


def test_rows_may_be_cut_anywhere(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "BLOCK", 7)
    (tmp_path / "answer.json").write_text(json.dumps(_log_analytics(3)), "utf-8")
    report = load(store, tmp_path / "answer.json")
    assert (report.records, report.rejected) == (6, 0)


def test_a_row_that_does_not_fit_its_columns_is_named(store: Path, tmp_path: Path) -> None:
    answer = _log_analytics(3)
    answer["tables"][1]["rows"][1].pop()
    (tmp_path / "answer.json").write_text(json.dumps(answer), "utf-8")
    report = load(store, tmp_path / "answer.json")
    assert [(r.number, r.reason) for r in report.rejections] == [
        (number, "8 values where there are 9 columns") for number in (2, 5)
    ]  # both tables have the row
    assert report.events[("process", "create")] == 4


def test_what_stands_before_a_break_is_read(store: Path, tmp_path: Path) -> None:
    text = json.dumps(_log_analytics(3))
    (tmp_path / "answer.json").write_text(text[: text.rindex("at.exe")], "utf-8")
    report = load(store, tmp_path / "answer.json")
    assert report.events[("process", "create")] == 5
    ((number, reason),) = [(r.number, r.reason) for r in report.rejections]
    assert (number, reason.partition(":")[0]) == (6, "not valid JSON")
