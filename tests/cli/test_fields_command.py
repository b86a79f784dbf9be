from __future__ import annotations

import json

import pytest

from carlang.foreign import is_foreign_field
from tests.cli.commands import carlang
from tests.conftest import REPOSITORY

SAMPLE = REPOSITORY / "carlang" / "sample"


def test_a_class_has_a_line_a_field_in_a_pipe() -> None:
    done = carlang("fields", "Process:Create", "--store", SAMPLE, env={"COLUMNS": ""})
    assert done.status == 0
    (line,) = [line for line in done.out.splitlines() if line.startswith("command_line ")]
    for part in ("string", "92%", "The program as it was called", "defender_xdr: ProcessCommandLine"):
        assert part in line
    assert "in the store: 310 events on 2 hosts" in done.out
    company = carlang("fields", "File.company", env={"COLUMNS": ""}).out.splitlines()[-1]
    assert company.rstrip().endswith("no sensor fills it")


@pytest.mark.parametrize("width", [80, 120])
def test_on_a_terminal_no_line_is_wider_than_it(width: int) -> None:
    for arguments in ([], ["Process:Create"], ["user"], ["Process.integrity_level"]):
        lines = carlang("fields", *arguments, "--store", SAMPLE, env={"COLUMNS": str(width)}).out.splitlines()
        assert max(map(len, lines)) <= width
        assert lines


def test_all_objects_are_listed_with_their_actions() -> None:
    done = carlang("fields", "--store", SAMPLE)
    assert any(line.startswith("process ") and "create (310), terminate" in line for line in done.out.splitlines())
    assert "every event has: time, hostname" in done.out


def test_what_others_call_so_is_said_beside_the_answer() -> None:
    done = carlang("fields", "TargetObject")
    assert (done.status, done.err) == (0, "`TargetObject` is what others call `key`\n")
    assert "registry" in done.out


def test_a_near_miss_is_wrong_usage_with_what_was_meant() -> None:
    done = carlang("fields", "Process:Craete")
    assert (done.status, done.out) == (2, "")
    assert "error[CL204]: Process has no action `Craete`" in done.err
    assert "did you mean `create`?" in done.err
    assert "repair" not in done.err


def test_json_has_all_of_it() -> None:
    document = json.loads(carlang("fields", "pid", "--store", SAMPLE, "--format", "json").out)
    assert (document["version"], document["store"]) == (1, str(SAMPLE))
    process = next(each for each in document["classes"] if each["object"] == "process")
    (field,) = process["fields"]
    assert (field["name"], field["type"], field["filled"], field["hosts_without"]) == ("pid", "integer", 1.0, 0)
    assert field["sensors"]["auditd"] == ["SYSCALL.pid"]
    assert all(is_foreign_field(name) for name in field["elsewhere"])
    bare = json.loads(carlang("fields", "--format", "json").out)
    assert bare["store"] is None
    assert {each["events"] for each in bare["classes"]} == {None}
