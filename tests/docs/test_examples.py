from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.docs.fences import Fence, fences, pages
from tests.docs.session import Session, car_fault, info_fault, shell, shown

PAGES = [page for page in pages() if page.exists()]
PROGRAMS = [pair for page in PAGES for pair in pairwise([*fences(page), None]) if pair[0] and pair[0].language == "car"]
RUNNING = [page for page in PAGES if any(f.language in ("console", "python") for f in fences(page))]


def _name(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_info_string_is_understood(page: Path) -> None:
    assert [fault for fence in fences(page) if (fault := info_fault(fence))] == []


@pytest.mark.parametrize(("fence", "following"), PROGRAMS, ids=[fence.place for fence, _ in PROGRAMS if fence])
def test_programs_check_as_the_page_says(fence: Fence, following: Fence | None) -> None:
    fault = car_fault(fence, following)
    assert fault is None, fault


@pytest.mark.parametrize("page", RUNNING, ids=_name)
def test_commands_and_python_do_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.run(fences(page))
    assert not session.faults, "\n\n".join(session.faults)


def test_the_pages_that_a_newcomer_reads_have_examples_of_every_kind() -> None:
    for name in ("README.md", "docs/tutorial.md"):
        languages = {fence.language for fence in fences(REPOSITORY / name)}
        assert {"car", "console"} <= languages, name
    assert any(fence.language == "python" for fence in fences(REPOSITORY / "docs/library.md"))


def test_the_readme_begins_with_two_commands_of_one_line_that_are_the_whole_set_up() -> None:
    first, output = fences(REPOSITORY / "README.md")[:2]
    assert first.language == "sh"
    run, test = first.text.split("\n")
    for command in (run, test):
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert test.endswith(" -m pytest -q -n auto --dist loadfile")
    assert output.language == "text"


def test_the_first_command_of_the_readme_shows_what_the_readme_shows(tmp_path: Path) -> None:
    first, output = fences(REPOSITORY / "README.md")[:2]
    command = first.text.split("\n")[0].split(" && ")[-1]
    assert command.startswith(".venv/bin/carlang run ")
    Session(tmp_path)
    status, written = shell(command.removeprefix(".venv/bin/"), tmp_path)
    assert (status, shown(output.text, written)) == (0, True), written
