"""Runs built by hand, for the tests of every format."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pyarrow as pa

from carlang.diagnostics import Diagnostic, codes
from carlang.model.types import BOOLEAN, DURATION, FLOAT, INTEGER, STRING, TIME, Column, Kind, Type
from carlang.report import FormatName, write_report
from carlang.results import AnalyticOutput, Failed, NoEvents, NotRun, Output, RunReport
from carlang.source import Source, Span

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MOMENT = datetime(2019, 4, 27, 12, 20, 35, 123000, tzinfo=UTC)
INSTANT = pa.timestamp("us", "UTC")
HOSTILE = 'x \x1b[2J\x9b31m\x07 [red]no[/red] <script>alert("1")</script> \u202egpj.exe\r\n=cmd\u2028'


def output(table: pa.Table, name: str = "out", total: int = 0) -> Output:
    columns = tuple(Column(field.name, _type(field.type)) for field in table.schema)
    return Output(name, columns, table, total or table.num_rows)


def result(table: pa.Table, analytic: str = "CAR-2013-05-004", *, total: int = 0, **other: Any) -> AnalyticOutput:
    title = other.get("title", "Execution with AT")
    techniques = other.get("techniques", ("T1053.002",))
    return AnalyticOutput(analytic, title, "at.car", techniques, output(table, other.get("name", "at"), total))


def run(*results: AnalyticOutput, **other: Any) -> RunReport:
    return RunReport(now=NOW, store="events/", results=results, **other)


def events(**columns: Any) -> pa.Table:
    """Return one process creation, with columns in the place of the usual ones or beside them."""
    usual: dict[str, Any] = {
        "image_path": [r"C:\Windows\System32\at.exe"],
        "exe": ["at.exe"],
        "pid": [1234],
        "command_line": ["at  13:20 /interactive cmd"],
        "time": pa.array([MOMENT], INSTANT),
        "hostname": ["IEWIN7"],
        "user": [r"IEWIN7\IEUser"],
        "object": ["process"],
        "action": ["create"],
        "md5": pa.nulls(1, pa.string()),
    }
    return pa.table(usual | columns)


def no_events() -> pa.Table:
    return events().slice(0, 0)


def diagnostic(text: str = 'p = search Process\nat = filter p where command_lin == "x"\n') -> Diagnostic:
    start = text.index("command_lin")
    source = Source.whole("at.car", text)
    found = Diagnostic(codes.UNKNOWN_FIELD, "process has no field `command_lin`", source, Span(start, start + 11))
    return found.with_label("did you mean `command_line`?").repaired_by("command_line")


def full_run() -> RunReport:
    """Return a run with all there can be: hits, nothing found, not run, failed in both ways."""
    return run(
        result(events()),
        result(no_events(), "CAR-2014-01-001", title="Quiet", techniques=("T1000",), name="q"),
        not_run=(NotRun("CAR-2013-10-002", "DLL Injection", (NoEvents("thread", "remote_create"),)),),
        failed=(
            Failed("CAR-2020-01-001", "Broken", (diagnostic(),)),
            Failed("CAR-2020-01-002", "Slow", error="out of time after 60 s"),
        ),
    )


def written(report: RunReport, format: str, **options: Any) -> str:  # noqa: A002
    return written_bytes(report, format, **options).decode("utf-8")


def written_bytes(report: RunReport, format: str, **options: Any) -> bytes:  # noqa: A002
    stream = io.BytesIO()
    write_report(report, stream, cast("FormatName", format), **options)
    return stream.getvalue()


def every_kind() -> pa.Table:
    """Return two rows: a value of every kind, and a missing value of every kind."""
    return pa.table(
        {
            "time": pa.array([MOMENT, None], INSTANT),
            "text": ["ünï 日本語", None],
            "whole": [2**53 + 1, None],
            "real": [1.5, None],
            "flag": [True, None],
            "span": pa.array([timedelta(hours=1, seconds=2.5), None], pa.duration("us")),
            "items": [["a", None, "b,c"], None],
            "spans": pa.array([[timedelta(seconds=3)], None], pa.list_(pa.duration("us"))),
            "times": pa.array([[MOMENT], None], pa.list_(INSTANT)),
            "record": pa.array([{"k": "v", "n": None}, None], pa.struct([("k", pa.string()), ("n", pa.string())])),
            "map": pa.array([[("k", "v")], None], pa.map_(pa.string(), pa.string())),
            "word": pa.array(["w", None]).dictionary_encode(),
            "sum": pa.array([3, None], pa.decimal128(38, 0)),
            "nothing": pa.nulls(2),
        }
    )


def _type(kind: pa.DataType) -> Type:
    if pa.types.is_timestamp(kind):
        return TIME
    if pa.types.is_duration(kind):
        return DURATION
    if pa.types.is_integer(kind):
        return INTEGER
    if pa.types.is_floating(kind):
        return FLOAT
    if pa.types.is_boolean(kind):
        return BOOLEAN
    if pa.types.is_list(kind):
        return Type(Kind.LIST, item=_type(kind.value_type))
    return STRING
