from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from carlang.loading import Status, run
from carlang.readers import digests
from carlang.store import open_store
from tests.conftest import PATIENCE, POSIX, REPOSITORY
from tests.ingesting import load, query, sysmon_create, write_lines

_WORKER = """
import os, signal, sys
from carlang.loading import ingest
from carlang.model import builtin_model
from carlang.readers import tuning
from carlang.store import Store

store, mode, sources = sys.argv[1], sys.argv[2], sys.argv[3:]
tuning.COMMIT = 1  # a commit for every file
commits = 0
commit = Store.commit

def dying_commit(self, *arguments, **options):
    global commits
    commits += 1
    if commits == 6:
        if mode == "after":
            commit(self, *arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)
    return commit(self, *arguments, **options)

if mode != "live":
    Store.commit = dying_commit
report = ingest(sources, store, model=builtin_model())
print(sum(report.events.values()))
"""


def _start(store: Path, mode: str, *sources: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _WORKER, str(store), mode, *map(str, sources)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def _logs(folder: Path, first: int, last: int) -> list[Path]:
    folder.mkdir(exist_ok=True)
    return [
        write_lines(folder / f"{n:03}.json", [sysmon_create(n), sysmon_create(n + 1000)]) for n in range(first, last)
    ]


def test_a_source_of_the_size_of_another_is_told_from_it_by_its_bytes(store: Path, tmp_path: Path) -> None:
    numbers = {"a.json": 1, "b.json": 2, "c.json": 1}
    logs = [write_lines(tmp_path / name, [sysmon_create(number)]) for name, number in numbers.items()]
    assert len({log.stat().st_size for log in logs}) == 1
    report = load(store, *logs)
    assert [source.status for source in report.sources] == [Status.INGESTED, Status.INGESTED, Status.PRESENT]
    assert report.sources[2].reason == f"its content is that of {logs[0]}"
    assert query(store, "SELECT count(*) FROM events") == [(2,)]


def test_a_source_whose_digest_cannot_be_taken_adds_nothing_and_takes_no_other_with_it(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests_of = digests.digests

    def broken(file: BinaryIO, *others: Any) -> digests.Digests:
        if Path(file.name).name == "log.json":
            raise OSError(5, "Input/output error")
        return digests_of(file, *others)

    names = ("before.json", "log.json", "behind.json")
    before, log, behind = (write_lines(tmp_path / name, [sysmon_create(n)]) for n, name in enumerate(names))
    with monkeypatch.context() as patch:
        patch.setattr(run, "digests", broken)
        report = load(store, before, log, behind)
    assert [s.status for s in report.sources] == [Status.INGESTED, Status.REJECTED, Status.INGESTED]
    assert "Input/output error" in str(report.sources[1].reason)
    assert query(store, "SELECT record_id FROM events ORDER BY 1") == [("0",), ("2",)]
    assert len(list(store.rglob("*.parquet"))) == len(open_store(store).files())
    assert load(store, log).events == {("process", "create"): 1}


def test_a_source_is_ingested_once(store: Path, tmp_path: Path) -> None:
    logs = _logs(tmp_path / "logs", 0, 3)
    first = load(store, *logs)
    again = load(store, *logs, write_lines(tmp_path / "new.json", [sysmon_create(77)]))
    assert [s.status for s in first.sources] == [Status.INGESTED] * 3
    assert [s.status for s in again.sources] == [Status.PRESENT] * 3 + [Status.INGESTED]
    assert again.events == {("process", "create"): 1}
    assert query(store, "SELECT count(*) FROM events") == [(7,)]


def test_the_same_content_under_two_names_is_one_source(store: Path, tmp_path: Path) -> None:
    names = [write_lines(tmp_path / name, [sysmon_create()]) for name in ("a.json", "b.json")]
    assert [s.status for s in load(store, *names).sources] == [Status.INGESTED, Status.PRESENT]


@POSIX
@pytest.mark.parametrize("mode", ["before", "after"])
def test_an_ingest_that_was_killed_goes_on_where_it_stopped(mode: str, store: Path, tmp_path: Path) -> None:
    logs = _logs(tmp_path / "logs", 0, 12)
    killed = _start(store, mode, *logs)
    killed.communicate(timeout=PATIENCE)
    assert killed.returncode < 0
    committed = 5 if mode == "before" else 6
    assert query(store, "SELECT count(*) FROM events") == [(2 * committed,)]
    report = load(store, *logs)
    assert [s.status for s in report.sources].count(Status.PRESENT) == committed
    everything = sorted((n + more,) for n in range(12) for more in (0, 1000))
    assert query(store, "SELECT record_id::BIGINT FROM events ORDER BY 1") == everything


def test_ingests_at_the_same_time_add_every_source_once(store: Path, tmp_path: Path) -> None:
    logs = _logs(tmp_path / "logs", 0, 24)
    workers = [_start(store, "live", *logs[:16]), _start(store, "live", *logs[8:]), _start(store, "live", *logs[::-1])]
    counts = [int(worker.communicate(timeout=PATIENCE)[0]) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    assert sum(counts) == 48
    everything = sorted((n + more,) for n in range(24) for more in (0, 1000))
    assert query(store, "SELECT record_id::BIGINT FROM events ORDER BY 1") == everything
