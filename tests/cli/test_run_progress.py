"""What is seen of a run while it goes on: lines, a bar, and rows as they come."""

from __future__ import annotations

import io
import re
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

import carlang.analytic.run as analytic_run
from carlang.cli import asking
from carlang.cli.interruption import INTERRUPTIONS
from carlang.cli.progress import bars
from tests.cli.commands import carlang


def test_what_is_verbose_tells_of_each_analytic_and_what_is_quiet_of_none(small_project: Path, store: Path) -> None:
    (small_project / "ours" / "OUR-3.car").write_text("---\nid: OUR-3\n---\nsearch Driver:Load\n")
    told = carlang("run", "--store", store, "-v", cwd=small_project).err.splitlines()
    assert told[:2] == ["OTHER-1  OTHER-1: 2 rows", "OTHER-2  OTHER-2: 2 rows"]
    assert told[4].startswith("OUR-3: could not run: the store holds no driver/load")
    below = small_project / "below"
    below.mkdir()
    assert "settings: " in carlang("run", "OUR-1", cwd=below).err
    assert carlang("run", "OUR-1", "-q", cwd=below).err == ""
    assert carlang("run", "--store", store, "--min-level", "high", "-q", cwd=small_project).err == ""


def test_beside_rows_what_is_quiet_says_what_could_not_be_answered_alone(small_project: Path, store: Path) -> None:
    rows = ("run", "OUR-1", "--store", store, "--format", "csv", "-q")
    assert carlang(*rows, cwd=small_project).err == ""
    (small_project / "ours" / "OUR-3.car").write_text("---\nid: OUR-3\n---\nsearch Driver:Load\n")
    assert carlang(*rows, "OUR-3", cwd=small_project).err.splitlines() == [
        "Could not run, which does not mean that nothing is there:",
        "  OUR-3 (output result): the store holds no driver/load events",
        "",
    ]


@pytest.mark.parametrize(
    ("options", "lines"),
    [((), [0, 2, 4, 6]), (("--min-level", "critical"), [0, 0, 2, 2]), (("--limit", "1"), [0, 1, 2, 3])],
)
def test_lines_of_json_come_as_each_analytic_is_done(
    options: tuple[str, ...], lines: list[int], small_project: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []

    def outcomes(*arguments: Any) -> Any:
        written.append(sys.stdout.buffer.getvalue())  # type: ignore[union-attr]  # bytes in memory
        return answered(*arguments)

    answered = analytic_run.__dict__["_outcomes"]
    monkeypatch.setattr(analytic_run, "_outcomes", outcomes)
    arguments: tuple[str | Path, ...] = ("run", "--store", store, "--format", "ndjson", *options)
    done = carlang(*arguments, cwd=small_project)
    assert [text.count(b"\n") for text in written] == lines
    carlang(*arguments, "--output", "rows.ndjson", cwd=small_project)
    assert (small_project / "rows.ndjson").read_text("utf-8") == done.out


def test_a_bar_on_a_terminal_says_what_the_run_is_at_and_found_last(
    small_project: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    for module in (asking, bars):
        monkeypatch.setattr(module, "report_console", lambda **_: console)
    shown: list[str] = []
    monkeypatch.setattr(bars.RunBar, "show", lambda _, what: shown.append(what))
    done = carlang("run", "--store", store, "--output", "page.html", cwd=small_project)
    assert (done.status, done.out, done.err) == (0, "", "")
    assert shown[:4] == ["reading programs", "looking at what the store can answer", "planning", "asking"]
    assert shown[4:10] == [f"2 rows: {id_}" for id_ in ("OTHER-1", "OTHER-2", "OUR-1", "OUR-2")] + [
        "ranking",
        "writing page.html",
    ]
    assert "4/4" in screen.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_a_bar_has_one_line_however_long_names_are(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=width, color_system=None)
    monkeypatch.setattr(bars, "report_console", lambda **_: console)
    with bars.IngestBar() as bar:
        bar.start(10**9)
        bar.advance(123_456_789)
        bar.file(f"/cases/{'日本' * 60}/Security.evtx")
    frames = [frame for frame in re.split(r"[\r\n]|\x1b\[[0-9;?]*[A-Zlh]", screen.getvalue()) if frame]
    assert any("GB" in frame and frame.rstrip().endswith("Security.evtx") for frame in frames)
    assert max(map(cell_len, frames)) <= width


def test_a_signal_that_was_lost_ends_an_ingest_at_its_next_source() -> None:
    with bars.IngestBar(hidden=True) as bar:
        bar.start(2)
        with INTERRUPTIONS.raised():
            bar.file("1.json")
            with suppress(KeyboardInterrupt):  # as a library in C does that cannot hand an exception on
                signal.raise_signal(signal.SIGINT)
            with pytest.raises(KeyboardInterrupt):
                bar.file("2.json")
        bar.file("of another command")


def test_the_help_says_all_of_what_a_command_does(tmp_path: Path) -> None:
    done = carlang("--help", cwd=tmp_path, env={"COLUMNS": "80"})
    assert "what to look" in done.out
    assert "..." not in done.out.partition("Commands:")[2]
