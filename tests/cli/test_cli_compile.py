from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import AT, FAULTY, WARNED, carlang


def test_the_sql_of_every_output_is_shown_under_its_name() -> None:
    done = carlang("compile", "CAR-2013-05-004")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("-- CAR-2013-05-004: at\n")
    assert "LOWER(\"exe\") = 'at.exe'" in done.out
    assert done.out.count(";\n") == 1


def test_the_syntax_tree_says_what_was_written() -> None:
    done = carlang("compile", "-e", AT, "--stage", "ast")
    assert done.status == 0
    assert "StringLit(value='at.exe')" in done.out
    assert "Name(ident='Process')" in done.out


def test_the_bound_program_says_what_is_meant() -> None:
    done = carlang("compile", "-e", AT, "--stage", "bound")
    assert done.status == 0
    assert "EventSet(object='process', actions=('create',))" in done.out


def test_the_dialect_is_duckdbs() -> None:
    program = 'search Process:Create | filter (exe == "at.exe" and user != "x")'
    named, unnamed = carlang("compile", "-e", program, "--dialect", "duckdb"), carlang("compile", "-e", program)
    assert (named.status, named.out) == (0, unnamed.out)


def test_now_is_a_constant_of_the_sql() -> None:
    program = "search Process:Create | filter time > now"
    done = carlang("compile", "-e", program, "--now", "2024-03-05T10:00:00+02:00")
    assert "2024-03-05 08:00:00" in done.out


def test_a_faulty_program_has_a_syntax_tree_but_no_sql() -> None:
    assert carlang("compile", "-e", FAULTY, "--stage", "ast").status == 0
    for stage in ("bound", "sql"):
        done = carlang("compile", "-e", FAULTY, "--stage", stage)
        assert (done.status, done.out) == (1, "")
        assert "error[CL201]" in done.err


def test_a_faulty_program_does_not_stop_the_others(programs: Path) -> None:
    done = carlang("compile", programs)
    assert done.status == 1
    assert [line for line in done.out.splitlines() if line.startswith("--")] == [
        "-- at: result",
        "-- threads: threads",
        "-- warned: at",
    ]


def test_warnings_stay_out_of_the_sql() -> None:
    done = carlang("compile", "-e", WARNED)
    assert done.status == 0
    assert "warning" not in done.out
    assert "warning[CL401]" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--stage", "asm"), "there is no stage 'asm'"),
        (("--dialect", "cobol"), "there is no dialect 'cobol'; choose one of duckdb"),
        (("--dialect", "spark"), "there is no dialect 'spark'; choose one of duckdb"),
        (("--now", "later"), "--now: 'later' is not a time"),
    ],
)
def test_wrong_usage_has_status_2(arguments: tuple[str, ...], said: str) -> None:
    done = carlang("compile", "-e", AT, *arguments)
    assert (done.status, done.out) == (2, "")
    assert said in done.err
