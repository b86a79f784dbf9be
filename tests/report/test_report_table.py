from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from rich.cells import cell_len
from rich.console import Console

from carlang.escapes import printable
from carlang.levels import Level
from carlang.report import write_remarks, write_report
from carlang.report.cells import duration_text, time_text
from carlang.report.incident_table import print_summary
from carlang.report.layout import fold
from carlang.results import Failed, Group, GroupBy, MissingParameter, NotRun, Triage
from tests.report.runs import (
    HOSTILE,
    INSTANT,
    diagnostic,
    events,
    every_kind,
    full_run,
    no_events,
    result,
    run,
    written,
    written_bytes,
)

GOLDEN = """\
CAR-2013-05-004  Execution with AT
T1053.002 · output at · 1 row
every row: object process, action create
╭──────────────────────────┬──────────┬───────────────┬────────────────────────────┬────────╮
│ time                     │ hostname │ user          │ command_line               │ exe    │
├──────────────────────────┼──────────┼───────────────┼────────────────────────────┼────────┤
│ 2019-04-27T12:20:35.123Z │ IEWIN7   │ IEWIN7\\IEUser │ at  13:20 /interactive cmd │ at.exe │
╰──────────────────────────┴──────────┴───────────────┴────────────────────────────┴────────╯
did not fit: image_path, pid; 1 column empty in every row

Ran and found nothing:
  CAR-2014-01-001  Quiet  T1000, output q

Could not run, which does not mean that nothing is there:
  CAR-2013-10-002 DLL Injection: the store holds no thread/remote_create events

Failed:
  CAR-2020-01-001 Broken
    error[CL201]: process has no field `command_lin`
     --> at.car:2:21
      |
    2 | at = filter p where command_lin == "x"
      |                     ^^^^^^^^^^^ did you mean `command_line`?
      = repair: certain, `--fix` applies it
  CAR-2020-01-002 Slow
    out of time after 60 s

see: carlang explain CL201

2 analytics, 1 row found; 1 not run, 2 failed
"""


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def table(*columns: pa.Table, **options: Any) -> str:
    """Return tables as a terminal shows them."""
    return written(run(*(result(each) for each in columns)), "table", **{"width": 120} | options)


def heads(text: str) -> list[str]:
    first = next(line for line in text.splitlines() if line.startswith("│"))
    return [cell.strip() for cell in first.strip("│").split("│")]


def column_text(text: str, number: int) -> str:
    """Return everything in a column below its head, its lines joined."""
    body = [line.split("│")[1:-1] for line in text.splitlines() if line.startswith("│")][1:]
    return "".join(cells[number][1:-1] for cells in body)


def test_a_full_run() -> None:
    assert written(full_run(), "table", width=98) == GOLDEN


def told(rows: pa.Table, *tested: str, computed: tuple[str, ...] = (), **options: Any) -> str:
    """Return the table of an output of which conditions tested some columns."""
    made = result(rows)
    told = replace(made, output=replace(made.output, tested=tested, computed=computed), **options)
    return written(run(told), "table", width=400)


def test_what_matters_most_comes_first_and_constants_leave_the_table() -> None:
    wide = events(parent_exe=["cmd.exe"], sensor=["sysmon"], source=["a.evtx"], zz=["last"])
    text = table(wide, width=400)
    assert heads(text) == [
        *("time", "hostname", "user", "command_line", "exe", "image_path", "parent_exe"),
        *("pid", "zz"),
    ]
    assert "every row: object process, action create, sensor sysmon\n" in text
    assert "did not fit" not in text


def test_of_an_event_is_shown_what_identifies_it_what_was_tested_and_what_was_made() -> None:
    event = events(parent_exe=["cmd.exe"], record_id=["7"], sha1=["ab"], company=["M"], integrity=["high"])
    usual = ["time", "hostname", "user", "command_line", "exe", "parent_exe"]
    assert heads(told(event)) == usual
    assert "6 more columns with values (`--show N` has all of a hit)" in told(event)
    assert heads(told(event, "sha1", "image_path", computed=("integrity",))) == [
        *("time", "hostname", "user", "command_line", "exe", "image_path", "parent_exe"),
        *("sha1", "integrity"),
    ]
    assert heads(told(event.drop_columns("exe"))) == [
        *("time", "hostname", "user", "command_line", "image_path", "parent_exe"),
    ]


