from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.commands import FAULTY, carlang
from tests.conftest import POSIX

MESSY = "p=SEARCH process:Create   # all\r\nq = filter p where exe='a'\r\noutput q"
NEAT = 'p = search process:Create  # all\r\nq = filter p where (exe == "a")\r\noutput q\r\n'
BROKEN = 'q = filter p where (exe == "a" parent_exe == "b")\n'


def test_a_file_is_formatted_in_place_with_its_front_matter_and_newlines_untouched(tmp_path: Path) -> None:
    file = tmp_path / "a.car"
    front = "---\r\nid:   A\r\ntitle: 'x'   \r\n---\r\n"
    file.write_bytes(("\ufeff" + front + MESSY).encode())
    file.chmod(0o640)
    done = carlang("fmt", file)
    assert (done.status, done.out, done.err) == (0, "", "1 file: 1 changed\n")
    assert file.read_bytes().decode() == "\ufeff" + front + NEAT
    assert file.stat().st_mode & 0o777 == 0o640
    assert carlang("fmt", file).err == "1 file: 0 changed\n"
    assert list(tmp_path.iterdir()) == [file]


def test_a_program_in_markdown_is_formatted_where_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    text = "# A\n\n## Pseudocode\n\n1. this\n   ```\n   {}\n\n   output   p\n   ```\n\ntext  \n"
    file.write_text(text.format("p = SEARCH Process"), encoding="utf-8")
    assert carlang("fmt", file).status == 0
    assert file.read_text(encoding="utf-8") == text.format("p = search Process").replace("output   p", "output p")


def test_yaml_is_not_rewritten(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    text = "id: A\nimplementations:\n- type: Pseudocode\n  code: |-\n    p = SEARCH Process\n    output p\n"
    file.write_text(text, encoding="utf-8")
    done = carlang("fmt", file)
    assert (done.status, file.read_text(encoding="utf-8")) == (0, text)
    assert "carlang import" in done.err


def test_a_program_with_syntax_errors_is_reported_and_left_while_the_others_are_formatted(tmp_path: Path) -> None:
    (tmp_path / "broken.car").write_text(BROKEN, encoding="utf-8")
    (tmp_path / "messy.car").write_bytes(MESSY.encode())
    done = carlang("fmt", tmp_path)
    assert done.status == 1
    assert "error[CL101]" in done.err
    assert (tmp_path / "broken.car").read_text(encoding="utf-8") == BROKEN
    assert (tmp_path / "messy.car").read_bytes() == NEAT.encode()


def test_names_that_mean_nothing_do_not_keep_a_program_from_being_formatted(tmp_path: Path) -> None:
    (tmp_path / "f.car").write_text(FAULTY.replace("output", "OUTPUT"), encoding="utf-8")
    assert carlang("fmt", tmp_path / "f.car").status == 0
    assert (tmp_path / "f.car").read_text(encoding="utf-8") == FAULTY


def test_check_names_what_would_change_and_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "messy.car"
    file.write_bytes(MESSY.encode())
    (tmp_path / "neat.car").write_bytes(NEAT.encode())
    done = carlang("fmt", tmp_path, "--check")
    assert (done.status, done.out, done.err) == (1, f"{file}\n", "2 files: 1 would be changed\n")
    assert file.read_bytes() == MESSY.encode()
    assert carlang("fmt", tmp_path / "neat.car", "--check").status == 0


def test_diff_shows_what_would_change_and_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "messy.car"
    file.write_bytes(MESSY.encode())
    done = carlang("fmt", file, "--diff")
    assert done.status == 0
    assert f"--- {file}\n+++ {file}\n" in done.out
    assert "\n-p=SEARCH process:Create   # all\n" in done.out
    assert "\n+p = search process:Create  # all\n" in done.out
    assert file.read_bytes() == MESSY.encode()
    assert carlang("fmt", file, "--diff", "--check").status == 1


def test_text_is_formatted_to_standard_output() -> None:
    assert carlang("fmt", "-e", "search   Process").out == "search Process\n"
    assert carlang("fmt", "-", stdin=MESSY.replace("\r", "")).out == NEAT.replace("\r", "")
    broken = carlang("fmt", "-", stdin=BROKEN)
    assert (broken.status, broken.out) == (1, "")


def test_an_analytic_named_by_its_id_is_not_rewritten() -> None:
    done = carlang("fmt", "CAR-2013-05-004")
    assert done.status == 2
    assert "is not named by its file" in done.err


@POSIX
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.car"
    file.write_bytes(MESSY.encode())
    tmp_path.chmod(0o500)
    done = carlang("fmt", file)
    tmp_path.chmod(0o700)
    assert done.status == 1
    assert str(file) in done.err


@POSIX
def test_the_file_behind_a_link_is_written(tmp_path: Path) -> None:
    (tmp_path / "real.car").write_bytes(MESSY.encode())
    (tmp_path / "link.car").symlink_to("real.car")
    assert carlang("fmt", tmp_path / "link.car").status == 0
    assert (tmp_path / "link.car").is_symlink()
    assert (tmp_path / "real.car").read_bytes() == NEAT.encode()
