"""A fault is reported once, at its place, and hides nothing that is wrong behind it."""

from __future__ import annotations

import pytest

import carlang

P = "p = search Process:Create\n"


def said(text: str) -> list[tuple[int, str]]:
    return [(d.location.line, d.code.name) for d in carlang.check(P + text) if d.severity.value == "error"]


@pytest.mark.parametrize(
    "fault",
    [
        'f = filter p where (exe == "a.exe" and (pid == 3)',
        'f = filter p where (exe == "a.exe" && pid == 3)',
        'f = filter p where exe == "a.exe',
        'f = filter p where (exe = = "a.exe")',
        "f = filter p where (exe ==)",
        'f = filter p where (exe "a.exe")',
        "f = filter p where (parent_exe is null)",
        "f = filter p where (pid == 3 pid == 4)",
        'f = filter p where ("a" "b")',
        "f = filter p where (pid == 3))",
        "f = fliter p where (pid == 3)",
    ],
)
def test_a_faulty_statement_keeps_the_rows_of_its_stream(fault: str) -> None:
    errors = said(f"{fault}\ng = filter f where (zzz == 3)\nh = filter g where (exe == 4 and yyy == 4)\noutput h\n")
    assert errors.count((3, "CL201")) == errors.count((4, "CL201")) == 1
    assert {line for line, _ in errors} == {2, 3, 4}


def test_the_rest_of_a_faulty_statement_is_checked() -> None:
    assert said("f = filter p where (zzz == 1 && yyy == 2 && pid == 3)\noutput f\n") == [
        (2, "CL201"),
        (2, "CL105"),
        (2, "CL201"),
        (2, "CL105"),
    ]


@pytest.mark.parametrize(
    "rest",
    [
        "g = group p by hostnam\nf = from g select count() as n, hostname\noutput f\n",
        "g = group p by hostnam\nf = from g select count() as n\nh = filter f where (hostnam exists)\noutput h\n",
        "f = from p select exe, zzz as z\ng = filter f where (z == 3 and exe exists)\noutput g\n",
        "p.x = zzz + 1\nf = filter p where (x == 3)\noutput f\n",
        "f = filter q where (exe exists)\ng = filter f where (exe exists)\noutput g\n",
        "g = group p by hostname within zzz\nf = from g select count() as n, hostname\noutput f\n",
    ],
)
def test_what_follows_from_a_fault_is_not_reported(rest: str) -> None:
    assert [line for line, _ in said(rest)] == [2]


def test_faults_behind_a_faulty_key_are_reported() -> None:
    assert said("g = group p by hostnam\nf = from g select count() as n, cnt\noutput f\n") == [
        (2, "CL201"),
        (3, "CL201"),
    ]


def test_many_faulty_statements_are_all_reported() -> None:
    lines = "\n".join(f"q{i} = filter p where (pid ≥ {i})" for i in range(300))
    assert len(said(f"{lines}\noutput p\n")) == 300
