"""A name that somebody wants to know the fields of means a class of events, a field of it, or a field at large."""

from __future__ import annotations

import pytest

from carlang.errors import CompileError
from carlang.model import builtin_model
from carlang.vocabulary import wanted

MODEL = builtin_model()


def told(name: str | None) -> list[str]:
    """Return what is meant by a name, in the form `object:action.field`."""
    return [
        each.object.name
        + (f":{each.action.name}" if each.action else "")
        + (f".{each.field.name}" if each.field else "")
        for each in wanted(name, MODEL)
    ]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Process", "process"),
        ("user session", "user_session"),
        ("Process:Create", "process:create"),
        ("Process:*", "process"),
        ("process/create", "process:create"),
        ("process.create", "process:create"),
        ("Thread:RemoteCreate", "thread:remote_create"),
        ("Process.command_line", "process.command_line"),
        ("Process:Create.CommandLine", "process:create.command_line"),
        ("process/create/exe", "process:create.exe"),
        ("process/exe", "process.exe"),
        ("Process.Image", "process.image_path"),
        ("Process.NewProcessName", "process.image_path"),
        ("process.parent.executable", "process.parent_image_path"),
        ("TargetObject", "registry.key"),
        ("process_creation", "process:create"),
        ("Network:Connection", "flow:start"),
        ("content", "file.content"),
    ],
)
def test_a_name_means_what_it_is_here_or_what_others_call_so(name: str, meant: str) -> None:
    assert meant in told(name)
    assert len(told(name)) == 1 or name == "content"


def test_a_field_at_large_is_that_of_every_object_that_has_one() -> None:
    assert set(told("uid")) == {f"{owner.name}.uid" for owner in MODEL.objects.values() if owner.field("uid")}
    assert len(told("time")) == len(told(None)) == len(MODEL.objects)
    assert told(None) == list(MODEL.objects)


@pytest.mark.parametrize(
    ("name", "code", "near"),
    [
        ("Proces", "CL203", "Process"),
        ("Proces:Create", "CL203", "Process"),
        ("Process:Craete", "CL204", "create"),
        ("Process:Start", "CL204", "create"),
        ("Process.comand_line", "CL201", "command_line"),
        ("Process:Create.parent_ex", "CL201", "parent_exe"),
        ("comand_line", "CL201", "command_line"),
        ("zzzzzzzz", "CL203", ""),
        ("Process:", "CL203", ""),
        ("Process:Create,Terminate", "CL203", ""),
        ('x"y (', "CL203", ""),
        ("", "CL203", ""),
    ],
)
def test_a_name_that_means_nothing_is_told_as_in_a_program(name: str, code: str, near: str) -> None:
    with pytest.raises(CompileError) as raised:
        wanted(name, MODEL)
    (fault,) = raised.value.diagnostics
    assert (fault.code.name, fault.repair) == (code, None)
    assert f"`{near}`" in fault.label if near else not fault.label


def test_what_is_another_name_is_said() -> None:
    assert [each.remark for each in wanted("TargetObject", MODEL)] == ["`TargetObject` is what others call `key`"]
    assert [each.remark for each in wanted("process_creation", MODEL)] == [
        "`process_creation` is `Process:Create` here"
    ]
    assert [each.remark for each in wanted("Process.Image", MODEL)] == ["`Image` is another name for `image_path`"]
    assert [each.remark for each in wanted("Process:create.EXE", MODEL)] == [""]
