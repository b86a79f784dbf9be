"""What is wrong with steps of sequences: codes and places; and what their conditions may name."""

from __future__ import annotations

import pytest

from carlang.resolve import bound
from carlang.resolve.lineage import references
from tests.resolve.programs import compiled

STREAMS = (
    "p = search Process:Create\na = filter p where (pid == 1)\nb = filter p where (pid == 2)\n"
    "f = search File:Create\ng = count(p) by exe\n"
)

FAULTS = [
    # steps, code, what is pointed at
    ("(a, b where (b.ppid == f.pid), f)", "CL309", "f"),
    ("(a where (a.pid == b.ppid), b)", "CL309", "b"),
    ("(a, no b, f where (f.pid == b.pid))", "CL309", "b"),
    ("(a, no a where (a.pid == 3), b)", "CL309", "a"),
    ("(no a where (f.pid == 3), b, f)", "CL309", "f"),
    ("(a, b * 0)", "CL309", "0"),
    ("(a, b * 1.5)", "CL309", "1.5"),
    ("(a, b * 101)", "CL309", "101"),
    ("(a * 60, b * 60)", "CL309", "sequence (a * 60, b * 60)"),
    ("(a, no b * 2, f)", "CL309", "2"),
    ("(a)", "CL309", "sequence (a)"),
    ("(a * 3)", "CL309", "sequence (a * 3)"),
    ("(no a, no b) within 1 hour", "CL309", "sequence (no a, no b) within 1 hour"),
    ("(a, no b)", "CL309", "no b"),
    ("(a, no b where (b.ppid == a.pid)) until f", "CL309", "no b where (b.ppid == a.pid)"),
    ("(a, no g, b)", "CL304", "g"),
    ("(a, no (search File), b)", "CL216", "(search File)"),
    ("(a, b, a)", "CL216", "a"),
    ("(a, no c, b)", "CL202", "c"),
    ("(a, b where (b.ppid == a.pidd))", "CL201", "pidd"),
    ("(a, b, f where (parent_exe == f.file_name))", "CL211", "parent_exe"),
    ("(a, b where (b.exe == a.pid))", "CL302", "b.exe == a.pid"),
    ("(a, b where (count() > 3))", "CL306", "count()"),
    ("(a, no f, b) by parent_exe", "CL201", "parent_exe"),
]


@pytest.mark.parametrize(("written", "code", "at"), FAULTS)
def test_a_fault_is_reported_once_at_its_place(written: str, code: str, at: str) -> None:
    text = f"{STREAMS}x = sequence {written}\noutput x, g\n"
    faults = [d for d in compiled(text).diagnostics if d.code.severity.value == "error"]
    assert [(d.code.name, text[d.span.start : d.span.end]) for d in faults] == [(code, at)]


def steps_of(written: str) -> tuple[bound.Step, ...]:
    program = compiled(f"{STREAMS}x = sequence {written}\noutput x, g, f\n").require()
    stream = program.outputs[0].stream
    assert isinstance(stream, bound.NamedStream)
    assert isinstance(stream.stream, bound.Sequenced)
    return stream.stream.steps


def test_a_condition_on_the_event_alone_is_a_filter_of_its_stream() -> None:
    _, alone, both = steps_of('(a, b where (user == "x" and b.pid > 3), f where (f.pid == b.pid and pid > 1))')
    assert alone.condition is None
    assert isinstance(alone.stream, bound.Filtered)
    assert both.condition is not None
    assert bound.row_fields(both.condition) == {"f.pid", "b.pid"}


def test_a_bare_field_is_the_steps_own_and_else_that_of_the_one_that_has_it() -> None:
    steps = steps_of("(a, f where (pid == a.pid and parent_exe == 'x'))")
    assert steps[1].condition is not None
    assert bound.row_fields(steps[1].condition) == {"f.pid", "a.pid", "a.parent_exe"}


def test_only_steps_that_are_there_have_columns_and_a_repeated_one_its_first_time() -> None:
    program = compiled(f"{STREAMS}x = sequence (a, no f, b * 1)\ny = from x select b.first_time\noutput x, y, g\n")
    outputs = program.require().outputs
    names = {column.name for column in outputs[0].stream.columns}
    assert {"a.exe", "b.exe", "b.first_time"} <= names
    assert not any(name.startswith("f.") for name in names)
    assert [column.name for column in outputs[1].stream.columns] == ["b.first_time"]


def test_conditions_and_absent_steps_ask_for_fields() -> None:
    program = compiled(f"{STREAMS}x = sequence (a, no f where (f.file_name == a.exe), b)\noutput x\n").require()
    assert {"file/create/file_name", "file/create/time", "process/create/exe"} <= set(references(program))


def test_what_a_condition_asks_of_a_process_is_a_column_of_the_steps_stream_alone() -> None:
    program = compiled(
        f"{STREAMS}x = sequence (f, b where (b.exe == f.process.parent.exe and process.user == f.user))\noutput x, a, g"
    ).require()
    stream = program.outputs[0].stream
    assert not any("process" in column.name for column in stream.columns)
    assert isinstance(stream, bound.NamedStream)
    assert isinstance(stream.stream, bound.Sequenced)
    assert all(isinstance(step.stream, bound.Derived) for step in stream.stream.steps)
    alone = steps_of('(f where (process.exe == "x"), b)')
    assert isinstance(alone[0].stream, bound.Filtered)
