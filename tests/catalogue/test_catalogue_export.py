"""`catalog export`: the catalogue as JSON, and as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from carlang.project import shipped_catalogue
from tests.cli.commands import carlang


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
