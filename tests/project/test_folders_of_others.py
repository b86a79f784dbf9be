"""A folder that somebody else filled blocks nothing, and what it puts in the place of something else is named."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

import carlang
from carlang.project import Catalogue, analytic_files
from tests.cli.commands import AT
from tests.cli.commands import carlang as command
from tests.conftest import POSIX

OURS = "---\nid: CAR-2013-05-004\ntitle: ours\n---\np = search Process:Create | filter exe == 'ours.exe'\noutput p\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "detections").mkdir()
    (tmp_path / "detections" / "ours.car").write_text(OURS, encoding="utf-8")
    (tmp_path / "carlang.toml").write_text('[catalogue]\npath = ["detections"]\n', encoding="utf-8")
    return tmp_path


@POSIX
def test_what_is_no_regular_file_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path may not be long
    Path("at.car").write_text(AT, encoding="utf-8")
    for name in ("fifo.car", "fifo.md", "fifo.yaml", "at.tests.yaml", "carlang.toml"):
        os.mkfifo(name)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.car")
        Path("null.car").symlink_to("/dev/zero")
        Path("loop").symlink_to(".")
        assert analytic_files(Path()) == [Path("at.car")]
        done = command("check", ".")
    assert done.status == 0
    assert "1 program checked" in done.err


@POSIX
@pytest.mark.parametrize("name", ["fifo.car", "fifo.yaml"])
def test_a_fifo_that_is_named_is_no_regular_file(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    (fault,) = carlang.load(tmp_path / name).check()
    assert fault.code.name == "CL001"
    assert "no regular file" in fault.message
    with pytest.raises(carlang.DataFileError, match="no regular file"):
        carlang.load_model([tmp_path / name])


def test_a_file_as_large_as_no_analytic_is_named(tmp_path: Path) -> None:
    with (tmp_path / "large.car").open("wb") as file:
        file.truncate(65 * 2**20)
    done = command("check", tmp_path)
    assert done.status == 1
    assert "error[CL001]" in done.out
    assert "is larger than 64 MiB" in done.out


def test_an_id_that_hides_a_shipped_analytic_is_a_warning_in_every_command(folder: Path) -> None:
    for arguments in (("run", "CAR-2013-05-004"), ("check", "car-2013-05-004"), ("catalog", "show", "CAR-2013-05-004")):
        done = command(*arguments, cwd=folder)
        assert "warning[CL505]: `CAR-2013-05-004` hides the one that ships with carlang" in done.out + done.err
        assert f"{Path('detections', 'ours.car')}:2:5" in done.out + done.err
    assert command("check", "CAR-2013-05-004", "--strict", cwd=folder).status == 1


def test_one_of_an_earlier_folder_hides_that_of_a_later_one_and_says_which(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.car").write_text("---\nid: X-1\n---\nsearch Process\n", encoding="utf-8")
    catalogue = Catalogue([tmp_path / "a", tmp_path / "b"])
    for analytic in (catalogue.find("x-1"), catalogue.all()[-1]):
        assert analytic is not None
        (fault,) = (d for d in analytic.diagnostics if d.code.name == "CL505")
        assert fault.message == f"`X-1` hides `{tmp_path / 'b' / 'x.car'}`"
    assert not [d for d in Catalogue([tmp_path / "b"], shipped=False).all()[0].diagnostics if d.code.name == "CL505"]


def test_one_beside_the_program_that_runs_it_is_named_too(tmp_path: Path) -> None:
    (tmp_path / "ours.car").write_text(OURS, encoding="utf-8")
    (tmp_path / "main.car").write_text("p = run Analytic:CAR-2013-05-004\noutput p\n", encoding="utf-8")
    (fault,) = carlang.load(tmp_path / "main.car").check()
    assert fault.code.name == "CL505"
    assert fault.location.file == str(tmp_path / "ours.car")


def test_settings_of_a_folder_above_are_named_once_and_those_of_evidence_not_read(folder: Path) -> None:
    evidence = folder / "work" / "evidence"
    evidence.mkdir(parents=True)
    (evidence / "carlang.toml").write_text('store = "redirected"\n', encoding="utf-8")
    (evidence / "log.json").write_text("{}\n", encoding="utf-8")
    done = command("ingest", "evidence", "--store", "events", cwd=folder / "work")
    assert done.err.count(f"settings: {folder / 'carlang.toml'}") == 1
    assert not (evidence / "redirected").exists()
    assert (folder / "work" / "events").is_dir()
    for arguments in (("run", "-e", AT), ("check", "-e", AT), ("compile", "-e", AT), ("catalog", "list", "at.exe")):
        done = command(*arguments, cwd=folder / "work")
        assert done.err.count("settings: ") == 1, arguments
        assert "settings: " not in command(*arguments, cwd=folder).err
