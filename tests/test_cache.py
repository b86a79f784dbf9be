"""What is kept between runs: never out of date, never trusted where somebody else could have written it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from carlang.cache import VARIABLE, remembered, remembered_bytes
from carlang.source import Source
from carlang.syntax import parse
from carlang.syntax.parse import Parsed
from tests.conftest import POSIX

TEXTS = [
    "p = search Process:Create\noutput p\n",
    "p = filter process wher exe ==\n",
    'x = [1, "a" 2]\n',
    "(((",
    "a = £\n",
]

PARSER = import_module("carlang.syntax.parse")  # the package has a function of that name
WITH_LARK = "1.3.1"
"""The version of Lark that the tables that ship were made with; with another one they are made anew."""


class Computing:
    """Something dear, which counts how often it is done."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Any:
        self.times += 1
        return {"a": [1, None, "ſ"]}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "deep" / "kept"
    monkeypatch.setenv(VARIABLE, str(path))
    return path


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_what_was_computed_once_is_not_computed_again_until_its_sources_change(folder: Path) -> None:
    computing = Computing()
    answers = [remembered("thing", sources, computing) for sources in [("1", "2"), ("1", "2"), ("12",), ("1", "3")]]
    assert answers == [{"a": [1, None, "ſ"]}] * 4
    assert computing.times == 3 == len(_entries(folder))


def test_other_code_computes_anew_and_code_that_cannot_be_told_keeps_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computing = Computing()
    for code in ("one", "one", "another", None, None):
        monkeypatch.setattr("carlang.cache.entries.environment", lambda of=code: of)
        assert remembered("thing", ("1",), computing) == {"a": [1, None, "ſ"]}
    assert computing.times == 4
    assert len(_entries(folder)) == 2


@pytest.mark.parametrize("damage", [b"", b"\n", b"x" * 70, None])
def test_an_entry_that_was_cut_off_or_changed_is_computed_anew(folder: Path, damage: bytes | None) -> None:
    computing = Computing()
    remembered("thing", ("1",), computing)
    (entry,) = _entries(folder)
    whole = entry.read_bytes()
    entry.write_bytes(whole.replace(b"1", b"2") if damage is None else damage)
    assert remembered("thing", ("1",), computing) == {"a": [1, None, "ſ"]}
    assert computing.times == 2
    assert entry.read_bytes() == whole


def test_no_folder_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in its place")
    computing = Computing()
    for named in ("off", str(tmp_path / "file"), str(tmp_path / "file" / "below")):
        monkeypatch.setenv(VARIABLE, named)
        assert remembered("thing", ("1",), computing) == {"a": [1, None, "ſ"]}
    assert computing.times == 3
    assert _entries(tmp_path) == [tmp_path / "file"]


@POSIX
@pytest.mark.parametrize("mode", [0o770, 0o702])
def test_a_folder_that_others_can_write_to_is_not_used(folder: Path, mode: int) -> None:
    folder.mkdir(parents=True)
    folder.chmod(mode)
    computing = Computing()
    assert [remembered("thing", ("1",), computing) for _ in range(2)] == [{"a": [1, None, "ſ"]}] * 2
    assert computing.times == 2
    assert not _entries(folder)


@POSIX
def test_what_is_kept_can_be_read_and_written_by_its_owner_alone(folder: Path) -> None:
    remembered("thing", ("1",), Computing())
    assert [path.stat().st_mode & 0o077 for path in (folder, *_entries(folder))] == [0, 0]


def test_what_nobody_has_asked_for_in_months_goes_and_what_a_killed_process_left(folder: Path) -> None:
    remembered("thing", ("1",), Computing())
    (old,) = _entries(folder)
    left = folder / f".{old.name}-abc"
    left.write_bytes(b"half")
    other = folder / "README"
    other.write_bytes(b"somebody's own")
    for path in (old, left, other):
        os.utime(path, (0, 0))
    remembered("thing", ("2",), Computing())
    assert len(_entries(folder)) == 2
    assert other.exists()


def test_of_what_changes_all_the_time_the_latest_entries_stay(folder: Path) -> None:
    remembered("thing", ("1",), Computing())
    for number in range(5):
        kept = {path: path.stat().st_mtime for path in folder.glob("things-*")}
        assert remembered_bytes("things", (str(number),), lambda n=number: bytes([n]), latest=2) == bytes([number])  # type: ignore[misc]
        for path, made in kept.items():  # file systems tell seconds apart, or less
            if path.exists():
                os.utime(path, (made - 10, made - 10))
    assert len(list(folder.glob("thing-*"))) == 1
    assert {path.read_bytes()[-1] for path in folder.glob("things-*")} == {3, 4}
    assert remembered_bytes("things", ("4",), bytes) == b"\x04"


def test_many_at_once_find_entries_that_are_complete(folder: Path) -> None:
    large = ["x" * 1000] * 500
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: remembered("thing", ("1",), lambda: large), range(40)))
    assert answers == [large] * 40
    assert len(_entries(folder)) == 1


def _said(parsed: Parsed) -> tuple[Any, ...]:
    return parsed.program, [(d.code, d.message, d.span, d.help, d.label) for d in parsed.diagnostics]


def test_programs_are_read_alike_by_tables_that_ship_that_were_made_now_and_that_were_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [_read_anew()]
    monkeypatch.setattr(PARSER, "are_current", lambda _: False)
    for named in ("off", str(folder), str(folder)):
        monkeypatch.setenv(VARIABLE, named)
        said.append(_read_anew())
    assert said == [said[0]] * 4
    assert len(_entries(folder)) == 1


def _read_anew() -> list[tuple[Any, ...]]:
    vars(PARSER)["_parser"].cache_clear()
    return [_said(parse(Source.whole("p.car", text))) for text in TEXTS]


def test_the_tables_that_ship_are_of_the_grammar_and_the_functions_that_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where not, `python tools/make_tables.py` makes them anew, with the newest version of Lark."""
    text = files("carlang.grammar").joinpath("tables.json").read_text("utf-8")
    monkeypatch.setattr("lark.__version__", WITH_LARK)
    assert PARSER.are_current(text)
    monkeypatch.setattr(PARSER, "CALL_NAMES", {*PARSER.CALL_NAMES, "another"})
    assert not PARSER.are_current(text)
