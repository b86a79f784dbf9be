"""Names and texts that others chose reach a terminal as escapes only."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.cli.commands import CARLANG, environment
from tests.conftest import POSIX

NASTY = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e[/red]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of files whose names and contents are somebody else's."""
    with zipfile.ZipFile(tmp_path / "logs.zip", "w") as archive:
        archive.writestr(f"{NASTY}.json", json.dumps({"Channel": NASTY, "EventID": 1, "Hostname": "h"}) + "\nbroken")
    (tmp_path / f"{NASTY.replace('/', '')}.car").write_text(f"p = search Process:Craete // {NASTY}\noutput {NASTY}\n")
    title = json.dumps(NASTY)
    (tmp_path / "titled.car").write_text(
        f"---\nid: X-1\ntitle: {title}\ndescription: {title}\n---\nsearch Process:Create\n"
    )
    return tmp_path


@POSIX
@pytest.mark.parametrize(
    "arguments",
    [
        ("ingest", "logs.zip", "--store", "events"),
        ("ingest", "logs.zip", "--store", "events", "--format", "json"),
        ("ingest", "logs.zip", "--store", "events", "--explain"),
        ("ingest", NASTY, "--store", "events"),
        ("check", "."),
        ("check", ".", "--format", "json"),
        ("fmt", "--diff", "."),
        ("catalog", "show", "titled.car"),
        ("run", "titled.car"),
        ("run", "."),
        ("run", NASTY),
    ],
    ids=ascii,
)
def test_a_terminal_gets_no_sequence_but_colours(arguments: tuple[str, ...], folder: Path) -> None:
    terminal, end = os.openpty()
    command = [CARLANG, *arguments]
    with subprocess.Popen(
        command, env=environment() | {"TERM": "xterm"}, cwd=folder, stdout=end, stderr=end
    ) as process:
        os.close(end)
        written = b""
        while True:
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # Linux says so where the other end is closed
                break
            if not piece:
                break
            written += piece
    os.close(terminal)
    assert process.returncode != 70, written
    text = written.decode()
    assert "owned" in text
    for sequence in ("\x1b[2J", "\x1b]0;", "\x07", "\x9b", "\u202e"):
        assert sequence not in text
