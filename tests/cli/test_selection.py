"""What `run` takes where no analytic is named, and the format that a file's ending stands for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from carlang.report import FORMATS
from tests.cli.commands import carlang


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ((), "OTHER-1 OTHER-2 OUR-1 OUR-2"),
        (("--all",), "OTHER-1 OTHER-2 OUR-1 OUR-2"),
        (("our-*",), "OUR-1 OUR-2"),
        (("*-2", "OUR-1"), "OTHER-2 OUR-1 OUR-2"),
        (("O*-[1]", "--level", "high"), "OTHER-1"),
        (("--technique", "t1053"), "OUR-1 OUR-2"),
        (("--technique", "T1569.002", "--technique", "T1003"), "OTHER-1 OTHER-2"),
        (("--tactic", "execution"), "OTHER-2 OUR-1"),
        (("--tactic", "TA0006", "--tactic", "persistence"), "OTHER-1 OUR-2"),
        (("--level", "High", "--level", "critical"), "OTHER-1 OTHER-2 OUR-2"),
        (("--level", "high", "--technique", "T1053"), "OUR-2"),
    ],
)
def test_analytics_are_those_of_the_catalogue_that_are_selected(
    arguments: tuple[str, ...], ids: str, small_project: Path
) -> None:
    document = carlang("run", *arguments, "--format", "json", "--limit", "0", cwd=small_project).json()
    assert sorted(result["analytic"] for result in document["results"]) == ids.split()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--all", "OUR-1"), "--all: the whole catalogue is run; name no analytic beside it"),
        (("X-*",), "no id of an analytic is like `X-*`, and no file"),
        (("--level", "hgih"), "--level: there is no level 'hgih'; did you mean 'high'?"),
        (("--level", "informational"), "--level: none of the analytics is of level informational"),
        (("--tactic", "executions"), "--tactic: ATT&CK has no tactic 'executions'; did you mean 'Execution'?"),
        (("--tactic", "impact"), "--tactic: none of the analytics is of TA0040 Impact"),
        (
            ("--output", "hits.xls"),
            "--output: no format has the ending '.xls'; name it with --format, or use .txt (table)",
        ),
    ],
)
def test_a_selection_of_nothing_is_wrong_usage(arguments: tuple[str, ...], message: str, small_project: Path) -> None:
    done = carlang("run", *arguments, cwd=small_project)
    assert (done.status, done.out) == (2, "")
    assert message in done.err


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("hits.json", b'{"version"'),
        ("hits.NDJSON", b'{"analytic"'),
        ("hits.jsonl", b'{"analytic"'),
        ("hits.csv", b"analytic,"),
        ("hits.parquet", b"PAR1"),
        ("hits.html", b"<!doctype html>"),
        ("hits.htm", b"<!doctype html>"),
        ("hits.txt", b"OUR-1  OUR-1\n"),
        ("hits", b"OUR-1  OUR-1\n"),
    ],
)
def test_the_ending_of_a_file_says_its_format(name: str, start: bytes, small_project: Path) -> None:
    assert carlang("run", "OUR-1", "--output", name, cwd=small_project).status == 0
    assert (small_project / name).read_bytes()[: len(start)].lower() == start.lower()


def test_a_format_that_is_named_counts_more_than_an_ending(small_project: Path) -> None:
    assert carlang("run", "OUR-1", "--output", "hits.csv", "--format", "json", cwd=small_project).status == 0
    assert (small_project / "hits.csv").read_bytes().startswith(b"{")


def test_half_a_file_is_not_left(small_project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(view: Any, stream: Any, look: Any) -> None:
        del view, look
        stream.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setitem(FORMATS, "csv", replace(FORMATS["csv"], write=interrupted))
    assert carlang("run", "OUR-1", "--output", "hits.csv", cwd=small_project).status == 130
    assert not (small_project / "hits.csv").exists()
