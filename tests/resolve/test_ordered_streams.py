"""What is wrong with streams that are sorted, cut, joined with optional parts or looked into: codes and repairs."""

from __future__ import annotations

import pytest

from carlang.diagnostics.apply import apply_edits
from carlang.resolve.lineage import references
from tests.resolve.programs import compiled

P = "p = search Process:Create\n"

FAULTS = [
    # program, code, what is pointed at, what a repair makes of it
    ("x = sort p by ex", "CL201", "ex", "exe"),
    ("x = sort p by Image", "CL206", "Image", "image_path"),
    ("x = p | select values(exe) as v | sort by v", "CL304", "v", None),
    ("x = unique p by exee", "CL201", "exee", "exe"),
    ("x = head 1.5 of p", "CL304", "1.5", None),
    ("x = head p of p", "CL207", "p", None),
    ("x = p | head count", "CL202", "count", None),
    ("x = head 3 of q", "CL202", "q", "p"),
    ("x = join (p optional)", "CL304", "p", None),
    ("q = p\nx = join (p optional, q optional) where (p.pid == q.pid)", "CL304", "p", None),
    ("x = p | head 3 of p", "CL101", "p", None),
    ("x = filter p where (user in p)", "CL304", "p", "unique(p.user)"),
    ("q = p\nx = filter p where (user in q)", "CL304", "q", "unique(q.user)"),
    ("q = p\nx = filter p where (user in q.user)", "CL207", "q.user", "unique(q.user)"),
    ("q = p\nx = filter p where (user in unique(q.usr))", "CL201", "usr", "user"),
    ("some = p\nx = filter some where (user in unique(sone.user))", "CL202", "sone", "some"),
    ("u = unique(p.exe)\nx = filter p where pid in u", "CL302", "pid in u", None),
    ("x = p | group by exe | sort by count | select max(pid)", "CL306", "max(pid)", None),
    ("x = p | group by exe | head 3 | filter count(distinct pid) > 1", "CL306", "count(distinct pid)", None),
]


@pytest.mark.parametrize(("written", "code", "at", "meant"), FAULTS)
def test_a_fault_is_reported_once_at_its_place(written: str, code: str, at: str, meant: str | None) -> None:
    text = f"{P}{written}\noutput x\n"
    diagnostics = [d for d in compiled(text).diagnostics if d.code.severity.value != "hint"]
    assert [(d.code.name, text[d.span.start : d.span.end]) for d in diagnostics] == [(code, at)]
    repair = diagnostics[0].repair
    assert (repair.edits[0].text if repair else None) == meant
    if repair:
        assert compiled(apply_edits(text, repair.edits)).valid


def test_a_stream_that_is_looked_into_is_used_and_its_field_is_asked_for() -> None:
    program = compiled(f"{P}a = search File:Create\nx = filter p where (user in unique(a.user))\noutput x\n")
    assert program.diagnostics == ()
    assert set(references(program.require())) >= {"file/create/user", "process/create/user"}


def test_columns_and_keys_of_groups_go_with_them_when_they_are_sorted() -> None:
    program = compiled(f"{P}x = p | group by exe | sort by count desc | filter count > 3 | select count\noutput x\n")
    assert [column.name for column in program.require().outputs[0].stream.columns] == ["exe", "count"]


def test_a_field_comes_before_a_stream_of_its_name_with_a_remark() -> None:
    program = compiled(f"{P}user = unique(p.user)\nx = filter p where (exe in user)\noutput x, user\n")
    assert [(d.code.name, d.label) for d in program.diagnostics] == [("CL208", "the field is taken")]
