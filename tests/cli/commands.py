"""Commands as a user gives them, and programs that tests of several commands use."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from carlang.cli import main
from tests.conftest import PATIENCE

CARLANG = str(Path(sys.executable).with_name("carlang"))

AT = 'search Process:Create | filter exe == "at.exe"\n'
FAULTY = 'p = search Process:Create\nat = filter p where (command_lin == "at.exe")\noutput at\n'
WARNED = "p = search Process:Create\nat = filter p where (exe == 'at.exe')\n"
UNSUPPORTED = "t = search Thread:RemoteCreate\nthreads = filter t where (tgt_pid > 0)\noutput threads\n"


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        """Return standard output as the one JSON document that it must be."""
        return json.loads(self.out)

    def lines(self) -> list[dict[str, Any]]:
        """Return standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


def carlang(
    *arguments: str | Path,
    cwd: Path | None = None,
    stdin: str = "",
    env: dict[str, str] | None = None,
) -> Done:
    """Run a command in this process, with standard streams of its own; the environment of the tests names no store."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    with (
        patch.dict(os.environ, environment() | (env or {}), clear=True),
        patch.object(sys, "stdin", io.StringIO(stdin)),
        contextlib.chdir(cwd or Path.cwd()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main([*map(str, arguments)])
    assert isinstance(ended.value.code, int)
    return Done(ended.value.code, _text(out), _text(err))


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()


def installed(*arguments: str | Path, stdin: str = "", env: dict[str, str] | None = None) -> Done:
    """Run the installed command in a process of its own."""
    done = subprocess.run(
        [CARLANG, *map(str, arguments)],
        env=environment() | (env or {}),
        input=stdin.encode(),
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def environment() -> dict[str, str]:
    """Return the environment of the tests without what changes how the command behaves."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CARLANG_", "PYTHON"))}
    return kept | {"COLUMNS": "120", "NO_COLOR": "1", "PYTHONUTF8": "1"}


def process_record(number: int, exe: str = "at.exe", **data: object) -> dict[str, object]:
    """Return a record of Sysmon, one second of 2024-03-05 a number, as flat JSON."""
    return {
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "EventID": 1,
        "Hostname": "DESK7",
        "UtcTime": f"2024-03-05 08:{number // 60:02}:{number % 60:02}.000",
        "ProcessId": number,
        "Image": f"C:\\Windows\\System32\\{exe}",
        "CommandLine": f"{exe} {number}",
        **data,
    }


def write_log(path: Path, *records: object) -> Path:
    """Write a log of JSON lines; a text is written as it is."""
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
