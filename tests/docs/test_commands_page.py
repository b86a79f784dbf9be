"""The page on commands has each command that there is, and no other, with each of its options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from carlang.cli.main import app
from tests.conftest import REPOSITORY

PAGE = (REPOSITORY / "docs" / "commands.md").read_text(encoding="utf-8")
# What every command has.
COMMON = {"--help"}


def _commands(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield commands by name, those of a group one by one."""
    commands = getattr(command, "commands", None)
    if commands is None:
        yield name, command
        return
    for inner in commands:
        yield from _commands(command.get_command(None, inner), f"{name} {inner}".strip())


COMMANDS = dict(_commands(app))


def _section(name: str) -> str:
    match = re.search(rf"^## {name}$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert match, f"the page has no section on `{name}`"
    return match[1]


def test_the_pages_table_lists_the_commands_that_there_are() -> None:
    listed = re.findall(r"^\| \[`([a-z ]+)`\]\(#[a-z-]+\) \|", PAGE, re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)
    assert len(COMMANDS) == 25


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_commands_section_has_its_options_and_no_other(name: str) -> None:
    section = _section(name)
    there_are = {option for parameter in COMMANDS[name].params for option in parameter.opts if option.startswith("--")}
    rows = re.findall(r"^\| (`-(?:\\\||[^|])*) \|", section, re.MULTILINE)
    listed = set(re.findall(r"--[a-z][a-z-]*", " ".join([*rows, section.split("\n\n")[1]])))
    assert there_are - COMMON == listed - COMMON
