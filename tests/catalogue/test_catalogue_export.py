"""`catalog export`: the catalogue as JSON, and as files."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from carlang.importers import place_files
from carlang.project import shipped_catalogue
from tests.cli.commands import carlang
from tests.conftest import POSIX


def test_the_document_has_what_show_says_of_each() -> None:
    document = carlang("catalog", "export", "CAR-2013-05-*", "--tactic", "execution").json()
    ids = [entry["analytic"] for entry in document]
    assert "CAR-2013-05-004" in ids
    assert all(id_.startswith("CAR-2013-05-") for id_ in ids)
    shown = carlang("catalog", "show", ids[0], "--format", "json").json()
    shown.pop("asks_for")
    assert document[0] == shown


def test_files_are_copied_byte_by_byte_with_their_tests(tmp_path: Path) -> None:
    done = carlang("catalog", "export", "--to", tmp_path / "mine")
    assert done.status == 0
    files = {Path(analytic.file) for analytic in shipped_catalogue().all()}
    assert len(done.out.splitlines()) == len(files)
    for file in files:
        assert (tmp_path / "mine" / file.name).read_bytes() == file.read_bytes()
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / "x.car").write_text('search Process:Create | filter exe == "at.exe"\n')
    (ours / "x.tests.yaml").write_text("[]\n")
    assert carlang("catalog", "export", ours, "--to", tmp_path / "copy").out == f"{tmp_path / 'copy' / 'x.car'}\n"
    assert (tmp_path / "copy" / "x.tests.yaml").read_text() == "[]\n"


def test_no_file_is_written_over_unless_it_is_said(tmp_path: Path) -> None:
    target = tmp_path / "CAR-2013-05-004.car"
    target.write_text("mine")
    arguments = ("catalog", "export", "CAR-2013-05-004", "--to", tmp_path)
    done = carlang(*arguments)
    assert (done.status, target.read_text()) == (1, "mine")
    assert f"{target} is there already; --force writes over it" in done.err
    assert carlang(*arguments, "--force").status == 0
    assert target.read_text() != "mine"


def test_the_second_export_finds_all_there(tmp_path: Path) -> None:
    arguments = ("catalog", "export", "CAR-2013-05-*", "--to", tmp_path / "above" / "mine")
    first, second = carlang(*arguments), carlang(*arguments)
    count = len(first.out.splitlines())
    assert (second.status, second.out) == (0, "")
    assert second.err == f"{count} analytics: 0 written, {count} there already\n"


def test_tests_are_written_with_their_analytic_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "x.car").write_text("search Process:Create\n")
    (tmp_path / "x.tests.yaml").write_text("[]\n")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "x.tests.yaml").write_text("mine\n")
    arguments = ("catalog", "export", tmp_path / "x.car", "--to", mine)
    done = carlang(*arguments)
    assert (done.status, done.out) == (1, "")
    assert f"{mine / 'x.tests.yaml'} is there already" in done.err
    assert [file.name for file in mine.iterdir()] == ["x.tests.yaml"]
    assert f"{mine / 'x.tests.yaml'}: written over" in carlang(*arguments, "--force").err
    (tmp_path / "x.tests.yaml").unlink()  # what is left would test another program
    assert carlang(*arguments).status == 1
    assert carlang(*arguments, "--force").status == 0
    assert [file.name for file in mine.iterdir()] == ["x.car"]


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("broken", [OSError("no space left"), KeyboardInterrupt()])
def test_a_folder_is_written_whole_or_not_at_all(
    broken: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_there: bool
) -> None:
    folder = tmp_path / "mine"
    if is_there:
        folder.mkdir()
        (folder / "a.car").write_text("mine")
        (folder / "b.car").write_text("mine")
    moved = 0

    def rename(path: Path, target: Path) -> Path:
        nonlocal moved
        moved += 1
        if moved == (4 if is_there else 1):  # the second file, which has been put aside
            raise broken
        return renamed(path, target)

    renamed = Path.rename
    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(type(broken)):
        place_files(folder, {"a.car": b"new", "b.car": b"new", "c.car": b"new"})
    files = {path.name: path.read_text() for path in tmp_path.rglob("*.car")}
    assert files == ({"a.car": "mine", "b.car": "mine"} if is_there else {})
    assert sorted(path.name for path in tmp_path.iterdir()) == (["mine"] if is_there else [])


@POSIX
def test_a_signal_waits_until_all_files_are_in_their_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def place(folder: Path, contents: dict[str, bytes | None]) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        place_files(folder, contents)

    monkeypatch.setattr("carlang.cli.catalog_export.place_files", place)
    done = carlang("catalog", "export", "CAR-2013-05-004", "--to", tmp_path / "mine")
    assert (done.status, done.err) == (128 + signal.SIGTERM, "interrupted (SIGTERM)\n")
    assert (tmp_path / "mine" / "CAR-2013-05-004.car").is_file()


def test_of_two_files_with_one_name_the_second_is_named(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.car").write_text(f"---\nid: {folder}\n---\nsearch Process:Create\n")
    done = carlang("catalog", "export", tmp_path / "a", tmp_path / "b", "--to", tmp_path / "to", "--force")
    assert done.status == 1
    assert "has just been written for another analytic" in done.err
    assert "id: a" in (tmp_path / "to" / "x.car").read_text()


@pytest.mark.parametrize("arguments", [("--force",), ("--to", "file/below"), ("--level", "flurb"), ("none",)])
def test_an_export_that_cannot_be_is_wrong_usage(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert carlang("catalog", "export", *arguments, cwd=tmp_path).status == 2
