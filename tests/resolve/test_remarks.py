"""Conditions that were hardly meant get a remark, and those that were meant get none."""

from __future__ import annotations

import pytest

import carlang
from carlang.store import open_store

P = "p = search Process:Create\n"


def remarks(condition: str) -> list[str]:
    return [d.code.name for d in carlang.check(f"{P}f = filter p where ({condition})\noutput f\n")]


@pytest.mark.parametrize(
    "pattern",
    [
        r"C:\Windows\System32",
        r"\\Device\\Foo\Windows",
        r"c:\windows\temp",
        r"D:\Data\bin",
        r"\System32",
        "foo$bar",
        r"\.exe$\s",
        "a^b",
        "/foo.*bar/",
        "/foo/i",
        r"/\d+/",
    ],
)
def test_a_pattern_that_was_hardly_meant_is_remarked_on(pattern: str) -> None:
    assert remarks(f'command_line match "{pattern}"') == ["CL415"]
    assert remarks(f'command_line match ["{pattern}", "x"]') == ["CL415"]


@pytest.mark.parametrize(
    "pattern",
    [
        r"C:\\Windows\\System32",
        r"net\suser",
        r"\bcmd\b",
        r"net\s+user\W+x",
        r"\d{1,3}\.\d",
        "(foo|bar)$",
        "foo$|bar",
        r"a\$b",
        "[$^]x",
        "[^a]b",
        "^foo",
        "(^foo|bar)",
        "/usr/bin/",
        "/foo",
        r"\.exe$",
        r"^\\\\[^\\]+\\C\$",
        "(?m)a$\nb",
    ],
)
def test_a_pattern_that_says_what_it_means_is_not(pattern: str) -> None:
    text = pattern.replace("\n", "")
    assert remarks(f'command_line match "{text}"') == []


@pytest.mark.parametrize(
    "never",
    [
        'exe == "a" and exe == "b"',
        'exe == "a" and pid == 1 and exe == "B"',
        'exe in ["a", "b"] and exe == "c"',
        'exe in ["a", "b"] and exe in ["c", "d"]',
        'exe == "a" and exe != "A"',
        'exe == "a" and exe not in ["a", "b"]',
        "pid == 1 and pid == 2",
        "pid < 3 and pid > 5",
    ],
)
def test_what_never_holds_is_remarked_on(never: str) -> None:
    assert remarks(never) == ["CL404"]


@pytest.mark.parametrize(
    "always",
    [
        'exe != "a" or exe != "b"',
        "pid != 1 or pid != 2",
        'exe == "a" or exe != "a"',
        'exe != "a" or exe not in ["b", "c"]',
    ],
)
def test_what_always_holds_is_remarked_on(always: str) -> None:
    assert remarks(always) == ["CL416"]


@pytest.mark.parametrize(
    "sound",
    [
        'exe == "a" and parent_exe == "b"',
        'exe == "a*" and exe == "*b"',
        'exe == "a" or exe == "b"',
        'exe != "a" and exe != "b"',
        'exe in ["a", "b"] and exe != "a"',
        'exe != "a" or exe not in ["a", "b"]',
        'exe != "a" or parent_exe != "b"',
        "pid > 3 and pid < 5",
        'exe in "at.exe"',
        'exe in command_line and "a, b" in command_line',
        'exe in ["a", "b"]',
    ],
)
def test_what_may_or_may_not_hold_is_not(sound: str) -> None:
    assert remarks(sound) == []


def test_lists_as_texts_and_null_in_lists_are_remarked_on() -> None:
    assert remarks('exe in "a.exe, b.exe"') == ["CL417"]
    assert remarks('parent_exe not in ["a", null]') == ["CL418"]


def test_a_pattern_is_taken_as_it_is_written_wherever_it_comes_from() -> None:
    store = open_store()

    def count(condition: str, before: str = "") -> int:
        result = carlang.run(f"{before}{P}f = filter p where ({condition})\noutput f\n", store=store)
        return result["f"].total

    expected = count(r'image_path startswith "C:\Windows"')
    assert expected > 0
    assert count(r'image_path match "^C:\\Windows"') == expected
    assert count(r"image_path match ['^C:\\Windows']") == expected
    assert count(r'image_path.matches("^C:\\Windows")') == expected
    assert count("image_path match k", 'k = "^C:\\\\Windows"\n') == expected
    assert count("image_path match ks", 'ks = ["^C:\\\\Windows", "nothing"]\n') == expected
    assert count(r'regex_extract(image_path, "^C:\\Windows") != null') == expected
    # Elsewhere the constant is the text that it always was.
    assert count("image_path startswith k", 'k = "C:\\\\Windows"\n') == expected
    assert count(r'command_line match "\""') == count('command_line contains "\\""') > 0