def test_of_the_parts_of_a_join_the_second_says_no_more_where_and_by_whom() -> None:
    parts = {f"{part}.{name}": column for part in "ab" for name, column in _columns(events(record_id=["7"])).items()}
    text = told(pa.table(parts | {"b.user": ["other"]}), "a.pid", "b.exe")
    assert heads(text) == [
        *("a.time", "a.hostname", "a.user", "b.user", "a.command_line", "b.command_line", "a.exe", "b.exe", "a.pid"),
    ]


def _columns(rows: pa.Table) -> dict[str, pa.ChunkedArray]:
    return dict(zip(rows.column_names, rows.columns, strict=True))


def test_hits_have_numbers_that_go_on_from_output_to_output() -> None:
    first = replace(result(pa.table({"exe": ["a", "b"]}), total=9), number=1)
    second = replace(result(pa.table({"exe": ["c"]})), number=10)
    lines = [line for line in written(run(first, second), "table").splitlines() if line[-1:] in ("a", "b", "c")]
    assert [line.split() for line in lines] == [["1", "a"], ["2", "b"], ["10", "c"]]


def test_where_there_is_no_room_what_was_tested_stays() -> None:
    event = events(parent_exe=["cmd.exe"], record_id=["7"], sha1=["ab" * 8], user=["somebody"])
    made = result(event)
    text = written(run(replace(made, output=replace(made.output, tested=("sha1",)))), "table", width=80)
    assert heads(text) == ["time", "hostname", "command_line", "sha1"]
    assert "did not fit: user, exe, parent_exe" in " ".join(text.split())


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_word_is_broken_that_has_room(width: int) -> None:
    words = ("msedgewin10", "administrator", "powershell.exe", "workstation12345")
    event = pa.table({f"c{number}": [f"{word} {word}", word] for number, word in enumerate(words)})
    text = table(event, width=width)
    shown = [words[int(name[1:])] for name in heads(text)]
    assert shown
    for word in shown:
        assert text.count(word) == 3


def test_an_event_class_that_varies_stays_and_goes_last() -> None:
    text = table(pa.table({"action": ["create", "terminate"], "object": ["process"] * 2, "exe": ["a", "b"]}))
    assert heads(text) == ["exe", "action"]
    assert "every row: object process" in text


def test_rows_of_nothing_but_event_classes_still_show() -> None:
    assert heads(table(pa.table({"object": ["process"], "action": ["create"]}))) == ["object", "action"]


def test_parts_of_a_join_rank_as_their_fields_do() -> None:
    joined = pa.table({"a.pid": [1], "a.exe": ["x"], "b.exe": ["y"], "b.hostname": ["H"], "a.hostname": ["H"]})
    assert heads(table(joined)) == ["b.hostname", "a.hostname", "a.exe", "b.exe", "a.pid"]


def test_long_values_fold_and_nothing_of_them_is_lost() -> None:
    command = "powershell  -enc " + "QUJD" * 200 + r" C:\Users\someone\AppData\Local\Temp\x.ps1"
    text = table(pa.table({"command_line": [command]}), width=60)
    assert column_text(text, 0).startswith("powershell  -enc QUJD")
    assert column_text(text, 0).replace(" ", "") == command.replace(" ", "")
    assert max(map(len, text.splitlines())) <= 60


@pytest.mark.parametrize("text", ["a" * 45, "a b " * 30, "日本語のテキスト" * 9, "é́" * 30, " " * 70, "x" + "\\y" * 40])
@pytest.mark.parametrize("width", [2, 7, 20])
def test_folded_lines_are_the_text_and_fit(text: str, width: int) -> None:
    lines = fold(text, width)
    assert "".join(lines) == text
    assert max(map(cell_len, lines)) <= width


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("at 10:00 calc.exe", 10, ["at 10:00 ", "calc.exe"]),
        ("at  13:20", 4, ["at  ", "13:", "20"]),
        (r"C:\Windows\Temp\a.cmd", 12, ["C:\\Windows\\", "Temp\\a.cmd"]),
        ("x /every:M,T,W,Th,F", 10, ["x /every:", "M,T,W,Th,F"]),
        ("fe80::79bf:8ee2:433c:2567", 19, ["fe80::79bf:8ee2:", "433c:2567"]),
        ("a" * 7, 3, ["aaa", "aaa", "a"]),
    ],
)
def test_words_stay_whole_and_paths_fold_behind_separators(text: str, width: int, lines: list[str]) -> None:
    assert fold(text, width) == lines


