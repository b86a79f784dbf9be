"""Nothing that others chose steers a terminal: a session through every command, over hostile logs, names, analytics.

Without colours the terminal is to get printable characters and newlines, and nothing else. With them it also gets
sequences of ours, which is why the hostile texts have others.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from carlang.cli import main
from carlang.cli.main import app
from tests.cli.commands import CARLANG, environment, process_record
from tests.cli.commands import carlang as command
from tests.conftest import PATIENCE, POSIX

# Clears the screen, renames the window, rings, paints (as diagnostics do, as nobody does, as C1), turns text round,
# breaks lines, hides tags, links; markup of rich's, and emoji by name.
CONTROLS = "\x1b[2J\x1b]0;owned\x07\x1b[1;31mred\x1b[38;5;99m\x9b31m\x7f\x08\r"
FORMATS = "\u200e\u200f\u202a\u202e\u2066\u2069\u2028\u2029\ufeff\u061c\u200b\U000e0041\U000e007f"
MARKUP = "[red]m[/red][/x][link=http://evil.example]l[/link]:bomb:"
NASTY = f"owned{CONTROLS}{FORMATS}{MARKUP}"
NAME = NASTY.replace("/", "|")
LINES = f"{NAME}\nforged line\ttab"
BYTES = b"owned\xff\x9b31m\x1b[2J"

PAINT = re.compile(r"\x1b\[[0-9;]*m")
OURS = re.compile(r"\x1b\[(?:\?25[lh]|2K|1A)")  # how the progress bar hides the cursor, clears its line and goes up


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files whose names and contents are somebody else's."""
    folder = tmp_path_factory.mktemp("hostile")
    _write_logs(folder)
    _write_analytics(folder)
    settings = folder / "settings"
    settings.mkdir()
    key = "".join(f"\\U{ord(char):08x}" for char in NASTY)
    (settings / "carlang.toml").write_text(f'"{key}" = 1\n', encoding="utf-8")
    above = folder / NAME
    (above / "below").mkdir(parents=True)
    (above / "carlang.toml").write_text('store = "events"\n', encoding="utf-8")
    (folder / "sensor.yaml").write_text(f"sensor: {json.dumps(NASTY)}\n{json.dumps(NASTY)}: 1\n", encoding="utf-8")
    (folder / "model").mkdir()
    model = {"objects": {NASTY: {"title": NASTY, NASTY: 1}}, NASTY: 1}
    (folder / "model" / "ours.yaml").write_text(json.dumps(model), encoding="utf-8")
    (folder / "model" / "carlang.toml").write_text('[model]\nextend = ["ours.yaml"]\n', encoding="utf-8")
    plain = folder / f"plain{NAME}" / "process" / "create"
    plain.mkdir(parents=True)
    rows = {"time": [None], "object": ["process"], "action": ["create"], "sensor": [NASTY], NASTY: [NASTY]}
    pq.write_table(pa.table(rows | {"exe": [NASTY], "command_line": [NASTY]}), plain / "a.parquet")
    # A store with a file that no commit named, and one that is gone.
    assert command("ingest", "logs", "--store", "damaged", cwd=folder).status == 3
    stored = sorted((folder / "damaged").rglob("*.parquet"))
    shutil.copy(stored[0], stored[0].with_name(f"{NAME}.parquet"))
    stored[-1].unlink()
    return folder


def _write_logs(folder: Path) -> None:
    logs = folder / "logs"
    logs.mkdir()
    hostile = {"Channel": NASTY, "EventID": 1, "Hostname": NASTY, "Provider": NASTY, NASTY: NASTY}
    lines = [
        json.dumps(process_record(1, **{"Image": NASTY, "CommandLine": NASTY, "Hostname": NASTY, NASTY: NASTY})),
        json.dumps(hostile),
        json.dumps(hostile | {"EventID": NASTY}),
        f'{{"Channel": "{NASTY}',
    ]
    (logs / f"{LINES}.json").write_text("\n".join(lines), encoding="utf-8")
    with zipfile.ZipFile(logs / "logs.zip", "w") as archive:
        archive.writestr(f"{NAME}.json", json.dumps(hostile) + f"\nbroken {NASTY}")
    (logs / "a.csv").write_text(f'Channel,EventID,"{NAME}"\n{NAME},1,"{NAME}\n', encoding="utf-8")
    (logs / "a.xml").write_text(f"<Events><Event><System><Channel>{FORMATS}{NASTY}</Channel></x>", encoding="utf-8")
    (logs / "audit.log").write_text(f"type={NASTY} msg=audit(1.000:1): a={NASTY}\n", encoding="utf-8")
    with contextlib.suppress(OSError):  # some file systems have names in Unicode alone
        Path(os.fsdecode(os.fsencode(logs) + b"/" + BYTES + b".json")).write_text("broken")


