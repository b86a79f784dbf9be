from __future__ import annotations

import pytest

from carlang.analytic import load_text
from carlang.repair import repair_analytic

P = "p = search Process:Create\n"


def repaired(text: str) -> str:
    (found,) = repair_analytic(load_text(text))
    (again,) = repair_analytic(load_text(found.text))
    assert not again.changed, "a second repair finds something to do"
    return found.text


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        # strings
        ("q = filter p where (exe == “at.exe”)", 'q = filter p where (exe == "at.exe")'),
        ("q = filter p where (command_line == *add*)", 'q = filter p where (command_line == "*add*")'),
        ("q = filter p where (command_line == * -x y *)", 'q = filter p where (command_line == "* -x y *")'),
        ("q = filter p where (exe == svchost.exe)", 'q = filter p where (exe == "svchost.exe")'),
        (
            "q = filter p where (image_path == C:\\a\\b.exe or exe == C:\\c.exe)",
            'q = filter p where (image_path == "C:\\a\\b.exe" or exe == "C:\\c.exe")',
        ),
        (
            "q = filter p where (command_line match \\d{1,3}\\.\\d)",
            'q = filter p where (command_line match "\\d{1,3}\\.\\d")',
        ),
        ('q = filter p where (image_path == "C:\\")', 'q = filter p where (image_path == "C:\\\\")'),
        ('q = filter p where (exe == "a.exe"")', 'q = filter p where (exe == "a.exe")'),
        ('q = filter p where (exe == "a.exe)', 'q = filter p where (exe == "a.exe")'),
        (
            'q = filter p where (exe == "a.dll OR exe == "b.dll OR exe = "c.exe")',
            'q = filter p where (exe == "a.dll" OR exe == "b.dll" OR exe = "c.exe")',
        ),
        (
            'q = filter p where (image_path == C:\\a.exe" and exe == "b.exe")',
            'q = filter p where (image_path == "C:\\a.exe" and exe == "b.exe")',
        ),
        # brackets and commas
        ('q = filter p where (exe == "a"', 'q = filter p where (exe == "a")'),
        ('q = filter p where (exe == "a"))', 'q = filter p where (exe == "a")'),
        ('q = filter p where (exe == "a") or exe == "b")', 'q = filter p where (exe == "a") or exe == "b"'),
        ('q = filter p where (exe in ["a" "b"])', 'q = filter p where (exe in ["a", "b"])'),
        ("q = from p select exe as a lower(exe) as b", "q = from p select exe as a, lower(exe) as b"),
        # names
        ('q = filter p where (Image == "C:\\a.exe")', 'q = filter p where (image_path == "C:\\a.exe")'),
        ('q = filter p where (command_linee == "a")', 'q = filter p where (command_line == "a")'),
        ('q = filter p where (comman_line == "a")', 'q = filter p where (command_line == "a")'),
    ],
)
def test_a_certain_fault_of_a_statement_is_repaired(broken: str, whole: str) -> None:
    assert repaired(f"{P}{broken}\noutput q\n") == f"{P}{whole}\noutput q\n"


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        (
            "search File:Create and File:Delete | count by hostname\n",
            "search File:Create or File:Delete | count by hostname\n",
        ),
        ("p = search Process:Create\nq = filter p where exe exists\n", None),
        ("processes = search Process\nq = filter process where exe exists\noutput q\n", None),
        (
            "p = search Process\np = filter (exe exists)\noutput p\n",
            "p = search Process\np = filter p (exe exists)\noutput p\n",
        ),
        (f'{P}bcdedit_commands = filter p where (exe == "a")\noutput bcedit_commands\n', None),
        (f'{P}appinit_keys = filter p where (exe == "a")\noutput clsid_keys\n', None),
        (f'{P}reg_processes = filter p where (exe == "a")\ng = group reg by hostname\noutput g\n', None),
    ],
)
def test_a_program_that_can_only_mean_one_thing_is_repaired(broken: str, whole: str | None) -> None:
    text = repaired(broken)
    assert text != broken
    assert whole is None or text == whole
    assert all(d.severity.value != "error" for d in load_text(text).diagnostics)