def test_every_line_of_a_table_is_equally_wide_whatever_the_script() -> None:
    text = table(events(user=["日本語\\ユーザー"], command_line=["テスト" * 40]), width=100)
    assert len({cell_len(line) for line in text.splitlines() if line.startswith(("│", "├", "╭", "╰"))}) == 1


@pytest.mark.parametrize("width", [20, 40, 80, 132])
def test_no_line_is_wider_than_asked(width: int) -> None:
    wide = events(**{f"field_{i}": ["value " * 5] for i in range(30)})
    text = table(wide, width=width)
    assert max(map(cell_len, text.splitlines())) <= max(width, 31)  # a time alone needs 31 and is not folded
    assert re.search(r"did not fit: .*, …; 1 column empty in every row", " ".join(text.split()))


def test_hostile_text_reaches_the_terminal_as_escapes_only() -> None:
    hostile = result(
        pa.table({"command_line": [HOSTILE], "list": [[HOSTILE]], "map": pa.array([{"k": HOSTILE}])}),
        title=HOSTILE,
        techniques=(HOSTILE,),
        name=HOSTILE,
    )
    idle = result(no_events(), HOSTILE, title=HOSTILE, name=HOSTILE)
    program = f'command_lin == "{HOSTILE}"'
    report = run(
        hostile,
        idle,
        not_run=(NotRun(HOSTILE, HOSTILE, (MissingParameter(HOSTILE),), HOSTILE),),
        failed=(Failed(HOSTILE, HOSTILE, (diagnostic(program),), HOSTILE),),
    )
    text = written(report, "table", width=500)
    assert not [char for char in text if not char.isprintable() and char != "\n"]
    assert r"x \x1b[2J\x9b31m\x07 [red]no[/red]" in text
    coloured = re.sub(r"\x1b\[[0-9;]*m", "", written(report, "table", width=500, colour=True))
    assert not [char for char in coloured if not char.isprintable() and char != "\n"]


def test_a_program_cannot_paint_more_than_diagnostics_do() -> None:
    failed = Failed("A", "a", (diagnostic('command_lin == "\x1b[8mhidden\x1b[0m"'),))
    text = written(run(failed=(failed,)), "table", colour=True)
    assert "\x1b[8m" not in text
    assert r"\x1b[8mhidden" in text


def test_values_read_as_people_write_them() -> None:
    text = table(every_kind(), width=400)
    line = next(line for line in text.splitlines() if "2019" in line)
    cells = [cell.strip() for cell in line.strip("│").split("│")]
    assert cells[0] == "2019-04-27T12:20:35.123Z"
    assert cells[2:] == [
        *("9007199254740993", "1.5", "true", "1h 2.5s", "a, null, b,c", "3.0", "2019-04-27T12:20:35.123000Z"),
        *("k=v", "k=v", "w", "3"),
    ]
    assert "1 column empty in every row" in text


def test_an_empty_text_is_not_a_missing_value() -> None:
    text = table(pa.table({"exe": ["", None], "n": [1, 2]}))
    assert [line for line in text.splitlines() if line.startswith("│")][1:] == ['│ ""  │ 1 │', "│     │ 2 │"]


def test_a_cut_is_said() -> None:
    assert "1,234 rows · showing 1 of 1,234 rows" in written(run(result(events(), total=1234)), "table")
    assert "showing 0 of 5 rows" in written(run(result(no_events(), total=5)), "table")


@pytest.mark.parametrize("format_", ["table", "markdown", "html"])
def test_of_rows_that_a_limit_cut_nothing_is_said(format_: str) -> None:
    cut = written(run(result(events(), total=1234)), format_)
    assert "very row shown: " in cut
    assert "very row: " not in cut
    assert "empty in every row" not in cut.replace("empty in every row shown", "")


def test_nothing_found_is_said_plainly() -> None:
    text = written(run(result(no_events(), title="Quiet")), "table")
    assert "Ran and found nothing:\n  CAR-2013-05-004  Quiet" in text
    assert text.endswith("1 analytic, 0 rows found; 0 not run, 0 failed\n")


def test_rows_of_nothing_but_missing_values_are_said() -> None:
    text = table(pa.table({"a": pa.nulls(2, pa.string())}))
    assert "2 rows" in text
    assert "1 column empty in every row" in text


def test_colour_only_where_a_terminal_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def painted() -> bool:
        stream = Terminal()
        write_report(full_run(), stream, "table")
        return "\x1b[" in stream.getvalue()

    assert painted()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not painted()
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not painted()
    assert b"\x1b[" not in written_bytes(full_run(), "table")
    assert b"\x1b[" in written_bytes(full_run(), "table", colour=True)