def _write_analytics(folder: Path) -> None:
    detections = folder / "detections"
    detections.mkdir()
    (detections / f"{LINES}.car").write_text(
        f"p = search Process:Craete // {NASTY}\noutput {NASTY}\n", encoding="utf-8"
    )
    quoted = json.dumps(NASTY)
    link = json.dumps(f"[text](http://evil.example/{FORMATS}) {NASTY}\n\n# {NASTY}\n\n    {NASTY}\n")
    event = {"object": "process", "action": "create", "exe": NASTY, "command_line": NASTY}
    case = {"name": NASTY, "events": [event], "expect": {"p": [{"exe": NASTY + "x"}]}}
    coverage = [{"technique": NASTY, "tactics": [NASTY], "coverage": NASTY}]
    head = f"id: X-1\ntitle: {quoted}\ndescription: {link}\n{quoted}: 1\nreferences: [{quoted}]\n"
    (detections / "titled.car").write_text(
        f"---\n{head}coverage: {json.dumps(coverage)}\ntests: {json.dumps([case])}\n---\n"
        f"p = search Process:Create\n// {NASTY}\nq = filter p where (exe == '{NAME}' or comand == 1)\noutput p\n",
        encoding="utf-8",
    )
    (detections / "runs.car").write_text(
        f"---\nid: {quoted}\ntitle: {quoted}\ntests: {json.dumps([case])}\n---\n"
        "p = search Process:Create\noutput p\nt = search Thread\noutput t\n",
        encoding="utf-8",
    )
    (detections / f"{NAME}.md").write_text(
        f"# {NASTY}\n\n## Pseudocode\n\n```\np = search Process:Create | filter exe = {NASTY}\n```\n", encoding="utf-8"
    )
    (detections / f"{NAME}.yaml").write_text(f"id: {quoted}\n{quoted}: {{\n", encoding="utf-8")
    (detections / f"bytes{NAME}.car").write_bytes(b"p = search Process:Create " + BYTES)


