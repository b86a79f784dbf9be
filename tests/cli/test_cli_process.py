"""What only a process of its own shows: the installed command, its pipes, its streams."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

import carlang
from tests.cli.commands import AT, CARLANG, FAULTY, UNSUPPORTED, environment, installed
from tests.conftest import PATIENCE


def test_the_installed_command_gives_every_status_that_it_promises(store: Path, tmp_path: Path) -> None:
    run = ("run", "--store", store)
    assert installed(*run, "-e", AT).status == 0
    assert installed(*run, "-e", UNSUPPORTED).status == 0
    assert installed(*run, "-e", FAULTY).status == 1
    assert installed(*run, "-e", AT, "--format", "none").status == 2
    assert installed(*run, "-e", AT, "--store", tmp_path / "none").status == 3
    assert installed(*run, "-e", AT, "--fail-on-hit").status == 4


def test_standard_input_is_read_as_utf8(store: Path) -> None:
    done = installed(
        "run", "-", "--store", store, "--format", "json", stdin="größe = search Process:Create\noutput größe\n"
    )
    assert done.status == 0
    assert done.json()["results"][0]["output"] == "größe"


@pytest.mark.parametrize("format_", ["ndjson", "csv", "json", "table", "html"])
def test_a_reader_that_goes_away_ends_a_run_quietly(format_: str, large_store: Path) -> None:
    program = "search Process:Create | filter command_line startswith '0'"
    options = ["--store", str(large_store), "--format", format_, "--limit", "20000"]
    command = shlex.join([CARLANG, "run", "-e", program, *options])
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -n 1; exit ${{PIPESTATUS[0]}}"],
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert "Broken pipe" not in done.stderr
    assert "error" not in done.stderr


def test_a_reader_that_goes_away_ends_a_check_quietly(programs: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{shlex.join([CARLANG, 'check', str(programs)])} | true; exit ${{PIPESTATUS[0]}}"],
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "Broken pipe" not in done.stderr
    assert done.returncode in (0, 1)


def test_the_version_and_the_help_go_to_standard_output() -> None:
    version = installed("--version")
    assert (version.status, version.out, version.err) == (0, f"carlang {carlang.__version__}\n", "")
    help_ = installed("--help")
    assert (help_.status, help_.err) == (0, "")
    for command in ("run", "check", "compile", "ingest", "store"):
        assert f"\n  {command} " in help_.out
        assert installed(command, "--help").status == 0


def test_a_command_that_there_is_not_is_wrong_usage() -> None:
    done = installed("rn")
    assert (done.status, done.out) == (2, "")
    assert "rn" in done.err


def test_no_colour_and_no_progress_where_there_is_no_terminal(store: Path) -> None:
    kept = {name: value for name, value in environment().items() if name != "NO_COLOR"}
    done = subprocess.run(
        [CARLANG, "run", "-e", FAULTY, "-e", AT, "--store", str(store)],
        env=kept,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert b"\x1b" not in done.stdout + done.stderr


def test_colour_is_for_terminals_that_want_it() -> None:
    def shown(**more: str) -> bytes:
        terminal, end = os.openpty()
        kept = {name: value for name, value in environment().items() if name != "NO_COLOR"}
        try:
            arguments = [CARLANG, "check", "-e", FAULTY]
            env = kept | {"TERM": "xterm"} | more
            subprocess.run(arguments, env=env, stdout=end, stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
            return os.read(terminal, 100_000)
        finally:
            os.close(end)
            os.close(terminal)

    assert b"\x1b[" in shown()
    assert b"\x1b[" not in shown(NO_COLOR="1")
