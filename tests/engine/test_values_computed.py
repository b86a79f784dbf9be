"""Functions, arithmetic, times, durations, `now`, members of records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import carlang
from tests.engine.trees import NOW, START, numbered, run, values, where, write

PATHS = [r"C:\Windows\cmd.exe", "/usr/bin/ls", "a.tar.gz", "C:\\a\\", "", None, "ÄÖ\\ß.É", "日本/語.テ"]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("functions")
    write(root, "process/create", numbered(PATHS, "image_path"))
    return root


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("lower(image_path)", [p and p.lower() for p in PATHS]),
        ("length(image_path)", [18, 11, 8, 5, 0, None, 6, 6]),
        ("basename(image_path)", ["cmd.exe", "ls", "a.tar.gz", "", "", None, "ß.É", "語.テ"]),
        ("dirname(image_path)", ["C:\\Windows", "/usr/bin", None, "C:\\a", None, None, "ÄÖ", "日本"]),
        ("concat(image_path, '|', 1, '-', 1.5)", [None if p is None else f"{p}|1-1.5" for p in PATHS]),
        ("substring(image_path, 0, 2)", ["C:", "/u", "a.", "C:", "", None, "ÄÖ", "日本"]),
        ("substring(image_path, 3)", ["Windows\\cmd.exe", "r/bin/ls", "ar.gz", "a\\", "", None, "ß.É", "語.テ"]),
        ("substring(image_path, 2, 0)", ["", "", "", "", "", None, "", ""]),
        ("substring(image_path, 100, 5)", ["", "", "", "", "", None, "", ""]),
        (r"replace(image_path, '\\', '/')", [p and p.replace("\\", "/") for p in PATHS]),
        ("regex_extract(image_path, '[A-Z]:')", ["C:", None, None, "C:", None, None, None, None]),
        ("regex_extract(image_path, '(WIN)dows')", ["Win", None, None, None, None, None, None, None]),
        ("regex_extract(image_path, '(?:c)(:)')", [":", None, None, ":", None, None, None, None]),
        ("length(split(image_path, '.'))", [2, 1, 3, 1, 1, None, 2, 2]),
        ("coalesce(image_path, 'none')", [p if p is not None else "none" for p in PATHS]),
        ("coalesce(null, image_path)", PATHS),
        ("to_string(image_path)", PATHS),
        ("image_path.lower().length()", [18, 11, 8, 5, 0, None, 6, 6]),
        ("trim(concat('  ', image_path, ' '))", PATHS),
        ("length(concat(image_path, '😀'))", [19, 12, 9, 6, 1, None, 7, 7]),
    ],
)
def test_functions_of_text(paths: Path, expression: str, expected: list[Any]) -> None:
    assert values(paths, expression) == expected


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        (" 7 ", 7),
        ("-3", -3),
        ("+3", 3),
        ("0x1F", 31),
        ("1.5", None),
        ("12abc", None),
        ("", None),
        ("9" * 30, None),
    ],
)
def test_to_int_of_a_text(tmp_path: Path, text: str, number: int | None) -> None:
    write(tmp_path, "process/create", numbered([text, None], "access_level"))
    assert values(tmp_path, "to_int(access_level)") == [number, None]


NUMBERS = [9, -5, 0, None, 2**62, -(2**63)]


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("numbers")
    write(root, "process/create", numbered(NUMBERS[:4], "pid"))
    return root


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("pid + 1", [10, -4, 1, None]),
        ("pid - 1", [8, -6, -1, None]),
        ("1 - pid", [-8, 6, 1, None]),
        ("pid * 2", [18, -10, 0, None]),
        ("pid / 2", [4.5, -2.5, 0.0, None]),
        ("9 / pid", [1.0, -1.8, None, None]),
        ("pid / 0", [None, None, None, None]),
        ("pid % 0", [None, None, None, None]),
        ("pid % 4", [1, -1, 0, None]),
        ("pid + 0.5", [9.5, -4.5, 0.5, None]),
        ("2 + 3 * pid - 1", [28, -14, 1, None]),
        ("(2 + 3) * pid", [45, -25, 0, None]),
        ("abs(pid)", [9, 5, 0, None]),
        ("round(pid / 2)", [5.0, -3.0, 0.0, None]),
        ("round(pid / 7, 2)", [1.29, -0.71, 0.0, None]),
        ("to_int(pid / 2)", [4, -2, 0, None]),
        ("to_string(pid)", ["9", "-5", "0", None]),
        ("concat('p', pid)", ["p9", "p-5", "p0", None]),
        ("-pid", [-9, 5, 0, None]),
        ("coalesce(pid, 77)", [9, -5, 0, 77]),
        ("max(pid, 3)", [9, 3, 3, 3]),
        ("min(pid, 3)", [3, -5, 0, 3]),
        ("1 hour", [timedelta(hours=1)] * 4),
        ("pid * 1 second", [timedelta(seconds=9), timedelta(seconds=-5), timedelta(0), None]),
    ],
)
def test_arithmetic(numbers: Path, expression: str, expected: list[Any]) -> None:
    assert values(numbers, expression) == expected


@pytest.mark.parametrize(
    "expression", ["pid + pid", "pid * pid", "pid - 1 - pid * 4", "abs(pid)", "-pid", "pid * 1 week"]
)
def test_a_number_beyond_what_can_be_computed_stops_no_other_row(tmp_path: Path, expression: str) -> None:
    write(tmp_path, "process/create", numbered([1, 2**62, -(2**63), 2**63 - 1], "pid"))
    found = values(tmp_path, expression)
    assert len(found) == 4
    assert found[0] is not None


@pytest.mark.parametrize(
    "condition",
    ["pid < 99999999999999999999999999", "pid + 1 < 9223372036854775807", "pid > -9223372036854775808", "pid != 1.5"],
)
def test_a_large_number_in_a_program_is_compared_or_refused(numbers: Path, condition: str) -> None:
    try:
        assert where(numbers, condition) in ([0, 1, 2], [0, 1, 2, 3])
    except carlang.CompileError as error:
        assert {d.code.name for d in error.diagnostics} & {"CL303"}  # noqa: PT017  # either answer is right


@pytest.mark.parametrize(
    "call", ["substring(exe, 99999999999999)", "substring(exe, 0, 99999999999999)", "round(pid, 99999999999)"]
)
def test_a_position_too_large_is_refused_or_is_the_end(numbers: Path, call: str) -> None:
    text = f"p = search Process:Create\np.x = {call}\noutput p"
    errors = [d for d in carlang.check(text) if d.severity is carlang.Severity.ERROR]
    assert errors or len(run(numbers, text)) == 4


TIMES = [START, START + timedelta(microseconds=1), START + timedelta(days=1), None]


@pytest.fixture(scope="module")
def times(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("times")
    rows = [
        {"record_id": i, "time": t, "start_time": t, "end_time": t and t + timedelta(minutes=i)}
        for i, t in enumerate(TIMES)
    ]
    write(root, "flow/end", rows)
    return root


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('time == "2020-01-01"', [0]),
        ('time == "2020-01-01T00:00:00Z"', [0]),
        ('time == "2020-01-01 00:00:00.000001"', [1]),
        ('time == "2020-01-01T01:00:00+01:00"', [0]),
        ('time == "2019-12-31T19:00:00-0500"', [0]),
        ('time > "2020-01-01"', [1, 2]),
        ('"2020-01-01" < time', [1, 2]),
        ('time >= "2020-01-01" and time < "2020-01-02"', [0, 1]),
        ('"2020-01-01" <= time < "2020-01-02"', [0, 1]),
        ('time != "2020-01-01"', [1, 2, 3]),
        ('time in ["2020-01-01", "2020-01-02T00:00:00Z"]', [0, 2]),
        ("time < now", [0, 1, 2]),
        ("now - time > 166 days", [0, 1]),
        ("time + 1 day > '2020-01-02'", [1, 2]),
        ("time - 1 day == '2020-01-01'", [2]),
        ("1 day + time == '2020-01-02'", [0]),
        ("end_time - start_time == 1 minute", [1]),
        ("end_time - start_time >= 60 seconds", [1, 2]),
        ("end_time - start_time == 0s", [0]),
        ("start_time - end_time < -90 seconds", [2]),
        ("(end_time - start_time) / 2 == 1 minute", [2]),
        ("(end_time - start_time) * 1.5 == 90 seconds", [1]),
        ("(end_time - start_time) / 30 seconds == 4", [2]),
        ("1 hour / (end_time - start_time) == 60", [1]),
        ("end_time - start_time in [1 minute, 2 minutes]", [1, 2]),
        ("start_time < end_time < start_time + 90 seconds", [1]),
        ("not (time < now)", [3]),
        ("time == null", [3]),
        ("hour(time) == 0 and day_of_week(time) == 3", [0, 1]),
        ("year(time) == 2020", [0, 1, 2]),
        ("day_of_week(time) == 4", [2]),
        ('to_string(time) == "2020-01-01T00:00:00.000001Z"', [1]),
    ],
)
def test_times_and_durations(times: Path, condition: str, found: list[int]) -> None:
    rows = run(times, f"f = search Flow:End\ng = filter f where ({condition})\noutput g")
    assert [int(row["record_id"]) for row in rows] == found


def test_now_is_the_instant_of_the_run_in_every_place(times: Path) -> None:
    text = "f = search Flow:End\nf.a = now\nf.b = now + 0s\noutput f"
    assert {(row["a"], row["b"]) for row in run(times, text, now=NOW)} == {(NOW, NOW)}
    ours = datetime(2021, 3, 4, 5, 6, 7, 8)  # noqa: DTZ001  # a time without a zone is UTC
    assert run(times, text, now=ours)[0]["a"] == ours.replace(tzinfo=UTC)


RECORDS = [
    '{"Pipe": "\\\\lsass", "n": 5}',  # 0
    '{"PIPE": "\\\\LSASS"}',
    '{"pipe": null}',
    "{}",
    "[1]",
    '"pipe"',  # 5
    None,
    '{"pipe": {"a": 1}, "t": true}',
    '{"other": "x", "pi/pe~": 1}',
]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (r'proto_info.Pipe == "\lsass"', [0, 1]),
        (r'proto_info.pipe == "*LSASS"', [0, 1]),
        (r'PROTO_INFO.pIpE contains "lsass"', [0, 1]),
        ("proto_info.pipe exists", [0, 1, 7]),
        ("proto_info.pipe == null", [2, 3, 4, 5, 6, 8]),
        (r'not (proto_info.pipe == "\lsass")', [2, 3, 4, 5, 6, 7, 8]),
        ('proto_info.n == "5"', [0]),
        ("proto_info.n == 5", [0]),
        ('proto_info.t == "true"', [7]),
        ("to_int(proto_info.n) > 4", [0]),
        ("proto_info exists", [0, 1, 2, 3, 4, 5, 7, 8]),
    ],
)
def test_members_of_a_record_in_any_case(tmp_path: Path, condition: str, found: list[int]) -> None:
    write(tmp_path, "flow/message", numbered(RECORDS, "proto_info"))
    assert where(tmp_path, condition, "Flow:Message") == found


@pytest.mark.parametrize("broken", ["", " ", "not json", '{"pipe": "a"', "{'pipe': 'a'}", "{pipe: a}", "\x00", "NaN"])
def test_a_record_that_is_no_json_has_no_members_and_stops_nothing(tmp_path: Path, broken: str) -> None:
    write(tmp_path, "flow/message", numbered(['{"pipe": "a"}', broken, '{"PIPE": "A"}'], "proto_info"))
    assert where(tmp_path, 'proto_info.pipe == "a"', "Flow:Message") == [0, 2]
    assert where(tmp_path, 'not proto_info.pipe == "a"', "Flow:Message") == [1]


def test_a_record_stored_as_a_struct_has_its_members(tmp_path: Path) -> None:
    kind = pa.struct([("Pipe", pa.string()), ("n", pa.int64())])
    rows = numbered([{"Pipe": "a", "n": 1}, None], "proto_info")
    write(tmp_path, "flow/message", rows, {"proto_info": kind})
    assert where(tmp_path, 'proto_info.pipe == "A" and proto_info.n == 1', "Flow:Message") == [0]


def test_a_derived_field_may_be_a_condition_and_take_a_fields_place(tmp_path: Path) -> None:
    write(tmp_path, "process/create", numbered(["A.exe", None], "exe"))
    text = (
        "p = search Process:Create\np.flag = (exe == 'a.exe')\np.exe = lower(exe)\np.EXE = concat(exe, '!')\noutput p"
    )
    rows = run(tmp_path, text)
    assert [(row["flag"], row["exe"]) for row in rows] == [(True, "a.exe!"), (False, None)]


@pytest.mark.parametrize(
    "expression",
    [
        "coalesce(cidr_match(command_line, '10.0.0.0/8'), true)",
        "to_string(cidr_match(command_line, '10.0.0.0/8'))",
        "cidr_match(command_line, '::/0')",
    ],
)
def test_a_condition_may_be_the_argument_of_a_function(tmp_path: Path, expression: str) -> None:
    write(tmp_path, "process/create", numbered(["x", None], "exe"))
    assert values(tmp_path, expression) in ([False, False], ["false", "false"])
