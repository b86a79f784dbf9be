"""What a command cannot do is said in a line, with a status of its own, and never as a fault of carlang itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from carlang.errors import StoreError
from carlang.store import open_store
from tests.cli.commands import AT, carlang, process_record, write_log


def test_a_report_of_tests_that_cannot_be_written_is_wrong_usage(tmp_path: Path) -> None:
    for output in (tmp_path, tmp_path / "none" / "report.xml"):
        done = carlang("test", "CAR-2013-05-004", "--output", output)
        assert (done.status, done.err) == (2, done.err)
        assert f"--output: {output} cannot be written" in done.err


def test_a_limit_beyond_all_numbers_of_rows_takes_all(store: Path) -> None:
    done = carlang("run", "-e", AT, "--store", store, "--limit", str(10**30), "--format", "json")
    assert done.status == 0
    assert len(done.json()["results"][0]["rows"]) == 2


@pytest.mark.parametrize("hours", ["inf", "1e300", "9e18"])
def test_files_that_were_replaced_may_be_kept_for_ever(hours: str, tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.ndjson", process_record(1))
    assert carlang("ingest", log, "--store", tmp_path / "events").status == 0
    done = carlang("store", "compact", tmp_path / "events", "--keep", hours)
    assert (done.status, done.out) == (0, "0 files with 0 events became 0; 0 old files deleted\n")


def test_compile_refuses_a_parameter_that_the_program_does_not_have_as_run_does(store: Path) -> None:
    for command in (("compile",), ("run", "--store", store)):
        done = carlang(*command, "-e", AT, "--param", "least=1")
        assert done.status == 2
        assert "`least` is not a parameter of <-e>" in done.err


@pytest.mark.parametrize(
    "option", [("--sensor", "sysmn"), ("--sensor", "process/creat"), ("--dedupe", "records"), ("--sensor", "")]
)
def test_an_option_of_an_ingest_that_cannot_be_is_wrong_usage(option: tuple[str, str], tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.ndjson", process_record(1))
    assert carlang("ingest", log, "--store", tmp_path / "events", *option).status == 2
    assert not (tmp_path / "events").exists()


def test_a_folder_that_goes_while_a_store_is_looked_for_in_it_is_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> None:
        raise FileNotFoundError(2, "No such file or directory", "/proc/1234")

    monkeypatch.setattr(Path, "rglob", gone)
    with pytest.raises(StoreError, match="cannot be read: /proc/1234: No such file"):
        open_store(tmp_path)


def test_store_info_names_settings_in_a_folder_above_also_where_their_store_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "carlang.toml").write_text('store = "gone"\n', encoding="utf-8")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    done = carlang("store", "info")
    assert done.status == 3
    assert f"settings: {tmp_path / 'carlang.toml'}\n" in done.err


def test_a_program_that_is_not_utf_8_is_wrong_usage() -> None:
    for done in (carlang("check", "-e", "search Process \udcff"), carlang("check", "-", stdin="search Process \udcff")):
        assert done.status == 2
        assert "not UTF-8 text" in done.err