# Each command with arguments that reach its branches; the folder's own names are put in place of braces.
COMMANDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "export": (
        ("detections/runs.car",),
        ("detections", "--format", "json"),
        ("-e", f"search Process:Create | filter exe == '{NASTY}'"),
        (NASTY, "--to", NASTY),
    ),
    "run": (
        ("detections", "--store", "{plain}"),
        ("detections/runs.car", "--store", "{plain}"),
        *(("detections", "--store", "{plain}", "--format", f) for f in ("json", "ndjson", "csv", "timesketch")),
        *(
            ("detections", "--store", "{plain}", "--format", f)
            for f in ("html", "navigator", "parquet", "timeline", "xlsx", "markdown")
        ),
        (NASTY,),
        ("-e", NASTY),
        ("-e", f"search Process:Create | filter exe == '{NASTY}'", "--store", "{plain}"),
        ("-e", "search Process:Create", "--store", NASTY),
        ("-e", "search Process:Create", "--param", f"{NASTY}=1"),
        ("-e", "search Process:Create", "--now", NASTY),
        ("-e", "search Process:Create", "--output", f"{NASTY}/a"),
        ("-e", "search Process:Create", "--technique", NASTY),
        ("-e", "search Process:Create", "--timeout", NASTY),
        ("-e", "search Process:Create", "--memory-limit", NASTY),
        ("--format", NASTY),
        ("--limit", NASTY),
        (f"--{NASTY}",),
        ("--format",),
    ),
    "hunt": (
        ("logs", "-v"),
        (NASTY,),
        ("logs", "--output", f"{NASTY}/a.html"),
        ("logs", "--output", f"a.{NAME}"),
        ("logs", "--keep", f"logs/{LINES}.json"),
        ("logs", "--min-level", NASTY),
    ),
    "check": (
        ("detections",),
        ("detections", "--store", "{plain}"),
        ("detections", "--format", "json"),
        ("detections", "--strict"),
        ("--fix", "-e", f"p = search Process:Create where (exe == cmd.exe and comand == '{NASTY}'"),
        (NASTY,),
        ("--format", NASTY),
    ),
    "fmt": (
        ("--diff", "detections"),
        ("--check", "detections"),
        ("-e", f"p = search Process:Create where exe='{NASTY}'"),
        ("-e", NASTY),
        (NASTY,),
    ),
    "compile": (
        ("detections",),
        *(("-e", f"search Process:Create | filter exe == '{NAME}'", "--stage", s) for s in ("ast", "bound", "sql")),
        ("--stage", NASTY),
        ("--dialect", NASTY),
    ),
    "explain": (
        ("detections", "--store", "{plain}"),
        ("detections/runs.car", "--store", "{plain}", "--sql"),
        ("-e", f"search Process:Create | filter exe == '{NAME}'", "--sql"),
        ("-e", f"search Process:Create | filter exe == '{NAME}'", "--format", "json"),
        (NASTY,),
        ("--format", NASTY),
        ("CL201", NASTY),
    ),
    "fields": (
        (),
        ("--store", "{plain}"),
        ("process:create", "--store", "{plain}"),
        ("pid", "--store", "{plain}", "--format", "json"),
        (NASTY,),
        (f"process.{NAME}",),
        ("--format", NASTY),
    ),
    "baseline": (
        ("make", "detections", "--store", "{plain}", "--until", "2100-01-01"),
        ("make", NASTY, "--until", NASTY),
        ("make", "detections", "--store", NASTY, "--until", "2100-01-01", "--output", f"{NASTY}/a"),
    ),
    "schema": (("run",), ("ndjson",), (NASTY,)),
    "new": ((NASTY,), ("A", "--to", "{imported}"), ("A", "--to", f"logs/{LINES}.json")),
    "test": (("detections", "--jobs", "1"), ("detections", "--jobs", "1", "--format", "junit"), (NASTY,)),
    "import": (("detections", "--to", "{imported}"), ("detections", "--to", "{imported}"), (NASTY,)),
    "ingest": (
        ("logs", "--store", "{store}"),
        ("logs", "--store", "{store}", "--format", "json"),
        ("logs", "--store", "{store}", "--explain"),
        ("logs", "--store", "{store}", "--explain", "--format", "json"),
        ("logs", "--store", "{store}", "--sensor", "sensor.yaml"),
        ("logs", "--store", "{store}", "--sensor", NASTY),
        ("logs", "--store", f"logs/{LINES}.json"),
        ("logs/logs.zip", "--store", NASTY),
        (NASTY, "--store", "{store}"),
    ),
    "store": (
        ("info", "{plain}"),
        ("info", "{store}"),
        ("info", "{store}", "--format", "json"),
        ("info", NASTY),
        ("schema", "{plain}"),
        ("schema", "{plain}", "--format", "json"),
        ("info", "{plain}", "--by", "host"),
        ("check", "damaged"),
        ("check", "damaged", "--format", "json"),
        ("check", NASTY),
        ("repair", "damaged"),
        ("repair", NASTY),
        ("vacuum", "damaged"),
        ("vacuum", "damaged", "--older-than", NASTY),
        ("compact", "{plain}"),
        ("compact", NASTY),
        (NASTY,),
    ),
    "catalog": (
        ("list", NASTY),
        ("show", "detections/titled.car"),
        ("show", "{md}"),
        ("show", NASTY),
        ("export", "detections"),
        ("export", "detections", "--to", "{imported}"),
        ("export", "detections", "--to", f"logs/{LINES}.json"),
        ("coverage", "--format", NASTY),
        ("coverage", "--store", NASTY),
        ("references", "detections"),
        ("references", "--check", "detections"),
    ),
    NASTY: ((),),
}


def commands(group: Any) -> Iterator[tuple[str, ...]]:
    """Yield the ways to all commands of a group."""
    for name, command_ in group.commands.items():
        yield from ((name, *rest) for rest in commands(command_)) if hasattr(command_, "commands") else [(name,)]


def test_the_session_goes_through_every_command() -> None:
    gone_through: set[tuple[str, ...]] = {(name,) for name in COMMANDS}
    gone_through |= {(name, given[0]) for name in COMMANDS for given in COMMANDS[name] if given}
    assert set(commands(app)) <= gone_through