def test_in_a_pipe_a_row_is_a_line_unless_columns_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    long = pa.table({"command_line": ["x" * 500 + "  " + "y" * 500, "at.exe"], "exe": ["a", "b"], "pid": [7, None]})
    text = written(run(result(long)), "table")
    assert text.splitlines()[2:5] == [
        f"{'command_line':<60}  exe  pid",
        "x" * 500 + "  " + "y" * 500 + "  a      7",
        f"{'at.exe':<60}  b",
    ]
    monkeypatch.setenv("COLUMNS", "200")
    assert max(map(len, written(run(result(long)), "table").splitlines())) == 200


def test_a_stream_without_unicode_gets_ascii_frames_and_escapes() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", newline="")
    write_report(run(result(events(user=["Jürgen"]))), stream, "table", width=120)
    stream.flush()
    text = raw.getvalue().decode("ascii")
    assert r"J\xfcrgen" in text
    assert "+--" in text


def test_remarks_stand_alone_beside_formats_that_hold_rows_alone() -> None:
    stream = io.StringIO()
    write_remarks(full_run(), stream)
    assert stream.getvalue() == GOLDEN[GOLDEN.index("Could not run") :]


def test_a_hundred_thousand_rows() -> None:
    text = table(events().take(pa.array([0] * 100_000)), width=98)
    assert text.count("IEWIN7\\IEUser") == 100_000


def test_a_value_wider_than_those_measured_folds() -> None:
    many = pa.table({"exe": ["a.exe"] * 5000 + ["b" * 50]})
    text = table(many)
    assert column_text(text, 0).count("b") == 50
    assert len({len(line) for line in text.splitlines() if line.startswith("│")}) == 1


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(0), "0s"),
        (timedelta(seconds=12.5), "12.5s"),
        (timedelta(minutes=90), "1h 30m"),
        (timedelta(days=2, microseconds=1), "2d 0.000001s"),
        (timedelta(seconds=-61), "-1m 1s"),
    ],
)
def test_durations(length: timedelta, text: str) -> None:
    assert duration_text(length // timedelta(microseconds=1)) == text


def test_a_part_of_a_second_is_as_short_as_it_can_be() -> None:
    assert [time_text(f"2019-04-27T12:20:35.{part}Z")[19:] for part in ("000000", "120000", "123456", "000001")] == [
        *("Z", ".120Z", ".123456Z", ".000001Z"),
    ]


def test_printable() -> None:
    assert printable("a\x00b\u200bc\xadd\ue000") == r"a\x00b\u200bc\xadd\ue000"
    assert printable("a\r\nb\tc\x1b", keep="\n\t") == "a\nb\tc\\x1b"
    assert printable("日本 ü 😀") == "日本 ü 😀"


def test_a_column_of_times_is_never_folded() -> None:
    text = table(pa.table({"time": pa.array([0], INSTANT), "command_line": ["x" * 300]}), width=50)
    assert "│ 1970-01-01T00:00:00Z │" in text


@pytest.mark.parametrize("by", list(GroupBy))
def test_groups_break_no_name_in_eighty_cells(by: GroupBy) -> None:
    hosts, techniques = ("workstation12", "server07"), tuple(f"T1087.00{number}" for number in range(6))
    names = ("CAR-2013-05-004", r"EXAMPLE\beth", None)
    groups = [Group(n, 54.0, Level.INFORMATIONAL, 1234, 0, 9 * 10**15, hosts, techniques, (), ()) for n in names]
    stream = io.StringIO()
    print_summary(Triage(grouped_by=by, groups=tuple(groups)), Console(file=stream, width=80))
    shown = {*names, *techniques, "(none)", "1,234", "informational", *(() if by is GroupBy.HOST else hosts)} - {None}
    text = stream.getvalue()
    assert shown <= {word.removesuffix(",") for word in text.split()}
    assert max(map(cell_len, text.splitlines())) <= 80


def test_groups_say_what_the_id_of_a_tactic_stands_for() -> None:
    groups = tuple(Group(name, 1.0, Level.LOW, 1, 0, 0, (), (), (), ()) for name in ("TA0040", "TA9999"))
    stream = io.StringIO()
    print_summary(Triage(grouped_by=GroupBy.TACTIC, groups=groups), Console(file=stream, width=80))
    text = stream.getvalue()
    assert re.search(r"TA0040\s+Impact\s", text)
    assert re.search(r"TA9999\s*$", text)
