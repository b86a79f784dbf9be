"""`carlang store check`, `repair` and `vacuum` as a user sees them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from carlang.store import open_store
from tests.cli.commands import carlang


@pytest.fixture
def copy(store: Path, tmp_path: Path) -> Path:
    """A copy of the store that other tests share, to be damaged."""
    return Path(shutil.copytree(store, tmp_path / "copy"))


def test_a_whole_store_is_checked_with_status_0(copy: Path) -> None:
    done = carlang("store", "check", copy)
    assert (done.status, done.out, done.err) == (
        0,
        "1 files with 5 events checked, 1 of them by digest: the store is whole\n",
        "",
    )
    quick = carlang("store", "check", copy, "--quick")
    assert (quick.status, "sizes and footers alone" in quick.out) == (0, True)
    assert carlang("store", "repair", copy).out == "there is nothing to repair\n"


def test_a_lost_entry_is_named_and_put_back(copy: Path, store: Path) -> None:
    entry = copy / "_delta_log" / f"{1:020}.json"
    entry.unlink()
    refused = carlang("store", "info", copy)
    assert refused.status == 3
    assert f"{entry} cannot be read: it was committed, and is gone; `carlang store check` says" in refused.err
    done = carlang("store", "check", copy)
    assert done.status == 3
    said = [f"entry missing: {entry}: it was committed", "  5 events\n", f"    5 of {store.parent / 'log.ndjson'}\n"]
    assert all(text in done.out for text in said)
    planned = carlang("store", "repair", copy)
    assert (planned.status, planned.err) == (3, "nothing was touched; --apply does it\n")
    assert f"put the entry back from its copy: {entry}" in planned.out
    assert not entry.exists()
    applied = carlang("store", "repair", copy, "--apply")
    assert (applied.status, applied.err) == (0, "")
    assert applied.out.endswith("1 files with 5 events: the store is whole\n")
    assert carlang("store", "check", copy).status == 0
    assert open_store(copy).info().rows == 5


def test_a_lost_file_is_named_by_source_and_given_up_on_request(copy: Path, store: Path) -> None:
    (file,) = (each.path for each in open_store(copy).files())
    file.unlink()
    log = store.parent / "log.ndjson"
    check = carlang("store", "check", copy, "--format", "json").json()
    assert check["whole"] is False
    (finding,) = check["findings"]
    assert (finding["fault"], finding["damage"], finding["path"]) == ("file missing", True, str(file))
    assert (finding["rows"], finding["sources"]) == (5, [{"source": str(log), "rows": 5}])
    refused = carlang("store", "repair", copy, "--apply")
    assert refused.status == 3
    assert "nothing brings it back" in refused.out
    assert "--give-up takes the sources" in refused.err
    done = carlang("store", "repair", copy, "--apply", "--give-up", "--format", "json")
    assert done.status == 0
    repair = done.json()
    assert (repair["applied"], repair["check"]["whole"]) == (True, True)
    assert (repair["steps"][0]["remedy"], repair["steps"][0]["rows"]) == ("give up what is lost", 5)
    again = carlang("ingest", log, "--store", copy)
    assert again.status == 0
    assert open_store(copy).info().rows == 5


def test_a_vacuum_names_what_it_deletes(copy: Path) -> None:
    never = copy / "object=process" / "action=create" / "never.parquet"
    shutil.copy(next(copy.rglob("*.parquet")), never)
    assert carlang("store", "vacuum", copy).out == "0 old files deleted, 0 bytes\n"
    planned = carlang("store", "vacuum", copy, "--older-than", "0", "--dry-run")
    assert planned.out.splitlines()[0] == "object=process/action=create/never.parquet"
    assert never.exists()
    found = carlang("store", "check", copy)
    assert (found.status, f"of no commit: {never}" in found.out) == (0, True)
    done = carlang("store", "vacuum", copy, "--older-than", "0", "--format", "json").json()
    assert (done["files"], done["deleted"]) == (["object=process/action=create/never.parquet"], True)
    assert not never.exists()


@pytest.mark.parametrize("age", ["soon", "", "-1d", "7", "1e3d"])
def test_an_age_that_is_none_is_refused(age: str, copy: Path) -> None:
    done = carlang("store", "vacuum", copy, "--older-than", age)
    assert (done.status, done.out) == (2, "")
    assert "is not an age; write 7d, 36h or 0" in done.err


def test_a_vacuum_is_refused_while_an_ingest_runs(copy: Path) -> None:
    with open_store(copy).writing():
        done = carlang("store", "vacuum", copy)
    assert (done.status, done.out) == (3, "")
    assert "is refused: an ingest or a compaction is running" in done.err
