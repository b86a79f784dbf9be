"""An empty path is a variable that was not set; Python takes it for the working directory, and a command must not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import AT, carlang


@pytest.mark.parametrize(
    "arguments",
    [
        ["fmt", ""],
        ["check", "--fix", ""],
        ["run", ""],
        ["run", "at.car", "--store", ""],
        ["run", "at.car", "--output", ""],
        ["test", "at.car", "--output", ""],
        ["catalog", "list", "--store", ""],
        ["import", ""],
        ["import", "x.yaml", "--to", ""],
        ["ingest", "", "--store", "events"],
        ["ingest", "at.car", "--store", ""],
        ["store", "info", ""],
        ["store", "schema", ""],
        ["store", "compact", ""],
    ],
    ids=" ".join,
)
def test_an_empty_path_is_wrong_usage_and_changes_nothing(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # It would be changed by a formatter, repaired, imported, and read as a log.
    (tmp_path / "at.car").write_text(AT.upper(), encoding="utf-8")
    (tmp_path / "x.yaml").write_text(
        "id: X\nimplementations: [{type: Pseudocode, code: x = search P}]\n", encoding="utf-8"
    )
    before = {file: file.read_bytes() for file in tmp_path.rglob("*")}
    done = carlang(*arguments)
    assert done.status == 2, done.err
    assert "empty" in done.err or "''" in done.err
    assert {file: file.read_bytes() for file in tmp_path.rglob("*")} == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "at.car", "--output", "-"],
        ["hunt", "at.car", "--output", "-"],
        ["test", "at.car", "--output", "-"],
        ["baseline", "make", "at.car", "--until", "2024", "--output", "-"],
        ["export", "at.car", "--output", "-"],
        ["import", "at.car", "--to", "-"],
        ["new", "AT-1", "--to", "-"],
        ["catalog", "export", "--to", "-"],
    ],
    ids=" ".join,
)
def test_no_file_is_written_whose_name_stands_for_standard_output(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "at.car").write_text(AT, encoding="utf-8")
    done = carlang(*arguments)
    assert (done.status, done.out) == (2, "")
    assert "`-` does not mean standard output here; what is called that is `./-`" in done.err
    assert [file.name for file in tmp_path.iterdir()] == ["at.car"]


def test_an_empty_source_is_not_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.ndjson").write_text("{}\n", encoding="utf-8")
    done = carlang("ingest", "", "--explain")
    assert done.status == 3
    assert "the name is empty" in done.err + done.out