@pytest.mark.parametrize(
    "guess",
    [
        'q = filter p where (exe == "a" parent_exe == "b")',  # and, or?
        'q = filter p where ((exe == "a" or exe == "b" and pid == 1)',  # where does it close?
        'q = filter p where (exe == "a" and exe == "b" or pid == 1))',  # where does it open?
        'q = filter p where ((exe == "a" and (pid == 1 or pid == 2)',  # two of them
        'q = filter p where (exe == "C:\\Program Files (x86)',  # a bracket of the path?
        "q = filter p where (image_path == C:\\Program Files\\a.exe)",  # how far does it go?
        'q = filter p where (command == "a")',  # command_line?
        "q = filter p where (tid == 4)",  # a field of threads
        'q = filter p where (exe == "a and pid == 1)',  # what is text?
        'q = filter p where (exe in ["a", ...])',  # what else?
        'q = filter p where (exe = a"b)',
        'q = filter p where (exe == "at.exe" and (pid == 3 or pid == 4 or ppid == 5)',  # behind 4 or behind 5?
        "q = filter p where (pid == 1 or pid == 2\n  (ppid == 3) and ppid == 4)",  # and, or?
        'q = filter p where (command_line contains "-p \\"foo\\" and exe == "x.exe")',  # where does the text end?
        'q = filter p where (command_line contains "say \\"hi" or exe == "x.exe" and pid == "4)',
        'q = filter p where (signed == "false")',  # signer?
        "q = filter p where (command_line match /foo.*bar/)",
    ],
)
def test_a_guess_is_left_to_the_analyst(guess: str) -> None:
    text = f"{P}{guess}\noutput q\n"
    assert repaired(text) == text


@pytest.mark.parametrize(
    "text",
    [
        f"{P}a = filter p where (pid == 1)\nb = filter p where (pid == 2)\noutput c_all\n",  # a or b?
        f"{P}host_a = filter p where (pid == 1)\noutput host_b, p\n",
        f"{P}q1 = filter p where (pid == 1)\nr = filter q2 where (pid == 2)\noutput r, q1\n",
    ],
)
def test_a_name_that_may_mean_something_else_is_left(text: str) -> None:
    assert repaired(text) == text


LINES = """p = search Process:Create
f = filter p where ( parent_exe exists and
  (exe == "a" and (pid != 1 and pid != 2){} or
  (exe == "b" and (pid != 3 and pid != 4)) or
  (exe == "c" and pid != 5) or
  (exe == "d" and pid != 6) or
  (exe == "e" and pid != 7){}
output f
"""


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        (
            'log_name == "S" and\nlevel == "a"\nevent_code == "3" and\nmessage == "b"\n',
            'log_name == "S" and\nlevel == "a" and\nevent_code == "3" and\nmessage == "b"\n',
        ),
        (LINES.format("", ""), LINES.format(")", ")")),
        (
            f'{P}f = filter p where (\n  exe == "a" and\noutput f\n',
            f'{P}f = filter p where (\n  exe == "a")\noutput f\n',
        ),
        (
            f"{P}f = filter p where (\n  pid == 1 and\n  pid == ppid\n  (exe == parent_exe)\n)\noutput f\n",
            f"{P}f = filter p where (\n  pid == 1 and\n  pid == ppid and\n  (exe == parent_exe)\n)\noutput f\n",
        ),
        (
            f"{P}pid_max = max(p.pid)\nf = filter p where (pid == max)\noutput f\n",
            f"{P}pid_max = max(p.pid)\nf = filter p where (pid == pid_max)\noutput f\n",
        ),
    ],
)
def test_what_a_person_would_be_certain_of_is_repaired(broken: str, whole: str) -> None:
    assert repaired(broken) == whole


def test_a_bracket_that_is_open_behind_the_uneven_line_raises_nothing() -> None:
    text = LINES.format("", "").replace("( parent", "parent").replace("pid != 7)", "pid != 7)[ or\n  (pid == 8)")
    assert repaired(text)


def test_one_repair_brings_the_next_to_light() -> None:
    broken = f'{P}q = filter p where (command_linee == "a"\n'
    assert repaired(broken) == f'{P}q = filter p where (command_line == "a")\noutput q\n'


def test_faults_that_stay_do_not_keep_the_others_from_being_repaired() -> None:
    broken = f"{P}a = filter p where (exe == svchost.exe)\nb = filter p where (no_such == 1)\noutput a, b\n"
    assert repaired(broken) == broken.replace("svchost.exe", '"svchost.exe"')


def test_a_sound_program_is_left_alone() -> None:
    text = f'{P}q = filter p where (dest == "4")\n'.replace("dest", "pid") + "output q\n"
    assert repaired(text) == text


def test_what_was_repaired_is_told() -> None:
    (found,) = repair_analytic(load_text(f"{P}q = filter p where (exe == a.exe)\n"))
    assert {d.code.name for d in found.applied} == {"CL202", "CL401"}
    assert found.changed