def places(folder: Path) -> dict[str, str]:
    return {
        "plain": f"plain{NAME}",
        "store": "events",
        "imported": str(folder / f"imported{NAME}"),
        "md": f"detections/{NAME}.md",
    }


@contextlib.contextmanager
def terminal(environment: dict[str, str]) -> Iterator[list[bytes]]:
    """Make both standard streams a terminal, and give what it got when the block is over."""
    ours, theirs = os.openpty()
    got: list[bytes] = []

    def read() -> None:
        # Linux gives an error where the other end is closed, others nothing.
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 65536):
                got.append(piece)

    reader = threading.Thread(target=read)
    reader.start()
    out, err = (open(os.dup(theirs), "w", encoding="utf-8", newline="") for _ in range(2))  # noqa: SIM115, PTH123
    try:
        with (
            patch.dict(os.environ, environment, clear=True),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            yield got
    finally:
        out.close()
        err.close()
        os.close(theirs)
        reader.join(30)
        os.close(ours)


def session(folder: Path, name: str, environment: dict[str, str]) -> str:
    """Give a command all of its arguments in turn on one terminal, and return what the terminal got."""
    named = places(folder)
    with contextlib.chdir(folder), terminal(environment) as got:
        for arguments in COMMANDS[name]:
            filled = [named[a[1:-1]] if a.startswith("{") and a[1:-1] in named else a for a in arguments]
            with pytest.raises(SystemExit) as ended:
                main([name, *filled])
            assert ended.value.code != 70, (name, arguments, b"".join(got))
    return b"".join(got).decode("utf-8")


@POSIX
@pytest.mark.parametrize("name", COMMANDS, ids=ascii)
def test_a_terminal_without_colours_gets_printable_characters_alone(name: str, folder: Path) -> None:
    text = session(folder, name, environment() | {"TERM": "dumb", "COLUMNS": "200"})
    assert "owned" in text
    escaped = {char for char in text if not char.isprintable()}
    assert escaped <= {"\n", "\r", "\t"}
    # The terminal itself makes two of each newline, and CSV had two before.
    assert "\r" not in text.replace("\r\r\n", "").replace("\r\n", "")
    assert "\nforged line" not in text
    # Markup is data, also where no character of it is a control.
    assert "[red]m[/red]" in text or name in ("catalog", "compile", "new")


@POSIX
@pytest.mark.parametrize("name", ["run", "check", "ingest", "catalog"])
def test_a_terminal_with_colours_gets_those_of_the_command_alone(name: str, folder: Path) -> None:
    colourful = {name: value for name, value in environment().items() if name != "NO_COLOR"}
    text = session(folder, name, colourful | {"TERM": "xterm", "COLUMNS": "200"})
    assert PAINT.search(text)
    assert "\x1b[1;31mred" not in text
    assert "\x1b[38;5;99m" not in text
    plain = OURS.sub("", PAINT.sub("", text))
    assert {char for char in plain if not char.isprintable()} <= {"\n", "\r", "\t"}
    assert "\x1b]8;" not in text  # a link


@POSIX
@pytest.mark.parametrize("where", ["settings", "model", f"{NAME}/below"], ids=ascii)
def test_what_settings_say_is_escaped(where: str, folder: Path) -> None:
    with contextlib.chdir(folder / where), terminal(environment() | {"TERM": "dumb"}) as got:
        for arguments in (["check", "-e", "search Process"], ["store", "info"]):
            with pytest.raises(SystemExit) as ended:
                main(arguments)
            assert ended.value.code != 70, got
    text = b"".join(got).decode()
    assert "owned" in text
    assert {char for char in text if not char.isprintable()} <= {"\n", "\r"}


def test_pipes_get_no_control_but_in_what_programs_read(folder: Path) -> None:
    """The installed command, whose streams are pipes."""
    done = subprocess.run(
        [CARLANG, "ingest", "logs", "--store", places(folder)["store"]],
        cwd=folder,
        env=environment(),
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    text = (done.stdout + done.stderr).decode()
    assert "owned" in text
    assert {char for char in text if not char.isprintable()} <= {"\n"}


def test_a_program_in_a_pipe_is_the_program(folder: Path) -> None:
    program = f'p = search Process:Create where (exe == "a{FORMATS}b")\n'
    done = subprocess.run(
        [CARLANG, "fmt", "-"], cwd=folder, env=environment(), input=program.encode(), capture_output=True, check=False
    )
    assert done.stdout.decode() == program
