"""Which columns of an output conditions tested, and which the program made: through all that streams are made of."""

from __future__ import annotations

import pytest

from carlang.resolve.tested import looked_at_columns
from tests.resolve.programs import compiled

HEAD = """p = search Process:Create
f = search File:Create
c = filter p where (exe == "cmd.exe")
"""

CASES = [
    # lines, of which the last is an output, tested, computed
    ("x = p", "", ""),
    ("x = c", "exe", ""),
    ("x = filter c where (command_line contains user or not pid > 4)", "command_line exe pid user", ""),
    ('x = filter p where (extra.x == "1" and any contains "y")', "extra", ""),
    ('x = filter p where (process.parent.exe == "x")', "", ""),
    ("k = max(f.pid)\nx = filter p where (user in unique(f.user) and pid > k)", "pid user", ""),
    ('c.y = lower(command_line)\nx = filter c where (y == "y")', "command_line exe y", "y"),
    ("c.y = lower(command_line)\nx = c", "exe", "y"),
    ("c.y = lower(exe)\nx = c", "exe y", "y"),
    ("c.exe = lower(command_line)\nx = c", "", "exe"),
    ('c.exe = lower(command_line)\nx = filter c where (exe == "y")', "command_line exe", "exe"),
    ("x = c | select lower(exe) as y, command_line, pid", "y", "y"),
    ('x = p | select exe as y, lower(exe) as z | filter (z == "z")', "y z", "z"),
    ("x = join (c, p) where (c.pid == p.ppid)", "c.exe c.pid p.ppid", ""),
    ("d = c\nx = join (c, d) where (c.pid == d.ppid and d.user exists)", "c.exe c.pid d.exe d.ppid d.user", ""),
    ('u = filter p where (user == "x")\nx = c + u', "exe user", ""),
    ("x = p - c", "exe", ""),
    ("x = p - c by image_path", "exe image_path", ""),
    ("x = unique(c.user)", "user", ""),
    ("x = unique c by user", "exe user", ""),
    ("x = c | sort by pid | head 3", "exe pid", ""),
    ("x = group c by user", "user", "count first_time last_time"),
    ("x = group c by user having (count > 3 and count(distinct pid) > 2)", "count user", "count first_time last_time"),
    ("x = c | group by user | select user, values(exe) as names, values(pid) as pids", "names user", "names pids"),
    (
        "x = c | group by user every 1 hour | filter (start exists)",
        "start user",
        "count end first_time last_time start",
    ),
    (
        "x = sequence (c, p where (p.ppid == c.pid)) by hostname",
        *("c.exe c.hostname c.pid p.hostname p.ppid", ""),
    ),
    ("x = sequence (c, no f where (f.user == c.user), p * 2)", "c.exe c.user", "p.first_time"),
    ("x = together (c, f) by user within 5 minutes", "c.exe c.user f.user", ""),
    ("x = children of c", "", "depth"),
]


@pytest.mark.parametrize(("lines", "tested", "computed"), CASES)
def test_columns_that_were_tested_and_made(lines: str, tested: str, computed: str) -> None:
    program = compiled(f"{HEAD}{lines}\noutput x\n")
    assert [d.message for d in program.diagnostics if d.code.severity.value == "error"] == []
    columns = looked_at_columns(program.require().outputs[0].stream)
    assert (sorted(columns.tested), sorted(columns.computed)) == (tested.split(), computed.split())


def test_columns_come_in_the_order_of_the_output() -> None:
    stream = compiled(f'{HEAD}x = filter c where (user == "x" and pid > 3)\noutput x\n').require().outputs[0].stream
    names = [column.name for column in stream.columns]
    assert list(looked_at_columns(stream).tested) == [name for name in names if name in {"exe", "pid", "user"}]


def test_streams_that_are_joined_with_themselves_again_and_again_take_no_time() -> None:
    doubled = "\n".join(f"t{n} = filter s{n} where (pid > {n})\ns{n + 1} = s{n} + t{n}" for n in range(50))
    program = compiled(f"{HEAD}s0 = c\n{doubled}\noutput s50\n").require()
    assert looked_at_columns(program.outputs[0].stream).tested == ("exe", "pid")
