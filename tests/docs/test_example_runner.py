"""The runner of examples finds what is wrong on a page."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.docs.fences import fences
from tests.docs.session import Session, car_fault, in_process, info_fault, plain_words, shell, shown

RENDERING = """\
error[CL204]: Process has no action `Craete`
 --> a.car:1:12
  |
1 | p = search Process:Craete
…
"""


def _page(folder: Path, text: str) -> Path:
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    return page


def _faults(folder: Path, text: str) -> list[str]:
    (folder / "run").mkdir()
    session = Session(folder / "run")
    session.run(fences(_page(folder, text)))
    return session.faults


def test_a_fence_ends_at_a_line_of_its_own_kind_and_loses_its_indentation(tmp_path: Path) -> None:
    page = _page(tmp_path, "- item\n\n  ````car file=x.car\n  ```\n    a\n  ````\n\n~~~python norun\n```\n~~~\n")
    first, second = fences(page)
    assert (first.line, first.language, first.file, first.text) == (3, "car", "x.car", "```\n  a")
    assert (second.line, second.language, second.words, second.text) == (8, "python", frozenset({"norun"}), "```")


def test_a_fence_that_is_never_closed_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"page\.md:3: the fence is never closed"):
        fences(_page(tmp_path, "text\n\n```car\na\n"))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("```car\noutput x\n```\n", "should have none"),
        ("```car error\nsearch Process:Create\n```\n", "should have errors"),
        (f"```car error\np = search Process:Create\noutput q\n```\n```text\n{RENDERING}```\n", "but check says"),
        ("```car\nsearch Process:Create\n```\n", None),
        ("```car error\noutput x\n```\n\n```text\nsomething else\n```\n", None),
    ],
)
def test_a_program_that_is_not_as_the_page_says_is_a_fault(tmp_path: Path, text: str, fault: str | None) -> None:
    fence, following = next(pairwise([*fences(_page(tmp_path, text)), None]))
    assert fence
    found = car_fault(fence, following)
    assert (found is None) if fault is None else (fault in str(found))


@pytest.mark.parametrize(
    "text",
    [
        "```console\n$ carlang --version\nnothing like it\n```\n",
        "```console\n$ carlang run nothing-of-that-name\n```\n",
        "```console\n$ rm -r x\n```\n",
        "```python\n1 / 0\n```\n",
        "```python\nprint(1)\n```\n```text output\n2\n```\n",
    ],
)
def test_an_example_that_does_not_do_what_the_page_shows_is_a_fault(tmp_path: Path, text: str) -> None:
    assert len(_faults(tmp_path, text)) == 1


def test_examples_of_a_page_share_a_folder_names_and_the_exit_status(tmp_path: Path) -> None:
    text = (
        "```car file=sub/a.car\noutput x\n```\n"
        "```python\nfrom pathlib import Path\ntext = Path('sub/a.car').read_text()\n```\n"
        "```python\nprint(text)\n```\n```text output\noutput x\n```\n"
        "```console\n$ carlang check sub/a.car\n…\n1 program checked: 1 error\n$ echo $?\n1\n```\n"
        "```console\n$ echo a \\\n  b\na b\n```\n"
        "```console norun\n$ rm -r x\n```\n"
    )
    assert _faults(tmp_path, text) == []


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("carlang run a --set x=1", ["carlang", "run", "a", "--set", "x=1"]),
        ("""carlang check -e 'p where exe == "*"' "a b" """, ["carlang", "check", "-e", 'p where exe == "*"', "a b"]),
        ("carlang run *.car", []),
        ("carlang run a | grep b", []),
        ("carlang run a > b", []),
        ("carlang run ~/a", []),
        ('carlang run "$HOME"', []),
        ('carlang run "a\\"b"', []),
        ("carlang run 'a' && echo", []),
        ("carlang run 'a", []),
    ],
)
def test_only_commands_that_no_shell_changes_run_without_one(command: str, words: list[str]) -> None:
    assert plain_words(command) == words


@pytest.mark.parametrize("arguments", ["--version", "check -e 'output x'", "run nothing-of-that-name"])
def test_a_command_shows_the_same_in_this_process_as_in_a_shell(tmp_path: Path, arguments: str) -> None:
    assert in_process(plain_words(arguments), tmp_path) == shell(f"carlang {arguments}", tmp_path)


@pytest.mark.parametrize(
    ("expected", "written", "is_so"),
    [
        ("a\nb", "a\nb\n", True),
        ("a\nb\n\n", "a  \nb", True),
        ("a\n…\nd", "a\nb\nc\nd\n", True),
        ("a\n…", "a\n", True),
        ("took … s", "took 0.3 s", True),
        ("took … s", "took 0.3\n s", False),
        ("a", "a\nb", False),
        ("b", "a\nb", False),
        ("a.c", "abc", False),
    ],
)
def test_three_dots_stand_for_what_differs_from_run_to_run(expected: str, written: str, is_so: bool) -> None:  # noqa: FBT001
    assert shown(expected, written) is is_so


def test_a_word_that_means_nothing_in_an_info_string_is_a_fault(tmp_path: Path) -> None:
    known, unknown = fences(_page(tmp_path, "```car error\n```\n```car eror\n```\n"))
    assert info_fault(known) is None
    assert "eror means nothing behind car" in str(info_fault(unknown))
