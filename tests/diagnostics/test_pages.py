"""Every diagnostic says where its code is explained: a command as a rule, an address where one is set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import carlang
from carlang.diagnostics import CODES, diagnostic_json, page_address, see_text
from tests.cli.commands import carlang as command

PROGRAM = "search Proces | filter exe = 3 and exe = 4"
ADDRESS = "https://wiki.example/{code}.html"


def test_each_code_is_named_once_and_not_too_many() -> None:
    found = carlang.check(PROGRAM)
    assert see_text([]) == ""
    assert see_text(found) == "see: carlang explain CL203 CL308 CL404"
    many = [carlang.Diagnostic(code, "", found[0].source, found[0].span) for code in CODES.values()]
    assert see_text(many).endswith(" …")
    assert len(see_text(many)) <= 80


def test_an_address_has_the_code_where_it_says_so_else_at_its_end() -> None:
    assert page_address(CODES["CL201"], ADDRESS) == "https://wiki.example/CL201.html"
    assert page_address(CODES["CL201"], "https://x/#") == "https://x/#CL201"
    assert see_text(carlang.check(PROGRAM)[:1], ADDRESS) == "see: https://wiki.example/CL203.html"


def test_json_has_the_command_and_the_address() -> None:
    (found, *_) = carlang.check(PROGRAM)
    assert (diagnostic_json(found)["explain"], diagnostic_json(found)["page"]) == ("carlang explain CL203", None)
    assert diagnostic_json(found, ADDRESS)["page"] == "https://wiki.example/CL203.html"


@pytest.mark.parametrize("code", sorted(CODES))
def test_the_command_that_is_named_shows_the_page(code: str) -> None:
    done = command("explain", code)
    assert (done.status, done.out.splitlines()[0]) == (0, f"# {code}: {CODES[code].title}")


def test_commands_say_it_below_what_they_found(tmp_path: Path) -> None:
    assert command("check", "-e", PROGRAM).out.endswith("\n\nsee: carlang explain CL203 CL308 CL404\n")
    assert "see: carlang explain CL203" in command("run", "-e", PROGRAM).out
    assert "see: carlang explain CL203" in command("compile", "-e", PROGRAM).err
    assert "see:" not in command("check", "-e", "search Process | filter pid > 4").out
    (tmp_path / "carlang.toml").write_text(f'[diagnostics]\npages = "{ADDRESS}"\n', encoding="utf-8")
    here = command("check", "-e", PROGRAM, cwd=tmp_path)
    assert here.out.splitlines()[-3] == "see: https://wiki.example/CL203.html"
    env = {"CARLANG_PAGES": "https://ours.example/"}
    report = json.loads(command("run", "-e", PROGRAM, "--format", "json", cwd=tmp_path, env=env).out)
    assert report["failed"][0]["diagnostics"][0]["page"] == "https://ours.example/CL203"


def test_an_address_is_one(tmp_path: Path) -> None:
    settings = tmp_path / "carlang.toml"
    settings.write_text('[diagnostics]\npages = "docs/"\n', encoding="utf-8")
    with pytest.raises(carlang.SettingsError, match="`pages` is an address"):
        carlang.Project.read(settings)
