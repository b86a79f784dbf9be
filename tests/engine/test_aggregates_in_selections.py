"""A column of a selection that is computed from all rows: wherever in it the aggregate stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import carlang
from tests.engine.trees import numbered, run, write

# Three processes are created, two of them on HOST1; one ends.
CREATED: list[dict[str, Any]] = [
    {"pid": 1, "exe": "at.exe", "hostname": "HOST1"},
    {"pid": 2, "exe": "cmd.exe", "hostname": "HOST1"},
    {"pid": None, "exe": "net.exe", "hostname": "HOST2"},
]
PROGRAM = """\
created = search Process:Create
ended = search Process:Terminate
hosts = group created by hostname
"""


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("processes")
    write(root, "process/create", [row | more for row, more in zip(numbered("abc", "user"), CREATED, strict=True)])
    write(root, "process/terminate", numbered([2], "pid"))
    return root


@pytest.mark.parametrize(
    ("column", "of_all", "by_host"),
    [
        ("not (count() > 2)", False, [True, True]),
        ("not not (count() > 1)", True, [True, False]),
        ("count() in [1, 2]", False, [True, True]),
        ("count() not in [1, 2]", True, [False, False]),
        ("2 in [count(), 7]", False, [True, False]),
        ("max(pid) exists", True, [True, False]),
        ("max(pid) not exists", False, [False, True]),
        ('max(exe) contains "net"', True, [False, True]),
        ('"net.exe" startswith max(exe)', True, [False, True]),
        ('not (max(exe) match "^net")', False, [True, False]),
        ("count() > 1 and max(pid) exists", True, [True, False]),
        ('upper(max(exe)) in ["NET.EXE"]', True, [False, True]),
        ("not (count() in [1, 2] or count() == 4)", True, [False, False]),
        ("length(top2(exe)) in [2]", True, [True, False]),
    ],
)
def test_an_aggregate_inside_any_test_makes_a_row_of_all_rows_or_of_a_group(
    processes: Path, column: str, of_all: object, by_host: list[bool]
) -> None:
    assert run(processes, f"{PROGRAM}found = from created select {column} as c\noutput found") == [{"c": of_all}]
    rows = run(processes, f"{PROGRAM}found = from hosts select {column} as c\noutput found")
    assert sorted((row["hostname"], row["c"]) for row in rows) == list(zip(("HOST1", "HOST2"), by_host, strict=True))


@pytest.mark.parametrize(
    ("column", "by_row"),
    [
        ("pid in [7, max(ended.pid)]", [False, True, False]),
        ("not (pid == max(ended.pid))", [True, False, True]),
        ("not (max(pid, 2) == max(ended.pid))", [False, False, False]),  # max(a, b) leaves a missing pid out
        ("max(ended.pid) exists", [True, True, True]),
    ],
)
def test_an_aggregate_of_another_stream_is_compared_with_each_row(
    processes: Path, column: str, by_row: list[bool]
) -> None:
    rows = run(processes, f"{PROGRAM}found = from created select exe, {column} as c\noutput found")
    assert sorted((row["exe"], row["c"]) for row in rows) == list(
        zip(("at.exe", "cmd.exe", "net.exe"), by_row, strict=True)
    )


@pytest.mark.parametrize(("column", "value"), [("count(ended)", 1), ("count(ended) > 1", False)])
def test_an_aggregate_of_another_stream_alone_is_one_row(processes: Path, column: str, value: Any) -> None:
    assert run(processes, f"{PROGRAM}found = from created select {column} as c\noutput found") == [{"c": value}]


def test_a_field_beside_an_aggregate_of_all_rows_is_refused() -> None:
    faults = carlang.check(f"{PROGRAM}found = from created select exe, not (count() > 1) as c\noutput found")
    assert [fault.code.name for fault in faults if fault.severity.name == "ERROR"] == ["CL201"]
